/* test_delivery.c - why a message has not come, from facts alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "service/delivery.h"

#define S   1000LL
#define MIN (60 * S)
#define NOW 1800000000000LL

static const int64_t T = NOW;
static const struct fleet_glance all_ready = { .total = 2, .ready = 2 };
static const struct fleet_glance resting = {
	.total = 2,
	.ready = 1,
	.rests = "gsm0: the limit of 5/1m is used up",
	.codes_at = NOW + 30 * S,
	.others_at = NOW + 50 * S,
};
static const struct fleet_glance used_up = {
	.total = 1,
	.ready = 1,
	.rests = "gsm0: the limit of 20/1h is used up",
	.codes_at = NOW + 61 * S,
	.others_at = NOW + 40 * MIN,
};
static const struct fleet_glance none_ready = { .total = 2,
						.why = "gsm0: searching for a network" };

/* A row says only what its case is about. */
struct known {
	enum config_kind kind;
	enum message_state state;
	const char *class, *code; /* of the message's reason */
	int64_t age_ms;           /* since it was due, sent or delivered */
	unsigned tries;
	bool no_report; /* none was asked for */
	int status;     /* of a report, 0: none */
	unsigned asked, reported, passed;
	const struct fleet_glance *fleet;
	bool over, entered, superseded;
};

static const struct {
	struct known known;
	enum delivery_reason reason;
} cases[] = {
	/* waiting */
	{ { .state = MSG_QUEUED, .fleet = &all_ready }, DELIVERY_QUEUED },
	{ { .state = MSG_QUEUED }, DELIVERY_QUEUED },
	{ { .state = MSG_SENDING, .age_ms = 59 * S }, DELIVERY_QUEUED },
	{ { .state = MSG_QUEUED, .age_ms = 61 * S }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_QUEUED, .fleet = &none_ready }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_QUEUED, .age_ms = 29 * S, .fleet = &resting }, DELIVERY_QUEUED },
	{ { .state = MSG_QUEUED, .age_ms = 31 * S, .fleet = &resting }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_QUEUED, .fleet = &used_up }, DELIVERY_GATEWAY_TROUBLE },
	{ { .kind = KIND_TEXT, .state = MSG_QUEUED, .fleet = &used_up }, DELIVERY_GATEWAY_TROUBLE },
	{ { .kind = KIND_TEXT, .state = MSG_QUEUED, .fleet = &resting }, DELIVERY_QUEUED },
	{ { .kind = KIND_TEXT, .state = MSG_QUEUED, .age_ms = 14 * MIN }, DELIVERY_QUEUED },
	{ { .kind = KIND_TEXT, .state = MSG_QUEUED, .age_ms = 16 * MIN },
	  DELIVERY_GATEWAY_TROUBLE },
	{ { .kind = KIND_TEXT, .state = MSG_SCHEDULED, .fleet = &none_ready }, DELIVERY_QUEUED },
	/* refused, and tried again */
	{ { .state = MSG_QUEUED, .class = "retry_soon", .code = "cms_41", .tries = 1 },
	  DELIVERY_QUEUED },
	{ { .state = MSG_QUEUED, .class = "sim", .code = "cms_50", .tries = 1 },
	  DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_QUEUED, .class = "retry_later", .code = "cms_27", .tries = 1 },
	  DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_QUEUED, .class = "retry_later", .code = "cms_21", .tries = 1 },
	  DELIVERY_QUEUED },
	{ { .state = MSG_QUEUED,
	    .class = "retry_later",
	    .code = "cms_21",
	    .tries = 1,
	    .passed = 1 },
	  DELIVERY_BLOCKED_BY_OPERATOR },
	{ { .state = MSG_QUEUED,
	    .class = "ambiguous",
	    .code = "cms_332",
	    .tries = 3,
	    .age_ms = 90 * S },
	  DELIVERY_GATEWAY_TROUBLE },
	/* sent */
	{ { .state = MSG_SENT, .age_ms = 5 * S }, DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_SENT, .age_ms = 60 * S }, DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_SENT, .age_ms = 60 * S, .asked = 9, .reported = 9 },
	  DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_SENT, .age_ms = 60 * S, .asked = 10, .reported = 7 },
	  DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_SENT, .age_ms = 60 * S, .asked = 10, .reported = 8 },
	  DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_SENT, .age_ms = 5 * S, .asked = 10, .reported = 10 },
	  DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_SENT, .age_ms = 5 * S, .status = 0x22 }, DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_SENT, .age_ms = 5 * S, .status = 0x25 }, DELIVERY_PHONE_MEMORY_FULL },
	{ { .state = MSG_SENT, .age_ms = 5 * S, .status = 0x30 }, DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_SENT, .age_ms = 5 * S, .over = true }, DELIVERY_EXPIRED },
	{ { .state = MSG_SENT, .age_ms = 10 * MIN, .over = true }, DELIVERY_EXPIRED },
	{ { .state = MSG_SENT, .age_ms = 10 * MIN, .over = true, .asked = 10, .reported = 10 },
	  DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_SENT, .age_ms = 10 * MIN, .entered = true, .asked = 10, .reported = 10 },
	  DELIVERY_NONE },
	{ { .state = MSG_SENT, .entered = true, .superseded = true }, DELIVERY_SUPERSEDED_CODE },
	{ { .state = MSG_SENT, .no_report = true }, DELIVERY_SENT_NO_REPORT },
	{ { .kind = KIND_TEXT, .state = MSG_SENT, .no_report = true }, DELIVERY_NONE },
	{ { .kind = KIND_TEXT, .state = MSG_SENT, .age_ms = 2 * MIN }, DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_UNCERTAIN, .class = "uncertain", .code = "no_reply" },
	  DELIVERY_SENT_NO_REPORT },
	{ { .state = MSG_UNCERTAIN, .entered = true }, DELIVERY_NONE },
	/* delivered */
	{ { .state = MSG_DELIVERED }, DELIVERY_DELIVERED_NOT_ENTERED },
	{ { .state = MSG_DELIVERED, .entered = true }, DELIVERY_NONE },
	{ { .state = MSG_DELIVERED, .entered = true, .superseded = true },
	  DELIVERY_SUPERSEDED_CODE },
	{ { .state = MSG_DELIVERED, .over = true }, DELIVERY_EXPIRED },
	{ { .kind = KIND_CONTACT_REQUEST, .state = MSG_DELIVERED }, DELIVERY_NONE },
	/* ended otherwise */
	{ { .state = MSG_EXPIRED, .class = "expired", .code = "expired" },
	  DELIVERY_GATEWAY_TROUBLE },
	{ { .kind = KIND_TEXT, .state = MSG_EXPIRED, .class = "expired", .code = "expired" },
	  DELIVERY_EXPIRED },
	{ { .state = MSG_CANCELED, .class = "canceled", .code = "canceled" }, DELIVERY_NONE },
	/* the network's answer to the submit */
	{ { .state = MSG_FAILED, .class = "recipient", .code = "cms_1" },
	  DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ { .state = MSG_FAILED, .class = "recipient", .code = "cms_30" },
	  DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ { .state = MSG_FAILED, .class = "recipient", .code = "cms_195" },
	  DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ { .state = MSG_FAILED, .code = "cms_21", .passed = 3 }, DELIVERY_BLOCKED_BY_OPERATOR },
	{ { .state = MSG_FAILED, .code = "cms_21" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .code = "cms_196", .passed = 1 }, DELIVERY_BLOCKED_BY_OPERATOR },
	{ { .state = MSG_FAILED, .code = "cms_196" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "retry_later", .code = "cms_27" },
	  DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_FAILED, .class = "sim", .code = "cms_8" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "sim", .code = "cms_28" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "retry_later", .code = "cms_38", .passed = 9 },
	  DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "sim", .code = "cms_50" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .code = "cms_193" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .code = "cms_331" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .code = "cms_500" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "sim", .code = "cme_10" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "recipient", .code = "modem_error" },
	  DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ { .state = MSG_FAILED }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .class = "permanent", .code = "superseded" }, DELIVERY_NONE },
	{ { .state = MSG_FAILED, .class = "permanent", .code = "opted_out" }, DELIVERY_NONE },
	{ { .state = MSG_FAILED, .code = "st_46", .entered = true }, DELIVERY_NONE },
	/* delivery reports */
	{ { .state = MSG_FAILED, .code = "st_40" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .code = "st_41" }, DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ { .state = MSG_FAILED, .code = "st_42" }, DELIVERY_BLOCKED_BY_OPERATOR },
	{ { .state = MSG_FAILED, .code = "st_43" }, DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ { .state = MSG_FAILED, .code = "st_45" }, DELIVERY_BLOCKED_BY_OPERATOR },
	{ { .state = MSG_FAILED, .class = "expired", .code = "st_46" },
	  DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_FAILED, .code = "st_48" }, DELIVERY_BLOCKED_BY_OPERATOR },
	{ { .state = MSG_FAILED, .code = "st_49" }, DELIVERY_GATEWAY_TROUBLE },
	{ { .state = MSG_FAILED, .code = "st_62" }, DELIVERY_PHONE_UNREACHABLE },
	{ { .state = MSG_FAILED, .code = "st_65" }, DELIVERY_PHONE_MEMORY_FULL },
	{ { .state = MSG_FAILED, .class = "permanent", .code = "not_delivered" },
	  DELIVERY_GATEWAY_TROUBLE },
};

static void set_times(const struct known *known, struct message_row *row)
{
	row->created_at = row->due_at = T - known->age_ms;
	row->tries = known->tries;
	if (known->tries > 0)
		row->first_submit_at = T - known->age_ms;
	if (known->state == MSG_SENT || known->state == MSG_DELIVERED)
		row->sent_at = T - known->age_ms;
	if (known->state == MSG_DELIVERED)
		row->delivered_at = T - known->age_ms;
}

static struct delivery_facts facts_of(const struct known *known, struct message_row *row)
{
	memset(row, 0, sizeof(*row));
	row->kind = known->kind;
	row->state = known->state;
	row->report = !known->no_report;
	snprintf(row->modem, sizeof(row->modem), "gsm0");
	if (known->class != NULL)
		snprintf(row->reason_class, sizeof(row->reason_class), "%s", known->class);
	if (known->code != NULL)
		snprintf(row->reason_code, sizeof(row->reason_code), "%s", known->code);
	set_times(known, row);
	return (struct delivery_facts){
		.message = row,
		.now = T,
		.status = known->status == 0 ? -1 : known->status,
		.stats = { known->asked, known->reported, known->passed },
		.fleet = known->fleet,
		.over = known->over,
		.entered = known->entered,
		.superseded = known->superseded,
	};
}

static void facts_have_their_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message_row row;
		struct delivery_facts facts = facts_of(&cases[i].known, &row);
		enum delivery_reason reason = delivery_reason_of(&facts);

		if (reason != cases[i].reason)
			fail_msg("case %zu: %s", i, delivery_reason_name(reason));
	}
}

/* What is not asked for must not matter. */
static void stats_are_asked_for_where_they_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct message_row row;
		struct delivery_facts facts = facts_of(&cases[i].known, &row);
		enum delivery_reason reason = delivery_reason_of(&facts);

		if (delivery_needs_stats(&row, T))
			continue;
		facts.stats = (struct delivery_stats){ 100, 100, 100 };
		assert_int_equal(delivery_reason_of(&facts), reason);
		facts.stats = (struct delivery_stats){ 0 };
		assert_int_equal(delivery_reason_of(&facts), reason);
	}
}

static const struct {
	struct known known;
	const char *words;
} details[] = {
	{ { .state = MSG_QUEUED, .age_ms = 3 * S, .fleet = &none_ready },
	  "It has waited 3 s to be sent, and none of 2 modems is ready: gsm0: searching for a "
	  "network." },
	{ { .state = MSG_QUEUED, .age_ms = 3 * S, .fleet = &resting },
	  "It has waited 3 s to be sent, and no modem may send it for 30 s: gsm0: the limit of "
	  "5/1m is used up." },
	{ { .kind = KIND_TEXT, .state = MSG_QUEUED, .age_ms = 3 * S, .fleet = &resting },
	  "It has waited 3 s to be sent, and no modem may send it for 50 s: gsm0: the limit of "
	  "5/1m is used up." },
	{ { .state = MSG_QUEUED, .age_ms = 3 * MIN, .code = "cms_332", .tries = 1 },
	  "It has waited 3 min to be sent; the last try ended so: cms_332." },
	{ { .state = MSG_SENT, .age_ms = 3 * MIN },
	  "The network took it 3 min ago; no delivery report has come so far." },
	{ { .state = MSG_SENT, .age_ms = 3 * MIN, .asked = 40, .reported = 38 },
	  "The network took it 3 min ago and no delivery report came; of the last 40 messages by "
	  "gsm0 95 % were reported." },
	{ { .state = MSG_SENT, .age_ms = 3 * MIN, .status = 0x21 },
	  "The network took it 3 min ago; the message centre reports that it still tries "
	  "(st_21)." },
	{ { .state = MSG_DELIVERED, .age_ms = 3 * 3600 * S },
	  "The phone got it 3 h ago; nothing has been entered since." },
	{ { .kind = KIND_TEXT, .state = MSG_DELIVERED, .age_ms = 1 * S },
	  "The phone got it 1 s ago." },
	{ { .state = MSG_FAILED, .code = "cms_21", .passed = 1 },
	  "It was refused: cms_21; other messages pass by this modem." },
	{ { .state = MSG_FAILED },
	  "It was refused: nothing more is known; no other message passed by this modem in the "
	  "last hour." },
	{ { .state = MSG_CANCELED }, "" },
};

static void details_say_what_is_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(details); i++) {
		struct message_row row;
		struct delivery_facts facts = facts_of(&details[i].known, &row);
		char out[DELIVERY_DETAIL_SIZE];

		delivery_detail(&facts, delivery_reason_of(&facts), out);
		assert_string_equal(out, details[i].words);
	}
}

/* The longest of everything still ends, and ends well. */
static void details_are_bounded(void **state)
{
	static const struct known known = { .state = MSG_QUEUED, .tries = 1 };
	struct fleet_glance fleet = { .total = 4000000000u };
	struct message_row row;
	struct delivery_facts facts = facts_of(&known, &row);
	char out[DELIVERY_DETAIL_SIZE];

	(void)state;
	memset(row.reason_text, 'x', sizeof(row.reason_text) - 1);
	memset(row.reason_code, 'y', sizeof(row.reason_code) - 1);
	memset(row.modem, 'z', sizeof(row.modem) - 1);
	for (int i = 0; i < MSG_STATES; i++) {
		row.state = (enum message_state)i;
		delivery_detail(&facts, DELIVERY_NONE, out);
		assert_true(strlen(out) < sizeof(out));
	}
	memset(fleet.why, 'w', sizeof(fleet.why) - 1);
	facts.fleet = &fleet;
	row.state = MSG_QUEUED;
	delivery_detail(&facts, DELIVERY_NONE, out);
	assert_true(strlen(out) < sizeof(out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_have_their_reason),
		cmocka_unit_test(stats_are_asked_for_where_they_matter),
		cmocka_unit_test(details_say_what_is_known),
		cmocka_unit_test(details_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

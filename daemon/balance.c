/* balance.c - asks the operator for the balance (ussd_balance) and warns when it is low.
 *
 * It is asked when the lane has nothing to send; a lane that is never idle stops for it once it is
 * ten minutes late, as modems fail at both at once. The amount is what balance.pattern finds; the
 * answer itself is not kept: it may hold the SIM's number. Amount and time are kept on disk by SIM,
 * so that a restart asks nothing. A failure is tried again in an hour. */
#include "daemon/balance.h"

#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/dispatch_private.h"
#include "daemon/standing.h"

enum { LATE_MS = 10 * 60 * 1000, AGAIN_MS = 60 * 60 * 1000, ANSWER_SIZE = 1024, NAME_SIZE = 48 };

/* What is kept on disk: hundredths, and when they were told. */
struct kept {
	struct lane *lane;
	char sim[SIM_SIZE];
	int64_t amount, at;
	bool found;
};

static void on_timer(uv_timer_t *timer);

#define lane_log(lane, level, ...)                                                                 \
	log_write(level, &(struct log_tags){ .modem = (lane)->modem }, __VA_ARGS__)

static const struct config_modem *config_of(const struct lane *lane)
{
	const struct config_modem *modem = config_modem(lane->dispatch->config, lane->modem);

	return modem != NULL && modem->ussd_balance[0] != '\0' ? modem : NULL;
}

/* ---- when ---- */

static void schedule(struct lane *lane, int64_t at)
{
	int64_t wait = at - clock_now_ms();

	lane->balance.due_at = at;
	uv_timer_start(&lane->balance.timer, on_timer, wait > 0 ? (uint64_t)wait : 0, 0);
}

static bool is_due(const struct lane *lane)
{
	const struct balance *b = &lane->balance;

	return b->known && !b->asking && b->due_at != 0 && b->due_at <= clock_now_ms() &&
	       standing_works(lane);
}

bool balance_holds(const struct lane *lane)
{
	return lane->balance.asking ||
	       (is_due(lane) && lane->balance.due_at + LATE_MS <= clock_now_ms());
}

/* ---- what was told ---- */

static void show(struct lane *lane, int64_t amount, int64_t at)
{
	const struct config_modem *modem = config_of(lane);
	struct modem_sending *shown = &lane->standing.shown;
	int64_t whole = amount < 0 ? -amount : amount;

	snprintf(shown->balance, sizeof(shown->balance), "%s%" PRId64 ".%02" PRId64,
		 amount < 0 ? "-" : "", whole / 100, whole % 100);
	shown->balance_at_ms = at;
	shown->balance_low = modem != NULL && modem->balance.low > 0 &&
			     amount < (int64_t)modem->balance.low * 100;
}

static void warn_if_low(struct lane *lane, bool was_low)
{
	const struct modem_sending *shown = &lane->standing.shown;
	const struct event_new event = {
		.type = "modem.balance_low",
		.subject = lane->modem,
		.modem = lane->modem,
		.reason = shown->balance,
	};

	if (!shown->balance_low || was_low)
		return;
	lane_log(lane, LOG_LEVEL_WARN, "the balance is low: %s; top up the SIM", shown->balance);
	notice(lane->dispatch, &event);
}

/* The point or comma of the decimals, or n: there are none. Of "1,234.56" it is the last one; one
 * that has been there before, or has three digits behind it ("12.345d"), parts thousands. */
static size_t decimal_at(const char *text, size_t n)
{
	size_t at = n, digits = 0;

	while (digits < n && text[n - 1 - digits] >= '0' && text[n - 1 - digits] <= '9')
		digits++;
	if (digits > 0 && digits < n)
		at = n - 1 - digits;
	if (at == n || (text[at] != '.' && text[at] != ',') || memchr(text, text[at], at) != NULL)
		return n;
	return digits == 3 && text[0] != '0' && memchr(text, '.' + ',' - text[at], at) == NULL ? n
											       : at;
}

static size_t amount_length(const char *text, size_t n)
{
	size_t length = 0;

	while (length < n && strchr("0123456789., ", text[length]) != NULL && text[length] != '\0')
		length++;
	while (length > 0 && (text[length - 1] < '0' || text[length - 1] > '9'))
		length--;
	return length;
}

/* In hundredths. False: there is no number. */
static bool read_amount(const char *text, size_t n, int64_t *amount)
{
	bool negative = n > 0 && text[0] == '-';
	size_t length, point;
	int decimals = 0;

	text += negative;
	length = amount_length(text, n - negative);
	point = decimal_at(text, length);
	*amount = 0;
	for (size_t i = 0; i < length && decimals < 2 && *amount < INT64_MAX / 1000; i++) {
		if (text[i] < '0' || text[i] > '9')
			continue;
		*amount = *amount * 10 + (text[i] - '0');
		decimals += i > point;
	}
	for (; decimals < 2; decimals++)
		*amount *= 10;
	if (negative)
		*amount = -*amount;
	return length > 0;
}

static bool find_amount(const char *pattern, const char *answer, int64_t *amount)
{
	regmatch_t found[2];
	regex_t compiled;
	bool ok;

	if (regcomp(&compiled, pattern, REG_EXTENDED) != 0)
		return false;
	ok = regexec(&compiled, answer, 2, found, 0) == 0 && found[1].rm_so >= 0 &&
	     read_amount(answer + found[1].rm_so, (size_t)(found[1].rm_eo - found[1].rm_so),
			 amount);
	regfree(&compiled);
	return ok;
}

/* ---- on disk ---- */

static void name_of(const struct kept *kept, const char *what, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%s %s", what, kept->sim);
}

static struct kept *kept_new(struct lane *lane)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (kept == NULL)
		return NULL;
	kept->lane = lane;
	snprintf(kept->sim, sizeof(kept->sim), "%s", lane->sim);
	return kept;
}

static int keep_tx(struct db *db, void *arg)
{
	const struct kept *kept = arg;
	char name[NAME_SIZE];
	int err;

	name_of(kept, "balance", name);
	err = db_meta_set(db, name, kept->amount);
	name_of(kept, "balance_at", name);
	return err < 0 ? err : db_meta_set(db, name, kept->at);
}

static void on_kept(void *arg, int status)
{
	(void)status; /* lost is a question more */
	free(arg);
}

static int read_tx(struct db *db, void *arg)
{
	struct kept *kept = arg;
	char name[NAME_SIZE];
	int err;

	name_of(kept, "balance", name);
	err = db_meta_get(db, name, &kept->amount);
	name_of(kept, "balance_at", name);
	if (err == 0)
		err = db_meta_get(db, name, &kept->at);
	kept->found = err == 0;
	return err == -ENOENT ? 0 : err;
}

static void on_read(void *arg, int status)
{
	struct kept *kept = arg;
	struct lane *lane = kept->lane;
	const struct config_modem *modem = config_of(lane);

	if (status == 0 && modem != NULL && lane->session != NULL &&
	    strcmp(kept->sim, lane->balance.sim) == 0) {
		lane->balance.known = true;
		if (kept->found)
			show(lane, kept->amount, kept->at);
		schedule(lane, kept->found ? kept->at + modem->balance.every_ms : clock_now_ms());
	}
	free(kept);
}

/* ---- asking ---- */

static void note_amount(struct lane *lane, int64_t amount)
{
	bool was_low = lane->standing.shown.balance_low;
	struct kept *kept = kept_new(lane);

	show(lane, amount, clock_now_ms());
	lane_log(lane, LOG_LEVEL_INFO, "the balance is %s", lane->standing.shown.balance);
	warn_if_low(lane, was_low);
	if (kept == NULL)
		return;
	kept->amount = amount;
	kept->at = lane->standing.shown.balance_at_ms;
	store_run(lane->dispatch->store, STORE_NORMAL, keep_tx, on_kept, kept);
}

static void join(const char *const *lines, size_t n, char out[ANSWER_SIZE])
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && used < ANSWER_SIZE; i++)
		used += (size_t)snprintf(out + used, ANSWER_SIZE - used, "%s%s", i > 0 ? "\n" : "",
					 lines[i]);
}

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	struct lane *lane = arg;
	const struct config_modem *modem = config_of(lane);
	char answer[ANSWER_SIZE];
	int64_t amount;

	lane->balance.asking = false;
	if (lane->dispatch->stopping || lane->session == NULL || modem == NULL)
		return;
	join(lines, n, answer);
	if (n > 0 && find_amount(modem->balance.pattern, answer, &amount)) {
		note_amount(lane, amount);
		schedule(lane, clock_now_ms() + modem->balance.every_ms);
		return;
	}
	lane_log(lane, LOG_LEVEL_WARN, "the balance is not known: %s; asking again in an hour",
		 n == 0 ? final : "balance.pattern finds nothing in the answer");
	schedule(lane, clock_now_ms() + AGAIN_MS);
}

void balance_gap(struct lane *lane)
{
	const struct config_modem *modem = config_of(lane);
	bool idle = lane->next == NULL && lane->held == NULL;

	if (modem == NULL || !is_due(lane) || lane->dispatch->stopping ||
	    (!idle && !balance_holds(lane)))
		return;
	lane->balance.asking = true;
	if (session_ussd(lane->session, modem->ussd_balance, on_answer, lane) == 0)
		return;
	lane->balance.asking = false; /* an operator's question is under way, or no network */
	schedule(lane, clock_now_ms() + AGAIN_MS);
}

static void on_timer(uv_timer_t *timer)
{
	struct lane *lane = timer->data;

	if (lane->balance.due_at > clock_now_ms()) { /* the loop's clock is older than the wall's */
		schedule(lane, lane->balance.due_at);
		return;
	}
	lane_advance(lane);
	dispatch_pump(lane->dispatch);
}

/* ---- life ---- */

void balance_init(struct lane *lane)
{
	uv_timer_init(lane->dispatch->loop, &lane->balance.timer);
	lane->balance.timer.data = lane;
}

void balance_changed(struct lane *lane)
{
	struct balance *b = &lane->balance;
	struct kept *kept;

	if (config_of(lane) == NULL || lane->session == NULL || !standing_works(lane) ||
	    strcmp(b->sim, lane->sim) == 0)
		return;
	kept = kept_new(lane);
	if (kept == NULL)
		return;
	snprintf(b->sim, sizeof(b->sim), "%s", lane->sim);
	b->known = false;
	lane->standing.shown.balance[0] = '\0';
	lane->standing.shown.balance_at_ms = 0;
	lane->standing.shown.balance_low = false;
	store_run(lane->dispatch->store, STORE_NORMAL, read_tx, on_read, kept);
}

void balance_stop(struct lane *lane)
{
	uv_timer_stop(&lane->balance.timer);
}

void balance_close(struct lane *lane)
{
	if (!uv_is_closing((uv_handle_t *)&lane->balance.timer))
		uv_close((uv_handle_t *)&lane->balance.timer, NULL);
}

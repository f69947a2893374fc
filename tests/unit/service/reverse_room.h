/* reverse_room.h - a room with two gateways, and users who text and ring them. */
#pragma once

#include "tests/unit/service/room.h"

#include "service/replies.h"
#include "service/reverse.h"

static const char reverse_config[] =
	"sites = ( { name = \"one\"; title = \"Example\"; region = \"RU\"; locale = \"ru\";"
	" verification = { countries = [ \"RU\", \"VN\" ]; };"
	" test_numbers = ( { phone = \"+79000000001\"; code = \"000000\"; } ); },"
	" { name = \"two\"; region = \"RU\"; verification = { reveal_bound = \"at_once\";"
	" channels = [ \"missed_call\", \"sms\" ]; }; } );"
	"modems = ( { name = \"gsm0\"; device = \"/dev/a\"; number = \"+79120000000\"; },"
	" { name = \"gsm1\"; device = \"/dev/b\"; number = \"+79120000001\"; },"
	" { name = \"gsm2\"; device = \"/dev/c\"; number = \"+84912345678\"; },"
	" { name = \"dumb\"; device = \"/dev/d\"; } );";

/* The two Russian ones are ready. */
static const struct gateways reverse_ready = {
	.items = { { "gsm0", "+79120000000" }, { "gsm1", "+79120000001" } },
	.n = 2,
};

static inline int reverse_setup(void **state)
{
	struct room *room;

	room_setup(state);
	room = *state;
	room_load(room, reverse_config);
	room->rule.gateways = &reverse_ready;
	return 0;
}

static inline int begin_channel(struct room *room, const char *channel, const char *account,
				const char *phone)
{
	const struct verification_request request = { .account = account,
						      .phone = phone,
						      .channel = channel };

	return begin(room, &request);
}

/* As the daemon asks: no site, no client, no gateways. */
static inline int text_us(struct room *room, const char *modem, const char *sender, char *text)
{
	const struct rule rule = { .db = room->rule.db, .config = room->config };
	static unsigned n;
	struct inbox_row row = { .text = text };
	char pdu[16];

	snprintf(pdu, sizeof(pdu), "%08X", n++);
	snprintf(row.sender, sizeof(row.sender), "%s", sender);
	snprintf(row.modem, sizeof(row.modem), "%s", modem);
	return RUN(room, reply_receive(&rule, &row, pdu, "+79168999100"));
}

static inline int ring_us(struct room *room, const char *modem, const char *caller)
{
	const struct rule rule = { .db = room->rule.db, .config = room->config };

	return RUN(room, reverse_call(&rule, modem, caller));
}

/* How the verification that was filled last stands now. */
static inline enum verification_state look(struct room *room)
{
	char id[ID_SIZE];

	memcpy(id, room->ver.row.id, sizeof(id));
	assert_int_equal(RUN(room, verification_show(&room->rule, id, &room->ver, &room->why)), 0);
	return room->ver.row.state;
}

/* Nothing was proved, for this reason. */
static inline void assert_refused(struct room *room, const char *reason)
{
	assert_int_equal(look(room), VER_PENDING);
	assert_string_equal(room->ver.row.refused, reason);
	assert_string_equal(room->ver.assurance, "");
}

/* room.h - rules against a real database in memory, with a time that the test moves. */
#pragma once

#include "tests/unit/queue/test_db.h"

#include "queue/db_attempt.h"
#include "queue/db_erase.h"
#include "queue/db_event.h"
#include "service/contacts.h"
#include "service/numbers.h"
#include "service/verifications.h"
#include "tests/unit/config/load.h"

struct room {
	struct world world; /* first: the database's own helpers see it */
	const struct config *config;
	struct rule rule;
	struct refusal why;
	struct verification_view ver; /* of the last call that filled one */
	struct message_view message;
	struct contact_view contact;
	struct db_news mark;
};

static const char room_config[] =
	"sites = ( { name = \"one\"; title = \"Example\"; origin = \"example.com\"; region = "
	"\"RU\";"
	" locale = \"ru\"; text = { allowed = true; limits = [ \"3/1h\" ]; };"
	" contact = { require_sender_verified = true; };"
	" test_numbers = ( { phone = \"+79000000001\"; code = \"000000\"; } ); },"
	" { name = \"two\"; title = \"Two\"; region = \"RU\"; locale = \"en\";"
	" verification = { reveal_bound = \"at_once\"; }; } );";

static inline void room_load(struct room *room, const char *text)
{
	static struct told told;

	config_unref(room->config);
	room->config = load_text(text, &told);
	if (room->config == NULL)
		fail_msg("%s", told.all);
	room->rule.config = room->config;
	room->rule.site = &room->config->sites[0];
}

static inline void room_site(struct room *room, const char *name)
{
	room->rule.site = name == NULL ? NULL : config_site(room->config, name);
}

static inline int room_setup(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	void *world;
	struct world *made;

	assert_non_null(room);
	world_open(&world);
	made = world;
	room->world = *made;
	room->world.db.keys = &room->world.keys;
	free(made);
	room->rule.db = &room->world.db;
	room->rule.client = "uid:33";
	room_load(room, room_config);
	numbers_start();
	*state = room;
	return 0;
}

static inline int room_teardown(void **state)
{
	struct room *room = *state;

	message_view_free(&room->message);
	contact_view_free(&room->contact);
	db_fini(&room->world.db);
	config_unref(room->config);
	free(room);
	return 0;
}

static inline void room_later(struct room *room, int64_t ms)
{
	room->world.db.now += ms;
}

/* As the store does it: what a refused rule wrote is taken back. */
static inline void room_begin(struct room *room)
{
	message_view_free(&room->message);
	contact_view_free(&room->contact);
	memset(&room->why, 0, sizeof(room->why));
	room->mark = db_mark(&room->world.db);
	assert_int_equal(sqlite3_exec(room->world.db.sqlite, "SAVEPOINT rule", NULL, NULL, NULL),
			 SQLITE_OK);
}

static inline int room_end(struct room *room, int result)
{
	sqlite3 *sqlite = room->world.db.sqlite;

	if (result != 0) {
		assert_int_equal(sqlite3_exec(sqlite, "ROLLBACK TO rule", NULL, NULL, NULL), 0);
		db_unmark(&room->world.db, &room->mark);
	}
	assert_int_equal(sqlite3_exec(sqlite, "RELEASE rule", NULL, NULL, NULL), 0);
	return result;
}

#define RUN(room, call) (room_begin(room), room_end(room, (call)))

static inline int64_t count_rows(struct room *room, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(room->world.db.sqlite, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

/* A refusal of which the event is kept counts as one, too. */
static inline int begin(struct room *room, const struct verification_request *request)
{
	int err = RUN(room, verification_create(&room->rule, request, &room->ver, &room->why));

	return err == 0 && room->why.reason != REASON_NONE ? RULE_REFUSED : err;
}

static inline int start(struct room *room, const char *account, const char *phone)
{
	const struct verification_request request = { .account = account, .phone = phone };

	return begin(room, &request);
}

/* The code in the newest SMS of the verification that was filled last. */
static inline const char *sent_code(struct room *room)
{
	static char code[16];
	struct message_row row;
	char *text;
	size_t at;

	assert_int_equal(db_message_by_seq(&room->world.db, room->ver.row.message_seq, &row), 0);
	assert_int_equal(db_message_text(&room->world.db, &row, &text), 0);
	at = strcspn(text, "0123456789");
	snprintf(code, sizeof(code), "%.*s", (int)strspn(text + at, "0123456789"), text + at);
	secret_free(text);
	return code;
}

/* The message of this number in the queue leaves, with this end. */
static inline void leave(struct room *room, int64_t seq, enum message_state end)
{
	struct db *db = &room->world.db;
	struct message_row row;
	int64_t attempt;

	assert_int_equal(
		db_attempt_claim(db, seq,
				 &(struct attempt_new){
					 .modem = "gsm0", .sim = "sim", .part = 0, .asked = true },
				 &attempt),
		0);
	assert_int_equal(db_message_by_seq(db, seq, &row), 0);
	assert_int_equal(row.state, MSG_SENDING);
	assert_int_equal(db_message_move(db, &row, end, NULL), 0);
}

/* -1: refused or locked (why tells); else what came of it. */
static inline int check(struct room *room, const char *code, const char *account)
{
	char id[ID_SIZE];
	enum check_result result = CHECK_WRONG_CODE;
	int err;

	memcpy(id, room->ver.row.id, sizeof(id));
	err = RUN(room, verification_check(&room->rule, id, code, account, &result, &room->ver,
					   &room->why));
	memcpy(room->ver.row.id, id, sizeof(id));
	return err != 0 || room->why.reason != REASON_NONE ? -1 : (int)result;
}

/* Another code than this one, of the same length. */
static inline const char *wrong(const char *code)
{
	static char other[16];

	snprintf(other, sizeof(other), "%.15s", code);
	other[0] = other[0] == '9' ? '0' : (char)(other[0] + 1);
	return other;
}

static inline void bind_account(struct room *room, const char *account, const char *phone)
{
	assert_int_equal(start(room, account, phone), 0);
	assert_int_equal(check(room, sent_code(room), account), CHECK_APPROVED);
}

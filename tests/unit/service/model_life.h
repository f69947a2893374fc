/* model_life.h - the two worlds of the property test, and how they are compared: a clock that
 * jumps, a database in a file that is closed and opened again, a batch that is lost. */
#pragma once

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/subscribers.h"
#include "tests/unit/service/room.h"
#include "tests/unit/service/verification_model.h"

enum { KEEP_TIME_MS = 1000 };

/* ---- chance: the same in every run ---- */

static uint64_t chance_state;

static inline uint32_t chance(uint32_t below)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (uint32_t)(chance_state >> 33) % below;
}

/* ---- time: two clocks, of which one may jump ---- */

static int64_t real_ms, mono_ms;
static int64_t known_ms, known_mono_ms; /* what the model holds to be the time */

static inline int64_t real_clock(void)
{
	return real_ms;
}

static inline int64_t mono_clock(void)
{
	return mono_ms;
}

static inline int64_t model_time(void)
{
	int64_t steady = known_ms + (mono_ms - known_mono_ms);

	known_ms = steady > real_ms ? steady : real_ms;
	known_mono_ms = mono_ms;
	return known_ms;
}

static inline void wait_ms(int64_t ms)
{
	real_ms += ms;
	mono_ms += ms;
}

static inline void silent(enum log_level level, const struct log_tags *tags, const char *text)
{
	(void)level;
	(void)tags;
	(void)text;
}

/* ---- the two worlds ---- */

struct life {
	struct room *room;
	struct model model;
	char path[64];
	char ids[M_MAX][ID_SIZE];
	char phones[M_NUMBERS][16], accounts[M_ACCOUNTS][16];
	int64_t time_kept, retry_at;
	unsigned sequence, step, mood;
	unsigned seen[M_EXPIRED_CODE + 1]; /* answers, over all sequences */
	const char *what;                  /* for a failure */
};

static inline void differ(const struct life *life, const char *which, long long got,
			  long long wanted)
{
	print_error("the rules told: %s %s\n", reason_name(life->room->why.reason),
		    life->room->why.detail);
	fail_msg("sequence %u, step %u, %s: %s is %lld, the model says %lld", life->sequence,
		 life->step, life->what, which, got, wanted);
}

#define SAME(life, which, got, wanted)                                                             \
	do {                                                                                       \
		if ((long long)(got) != (long long)(wanted))                                       \
			differ(life, which, (long long)(got), (long long)(wanted));                \
	} while (0)

/* As the store does it before a transaction and at its COMMIT. */
static inline void tick(struct life *life)
{
	struct db *db = &life->room->world.db;
	int64_t *expired, next;
	size_t n;

	db->now = clock_now_ms();
	life->model.now = model_time();
	SAME(life, "the time", db->now, life->model.now);
	if (db->now - life->time_kept >= KEEP_TIME_MS) {
		assert_int_equal(db_meta_set(db, "time", db->now), 0);
		life->time_kept = db->now;
	}
	assert_int_equal(db_message_expire(db, db->now, &expired, &n, &next), 0);
	free(expired);
	m_sweep(&life->model);
}

static inline void open_file(struct life *life)
{
	struct room *room = life->room;
	char why[256] = "";
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open(life->path, &sqlite), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(sqlite,
			     "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF;"
			     " PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE",
			     NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	db_init(&room->world.db, sqlite, &room->world.keys);
	room->world.db.news.live =
		count_rows(room, "SELECT coalesce(sum(n), 0) FROM tally WHERE state IN (0, 1)");
	assert_int_equal(sqlite3_exec(sqlite, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
}

/* What is committed is in the file; commits in between would show nothing more. */
static inline void close_file(struct life *life)
{
	struct db *db = &life->room->world.db;

	assert_int_equal(db_tally_keep(db), 0);
	assert_int_equal(sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	db_fini(db);
}

/* The daemon ends and comes back, perhaps on a box that boots in the past. */
static inline void restart(struct life *life)
{
	int64_t kept = 0;

	life->what = "restart";
	close_file(life);
	if (chance(2) == 0)
		real_ms -= (int64_t)chance(100) * DAY;
	mono_ms = chance(1000000);
	clock_set_source(real_clock, mono_clock);
	open_file(life);
	assert_int_equal(db_meta_get(&life->room->world.db, "time", &kept), 0);
	SAME(life, "the time kept", kept, life->time_kept);
	clock_raise(kept);
	known_ms = real_ms > kept ? real_ms : kept;
	known_mono_ms = mono_ms;
}

/* ---- answers ---- */

static inline enum m_answer answer_of(const struct refusal *why, int result)
{
	static const struct {
		enum reason reason;
		enum m_answer answer;
	} answers[] = {
		{ REASON_LOCKED, M_LOCKED },
		{ REASON_NUMBER_LOCKED, M_NUMBER_LOCKED },
		{ REASON_TOO_SOON, M_TOO_SOON },
		{ REASON_LIMIT_REACHED, M_LIMIT },
		{ REASON_NUMBER_BOUND_ELSEWHERE, M_BOUND },
		{ REASON_NOT_FOUND, M_NOT_FOUND },
		{ REASON_ALREADY_APPROVED, M_APPROVED_ALREADY },
		{ REASON_CANCELED, M_CANCELED },
		{ REASON_CODE_EXPIRED, M_EXPIRED_CODE },
		{ REASON_ALREADY_FINAL, M_FINAL },
	};

	if (why->reason == REASON_FIELD)
		return strcmp(why->field, "code") == 0 ? M_MALFORMED : M_SECOND_NUMBER;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (answers[i].reason == why->reason)
			return answers[i].answer;
	return result == CHECK_APPROVED          ? M_OK
	       : result == CHECK_SUPERSEDED_CODE ? M_SUPERSEDED
						 : M_WRONG;
}

static inline void compare_answer(struct life *life, enum m_answer got, enum m_answer answer)
{
	SAME(life, "the answer", got, answer);
	life->seen[answer]++;
	if (answer != M_LOCKED && answer != M_NUMBER_LOCKED && answer != M_TOO_SOON &&
	    answer != M_LIMIT)
		return;
	SAME(life, "Retry-After", life->room->why.retry_after_ms, life->model.wait_ms);
	life->retry_at = life->model.now + life->model.wait_ms;
}

static inline void compare_filled(struct life *life, size_t i, const struct verification_view *view)
{
	static const enum verification_state states[] = { [M_PENDING] = VER_PENDING,
							  [M_APPROVED] = VER_APPROVED,
							  [M_CANCELED_STATE] = VER_CANCELED,
							  [M_EXPIRED_STATE] = VER_EXPIRED };
	const struct m_verification *v = &life->model.verifications[i];

	assert_string_equal(view->row.id, life->ids[i]);
	SAME(life, "the state", view->row.state, states[m_state_of(&life->model, v)]);
	SAME(life, "attempts_left", view->attempts_left,
	     m_entries_left(&life->model, v->account, v->number));
	SAME(life, "expires_at", view->expires_at, m_expires_at(v));
	SAME(life, "resend_at", view->resend_at, m_resend_at(v));
	assert_string_equal(view->phone, life->phones[v->number]);
	assert_string_equal(view->row.account, life->accounts[v->account]);
}

static inline void compare_view(struct life *life, size_t i)
{
	struct room *room = life->room;
	struct verification_view view;

	assert_int_equal(RUN(room, verification_show(&room->rule, life->ids[i], &view, &room->why)),
			 0);
	compare_filled(life, i, &view);
}

static inline void compare_owners(struct life *life)
{
	struct room *room = life->room;

	for (int account = 0; account < M_ACCOUNTS; account++) {
		int number = m_number_of(&life->model, account);
		struct account_view view = { .phone = "" };

		RUN(room, account_show(&room->rule, life->accounts[account], &view, &room->why));
		account_view_free(&view);
		life->what = "owners";
		if (strcmp(view.phone, number < 0 ? "" : life->phones[number]) != 0)
			differ(life, "the account's number", account, number);
	}
}

/* ---- a crash before the COMMIT ---- */

/* What ran was never acknowledged; it is asked for again, and finds nothing of the first time. */
static inline bool batch_begin(struct life *life, struct db_news *mark)
{
	struct db *db = &life->room->world.db;

	if (chance(10) != 0)
		return false;
	*mark = db_mark(db);
	assert_int_equal(sqlite3_exec(db->sqlite, "SAVEPOINT batch", NULL, NULL, NULL), SQLITE_OK);
	return true;
}

static inline void batch_lost(struct life *life, const struct db_news *mark)
{
	struct db *db = &life->room->world.db;

	assert_int_equal(
		sqlite3_exec(db->sqlite, "ROLLBACK TO batch; RELEASE batch", NULL, NULL, NULL),
		SQLITE_OK);
	db_unmark(db, mark);
}

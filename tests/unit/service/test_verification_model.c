/* test_verification_model.c - thousands of random lives of verifications, against the model.
 *
 * Accounts that fight for numbers, codes that leave, get lost, are resent, entered right, wrong,
 * late or a hundred times at once; a clock that jumps, and restarts of the daemon on a database
 * that is a file. After every step the answer, its wait and the view must be the model's. */
#include "tests/unit/service/model_life.h"

enum { SEQUENCES = 2000, STEPS = 18, BURST = 20 };

/* For a longer run, or other chances: how many sequences, and of which the first. */
static const char sequences_variable[] = "SIMGATE_MODEL_SEQUENCES";
static const char first_variable[] = "SIMGATE_MODEL_FIRST";

static const char *const purposes[] = { "register", "login", "change" };

/* ---- steps ---- */

static void ask(struct life *life)
{
	bool usual = chance(life->mood == 0 ? 2 : 12) != 1;
	int account = usual ? 0 : (int)chance(M_ACCOUNTS), found;
	int number = usual ? 0 : (int)chance(M_NUMBERS);
	int purpose = chance(3) == 0 ? (int)chance(M_PURPOSES) : M_REGISTER;
	const struct verification_request request = { .account = life->accounts[account],
						      .phone = life->phones[number],
						      .purpose = purposes[purpose] };
	enum m_answer answer = m_ask(&life->model, account, number, purpose, &found);
	struct db_news mark;
	size_t i;
	int err;

	life->what = "ask for a code";
	if (batch_begin(life, &mark)) {
		begin(life->room, &request);
		batch_lost(life, &mark);
	}
	err = begin(life->room, &request);
	compare_answer(life, err == 0 ? M_OK : answer_of(&life->room->why, CHECK_WRONG_CODE),
		       answer);
	if (answer != M_OK)
		return;
	i = m_sent(&life->model, account, number, purpose, found, sent_code(life->room));
	if (found >= 0)
		assert_string_equal(life->ids[i], life->room->ver.row.id);
	memcpy(life->ids[i], life->room->ver.row.id, ID_SIZE);
	compare_filled(life, i, &life->room->ver);
}

/* Mostly the newest that is open. */
static size_t some_verification(const struct life *life)
{
	size_t n = life->model.n_verifications;

	for (size_t i = n; i-- > 0 && chance(8) != 0;)
		if (m_state_of(&life->model, &life->model.verifications[i]) == M_PENDING)
			return i;
	return chance((uint32_t)n);
}

static void leave_one(struct life *life, size_t i)
{
	bool sent = chance(5) != 0;
	struct verification_view view;
	struct room *room = life->room;

	life->what = "an SMS leaves";
	if (!m_may_leave(&life->model, i))
		return;
	assert_int_equal(RUN(room, verification_show(&room->rule, life->ids[i], &view, &room->why)),
			 0);
	leave(room, view.row.message_seq, sent ? MSG_SENT : MSG_FAILED);
	m_leave(&life->model, i, sent);
	compare_view(life, i);
}

static void sms_leaves(struct life *life)
{
	leave_one(life, some_verification(life));
}

/* As soon as it may be, and it leaves at once: limits are near. */
static void ask_again(struct life *life)
{
	size_t i = life->model.n_verifications - 1;
	int64_t wait = m_resend_at(&life->model.verifications[i]) - life->model.now;

	if (wait > 0) {
		wait_ms(wait);
		tick(life);
	}
	ask(life);
	leave_one(life, life->model.n_verifications - 1);
}

static const char *some_entry(const struct m_verification *v)
{
	static char entry[M_CODE];
	uint32_t kind = chance(20);

	strcpy(entry, v->codes[v->n_codes - 1]);
	if (kind < 2) /* the right one */
		return entry;
	if (kind < 7)
		strcpy(entry, v->codes[chance((uint32_t)v->n_codes)]);
	else if (kind == 7)
		entry[5] = '\0';
	else
		entry[chance(6)] ^= 1; /* 0 becomes 1 and so on */
	return entry;
}

static void enter_one(struct life *life, size_t i)
{
	const struct m_verification *v = &life->model.verifications[i];
	int account = chance(20) == 0 ? (v->account + 1) % M_ACCOUNTS : v->account;
	const char *entry = some_entry(v);
	enum m_answer answer = m_check(&life->model, i, account, entry);
	struct db_news mark;
	int result;

	life->what = "enter a code";
	memcpy(life->room->ver.row.id, life->ids[i], ID_SIZE);
	if (batch_begin(life, &mark)) {
		check(life->room, entry, life->accounts[account]);
		batch_lost(life, &mark);
	}
	result = check(life->room, entry, life->accounts[account]);
	compare_answer(life, answer_of(&life->room->why, result), answer);
}

static void enter(struct life *life)
{
	size_t i = some_verification(life);

	enter_one(life, i);
	compare_view(life, i);
}

/* Many at once are many at one time: the store runs one after the other. */
static void enter_at_once(struct life *life)
{
	for (int i = 0; i < BURST; i++)
		enter_one(life, some_verification(life));
}

static void cancel(struct life *life)
{
	size_t i = some_verification(life);
	enum m_answer answer = m_cancel(&life->model, i);
	struct room *room = life->room;

	life->what = "cancel";
	RUN(room, verification_cancel(&room->rule, life->ids[i], &room->ver, &room->why));
	compare_answer(life, answer_of(&room->why, CHECK_APPROVED), answer);
	compare_view(life, i);
}

static void unbind(struct life *life)
{
	int account = (int)chance(M_ACCOUNTS), number = (int)chance(M_NUMBERS);
	enum m_answer answer = m_unbind(&life->model, account, number);
	struct room *room = life->room;

	life->what = "unbind";
	RUN(room,
	    account_unbind(&room->rule, life->accounts[account], life->phones[number], &room->why));
	compare_answer(life, answer_of(&room->why, CHECK_APPROVED), answer);
}

/* From nothing to a day, small steps more often; or until Retry-After is over, to the moment. */
static void time_passes(struct life *life)
{
	static const int64_t spans[] = { 2 * SECOND, 2 * MINUTE, 3 * MINUTE, 6 * MINUTE,
					 HOUR,       HOUR,       5 * HOUR,   DAY };
	int64_t span = spans[chance(life->mood == 1 ? 4 : chance(10) == 0 ? 8 : 5)];

	if (life->retry_at > life->model.now && chance(4) == 0)
		wait_ms(life->retry_at - life->model.now - (int64_t)chance(2));
	else
		wait_ms((int64_t)chance((uint32_t)span) + 1);
}

static void clock_jumps(struct life *life)
{
	(void)life;
	real_ms += ((int64_t)chance(48) - 24) * HOUR;
}

/* Two moods: one who guesses and one who asks for codes again and again. */
static const struct {
	void (*run)(struct life *life);
	unsigned weights[2];
	bool wants_one; /* a verification must be there */
} steps[] = {
	{ time_passes, { 24, 40 }, false }, { ask, { 24, 44 }, false },
	{ sms_leaves, { 20, 44 }, true },   { enter, { 40, 10 }, true },
	{ enter_at_once, { 3, 0 }, true },  { ask_again, { 2, 30 }, true },
	{ cancel, { 3, 1 }, true },         { unbind, { 2, 1 }, false },
	{ clock_jumps, { 2, 1 }, false },   { restart, { 1, 1 }, false },
};

static void one_step(struct life *life)
{
	unsigned total = 0, at;
	size_t i = 0;

	for (size_t s = 0; s < ARRAY_LEN(steps); s++)
		total += steps[s].weights[life->mood];
	for (at = chance(total); at >= steps[i].weights[life->mood]; i++)
		at -= steps[i].weights[life->mood];
	if (steps[i].wants_one && life->model.n_verifications == 0)
		return;
	life->what = "the clock";
	tick(life);
	steps[i].run(life);
}

/* ---- what must hold whatever the model says ---- */

static size_t most_within(const struct m_times *times, int64_t window)
{
	size_t most = 0;

	for (size_t i = 0; i < times->n; i++) {
		size_t n = 0;

		for (size_t j = i; j < times->n && times->at[j] - times->at[i] < window; j++)
			n++;
		most = n > most ? n : most;
	}
	return most;
}

static void check_bounds(const struct life *life)
{
	for (int number = 0; number < M_NUMBERS; number++) {
		const struct m_times *wrong = &life->model.wrong_number[number];

		assert_true(most_within(wrong, HOUR) <= 10);
		assert_true(most_within(wrong, DAY) <= 25);
	}
}

static void live(struct life *life, unsigned sequence)
{
	static const struct model empty;

	life->sequence = sequence;
	life->mood = sequence % 2;
	chance_state = 0x9e3779b97f4a7c15u * (sequence + 1);
	life->model = empty;
	life->retry_at = 0;
	for (int i = 0; i < M_NUMBERS; i++) {
		unsigned prefix = sequence * M_NUMBERS + (unsigned)i;

		life->model.owner[i] = -1;
		snprintf(life->phones[i], sizeof(life->phones[i]), "+791%04u%04u", prefix % 10000,
			 prefix / 10000);
	}
	for (int i = 0; i < M_ACCOUNTS; i++)
		snprintf(life->accounts[i], sizeof(life->accounts[i]), "u%u.%d", sequence, i);
	for (life->step = 0; life->step < STEPS; life->step++)
		one_step(life);
	tick(life);
	compare_owners(life);
	for (size_t i = 0; i < life->model.n_verifications; i++)
		compare_view(life, i);
	check_bounds(life);
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
	const char *value = getenv(variable);

	return value != NULL ? (unsigned)strtoul(value, NULL, 10) : otherwise;
}

static void the_rules_are_the_models(void **state)
{
	static struct life life;
	struct room *room = *state;
	int fd;

	log_set_sink(silent);
	real_ms = T0;
	mono_ms = 1000;
	known_ms = 0;
	clock_set_source(real_clock, mono_clock);
	life.room = room;
	life.time_kept = 0;
	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; locale = \"ru\";"
			" verification = { limits = { per_prefix = [ ]; }; }; } );");
	strcpy(life.path, "/tmp/simgate-model-XXXXXX");
	fd = mkstemp(life.path);
	assert_true(fd >= 0);
	close(fd);
	db_fini(&room->world.db);
	open_file(&life);
	for (unsigned i = 0; i < number_of(sequences_variable, SEQUENCES); i++)
		live(&life, number_of(first_variable, 0) + i);
	for (size_t i = 0; i < ARRAY_LEN(life.seen); i++) {
		print_message("answer %2zu: %u times\n", i, life.seen[i]);
		assert_true(life.seen[i] > 0); /* else nothing is known of it */
	}
	unlink(life.path);
	clock_set_source(NULL, NULL);
	log_set_sink(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_rules_are_the_models, room_setup,
						room_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

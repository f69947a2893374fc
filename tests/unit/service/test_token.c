/* test_token.c - tokens are unlike, and found in what people type. */
#include "tests/unit/service/room.h"

#include "service/token.h"

static const struct {
	const char *text, *token; /* NULL: none */
} cases[] = {
	{ "7K3M9QXA", "7K3M9QXA" },
	{ "7k3m9qxa", "7K3M9QXA" },
	{ "  7K3M9QXA\n", "7K3M9QXA" },
	{ "7K3M 9QXA", "7K3M9QXA" },
	{ "7K3M-9QXA", "7K3M9QXA" },
	{ "7 K 3 M 9 Q X A", "7K3M9QXA" },
	{ "\xe2\x80\x8b"
	  "7K3M9\xe2\x80\x8bQXA",
	  "7K3M9QXA" },
	{ "code: 7K3M9QXA.", "7K3M9QXA" },
	{ "\"7K3M9QXA\"", "7K3M9QXA" },
	{ "Мой код 7K3M9QXA спасибо", "7K3M9QXA" },
	{ "70I1LOlo", "70111010" },
	{ "АВЕКМНОТ", "ABEKMH0T" }, /* Cyrillic */
	{ "рсухАВЕК", "PCYXABEK" },
	{ "７Ｋ３ｍ９ＱＸＡ", "7K3M9QXA" }, /* full width */
	{ "٧K3M9QXA", "7K3M9QXA" },         /* an Arabic seven */
	{ "7K3M9QX", NULL },
	{ "7K3M9QXAB", NULL }, /* longer words are no tokens */
	{ "x7K3M9QXA", NULL },
	{ "7K3M.9QXA", NULL }, /* two sentences */
	{ "7K3MU9QXA", NULL }, /* no such letter */
	{ "7K3M 9QXA5", NULL },
	{ "", NULL },
	{ " - ", NULL },
	{ "\xff\xfe", NULL },
	{ "STOP", NULL },
};

static void a_token_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char found[TOKEN_CANDIDATES][TOKEN_SIZE];
		size_t n = token_candidates(cases[i].text, found);
		bool there = false;

		for (size_t k = 0; k < n; k++)
			there |= cases[i].token != NULL && strcmp(found[k], cases[i].token) == 0;
		if (there != (cases[i].token != NULL) || (cases[i].token == NULL && n != 0))
			fail_msg("%s: %zu candidates", cases[i].text, n);
	}
}

/* However long a text is, few hashes are made of it. */
static void a_long_text_has_few_candidates(void **state)
{
	char found[TOKEN_CANDIDATES][TOKEN_SIZE], text[2000];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? ' ' : 'A';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(token_candidates(text, found), TOKEN_CANDIDATES);
	memset(text, 'A', sizeof(text) - 1);
	assert_int_equal(token_candidates(text, found), 0);
}

/* Made of one id it is one; of others, others; and it is found as it was shown. */
static void a_token_is_made_of_id_and_key(void **state)
{
	struct room *room = *state;
	const struct seal_keys *keys = db_keys(&room->world.db);
	char token[TOKEN_SIZE], other[TOKEN_SIZE], id[ID_SIZE], found[TOKEN_CANDIDATES][TOKEN_SIZE];
	unsigned seen[128] = { 0 };

	token_make(keys, "ver_1", token);
	token_make(keys, "ver_1", other);
	assert_string_equal(token, other);
	token_make(keys, "ver_2", other);
	assert_string_not_equal(token, other);
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof(id), "ver_%d", i);
		token_make(keys, id, token);
		assert_int_equal(strlen(token), TOKEN_LENGTH);
		assert_int_equal(token_candidates(token, found), 1);
		assert_string_equal(found[0], token);
		for (int k = 0; k < TOKEN_LENGTH; k++)
			seen[(unsigned char)token[k]]++;
	}
	for (const char *c = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *c != '\0'; c++)
		assert_in_range(seen[(unsigned char)*c], 400, 600);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_token_is_found),
		TEST(a_long_text_has_few_candidates),
		TEST(a_token_is_made_of_id_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

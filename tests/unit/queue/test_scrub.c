/* test_scrub.c - free space of pages: cleaned on the way to the file, and nothing else is. */
#include "queue/scrub.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/util.h"
#include "store_fixture.h"

enum { PAGE = 4096, ACCOUNTS = 20000, NAME_SIZE = 96 };

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

/* One page: all bytes 'x' but its header, n pointers to cells from start on. */
static const struct {
	const char *name;
	unsigned type, n, start;
	unsigned pointer; /* of each cell */
	int first;
	unsigned clean_from, clean_to; /* 0, 0: nothing is touched */
} cases[] = {
	{ "a leaf of a table", 13, 3, 4000, 4000, 0, 8 + 6, 4000 },
	{ "an inner page of a table", 5, 2, 3000, 3500, 0, 12 + 4, 3000 },
	{ "a leaf of an index", 10, 1, 500, 4095, 0, 8 + 2, 500 },
	{ "an inner page of an index", 2, 1, 500, 600, 0, 12 + 2, 500 },
	{ "page 1", 13, 1, 3000, 3000, 1, 100 + 8 + 2, 3000 },
	{ "an empty page", 13, 0, 4096, 0, 0, 8, 4096 },
	{ "a full page", 13, 2, 12, 12, 0, 0, 0 },
	{ "an overflow page", 0, 3, 4000, 4000, 0, 0, 0 },
	{ "a pointer before the cells", 13, 3, 4000, 3999, 0, 0, 0 },
	{ "a pointer behind the page", 13, 3, 4000, 4096, 0, 0, 0 },
	{ "more pointers than room", 13, 60000, 4000, 4000, 0, 0, 0 },
	{ "cells behind the page", 13, 1, 4097, 4000, 0, 0, 0 },
	{ "a start of 65536", 13, 1, 0, 4000, 0, 0, 0 },
};

static void make_page(size_t i, unsigned char page[static PAGE])
{
	unsigned char *header = page + (cases[i].first ? 100 : 0);
	size_t pointers = (size_t)(header - page) + (cases[i].type > 8 ? 8 : 12);

	memset(page, 'x', PAGE);
	header[0] = (unsigned char)cases[i].type;
	put16(header + 3, cases[i].n);
	put16(header + 5, cases[i].start);
	for (size_t at = 0; at < cases[i].n && pointers + 2 * at + 1 < PAGE; at++)
		put16(page + pointers + 2 * at, cases[i].pointer);
}

static void test_only_free_space_is_cleaned(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned char page[PAGE], before[PAGE];

		make_page(i, page);
		memcpy(before, page, sizeof(before));
		memset(before + cases[i].clean_from, 0, cases[i].clean_to - cases[i].clean_from);
		scrub_page(page, PAGE, cases[i].first);
		if (memcmp(page, before, PAGE) != 0)
			fail_msg("%s", cases[i].name);
	}
}

/* ---- a database that grew and shrank ---- */

static struct fixture fixture;

static int setup_store(void **state)
{
	(void)state;
	fixture_setup(&fixture);
	fixture_open(&fixture, NULL);
	return 0;
}

static int teardown_store(void **state)
{
	(void)state;
	fixture_teardown(&fixture);
	return 0;
}

/* Names of many lengths in no order, so that pages split and give rows to their neighbours. */
static void name_of(unsigned i, char name[static NAME_SIZE])
{
	unsigned mixed = i * 2654435761u;

	snprintf(name, NAME_SIZE, "%08x-person-%05u-%.*s", mixed, i, (int)(mixed >> 8 & 63),
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

static bool is_erased(unsigned i)
{
	return i % 3 == 1;
}

static int add_all(struct db *db, void *arg)
{
	int err = 0;

	(void)arg;
	for (unsigned i = 0; i < ACCOUNTS && err == 0; i++) {
		char name[NAME_SIZE];

		name_of(i, name);
		err = db_meta_set(db, name, i);
	}
	return err;
}

static int erase_some(struct db *db, void *arg)
{
	int err = 0;

	(void)arg;
	db_news_erased(db);
	for (unsigned i = 0; i < ACCOUNTS && err == 0; i++) {
		char name[NAME_SIZE];

		name_of(i, name);
		if (is_erased(i))
			err = db_exec(db, NULL, "DELETE FROM meta WHERE name = ?1", "t", name);
	}
	return err;
}

static int check_whole(struct db *db, void *arg)
{
	int64_t n = 0;
	int err = db_value(db, &n,
			   "SELECT count(*) FROM pragma_integrity_check"
			   " WHERE integrity_check = 'ok'",
			   "");

	((struct note *)arg)->runs = (int)n;
	return err;
}

static void run(store_tx *tx, struct note *note)
{
	int wanted = fixture.done + 1;

	note->fixture = &fixture;
	store_run(fixture.store, STORE_NORMAL, tx, note_done, note);
	fixture_until(&fixture, &fixture.done, wanted);
	assert_int_equal(note->status, 0);
}

static void test_rows_that_moved_leave_no_copy(void **state)
{
	static unsigned char bytes[4 << 20];
	struct note note = { .name = "" };
	ssize_t n;
	int fd;

	(void)state;
	run(add_all, &note);
	run(erase_some, &note);
	fd = open(fixture.path, O_RDONLY);
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	assert_true(n > 100 * PAGE && n < (ssize_t)sizeof(bytes));
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		char name[NAME_SIZE];

		name_of(i, name);
		if ((memmem(bytes, (size_t)n, name, 20) != NULL) == is_erased(i))
			fail_msg("%s", name);
	}
	run(check_whole, &note);
	assert_int_equal(note.runs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_free_space_is_cleaned),
		cmocka_unit_test_setup_teardown(test_rows_that_moved_leave_no_copy, setup_store,
						teardown_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

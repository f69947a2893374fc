/* test_db.h - a database in memory, with a time that the test sets (db.now), for the row tests. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/secret.h"
#include "base/util.h"
#include "queue/db_message.h"
#include "queue/db_private.h"
#include "queue/schema.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static const int64_t T0 = 1800000000000;

struct world {
	struct db db;
	struct seal_keys keys;
};

static inline struct db *world_open(void **state)
{
	static const unsigned char master[SEAL_KEY_SIZE] = { 7 };
	struct world *world = calloc(1, sizeof(*world));
	sqlite3 *sqlite;
	char why[256] = "";

	assert_non_null(world);
	assert_true(sodium_init() >= 0);
	seal_derive(&world->keys, master);
	assert_int_equal(sqlite3_open(":memory:", &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), 0);
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	db_init(&world->db, sqlite, &world->keys);
	world->db.now = T0;
	*state = world;
	return &world->db;
}

static inline int setup(void **state)
{
	world_open(state);
	return 0;
}

static inline int teardown(void **state)
{
	struct world *world = *state;

	db_fini(&world->db);
	free(world);
	return 0;
}

static inline struct db *the_db(void **state)
{
	return &((struct world *)*state)->db;
}

/* A message row as rules make it; the caller changes what its case is about. */
static inline struct message_row draft(struct db *db, enum config_kind kind)
{
	struct message_row row = {
		.site = "studentu24",
		.kind = kind,
		.priority = PRIORITY_NORMAL,
		.encoding = GSM_GSM7,
		.parts = 1,
		.deadline = db->now + DAY,
	};

	assert_int_equal(db_number_id(db, "+79120000001", &row.number), 0);
	return row;
}

static inline void add(struct db *db, struct message_row *row)
{
	assert_int_equal(db_message_add(db, row, "hello"), 0);
}

static inline struct message_row reload(struct db *db, const struct message_row *row)
{
	struct message_row again;

	assert_int_equal(db_message_by_seq(db, row->seq, &again), 0);
	return again;
}

static inline int64_t count_of(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t n;

	assert_int_equal(sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static inline void run_sql(struct db *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Every statement prepared so far answers from an index: nothing of the table is scanned whole and
 * nothing is sorted, whatever stands in it. */
static inline void assert_plans_are_indexed(struct db *db, const char *table)
{
	char scan[64], sql[4096];

	snprintf(scan, sizeof(scan), "SCAN %s", table);
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		sqlite3_stmt *plan;

		if (db->statements[i].sql == NULL)
			continue;
		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", db->statements[i].sql);
		assert_int_equal(sqlite3_prepare_v2(db->sqlite, sql, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(plan, 3);

			if ((strstr(step, scan) != NULL && strstr(step, "INDEX") == NULL) ||
			    strstr(step, "TEMP B-TREE") != NULL)
				fail_msg("%s: %s", db->statements[i].sql, step);
		}
		sqlite3_finalize(plan);
	}
}

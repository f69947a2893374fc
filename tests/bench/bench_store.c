/* bench_store.c - durable transactions a second with 1, 8, 64 and 256 in flight.
 *
 *   bench_store [FOLDER]    on the disk of FOLDER (default: the current one)
 *
 * Each transaction adds one small row; a completion hands in the next one. Prints only. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "queue/db_private.h"
#include "queue/store.h"

enum { RUN_MS = 2000, DEPTH_MAX = 256 };

struct bench {
	uv_loop_t loop;
	struct store *store;
	int in_flight;
	int64_t done;
	uint64_t began, until; /* ns */
};

struct slot {
	struct bench *bench;
	uint64_t began;
	uint64_t longest;
};

static int add_row(struct db *db, void *arg)
{
	unsigned char hash[SEAL_HASH_SIZE];

	(void)arg;
	randombytes_buf(hash, sizeof(hash));
	return db_exec(db, NULL, "INSERT INTO number (hash, sealed) VALUES (?1, ?1)", "b", hash,
		       sizeof(hash));
}

static void on_added(void *arg, int status);

static void hand_in(struct slot *slot)
{
	slot->began = uv_hrtime();
	slot->bench->in_flight++;
	store_run(slot->bench->store, STORE_NORMAL, add_row, on_added, slot);
}

static void on_added(void *arg, int status)
{
	struct slot *slot = arg;
	struct bench *bench = slot->bench;
	uint64_t now = uv_hrtime();

	if (status < 0)
		fprintf(stderr, "a transaction failed: %s\n", strerror(-status));
	if (now - slot->began > slot->longest)
		slot->longest = now - slot->began;
	bench->done++;
	bench->in_flight--;
	if (status == 0 && now < bench->until)
		hand_in(slot);
}

static void measure(struct bench *bench, int depth)
{
	static struct slot slots[DEPTH_MAX];
	struct store_stats before, after;
	uint64_t longest = 0;
	double seconds;

	store_stats(bench->store, &before);
	bench->done = 0;
	bench->began = uv_hrtime();
	bench->until = bench->began + (uint64_t)RUN_MS * 1000000;
	for (int i = 0; i < depth; i++) {
		slots[i] = (struct slot){ .bench = bench };
		hand_in(&slots[i]);
	}
	while (bench->in_flight > 0)
		uv_run(&bench->loop, UV_RUN_ONCE);
	seconds = (double)(uv_hrtime() - bench->began) / 1e9;
	store_stats(bench->store, &after);
	for (int i = 0; i < depth; i++)
		if (slots[i].longest > longest)
			longest = slots[i].longest;
	printf("%4d in flight: %8.0f durable tx/s, %6.0f commits/s, %5.0f us a commit, longest wait"
	       " %.1f ms\n",
	       depth, (double)bench->done / seconds,
	       (double)(after.commits - before.commits) / seconds,
	       (double)(after.commit_us_total - before.commit_us_total) /
		       (double)(after.commits - before.commits),
	       (double)longest / 1e6);
}

int main(int argc, char **argv)
{
	static const int depths[] = { 1, 8, 64, 256 };
	static struct bench bench;
	unsigned char master[SEAL_KEY_SIZE] = "bench";
	char folder[256], path[300], command[300], why[STORE_WHY_SIZE];
	struct seal_keys keys;
	int err;

	snprintf(folder, sizeof(folder), "%.200s/bench-store-XXXXXX", argc > 1 ? argv[1] : ".");
	if (sodium_init() < 0 || mkdtemp(folder) == NULL) {
		perror(folder);
		return 1;
	}
	snprintf(path, sizeof(path), "%s/simgate.db", folder);
	seal_derive(&keys, master);
	uv_loop_init(&bench.loop);
	bench.store = store_open(&bench.loop, path, &keys, NULL, why);
	if (bench.store == NULL) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(depths); i++)
		measure(&bench, depths[i]);
	store_close(bench.store, NULL, NULL);
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	err = uv_loop_close(&bench.loop);
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command) == 0 && err == 0 ? 0 : 1;
}

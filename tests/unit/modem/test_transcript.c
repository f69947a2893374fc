/* test_transcript.c - the file of a dialogue: what stands in it, how many are kept, what may fail.
 */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/transcript.h"

enum { KEPT = 32 };

static const int64_t T0 = 1800000000000; /* 2027-01-15T08:00:00Z */

static struct {
	uv_loop_t loop;
	char folder[64];
	unsigned done;
	int status;
} rig;

static int setup(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	uv_loop_init(&rig.loop);
	strcpy(rig.folder, "/tmp/simgate-transcript-XXXXXX");
	assert_non_null(mkdtemp(rig.folder));
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	assert_int_equal(uv_loop_close(&rig.loop), 0);
	snprintf(command, sizeof(command), "rm -rf '%s'", rig.folder);
	return system(command);
}

static void on_done(void *arg, int status)
{
	(void)arg;
	rig.done++;
	rig.status = status;
}

static int save(const struct transcript *t, const char *folder, int64_t at_ms)
{
	const struct transcript_note note = {
		.folder = folder, .modem = "gsm0", .model = "E173", .why = "a test", .at_ms = at_ms
	};
	unsigned done = rig.done;

	assert_int_equal(transcript_write(t, &rig.loop, &note, on_done, NULL), 0);
	assert_int_equal(rig.done, done); /* never inside the call */
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_int_equal(rig.done, done + 1);
	return rig.status;
}

static size_t files(void)
{
	DIR *dir = opendir(rig.folder);
	struct dirent *entry;
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static bool is_there(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", rig.folder, name);
	return access(path, F_OK) == 0;
}

/* What is hidden may be anything when it is played again. */
static const struct {
	char direction;
	const char *masked, *played;
} lines[] = {
	{ '>', "AT+CSQ", "\n< AT+CSQ\n" },
	{ '<', "+CSQ: 20,99", "\n> +CSQ: 20,99\n" },
	{ '>', "AT+CPIN=...", "\n< AT+CPIN=*\n" },
	{ '>', "AT+CSCA=\"+7912•••••67\",145", "\n< AT+CSCA=\"+7912*67\",145\n" },
	{ '>', "AT+CMGS=18", "\n< AT+CMGS=*\n" },
};

static void stands_as_a_dialogue(void **state)
{
	struct transcript *t = transcript_new();
	char path[160], text[8192];
	struct stat st;
	size_t n;
	FILE *file;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		transcript_add(t, T0, lines[i].direction, lines[i].masked);
	assert_int_equal(save(t, rig.folder, T0), 0);
	transcript_free(t);
	snprintf(path, sizeof(path), "%s/gsm0-20270115T080000Z.txt", rig.folder);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (strstr(text, lines[i].played) == NULL)
			fail_msg("%s is not in:\n%s", lines[i].played, text);
}

/* The oldest go; what somebody else keeps there stays. */
static void keeps_the_newest(void **state)
{
	struct transcript *t = transcript_new();
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/notes of an operator", rig.folder);
	fclose(fopen(path, "w"));
	for (int i = 0; i < KEPT + 3; i++)
		assert_int_equal(save(t, rig.folder, T0 + i * 1000), 0);
	transcript_free(t);
	assert_int_equal(files(), KEPT + 1);
	assert_false(is_there("gsm0-20270115T080002Z.txt"));
	assert_true(is_there("gsm0-20270115T080003Z.txt"));
	assert_true(is_there("gsm0-20270115T080034Z.txt"));
	assert_true(is_there("notes of an operator"));
}

static void makes_its_folder_or_tells_why_not(void **state)
{
	struct transcript *t = transcript_new();
	char path[128], file[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/new", rig.folder);
	assert_int_equal(save(t, path, T0), 0);
	snprintf(path, sizeof(path), "%s/nowhere/new", rig.folder);
	assert_int_equal(save(t, path, T0), -ENOENT);
	snprintf(file, sizeof(file), "%s/file", rig.folder);
	fclose(fopen(file, "w"));
	assert_int_equal(save(t, file, T0), -ENOTDIR);
	assert_int_equal(save(t, "/dev/full", T0), -ENOTDIR);
	transcript_free(t);
}

/* A link in the folder is not followed. */
static void writes_nowhere_else(void **state)
{
	struct transcript *t = transcript_new();
	char link[128], target[128];

	(void)state;
	snprintf(link, sizeof(link), "%s/gsm0-20270115T080000Z.txt", rig.folder);
	snprintf(target, sizeof(target), "%s/target", rig.folder);
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(save(t, rig.folder, T0), -ELOOP);
	assert_int_equal(access(target, F_OK), -1);
	transcript_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(stands_as_a_dialogue, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_the_newest, setup, teardown),
		cmocka_unit_test_setup_teardown(makes_its_folder_or_tells_why_not, setup, teardown),
		cmocka_unit_test_setup_teardown(writes_nowhere_else, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

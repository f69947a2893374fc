/* test_checks.c - what doctor says of the machine: files, folders, rights, the clock. */
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "api/checks.h"
#include "base/clock.h"
#include "base/util.h"
#include "tests/unit/config/load.h"

enum { NOBODY = 65534 };

static struct finding found[32];
static size_t n_found;
static char folder[64];
static const struct config *config;

static void on_finding(void *arg, const struct finding *finding)
{
	(void)arg;
	assert_true(n_found < ARRAY_LEN(found));
	found[n_found++] = *finding;
}

static const struct finding *of(const char *check)
{
	for (size_t i = 0; i < n_found; i++)
		if (strcmp(found[i].check, check) == 0)
			return &found[i];
	return NULL;
}

static void in_folder(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void make_file(const char *name, mode_t mode)
{
	char path[128];
	FILE *file;

	in_folder(path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static void make_folder(const char *name, mode_t mode)
{
	char path[128];

	in_folder(path, name);
	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Folder "data" for the database, and the key there or beside it. */
static int setup(void **state)
{
	static struct told told;
	char text[512];

	(void)state;
	strcpy(folder, "/tmp/simgate-checks-XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
	snprintf(text, sizeof(text),
		 "database = \"%s/data/simgate.db\"; key_file = \"%s/key\"; spool = \"%s/spool\";"
		 "sites = ( { name = \"one\"; region = \"RU\"; text = { allowed = true; }; } );",
		 folder, folder, folder);
	config = load_text(text, &told);
	if (config == NULL)
		fail_msg("%s", told.all);
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	config_unref(config);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void look(void)
{
	n_found = 0;
	checks_machine(config, on_finding, NULL);
}

static void assert_says(const char *check, enum finding_level level, const char *words)
{
	const struct finding *finding = of(check);

	if (finding == NULL || finding->level != level || strstr(finding->detail, words) == NULL)
		fail_msg("%s: %s: %s", check,
			 finding != NULL ? finding_level_name(finding->level) : "nothing",
			 finding != NULL ? finding->detail : "");
}

static void an_empty_machine(void **state)
{
	(void)state;
	look();
	assert_says("disk", FINDING_FAIL, "No such file or directory");
	assert_says("database", FINDING_WARN, "No such file or directory");
	assert_says("key", FINDING_WARN, "No such file or directory");
	assert_says("spool", FINDING_FAIL, "No such file or directory");
}

static void a_sound_machine(void **state)
{
	(void)state;
	make_folder("data", 0700);
	make_folder("spool", 0770);
	make_file("data/simgate.db", 0600);
	make_file("key", 0600);
	look();
	assert_non_null(strstr(of("disk")->detail, " MB are free"));
	assert_says("database", FINDING_PASS, "it is there, and private");
	assert_says("key", FINDING_PASS, "it is there, and private");
	assert_says("spool", FINDING_PASS, "texts of the site one");
	assert_string_equal(of("spool")->remedy, "");
}

static void what_others_may_read(void **state)
{
	(void)state;
	make_folder("data", 0755);
	make_file("data/simgate.db", 0644);
	make_file("key", 0640);
	make_file("spool", 0644);
	look();
	assert_says("database", FINDING_FAIL, "others may read it (mode 644)");
	assert_says("key", FINDING_FAIL, "others may read it (mode 640)");
	assert_says("spool", FINDING_FAIL, "it is no folder");
}

static void a_key_beside_the_database(void **state)
{
	static struct told told;
	char text[256];

	(void)state;
	make_folder("data", 0700);
	make_file("data/key", 0600);
	config_unref(config);
	snprintf(text, sizeof(text),
		 "database = \"%s/data/simgate.db\"; key_file = \"%s/data/key\";", folder, folder);
	config = load_text(text, &told);
	look();
	assert_says("key", FINDING_WARN, "beside the database");
	assert_null(of("spool")); /* none is configured */
}

/* Whoever runs it: his groups, and whether doctor finds him in that of serial ports. */
static const struct {
	bool in_groups, as_group, passes;
} users[] = { { false, false, false }, { true, false, true }, { false, true, true } };

static void become(uid_t uid, gid_t gid, size_t n, gid_t group)
{
	assert_int_equal(setresuid(uid == 0 ? 0 : (uid_t)-1, 0, 0), 0);
	assert_int_equal(setgroups(n, &group), 0);
	assert_int_equal(setresgid(gid, gid, 0), 0);
	assert_int_equal(setresuid(uid, uid, 0), 0);
}

static void another_user(void **state)
{
	const struct group *dialout = getgrnam("dialout");
	gid_t gid;

	(void)state;
	if (geteuid() != 0 || dialout == NULL)
		skip();
	gid = dialout->gr_gid;
	make_folder("data", 0755);
	make_folder("spool", 0700);
	make_file("data/simgate.db", 0600);
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		become(NOBODY, users[i].as_group ? gid : NOBODY, users[i].in_groups, gid);
		look();
		become(0, 0, 0, 0);
		assert_says("user", users[i].passes ? FINDING_PASS : FINDING_FAIL,
			    "in the group dialout");
		assert_says("database", FINDING_FAIL, "this user may not read and write it");
		assert_says("spool", FINDING_FAIL, "this user may not read and remove files");
	}
}

static int64_t long_ago(void)
{
	return 1000;
}

static void a_clock_that_was_never_set(void **state)
{
	(void)state;
	clock_set_source(long_ago, long_ago);
	look();
	clock_set_source(NULL, NULL);
	assert_says("clock", FINDING_FAIL, "before 2024");
	assert_non_null(strstr(of("clock")->remedy, "timedatectl"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sound_machine, setup, teardown),
		cmocka_unit_test_setup_teardown(what_others_may_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_beside_the_database, setup, teardown),
		cmocka_unit_test_setup_teardown(another_user, setup, teardown),
		cmocka_unit_test_setup_teardown(a_clock_that_was_never_set, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a line looks like on stderr, and what becomes of one that comes again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

static int64_t now_ms = 1000;
static char seen[64][256];
static unsigned n_seen;

static int64_t test_ms(void)
{
	return now_ms;
}

static void sink(enum log_level level, const struct log_tags *tags, const char *text)
{
	assert_true(n_seen < ARRAY_LEN(seen));
	snprintf(seen[n_seen++], sizeof(seen[0]), "%s %s %s|%s", log_level_name(level),
		 tags != NULL && tags->modem != NULL ? tags->modem : "-",
		 tags != NULL && tags->reason != NULL ? tags->reason : "-", text);
}

static int setup(void **state)
{
	(void)state;
	log_set_sink(sink);
	log_set_level(LOG_LEVEL_INFO);
	now_ms += 10 * LOG_REPEAT_MS;
	clock_set_source(test_ms, test_ms);
	log_tell_repeats(0); /* forgets the lines of the test before */
	n_seen = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_tell_repeats(1);
	log_set_sink(NULL);
	clock_set_source(NULL, NULL);
	return 0;
}

static void modem_line(const char *modem, const char *reason)
{
	log_write(LOG_LEVEL_WARN, &(struct log_tags){ .modem = modem, .reason = reason }, "lost");
}

static void test_a_repeat_is_told_once_with_a_count(void **state)
{
	(void)state;
	for (int i = 0; i < 58; i++, now_ms += 1000)
		modem_line("gsm0", "unplugged");
	assert_int_equal(n_seen, 1);
	now_ms += 2000;
	log_info("something else"); /* any line sees that the time is over */
	assert_int_equal(n_seen, 3);
	assert_string_equal(seen[0], "warn gsm0 unplugged|lost");
	assert_string_equal(seen[1], "warn gsm0 unplugged|lost (57 times more in 60 s)");
	assert_string_equal(seen[2], "info - -|something else");
}

static void test_a_storm_is_one_line_a_minute(void **state)
{
	(void)state;
	for (int i = 0; i < 600; i++, now_ms += 500)
		modem_line("gsm0", NULL);
	assert_in_range(n_seen, 5, 6);
	assert_string_equal(seen[4], "warn gsm0 -|lost (120 times more in 60 s)");
}

static void test_it_is_new_again_after_a_quiet_time(void **state)
{
	(void)state;
	modem_line("gsm0", NULL);
	now_ms += LOG_REPEAT_MS;
	modem_line("gsm0", NULL);
	assert_int_equal(n_seen, 2);
	assert_string_equal(seen[1], "warn gsm0 -|lost");
}

static void test_other_tags_are_other_lines(void **state)
{
	(void)state;
	modem_line("gsm0", NULL);
	modem_line("gsm1", NULL);
	modem_line("gsm0", "unplugged");
	log_warn("lost");
	log_error("lost");
	assert_int_equal(n_seen, 5);
}

static void test_a_count_is_not_lost_when_its_place_is_needed(void **state)
{
	(void)state;
	log_info("first");
	log_info("first");
	for (int i = 0; i < 40; i++, now_ms++)
		log_info("line %d", i);
	assert_int_equal(n_seen, 42);
	for (unsigned i = 0; i < n_seen; i++)
		if (strstr(seen[i], "first (1 times more in 1 s)") != NULL)
			return;
	fail_msg("the count is lost");
}

static void test_the_end_tells_what_was_held_back(void **state)
{
	(void)state;
	log_info("again");
	log_info("again");
	log_tell_repeats(0);
	assert_int_equal(n_seen, 1);
	log_tell_repeats(1);
	assert_int_equal(n_seen, 2);
}

static void test_debug_holds_nothing_back(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < 3; i++)
		log_info("again");
	assert_int_equal(n_seen, 3);
}

/* The line after its time of day. */
static void on_stderr(char *out, size_t size, const struct log_tags *tags, const char *text)
{
	char path[] = "/tmp/simgate-log.XXXXXX";
	int file = mkstemp(path), old = dup(2);
	ssize_t n;

	assert_true(file >= 0 && old >= 0);
	unlink(path);
	dup2(file, 2);
	log_write(LOG_LEVEL_INFO, tags, "%s", text);
	fflush(stderr);
	dup2(old, 2);
	close(old);
	lseek(file, 0, SEEK_SET);
	n = read(file, out, size - 1);
	close(file);
	assert_true(n > 0);
	out[n] = '\0';
	memmove(out, strchr(out, ' ') + 1, strlen(strchr(out, ' ')));
}

static const struct {
	struct log_tags tags;
	const char *text, *line;
} lines[] = {
	{ { 0 }, "plain", "level=info msg=\"plain\"\n" },
	{ { .kind = LOG_KIND_SEND, .modem = "gsm0", .id = "msg_01", .reason = "cms_500" },
	  "refused: \"+CMS\"",
	  "level=info kind=send modem=gsm0 id=msg_01 reason=cms_500 msg=\"refused: "
	  "\\\"+CMS\\\"\"\n" },
	{ { .modem = "my modem", .reason = "a=\"b\"\n" },
	  "one\ntwo",
	  "level=info modem=\"my modem\" reason=\"a=\\\"b\\\" \" msg=\"one two\"\n" },
	{ { .reason = "" }, "empty", "level=info reason=\"\" msg=\"empty\"\n" },
};

static void test_logfmt(void **state)
{
	char line[512];

	(void)state;
	log_set_sink(NULL);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		on_stderr(line, sizeof(line), &lines[i].tags, lines[i].text);
		assert_string_equal(line, lines[i].line);
	}
}

static void test_every_kind_has_a_name(void **state)
{
	(void)state;
	assert_null(log_kind_name(LOG_KIND_NONE));
	for (int i = LOG_KIND_NONE + 1; i < LOG_KIND_COUNT; i++)
		assert_non_null(log_kind_name((enum log_kind)i));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_repeat_is_told_once_with_a_count),
		TEST(test_a_storm_is_one_line_a_minute),
		TEST(test_it_is_new_again_after_a_quiet_time),
		TEST(test_other_tags_are_other_lines),
		TEST(test_a_count_is_not_lost_when_its_place_is_needed),
		TEST(test_the_end_tells_what_was_held_back),
		TEST(test_debug_holds_nothing_back),
		TEST(test_logfmt),
		TEST(test_every_kind_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

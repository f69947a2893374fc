/* test_holder.c - another process that has a file open, or has locked it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/holder.h"

/* A process that has path open, locked if it shall be, until its pipe closes. */
static pid_t hold(const char *path, int locked, int *release)
{
	int up[2], down[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(path, O_RDWR | O_NOCTTY);

		close(down[1]);
		if (fd < 0 || (locked && flock(fd, LOCK_EX) != 0) || write(up[1], &byte, 1) != 1)
			_exit(1);
		_exit(read(down[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(down[0]);
	close(up[1]);
	assert_int_equal(read(up[0], &byte, 1), 1);
	close(up[0]);
	*release = down[1];
	return pid;
}

static void let_go(pid_t pid, int release)
{
	int status;

	close(release);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_lock_names_its_holder(void **state)
{
	char path[] = "/tmp/simgate-held-XXXXXX";
	const char *paths[] = { NULL, "/nonexistent", path };
	struct holder holders[3];
	int fd = mkstemp(path), release;
	pid_t pid;

	(void)state;
	close(fd);
	pid = hold(path, 1, &release);
	holders_find(paths, 3, holders);
	assert_int_equal(holders[0].pid, 0);
	assert_int_equal(holders[1].pid, 0);
	assert_int_equal(holders[2].pid, pid);
	assert_string_equal(holders[2].name, "test_holder");
	let_go(pid, release);
	holders_find(paths, 3, holders);
	assert_int_equal(holders[2].pid, 0);
	unlink(path);
}

/* Whoever made a pty has it open all the time: that is no holder, a lock is. */
static void a_pty_is_held_by_its_lock_alone(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), release;
	struct holder holder;
	const char *path;
	char name[64];
	pid_t pid;

	(void)state;
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	path = name;
	pid = hold(name, 0, &release);
	holders_find(&path, 1, &holder);
	assert_int_equal(holder.pid, 0);
	let_go(pid, release);
	pid = hold(name, 1, &release);
	holders_find(&path, 1, &holder);
	assert_int_equal(holder.pid, pid);
	let_go(pid, release);
	close(master);
}

/* An open character device, here one that nobody else uses. */
static void an_open_device_names_its_holder(void **state)
{
	const char *path = "/dev/full";
	struct holder holder;
	int release;
	pid_t pid;

	(void)state;
	pid = hold(path, 0, &release);
	holders_find(&path, 1, &holder);
	assert_int_equal(holder.pid, pid);
	let_go(pid, release);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_names_its_holder),
		cmocka_unit_test(a_pty_is_held_by_its_lock_alone),
		cmocka_unit_test(an_open_device_names_its_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

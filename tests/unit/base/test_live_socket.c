/* A socket that is listened on, one that is full, one that was left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/live_socket.h"

static char folder[] = "/tmp/sglive.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(address.sun_path);
	return rmdir(folder);
}

static void lives_while_it_is_listened_on(void **state)
{
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_false(socket_is_live(address.sun_path)); /* nothing there */
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_false(socket_is_live(address.sun_path)); /* bound, and nobody listens */
	assert_int_equal(listen(server, 0), 0);
	for (int i = 0; i < 3; i++) /* nobody accepts: its backlog is full soon */
		assert_true(socket_is_live(address.sun_path));
	close(server);
	assert_false(socket_is_live(address.sun_path)); /* left behind */
}

static void a_path_too_long_is_nobodys(void **state)
{
	char path[2 * sizeof(address.sun_path)];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_false(socket_is_live(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lives_while_it_is_listened_on),
		cmocka_unit_test(a_path_too_long_is_nobodys),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* Uid and groups of a peer become a role and sites. Uses the fixed ids of a Debian system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/peer.h"
#include "base/util.h"

enum { UID_DAEMON = 1, UID_BIN = 2, UID_NOBODY = 65534, GID_ADM = 4, GID_TTY = 5, GID_DISK = 6 };

#define HEAD "sites = ( { name = \"a\"; }, { name = \"b\"; }, { name = \"c\"; } );\n"

static const char clients[] =
	HEAD "clients = ( { user = \"daemon\"; role = \"submit\"; sites = [ \"c\" ]; },\n"
	     "  { group = \"tty\"; role = \"viewer\"; sites = [ \"a\" ]; },\n"
	     "  { group = \"disk\"; role = \"operator\"; sites = [ \"b\" ]; },\n"
	     "  { group = \"adm\"; role = \"operator\"; } );\n";

static void fail_on_problem(void *arg, const char *file, unsigned line, const char *setting,
			    const char *problem)
{
	(void)arg;
	fail_msg("%s:%u: %s: %s", file, line, setting, problem);
}

static const struct config *load(const char *text)
{
	char path[] = "/tmp/test_peer_XXXXXX";
	int fd = mkstemp(path);
	const struct config *config;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	config = config_load(path, fail_on_problem, NULL);
	unlink(path);
	assert_non_null(config);
	return config;
}

static const struct {
	const char *config;
	uid_t uid;
	gid_t groups[3];
	size_t n_groups;
	enum config_role need, role;
	const char *sites; /* in config order */
	bool gateway;      /* also what belongs to no site */
} cases[] = {
	{ clients, 0, { 0 }, 1, ROLE_VIEWER, ROLE_OPERATOR, "abc", true },
	{ clients, UID_DAEMON, { 1 }, 1, ROLE_VIEWER, ROLE_SUBMIT, "c", false },
	{ clients, UID_BIN, { 2 }, 1, ROLE_VIEWER, ROLE_NONE, "", false },
	{ clients, UID_BIN, { 2, GID_TTY }, 2, ROLE_VIEWER, ROLE_VIEWER, "a", false },
	{ clients, UID_DAEMON, { 1, GID_TTY }, 2, ROLE_VIEWER, ROLE_SUBMIT, "ac", false },
	{ clients, UID_DAEMON, { GID_DISK, 1 }, 2, ROLE_VIEWER, ROLE_OPERATOR, "bc", true },
	{ clients, UID_BIN, { 2, GID_TTY, GID_ADM }, 3, ROLE_VIEWER, ROLE_OPERATOR, "abc", true },
	{ clients, (uid_t)-1, { 0 }, 0, ROLE_VIEWER, ROLE_NONE, "", false },
	{ HEAD, UID_BIN, { 2 }, 1, ROLE_VIEWER, ROLE_SUBMIT, "abc", false },
	{ HEAD, 0, { 0 }, 1, ROLE_VIEWER, ROLE_OPERATOR, "abc", true },
	{ HEAD "clients = ( );", UID_BIN, { 2 }, 1, ROLE_VIEWER, ROLE_NONE, "", false },
	{ HEAD "clients = ( );", 0, { 0 }, 1, ROLE_VIEWER, ROLE_OPERATOR, "abc", true },
	/* Each entry speaks for its own sites. */
	{ clients, UID_DAEMON, { 1, GID_TTY }, 2, ROLE_SUBMIT, ROLE_SUBMIT, "c", false },
	{ clients, UID_DAEMON, { GID_DISK, GID_TTY }, 2, ROLE_SUBMIT, ROLE_OPERATOR, "bc", true },
	{ clients, UID_DAEMON, { GID_DISK, GID_TTY }, 2, ROLE_OPERATOR, ROLE_OPERATOR, "b", true },
	{ clients, UID_BIN, { GID_TTY, GID_ADM }, 2, ROLE_OPERATOR, ROLE_OPERATOR, "abc", true },
	{ clients, 0, { 0 }, 1, ROLE_OPERATOR, ROLE_OPERATOR, "abc", true },
	{ HEAD, UID_BIN, { 2 }, 1, ROLE_OPERATOR, ROLE_SUBMIT, "", false },
};

static void test_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct config *config = load(cases[i].config);
		struct peer_map *map = peer_map_new(config);
		gid_t groups[3];
		struct peer_ids ids = { cases[i].uid, groups, cases[i].n_groups };
		struct access *access;
		char names[8] = "";

		print_message("case %zu\n", i);
		memcpy(groups, cases[i].groups, sizeof(groups));
		access = peer_access(map, &ids, cases[i].need);
		assert_non_null(access);
		assert_int_equal(access->role, cases[i].role);
		for (size_t k = 0; k < access->n_sites; k++)
			strcat(names, access->sites[k]->name);
		/* The order of a union is that of the entries; as a set it must be the same. */
		assert_int_equal(strlen(names), strlen(cases[i].sites));
		for (const char *c = cases[i].sites; *c != '\0'; c++)
			assert_non_null(strchr(names, *c));
		assert_int_equal(access->n_names, access->n_sites + cases[i].gateway);
		peer_map_free(map);
		config_unref(config);
		access_unref(access); /* outlives both */
	}
}

static void test_site_by_name(void **state)
{
	const struct config *config = load(clients);
	struct peer_map *map = peer_map_new(config);
	gid_t groups[] = { 1 };
	struct peer_ids ids = { UID_DAEMON, groups, 1 };
	struct access *access = peer_access(map, &ids, ROLE_VIEWER);

	(void)state;
	assert_non_null(access_site(access, "c"));
	assert_null(access_site(access, "a"));
	assert_null(access_site(access, ""));
	assert_null(access_site(access, "nobody"));
	assert_string_equal(access->client, "uid:1");
	access_unref(access);
	peer_map_free(map);
	config_unref(config);
}

static void test_own_socket(void **state)
{
	struct peer_ids ids;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(peer_read(&ids, fds[0]), 0);
	assert_int_equal(ids.uid, geteuid());
	assert_true(ids.n_groups >= 1);
	assert_int_equal(ids.groups[0], getegid());
	peer_free(&ids);
	close(fds[0]);
	close(fds[1]);
}

/* Where the kernel tells nothing the peer is nobody, never root. */
static void test_no_credentials(void **state)
{
	struct peer_ids ids;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_true(peer_read(&ids, fds[0]) < 0);
	assert_int_equal(ids.uid, (uid_t)-1);
	peer_free(&ids);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_site_by_name),
		cmocka_unit_test(test_own_socket),
		cmocka_unit_test(test_no_credentials),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

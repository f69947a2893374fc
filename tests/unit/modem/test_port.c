/* test_port.c - pseudo-terminals and sockets: both directions, and peers that vanish. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/util.h"
#include "modem/port_private.h"
#include "tests/unit/modem/test_port_rig.h"

static char folder[] = "/tmp/simgate-port-XXXXXX";
static char link_path[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(link_path, sizeof(link_path), "%s/modem", mkdtemp(folder));
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(link_path);
	return rmdir(folder);
}

/* A new pty, far from raw; link_path leads to its slave side. Returns the master. */
static int make_pty(void)
{
	char name[64];
	struct termios t;
	int master, slave;

	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	assert_int_equal(tcgetattr(slave, &t), 0);
	t.c_lflag &= ~(tcflag_t)ECHO; /* what is said before an opening does not come back */
	assert_int_equal(tcsetattr(slave, TCSANOW, &t), 0);
	close(slave);
	unlink(link_path);
	assert_int_equal(symlink(name, link_path), 0);
	return master;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Exactly these bytes arrive at the peer. */
static void expect_at(int fd, const char *text)
{
	char got[256];
	size_t n = 0, want = strlen(text);

	while (n < want) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t r;

		assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
		r = read(fd, got + n, want - n);
		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_memory_equal(got, text, want);
}

static void pty_both_ways(void **state)
{
	int master = make_pty();
	struct termios t;

	(void)state;
	rig_start();
	say(master, "stale\r\n");
	assert_int_equal(rig_open(link_path), 0);
	assert_int_equal(port_kind(rig.port), PORT_PTY);
	assert_int_equal(rig.opened, 0);
	rig_write("early"); /* before opened: waits */
	RUN_UNTIL(rig.opened);
	assert_int_equal(tcgetattr(master, &t), 0); /* a pty's sides share their settings */
	assert_int_equal(t.c_lflag & (tcflag_t)(ECHO | ICANON | ISIG), 0);
	assert_int_equal(t.c_cflag & (tcflag_t)(HUPCL | CREAD), CREAD);
	expect_at(master, "early");
	rig_write("AT\r");
	expect_at(master, "AT\r"); /* neither echoed nor translated */
	say(master, "\r\nOK\r\n\x03\x1a");
	RUN_UNTIL(rig.n_got >= 8);
	assert_string_equal(rig.got, "\r\nOK\r\n\x03\x1a");
	rig_shut_port();
	close(master);
	rig_end();
}

/* Each open follows the link anew; the one before was lost with its master. */
static void pty_vanishes_and_returns(void **state)
{
	(void)state;
	rig_start();
	for (int i = 0; i < 3; i++) {
		int master = make_pty();

		assert_int_equal(rig_open(link_path), 0);
		RUN_UNTIL(rig.opened);
		say(master, "RDY\r\n");
		RUN_UNTIL(rig.n_got == 5);
		close(master);
		RUN_UNTIL(rig.lost);
		assert_non_null(strstr(rig.why, "pseudo-terminal is gone"));
		rig_write("into the void");
		rig_shut_port();
		assert_int_equal(rig.lost, 1);
		assert_true(rig_open(link_path) < 0);
	}
	rig_end();
}

/* The same pty can be opened again and again: no lock outlives a close. */
static void pty_reopens(void **state)
{
	int master = make_pty();

	(void)state;
	rig_start();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_open(link_path), 0);
		RUN_UNTIL(rig.opened);
		rig_write("x");
		expect_at(master, "x");
		rig_shut_port();
	}
	close(master);
	rig_end();
}

static void write_finds_the_peer_gone(void **state)
{
	int master = make_pty();

	(void)state;
	rig_start();
	assert_int_equal(rig_open(link_path), 0);
	RUN_UNTIL(rig.opened);
	close(master);
	rig_write("AT\r"); /* asserts that lost does not come from inside */
	rig_write("AT\r");
	assert_int_equal(rig.lost, 0);
	RUN_UNTIL(rig.lost);
	assert_int_equal(rig.lost, 1);
	rig_shut_port();
	rig_end();
}

/* With bytes that could not be written yet. */
static void queue_finds_the_peer_gone(void **state)
{
	static const char block[100000];
	int master = make_pty();

	(void)state;
	rig_start();
	assert_int_equal(rig_open(link_path), 0);
	RUN_UNTIL(rig.opened);
	port_write(rig.port, block, sizeof(block));
	assert_true(port_unwritten(rig.port) > 0);
	close(master);
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "pseudo-terminal is gone"));
	rig_shut_port();
	assert_int_equal(rig.lost, 1);
	rig_end();
}

static void held_by_another(void **state)
{
	static const struct port_events events = { on_opened, on_data, on_lost };
	struct port_settings settings = { .device = link_path, .baud = 115200 };
	int master = make_pty();
	struct port *second;
	char why[PORT_WHY_SIZE];

	(void)state;
	rig_start();
	assert_int_equal(rig_open(link_path), 0);
	assert_int_equal(port_open(&second, &rig.loop, &settings, &events, &rig, why), -EBUSY);
	assert_null(second);
	assert_non_null(strstr(why, "held by another program"));
	RUN_UNTIL(rig.opened);
	rig_shut_port();
	close(master);
	rig_end();
}

static void cannot_be_opened(void **state)
{
	static const struct {
		const char *device;
		int error;
		const char *why;
	} cases[] = {
		{ "/dev/no-such-modem", -ENOENT, "no such device" },
		{ "/dev/null", -ENOTTY, "not a serial line" },
		{ "/dev", -ENOTTY, "not a serial line" },
		{ "/etc/passwd", -ENOTTY, "not a serial line" },
		{ "", -ENOENT, "no such device" },
		{ "tcp://", -EINVAL, "tcp://host:port" },
		{ "tcp://host", -EINVAL, "tcp://host:port" },
		{ "tcp://:2001", -EINVAL, "tcp://host:port" },
		{ "tcp://host:", -EINVAL, "tcp://host:port" },
		{ "tcp://host:0", -EINVAL, "tcp://host:port" },
		{ "tcp://host:65536", -EINVAL, "tcp://host:port" },
		{ "tcp://host:99999999999999", -EINVAL, "tcp://host:port" },
		{ "tcp://host:20x", -EINVAL, "tcp://host:port" },
		{ "tcp://::1:2001", -EINVAL, "tcp://host:port" },
		{ "tcp://[::1]", -EINVAL, "tcp://host:port" },
		{ "tcp://[]:2001", -EINVAL, "tcp://host:port" },
		{ "tcp://[::1:2001", -EINVAL, "tcp://host:port" },
	};

	(void)state;
	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(rig_open(cases[i].device), cases[i].error);
		assert_non_null(strstr(rig.why, cases[i].why));
	}
	unlink(link_path);
	assert_int_equal(symlink("/dev/no-such-modem", link_path), 0);
	assert_int_equal(rig_open(link_path), -ENOENT);
	rig_end();
}

/* More than the descriptor takes at once waits, in order, and is all there in the end. */
static void much_is_queued(void **state)
{
	enum { BLOCK = 1000, BLOCKS = 200 };
	int master = make_pty();
	size_t n = 0;
	char block[BLOCK], *got = malloc(BLOCK * BLOCKS);

	(void)state;
	rig_start();
	assert_int_equal(rig_open(link_path), 0);
	RUN_UNTIL(rig.opened);
	for (int i = 0; i < BLOCKS; i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		port_write(rig.port, block, sizeof(block));
	}
	assert_true(port_unwritten(rig.port) > 0);
	fcntl(master, F_SETFL, O_NONBLOCK);
	while (n < BLOCK * BLOCKS) {
		ssize_t r = read(master, got + n, BLOCK * BLOCKS - n);

		assert_true(r > 0 || errno == EAGAIN);
		n += r > 0 ? (size_t)r : 0;
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(got[i], 'a' + (int)(i / BLOCK) % 26);
	RUN_UNTIL(port_unwritten(rig.port) == 0);
	rig_shut_port();
	free(got);
	close(master);
	rig_end();
}

static void queue_is_bounded(void **state)
{
	int master = make_pty();
	char block[1000] = { 0 };

	(void)state;
	rig_start();
	assert_int_equal(rig_open(link_path), 0);
	RUN_UNTIL(rig.opened);
	for (int i = 0; i < 2000; i++)
		port_write(rig.port, block, sizeof(block));
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "takes no more bytes"));
	assert_true(port_unwritten(rig.port) < sizeof(block) * 1000);
	rig_shut_port();
	close(master);
	rig_end();
}

static void close_at_any_moment(void **state)
{
	int master = make_pty();

	(void)state;
	rig_start();
	assert_int_equal(rig_open(link_path), 0); /* before opened */
	rig_shut_port();
	assert_int_equal(rig.opened, 0);

	rig.close_when_opened = true; /* inside opened */
	assert_int_equal(rig_open(link_path), 0);
	RUN_UNTIL(rig.closed);
	rig.close_when_opened = false;

	rig.close_when_data = true; /* inside data */
	assert_int_equal(rig_open(link_path), 0);
	RUN_UNTIL(rig.opened);
	say(master, "x");
	RUN_UNTIL(rig.closed);
	rig.close_when_data = false;

	assert_int_equal(rig_open(link_path), 0); /* lost is due, and does not come any more */
	RUN_UNTIL(rig.opened);
	close(master);
	rig_write("x");
	rig_shut_port();
	assert_int_equal(rig.lost, 0);
	rig_end();
}

static int listen_on(int family, char *device, size_t size, const char *host)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *a = family == AF_INET ? (struct sockaddr *)&a4 : (struct sockaddr *)&a6;
	socklen_t n = family == AF_INET ? sizeof(a4) : sizeof(a6);
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, a, n) < 0 || listen(fd, 1) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	assert_int_equal(getsockname(fd, a, &n), 0);
	snprintf(device, size, "tcp://%s:%u", host,
		 ntohs(family == AF_INET ? a4.sin_port : a6.sin6_port));
	return fd;
}

static void tcp_both_ways(void **state)
{
	static const struct {
		int family;
		const char *host;
	} hosts[] = {
		{ AF_INET, "127.0.0.1" },
		{ AF_INET, "localhost" }, /* may have ::1 first, where nobody listens */
		{ AF_INET6, "[::1]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		char device[64];
		int server = listen_on(hosts[i].family, device, sizeof(device), hosts[i].host), fd;

		if (server < 0) {
			print_message("no address family for %s here\n", hosts[i].host);
			continue;
		}
		rig_start();
		assert_int_equal(rig_open(device), 0);
		assert_int_equal(port_kind(rig.port), PORT_TCP);
		rig_write("early");
		RUN_UNTIL(rig.opened);
		fd = accept(server, NULL, NULL);
		expect_at(fd, "early");
		rig_write("AT\r");
		expect_at(fd, "AT\r");
		say(fd, "\r\nOK\r\n");
		RUN_UNTIL(rig.n_got >= 6);
		assert_string_equal(rig.got, "\r\nOK\r\n");
		close(fd);
		RUN_UNTIL(rig.lost);
		assert_non_null(strstr(rig.why, "closed the connection"));
		for (int k = 0; k < 3; k++)
			rig_write("no SIGPIPE");
		rig_shut_port();
		close(server);
		rig_end();
	}
}

/* Writes into a connection that the peer has dropped: lost, and no signal ends the process. */
static void tcp_peer_drops(void **state)
{
	struct linger drop = { .l_onoff = 1, .l_linger = 0 };
	char device[64];
	int server = listen_on(AF_INET, device, sizeof(device), "127.0.0.1"), fd;

	(void)state;
	assert_true(server >= 0);
	rig_start();
	assert_int_equal(rig_open(device), 0);
	RUN_UNTIL(rig.opened);
	fd = accept(server, NULL, NULL);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &drop, sizeof(drop));
	close(fd);
	for (int i = 0; i < 3; i++)
		rig_write("AT\r");
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "the other side"));
	rig_shut_port();
	close(server);
	rig_end();
}

static void tcp_nobody_there(void **state)
{
	char device[64];
	int server = listen_on(AF_INET, device, sizeof(device), "127.0.0.1");

	(void)state;
	close(server); /* its port is free now */
	rig_start();
	assert_int_equal(rig_open(device), 0);
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "connection refused"));
	assert_int_equal(rig.opened, 0);
	rig_shut_port();

	assert_int_equal(rig_open("tcp://no-such-host.invalid:2001"), 0);
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "host is not found"));
	rig_shut_port();
	rig_end();
}

/* At once after port_open: in the lookup; and after it, while connecting. */
static void tcp_close_while_opening(void **state)
{
	char device[64];
	int server = listen_on(AF_INET, device, sizeof(device), "127.0.0.1");

	(void)state;
	rig_start();
	assert_int_equal(rig_open(device), 0);
	rig_shut_port();
	assert_int_equal(rig_open("tcp://192.0.2.1:2001"), 0); /* a net that answers nothing */
	for (int i = 0; i < 20; i++)
		uv_run(&rig.loop, UV_RUN_NOWAIT);
	rig_shut_port();
	assert_int_equal(rig.opened, 0);
	close(server);
	rig_end();
}

/* A host that swallows every SYN: its queue of connections is full. The limit comes early here. */
static void tcp_no_answer(void **state)
{
	enum { CROWD = 8 };
	char device[64];
	int server = listen_on(AF_INET, device, sizeof(device), "127.0.0.1"), crowd[CROWD];
	struct sockaddr_in address;
	socklen_t n = sizeof(address);

	(void)state;
	assert_int_equal(getsockname(server, (struct sockaddr *)&address, &n), 0);
	for (int i = 0; i < CROWD; i++) {
		crowd[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(crowd[i], (struct sockaddr *)&address, n);
	}
	rig_start();
	assert_int_equal(rig_open(device), 0);
	uv_timer_start(&rig.port->timer, rig.port->timer.timer_cb, 100, 0);
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "no answer"));
	assert_int_equal(rig.opened, 0);
	rig_shut_port();
	rig_end();
	for (int i = 0; i < CROWD; i++)
		close(crowd[i]);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pty_both_ways),
		cmocka_unit_test(pty_vanishes_and_returns),
		cmocka_unit_test(pty_reopens),
		cmocka_unit_test(write_finds_the_peer_gone),
		cmocka_unit_test(queue_finds_the_peer_gone),
		cmocka_unit_test(held_by_another),
		cmocka_unit_test(cannot_be_opened),
		cmocka_unit_test(much_is_queued),
		cmocka_unit_test(queue_is_bounded),
		cmocka_unit_test(close_at_any_moment),
		cmocka_unit_test(tcp_both_ways),
		cmocka_unit_test(tcp_peer_drops),
		cmocka_unit_test(tcp_nobody_there),
		cmocka_unit_test(tcp_close_while_opening),
		cmocka_unit_test(tcp_no_answer),
	};

	return cmocka_run_group_tests_name("port", tests, make_folder, remove_folder);
}

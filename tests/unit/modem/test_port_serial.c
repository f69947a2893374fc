/* test_port_serial.c - what a serial line is told, and that every step may fail.
 *
 * This file stands in for libserialport (its functions below replace the library's) and leads
 * every device to a pty, which is a tty in all that matters here. */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/util.h"
#include "tests/unit/modem/test_port_rig.h"

struct sp_port {
	int fd;
	const char *path;
};

struct sp_port_config {
	int baud, bits, stopbits;
	enum sp_parity parity;
	enum sp_flowcontrol flow;
};

static struct fake {
	struct sp_port port;
	struct sp_port_config line;
	bool configured, dtr, rts, flushed;
	int ports, configs; /* that are not freed */
	const char *failing;
	int error;
} fake;

static enum sp_return step(const char *name)
{
	if (fake.failing == NULL || strcmp(fake.failing, name) != 0)
		return SP_OK;
	return fake.error == EINVAL ? SP_ERR_ARG : fake.error == ENOMEM ? SP_ERR_MEM : SP_ERR_FAIL;
}

enum sp_return sp_get_port_by_name(const char *name, struct sp_port **port)
{
	if (step("name") != SP_OK)
		return step("name");
	fake.port = (struct sp_port){ -1, name };
	fake.ports++;
	*port = &fake.port;
	return SP_OK;
}

void sp_free_port(struct sp_port *port)
{
	assert_ptr_equal(port, &fake.port);
	fake.ports--;
}

enum sp_return sp_open(struct sp_port *port, enum sp_mode flags)
{
	struct termios t;

	assert_int_equal(flags, SP_MODE_READ_WRITE);
	if (step("open") != SP_OK)
		return step("open");
	port->fd = open(port->path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(tcgetattr(port->fd, &t), 0);
	t.c_cflag |= HUPCL; /* as the library does */
	t.c_cc[VMIN] = 0;
	assert_int_equal(tcsetattr(port->fd, TCSANOW, &t), 0);
	return SP_OK;
}

enum sp_return sp_close(struct sp_port *port)
{
	assert_int_equal(close(port->fd), 0);
	port->fd = -1;
	return SP_OK;
}

enum sp_return sp_get_port_handle(const struct sp_port *port, void *out)
{
	*(int *)out = port->fd;
	return step("handle");
}

enum sp_return sp_new_config(struct sp_port_config **config)
{
	if (step("new_config") != SP_OK)
		return step("new_config");
	fake.configs++;
	*config = &fake.line;
	return SP_OK;
}

void sp_free_config(struct sp_port_config *config)
{
	assert_ptr_equal(config, &fake.line);
	fake.configs--;
}

enum sp_return sp_set_config_baudrate(struct sp_port_config *config, int baud)
{
	config->baud = baud;
	return SP_OK;
}

enum sp_return sp_set_config_bits(struct sp_port_config *config, int bits)
{
	config->bits = bits;
	return SP_OK;
}

enum sp_return sp_set_config_parity(struct sp_port_config *config, enum sp_parity parity)
{
	config->parity = parity;
	return SP_OK;
}

enum sp_return sp_set_config_stopbits(struct sp_port_config *config, int stopbits)
{
	config->stopbits = stopbits;
	return SP_OK;
}

enum sp_return sp_set_config_flowcontrol(struct sp_port_config *config, enum sp_flowcontrol flow)
{
	config->flow = flow;
	return SP_OK;
}

enum sp_return sp_set_config(struct sp_port *port, const struct sp_port_config *config)
{
	(void)port;
	(void)config;
	fake.configured = true;
	return step("set_config");
}

enum sp_return sp_set_dtr(struct sp_port *port, enum sp_dtr dtr)
{
	(void)port;
	fake.dtr = dtr == SP_DTR_ON;
	return step("dtr");
}

enum sp_return sp_set_rts(struct sp_port *port, enum sp_rts rts)
{
	(void)port;
	fake.rts = rts == SP_RTS_ON;
	return step("rts");
}

enum sp_return sp_flush(struct sp_port *port, enum sp_buffer buffers)
{
	(void)port;
	fake.flushed = buffers == SP_BUF_BOTH;
	return step("flush");
}

int sp_last_error_code(void)
{
	return fake.error;
}

static int master;
static char name[64];

static int make_line(void **state)
{
	int slave;

	(void)state;
	if (openpty(&master, &slave, name, NULL, NULL) < 0)
		return -1;
	close(slave);
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static int drop_line(void **state)
{
	(void)state;
	close(master);
	return fake.ports != 0 || fake.configs != 0;
}

/* Another descriptor of the same line, to look at it. */
static int is_exclusive(void)
{
	int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK), exclusive = -1;

	if (fd < 0)
		return errno == EBUSY;
	ioctl(fd, TIOCGEXCL, &exclusive);
	close(fd);
	return exclusive;
}

static void line_is_set_up(void **state)
{
	static const struct {
		enum config_flow flow;
		enum sp_flowcontrol sp;
		bool rts; /* flow control drives it itself */
		tcflag_t iflag;
	} flows[] = {
		{ FLOW_NONE, SP_FLOWCONTROL_NONE, true, 0 },
		{ FLOW_RTSCTS, SP_FLOWCONTROL_RTSCTS, false, 0 },
		{ FLOW_XONXOFF, SP_FLOWCONTROL_XONXOFF, true, IXON | IXOFF },
	};

	(void)state;
	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct port_settings settings = { name, 9600, flows[i].flow };
		struct termios t;

		memset(&fake, 0, sizeof(fake));
		assert_int_equal(rig_open_with(&settings), 0);
		assert_int_equal(port_kind(rig.port), PORT_SERIAL);
		RUN_UNTIL(rig.opened);
		assert_int_equal(fake.line.baud, 9600);
		assert_int_equal(fake.line.bits, 8);
		assert_int_equal(fake.line.stopbits, 1);
		assert_int_equal(fake.line.parity, SP_PARITY_NONE);
		assert_int_equal(fake.line.flow, flows[i].sp);
		assert_true(fake.configured && fake.dtr && fake.flushed);
		assert_int_equal(fake.rts, flows[i].rts);
		assert_int_equal(tcgetattr(master, &t), 0);
		assert_int_equal(t.c_cflag & (tcflag_t)(HUPCL | CLOCAL | CREAD | CSIZE),
				 CLOCAL | CREAD | CS8);
		assert_int_equal(t.c_lflag & (tcflag_t)(ECHO | ICANON | ISIG | IEXTEN), 0);
		assert_int_equal(t.c_iflag & (tcflag_t)(IXON | IXOFF | ICRNL), flows[i].iflag);
		assert_int_equal(t.c_cc[VMIN], 1);
		assert_int_equal(is_exclusive(), 1);
		rig_shut_port();
		assert_int_equal(is_exclusive(), 0);
		assert_int_equal(fake.ports, 0);
	}
	rig_end();
}

static void bytes_go_both_ways(void **state)
{
	char got[4];

	(void)state;
	rig_start();
	assert_int_equal(rig_open(name), 0);
	RUN_UNTIL(rig.opened);
	rig_write("AT\r");
	assert_int_equal(read(master, got, sizeof(got)), 3);
	assert_int_equal(write(master, "OK\r\n", 4), 4);
	RUN_UNTIL(rig.n_got == 4);
	close(master);
	RUN_UNTIL(rig.lost);
	assert_non_null(strstr(rig.why, "unplugged"));
	rig_shut_port();
	rig_end();
	master = -1;
}

static void every_step_may_fail(void **state)
{
	static const struct {
		const char *step;
		int error, result;
		const char *why;
	} cases[] = {
		{ "open", EBUSY, -EBUSY, "held by another program" },
		{ "open", EACCES, -EACCES, "permission denied" },
		{ "open", ENXIO, -ENXIO, "gone" },
		{ "open", 0, -EIO, "input/output error" },
		{ "name", ENOMEM, -ENOMEM, "memory" },
		{ "handle", EIO, -EIO, "input/output error" },
		{ "new_config", ENOMEM, -ENOMEM, "memory" },
		{ "set_config", EINVAL, -EINVAL, "Invalid" },
		{ "flush", EIO, -EIO, "input/output error" },
		{ "dtr", ENOTTY, 0, "" }, /* wishes */
		{ "rts", ENOTTY, 0, "" },
	};

	(void)state;
	rig_start();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		memset(&fake, 0, sizeof(fake));
		fake.failing = cases[i].step;
		fake.error = cases[i].error;
		assert_int_equal(rig_open(name), cases[i].result);
		assert_non_null(strstr(rig.why, cases[i].why));
		if (cases[i].result == 0)
			rig_shut_port();
		assert_int_equal(fake.ports, 0);
		assert_int_equal(fake.configs, 0);
		assert_int_equal(is_exclusive(), 0);
	}
	rig_end();
}

static void locked_by_another_gateway(void **state)
{
	int other = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);

	(void)state;
	assert_int_equal(flock(other, LOCK_EX), 0);
	rig_start();
	assert_int_equal(rig_open(name), -EBUSY);
	assert_non_null(strstr(rig.why, "held by another program"));
	close(other);
	assert_int_equal(rig_open(name), 0);
	rig_shut_port();
	rig_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(line_is_set_up, make_line, drop_line),
		cmocka_unit_test_setup_teardown(bytes_go_both_ways, make_line, drop_line),
		cmocka_unit_test_setup_teardown(every_step_may_fail, make_line, drop_line),
		cmocka_unit_test_setup_teardown(locked_by_another_gateway, make_line, drop_line),
	};

	return cmocka_run_group_tests_name("port_serial", tests, NULL, NULL);
}

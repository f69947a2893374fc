/* port_tty.c - opening and leaving serial lines and pseudo-terminals.
 *
 * Steps: libserialport opens and configures a line; a tty that it does not know (0.1.1 wants a
 * device in /sys/class/tty, so a pty is unknown) is opened with termios. Then a lock against
 * other gateways, raw bytes, a close that neither hangs up nor waits, and no stale bytes.
 * Any step that decides over the bytes fails the opening; DTR, RTS and closing_wait are wishes
 * that some drivers do not know. */
#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <linux/serial.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "modem/port_private.h"

static int sp_errno(enum sp_return r)
{
	switch (r) {
	case SP_OK:
		return 0;
	case SP_ERR_ARG:
	case SP_ERR_SUPP:
		return -EINVAL;
	case SP_ERR_MEM:
		return -ENOMEM;
	case SP_ERR_FAIL:
		return sp_last_error_code() != 0 ? -sp_last_error_code() : -EIO;
	}
	return -EIO;
}

/* Other gateways that lock this way are kept out even where TIOCEXCL does not (root, ptys). */
static int lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

/* Raw 8N1; reads end with at least one byte, so that none means a hang-up; a close leaves DTR. */
static int set_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	t.c_iflag &= ~(tcflag_t)IXOFF;
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)(HUPCL | CSTOPB);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

/* Else close() may wait 30 s for a modem that stopped reading. Needs a right that the service
 * may lack; port_tty_close empties the queue as well. */
static void close_without_waiting(int fd)
{
	struct serial_struct s;

	if (ioctl(fd, TIOCGSERIAL, &s) < 0)
		return;
	s.closing_wait = ASYNC_CLOSING_WAIT_NONE;
	if (ioctl(fd, TIOCSSERIAL, &s) < 0)
		log_debug("serial line: closing_wait stays as it is");
}

static enum sp_return set_line(struct sp_port *serial, struct sp_port_config *line,
			       const struct port_settings *settings)
{
	static const enum sp_flowcontrol flows[] = {
		[FLOW_NONE] = SP_FLOWCONTROL_NONE,
		[FLOW_RTSCTS] = SP_FLOWCONTROL_RTSCTS,
		[FLOW_XONXOFF] = SP_FLOWCONTROL_XONXOFF,
	};

	sp_set_config_baudrate(line, (int)settings->baud);
	sp_set_config_bits(line, 8);
	sp_set_config_parity(line, SP_PARITY_NONE);
	sp_set_config_stopbits(line, 1);
	sp_set_config_flowcontrol(line, flows[settings->flow]);
	return sp_set_config(serial, line);
}

static int configure(struct sp_port *serial, const struct port_settings *settings)
{
	struct sp_port_config *line;
	enum sp_return r = sp_new_config(&line);

	if (r != SP_OK)
		return sp_errno(r);
	r = set_line(serial, line, settings);
	sp_free_config(line);
	if (r != SP_OK)
		return sp_errno(r);
	/* With DTR or RTS low many modules send nothing. Flow control drives RTS itself. */
	if (sp_set_dtr(serial, SP_DTR_ON) != SP_OK ||
	    (settings->flow != FLOW_RTSCTS && sp_set_rts(serial, SP_RTS_ON) != SP_OK))
		log_debug("%s: no control over DTR and RTS", settings->device);
	return 0;
}

/* The flow control bits that set_line chose must outlive cfmakeraw. */
static int set_raw_line(int fd, enum config_flow flow)
{
	struct termios t;
	int r = set_raw(fd);

	if (r < 0 || flow != FLOW_XONXOFF)
		return r;
	if (tcgetattr(fd, &t) < 0)
		return -errno;
	t.c_iflag |= IXON | IXOFF;
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

static int take_line(struct port *port, const struct port_settings *settings)
{
	int r = sp_errno(sp_get_port_handle(port->serial, &port->fd));

	if (r == 0)
		r = lock(port->fd);
	if (r == 0 && ioctl(port->fd, TIOCEXCL) < 0)
		r = -errno;
	if (r == 0)
		r = configure(port->serial, settings);
	if (r == 0)
		r = set_raw_line(port->fd, settings->flow);
	if (r == 0) {
		close_without_waiting(port->fd);
		r = sp_errno(sp_flush(port->serial, SP_BUF_BOTH));
	}
	return r;
}

static int open_line(struct port *port, const struct port_settings *settings)
{
	int r = sp_errno(sp_open(port->serial, SP_MODE_READ_WRITE));

	if (r < 0) {
		sp_free_port(port->serial);
		port->serial = NULL;
		return r;
	}
	r = take_line(port, settings);
	if (r < 0)
		port_tty_close(port);
	return r;
}

/* No TIOCEXCL: on a pty it would outlive us and keep out the next owner. */
static int open_pty(struct port *port, const char *path)
{
	int r = 0;

	port->kind = PORT_PTY;
	port->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (port->fd < 0)
		return errno == EISDIR ? -ENOTTY : -errno;
	if (!isatty(port->fd))
		r = -ENOTTY;
	if (r == 0)
		r = lock(port->fd);
	if (r == 0)
		r = set_raw(port->fd);
	if (r == 0 && tcflush(port->fd, TCIOFLUSH) < 0)
		r = -errno;
	if (r < 0)
		port_tty_close(port);
	return r;
}

int port_tty_open(struct port *port, const char *path, const struct port_settings *settings)
{
	enum sp_return r = sp_get_port_by_name(path, &port->serial);

	if (r == SP_OK)
		return open_line(port, settings);
	port->serial = NULL;
	return r == SP_ERR_ARG ? open_pty(port, path) : sp_errno(r);
}

void port_tty_close(struct port *port)
{
	if (port->serial != NULL) {
		tcflush(port->fd, TCOFLUSH);
		ioctl(port->fd, TIOCNXCL);
		sp_close(port->serial);
		sp_free_port(port->serial);
		port->serial = NULL;
	} else if (port->fd >= 0) {
		close(port->fd);
	}
	port->fd = -1;
}

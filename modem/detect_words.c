/* detect_words.c - what was found, in words: a line a port, remedies, a ready configuration. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "modem/detect.h"

enum { LINE_SIZE = 512, USUAL_BAUD = 115200 };

static const char *const answer_names[PORT_ANSWER_COUNT] = {
	[PORT_ANSWERS] = "answers",    [PORT_OURS] = "ours",      [PORT_SAME] = "same_modem",
	[PORT_SILENT] = "silent",      [PORT_HELD] = "held",      [PORT_NO_RIGHTS] = "no_rights",
	[PORT_FAULTY] = "cannot_open", [PORT_LEFT] = "not_asked",
};

const char *port_answer_name(enum port_answer answer)
{
	return answer_names[answer];
}

static const struct {
	const char *name, *remedy; /* name: as in /proc/PID/comm */
} culprits[] = {
	{ "ModemManager", "it opens every modem: systemctl mask --now ModemManager, or a udev rule "
			  "before 80 that sets ENV{ID_MM_DEVICE_IGNORE}=\"1\" for this USB id" },
	{ "gammu-smsd", "another SMS gateway: systemctl disable --now gammu-smsd" },
	{ "smsd", "another SMS gateway: systemctl disable --now smstools" },
	{ "brltty", "it takes serial adapters for braille displays: apt purge brltty" },
	{ "gpsd", "it looks for GPS receivers: USBAUTO=\"false\" in /etc/default/gpsd" },
	{ "pppd", "a data connection over this modem: end it, or use another interface" },
	{ "agetty", "a login on this line: systemctl disable --now serial-getty@..." },
	{ "simgated", "the daemon uses it: ask it (simgate modem list)" },
};

const char *detect_remedy(const char *holder)
{
	for (size_t i = 0; i < ARRAY_LEN(culprits); i++)
		if (strcmp(culprits[i].name, holder) == 0)
			return culprits[i].remedy;
	return "stop it, or give simgate another modem";
}

/* ---- one line ---- */

static void append(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *out, size_t size, const char *format, ...)
{
	size_t used = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + used, size - used, format, args);
	va_end(args);
}

static const char *tail(const char *digits)
{
	size_t n = strlen(digits);

	return n > 5 ? digits + n - 5 : digits;
}

static void append_modem(const struct modem_port *port, char *out, size_t size)
{
	if (port->manufacturer[0] != '\0' || port->model[0] != '\0')
		append(out, size, "%s%s%s", port->manufacturer,
		       port->manufacturer[0] != '\0' ? " " : "", port->model);
	else
		append(out, size, "%s", port->known[0] != '\0' ? port->known : "a modem");
	if (port->imei[0] != '\0')
		append(out, size, ", IMEI %s", port->imei);
	if (port->sim[0] != '\0')
		append(out, size, ", SIM %s", port->sim);
	if (port->iccid[0] != '\0')
		append(out, size, " (...%s)", tail(port->iccid));
	if (port->operator_name[0] != '\0')
		append(out, size, ", %s", port->operator_name);
	if (port->rat[0] != '\0')
		append(out, size, " %s", port->rat);
	if (port->dbm != 0)
		append(out, size, ", %d dBm", port->dbm);
}

void modem_port_words(const struct modem_port *port, char *out, size_t size)
{
	out[0] = '\0';
	switch (port->answer) {
	case PORT_ANSWERS:
		append_modem(port, out, size);
		if (port->why[0] != '\0')
			append(out, size, "; %s", port->why);
		return;
	case PORT_OURS:
		append(out, size, "in use as %s, %s: ", port->used_by, port->state);
		append_modem(port, out, size);
		return;
	case PORT_HELD:
		append(out, size, "held by %s: %s",
		       port->holder[0] != '\0' ? port->holder : "another program", port->why);
		return;
	case PORT_SAME:
	case PORT_SILENT:
	case PORT_NO_RIGHTS:
	case PORT_FAULTY:
	case PORT_LEFT:
	case PORT_ANSWER_COUNT:
		break;
	}
	append(out, size, "%s", port->why);
	if (port->known[0] != '\0')
		append(out, size, " [%s]", port->known);
}

/* ---- a configuration ---- */

static bool has_modem(const struct modem_port *port)
{
	return port->answer == PORT_ANSWERS ||
	       (port->answer == PORT_OURS && (port->imei[0] != '\0' || port->device[0] != '\0'));
}

static bool is_unique(const struct modem_port *ports, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		if (i != at && has_modem(&ports[i]) && strcmp(ports[i].imei, ports[at].imei) == 0)
			return false;
	return true;
}

/* IMEI where the table knows the modem, so that it is found at any place; else the place. */
static void append_identity(char *line, const struct modem_port *ports, size_t n, size_t i)
{
	const struct modem_port *port = &ports[i];
	bool usb = port->usb_path[0] != '\0';

	if (usb && port->known[0] != '\0' && port->imei[0] != '\0' && is_unique(ports, n, i))
		append(line, LINE_SIZE, "match = { imei = \"%s\"; };", port->imei);
	else if (usb)
		append(line, LINE_SIZE, "match = { usb_path = \"%s\"; interface = %d; };",
		       port->usb_path, port->interface);
	else
		append(line, LINE_SIZE, "device = \"%s\";",
		       port->by_id[0] != '\0' ? port->by_id : port->device);
	if (!usb && port->baud != 0 && port->baud != USUAL_BAUD)
		append(line, LINE_SIZE, " baud = %u;", port->baud);
}

static bool is_name_used(const struct modem_port *ports, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ports[i].used_by, name) == 0)
			return true;
	return false;
}

static void append_name(char *line, const struct modem_port *ports, size_t n, size_t i,
			unsigned *next)
{
	char name[24];

	if (ports[i].used_by[0] != '\0') {
		append(line, LINE_SIZE, "name = \"%s\"; ", ports[i].used_by);
		return;
	}
	do
		snprintf(name, sizeof(name), "gsm%u", (*next)++);
	while (is_name_used(ports, n, name));
	append(line, LINE_SIZE, "name = \"%s\"; ", name);
}

static bool append_line(char **text, size_t *size, const char *line)
{
	size_t n = strlen(line);
	char *grown = realloc(*text, *size + n + 1);

	if (grown == NULL)
		return false;
	memcpy(grown + *size, line, n + 1);
	*text = grown;
	*size += n;
	return true;
}

/* What a modem says of itself ends neither the remark nor the line. */
static void tame(char *line)
{
	for (; *line != '\0'; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = ' ';
}

char *detect_config(const struct modem_port *ports, size_t n)
{
	char *text = NULL, line[LINE_SIZE + 8], words[LINE_SIZE / 2];
	size_t size = 0, count = 0, written = 0;
	unsigned next = 0;
	bool ok;

	for (size_t i = 0; i < n; i++)
		count += has_modem(&ports[i]);
	ok = append_line(&text, &size, count > 0 ? "modems = (\n" : "");
	for (size_t i = 0; ok && i < n; i++) {
		if (!has_modem(&ports[i]))
			continue;
		snprintf(line, sizeof(line), "  { ");
		append_name(line, ports, n, i, &next);
		append_identity(line, ports, n, i);
		modem_port_words(&ports[i], words, sizeof(words));
		tame(words);
		append(line, LINE_SIZE, " }%s  # %s", ++written < count ? "," : "", words);
		line[LINE_SIZE - 1] = '\0';
		strcat(line, "\n");
		ok = append_line(&text, &size, line);
	}
	if (ok && count > 0)
		ok = append_line(&text, &size, ");\n");
	if (ok)
		return text;
	free(text);
	return NULL;
}

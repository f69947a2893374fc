/* control_ports.h - what detect and doctor show: ports, who answered there, what is wrong. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum port_answer {
	PORT_ANSWERS,   /* a modem, asked just now */
	PORT_OURS,      /* a modem of ours: what its session knows */
	PORT_SAME,      /* another port of a modem that answers */
	PORT_SILENT,    /* it opens, and nobody answers AT */
	PORT_HELD,      /* another process has it */
	PORT_NO_RIGHTS, /* we may not open it */
	PORT_FAULTY,    /* it does not open, or was lost */
	PORT_LEFT,      /* not asked: why says for what reason */
	PORT_ANSWER_COUNT,
};

const char *port_answer_name(enum port_answer answer);

/* Texts are "" where nothing is known. A pseudo-terminal or network address has no USB facts. */
struct modem_port {
	char device[128], by_id[192];
	char usb_path[32], usb_id[12], usb_serial[64];
	int interface;    /* -1: none */
	char known[64];   /* what our table takes it for */
	char used_by[64]; /* a modem of ours, and its */
	char state[16];
	char holder[64]; /* another process: "ModemManager (812)" */
	enum port_answer answer;
	char why[200];
	unsigned baud; /* at which it answered; 0: of no matter */

	char manufacturer[48], model[48], revision[64], profile[32];
	char imei[24], imsi[24], iccid[24], smsc[24];
	char sim[24];     /* what +CPIN? says: READY, SIM PIN; MISSING */
	int registration; /* +CREG stat, -1 unknown */
	char operator_name[48], rat[16];
	int dbm;                         /* 0: unknown */
	int storage_used, storage_total; /* -1: unknown */
};

/* A USB device that should be a modem and shows no port. */
struct modem_stray {
	char usb_path[32], usb_id[12], why[240];
};

struct modem_ports { /* all borrowed */
	const struct modem_port *ports;
	size_t n_ports;
	const struct modem_stray *strays;
	size_t n_strays;
	const char *config; /* a "modems" setting for what answered; "" if nothing did */
};

typedef void modem_ports_done(void *arg, const struct modem_ports *ports);

/* One line about one port: "Huawei E173, SIM ready, MegaFon, -71 dBm". */
void modem_port_words(const struct modem_port *port, char *out, size_t size);

enum finding_level { FINDING_PASS, FINDING_WARN, FINDING_FAIL };

/* check: a stable word such as "sim"; subject: a modem, port or file; remedy: "" or what to do. */
struct finding {
	enum finding_level level;
	char check[16], subject[128], detail[240], remedy[320];
};

typedef void modem_finding(void *arg, const struct finding *finding);

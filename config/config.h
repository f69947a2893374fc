/* config.h - the configuration file as one immutable, counted snapshot.
 *
 * Every string is owned by the snapshot and never NULL ("" where left out). Times are
 * milliseconds. A reader keeps what it uses alive with config_ref. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum config_role { ROLE_NONE, ROLE_VIEWER, ROLE_SUBMIT, ROLE_OPERATOR };

enum config_kind { KIND_VERIFICATION, KIND_CONTACT_REQUEST, KIND_TEXT, KIND_COUNT };

/* "5/1h": at most count in any window. */
struct config_rate {
	unsigned count;
	int64_t window_ms;
};

struct config_rates {
	const struct config_rate *items;
	size_t n;
};

struct config_strings {
	const char *const *items;
	size_t n;
};

struct config_client {
	const char *user, *group; /* exactly one is not "" */
	enum config_role role;
	struct config_strings sites; /* empty: every site */
};

/* A template of one locale; templates of one kind stand in config order. */
struct config_template {
	enum config_kind kind;
	const char *locale, *text;
	unsigned line;       /* in the file */
	const char *purpose; /* of a verification: for this one alone; "": for every one */
};

struct config_test_number {
	const char *phone, *code;
};

enum config_reveal { REVEAL_AFTER_PROOF, REVEAL_AT_ONCE };
enum config_translit { TRANSLIT_NEVER, TRANSLIT_SAVE_PARTS, TRANSLIT_ALWAYS };
enum config_uncertain { UNCERTAIN_KEEP, UNCERTAIN_RESEND };

struct config_verification {
	unsigned code_length, max_wrong_codes;
	int64_t sms_ttl_ms, lock_ms;
	int64_t inbound_ttl_ms, call_ttl_ms; /* how long an SMS or a call of the user is awaited */
	struct config_strings channels;      /* offered: "sms", "inbound_sms", "missed_call" */
	const int64_t *resend_after_ms;      /* the last one repeats */
	size_t n_resend_after;
	enum config_reveal reveal_bound;
	struct config_strings countries; /* upper-case ISO regions; default: the site's region */
	struct config_rates per_account_number, per_number, per_account, per_prefix, per_site;
};

struct config_contact {
	struct config_rates per_sender, per_recipient;
	bool require_sender_verified;
	const char *quiet_hours; /* "21:00-09:00" or ""; in the site's timezone */
	int64_t max_age_ms;      /* one that has not left by then never does */
	bool confirm_opt_out;
};

struct config_site {
	const char *name, *title, *origin, *region, *locale;
	const char *timezone; /* IANA name; "": the region's, where it has one alone, else UTC */
	bool autofill;
	struct config_verification verification;
	struct config_contact contact;
	bool text_allowed;
	struct config_rates text_limits;
	enum config_uncertain on_uncertain[KIND_COUNT];
	const struct config_template *templates; /* the site's own; built-in ones are in service/ */
	size_t n_templates;
	enum config_translit transliterate;
	const struct config_test_number *test_numbers;
	size_t n_test_numbers;
};

enum config_flow { FLOW_NONE, FLOW_RTSCTS, FLOW_XONXOFF };
enum { CONFIG_PER_HOUR_MAX = 12 };

enum config_reports { REPORTS_AUTO, REPORTS_ALWAYS, REPORTS_NEVER };
enum config_roaming { ROAMING_ALLOW, ROAMING_REFUSE };

struct config_match {
	const char *imei, *iccid, *imsi, *usb_serial, *usb_path, *usb_id;
	int interface; /* -1: not given */
};

/* When the SIM's balance is asked for (ussd_balance says how), and what is too little. */
struct config_balance {
	int64_t every_ms;
	const char *pattern; /* extended regular expression; its first group is the amount */
	int low;             /* 0: never too little */
};

/* What may be done about a modem in trouble (modem/session_recover.c), and how often. */
struct config_recovery {
	struct config_strings steps;         /* the names of those that may be taken */
	const char *reset;                   /* the command that reboots it; "": the profile's */
	struct config_strings power_command; /* a program and its arguments; empty: none */
	int64_t cool_down_ms;                /* between two resets, or two power cycles */
	unsigned per_hour;                   /* of each at most */
};

struct config_modem {
	const char *name, *device; /* device "": found by match */
	struct config_match match;
	unsigned baud;
	enum config_flow flow;
	const char *pin_file, *number, *smsc, *ussd_balance;
	struct config_strings prefixes;         /* empty: every number */
	struct config_rates limits, recipients; /* parts of SMS; different recipients */
	struct config_balance balance;
	enum config_reports reports;
	enum config_roaming roaming;
	struct config_recovery recovery;
	int64_t prompt_timeout_ms, result_timeout_ms, command_timeout_ms;
	int64_t idle_ms;    /* between two looks at a modem that has nothing to send */
	int64_t search_ms;  /* without a network, until the radio is switched off and on */
	int64_t restart_ms; /* for a modem to come back after a reset */
	int64_t reopen_ms;  /* the longest wait between two openings */
	int64_t alarm_ms;   /* without a network, until an alarm is raised */
};

struct config {
	const char *path; /* "" for the built-in default */
	const char *socket_path, *socket_group;
	unsigned socket_mode;
	bool socket_group_given; /* a default group that does not exist is no error */
	const char *database, *key_file;
	const struct config_client *clients;
	size_t n_clients;
	bool clients_given; /* "clients" stands in the file, even empty */
	const struct config_site *sites;
	size_t n_sites; /* at least one */
	const struct config_modem *modems;
	size_t n_modems;
	int64_t retain_failed_texts_ms, retain_inbox_ms, retain_events_ms, retain_messages_ms;
	struct config_rates global_codes; /* SMS with codes of all sites together */
	const char *metrics_listen;
	enum log_level log_level;
	bool log_full_numbers;
	int64_t log_summary_ms; /* between two summaries of every modem */
	const char *spool,
		*spool_site;     /* a folder of files that become texts of that site, or "" */
	const char *transcripts; /* the folder of dialogues that failed; "": none are kept */
	uint64_t queue_max;      /* waiting messages; at least 1,000,000 by default */
};

/* Told once for every problem, in file order. line 0: no line is known; setting "": none is
 * meant (a syntax error, a file that cannot be read). All strings are borrowed. */
typedef void config_problem(void *arg, const char *file, unsigned line, const char *setting,
			    const char *problem);

/* A further check by rooms that know more. It sees also a snapshot with problems of its own: words
 * may be "" and a template's text NULL. */
typedef void config_check(const struct config *config, config_problem *tell, void *tell_arg);

/* Reads and checks path; NULL or "" gives the built-in default. NULL after at least one problem
 * was told. One reference is the caller's. */
const struct config *config_load(const char *path, config_problem *problem, void *arg);
const struct config *config_load_checked(const char *path, config_check *check,
					 config_problem *problem, void *arg);

const struct config *config_ref(const struct config *config);
void config_unref(const struct config *config); /* NULL is allowed; from any thread */

/* NULL if there is none of that name. */
const struct config_site *config_site(const struct config *config, const char *name);
const struct config_modem *config_modem(const struct config *config, const char *name);
const struct config_modem *config_modem_default(void); /* what holds where nothing is said */

/* "90s", "5m", "3h", "1d", each from 1 s. 0, or -1. */
int config_parse_duration(const char *text, int64_t *ms);

const char *config_role_name(enum config_role role);
const char *config_kind_name(enum config_kind kind); /* verification, contact_request, text */
bool config_is_purpose(const char *name);            /* register, login, change */

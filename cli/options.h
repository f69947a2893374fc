/* options.h - what may stand behind two dashes. */
#pragma once

enum cli_option {
	OPT_ACCOUNT,
	OPT_AFTER,
	OPT_APP_HASH,
	OPT_BUNDLE,
	OPT_CHANNEL,
	OPT_ENCODING,
	OPT_FOLLOW,
	OPT_FROM_NAME,
	OPT_KEY,
	OPT_KIND,
	OPT_LIMIT,
	OPT_LOCALE,
	OPT_OPT_IN,
	OPT_ORDER,
	OPT_PRIORITY,
	OPT_PURPOSE,
	OPT_REFERENCE,
	OPT_REPORT,
	OPT_SEND_AT,
	OPT_STATE,
	OPT_TEMPLATE,
	OPT_TO,
	OPT_TO_NAME,
	OPT_TRANSLITERATE,
	OPT_TTL,
	OPT_TYPES,
	OPT_WAIT,
	OPT_WATCH,
	OPT_COUNT, /* those above belong to verbs, those below to every verb */
	OPT_HELP = OPT_COUNT,
	OPT_JSON,
	OPT_SITE,
	OPT_SOCKET,
	OPT_TIMEOUT,
	OPT_VERBS,
	OPT_VERSION,
	OPT_ALL,
};

#define OPT(x) (1u << (OPT_##x))

struct option_row {
	const char *name, *value; /* value NULL: it takes none; "[X]": it need not have one */
	const char *help;
};

extern const struct option_row option_rows[OPT_ALL];

const char *option_name(enum cli_option option);

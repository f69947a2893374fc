/* options.c - every option: its name, its value, what it is for. */
#include "cli/options.h"

#include <stddef.h>

const struct option_row option_rows[OPT_ALL] = {
	[OPT_ACCOUNT] = { "account", "ACCOUNT", "only if it is this account's" },
	[OPT_AFTER] = { "after", "PLACE", "go on behind this id, or number of an event" },
	[OPT_APP_HASH] = { "app-hash", "HASH",
			   "11 characters, for an Android app to read the SMS" },
	[OPT_BUNDLE] = { "bundle", "FILE", "write a masked report for whoever helps" },
	[OPT_CHANNEL] = { "channel", "WAY", "sms, inbound_sms (the user writes) or missed_call" },
	[OPT_ENCODING] = { "encoding", "WORD", "auto, gsm7 or ucs2" },
	[OPT_FOLLOW] = { "follow", NULL, "go on with what happens from now (-f)" },
	[OPT_FROM_NAME] = { "from-name", "NAME", "who asks" },
	[OPT_KEY] = { "idempotency-key", "KEY", "the same key makes one object, however often" },
	[OPT_KIND] = { "kind", "KIND", "verification, contact_request or text" },
	[OPT_LIMIT] = { "limit", "COUNT", "at most so many" },
	[OPT_LOCALE] = { "locale", "LOCALE", "ru, vi or en, else the site's" },
	[OPT_OPT_IN] = { "opt-in", NULL, "take contact requests again, too" },
	[OPT_ORDER] = { "order", "ORDER", "what it is about" },
	[OPT_PRIORITY] = { "priority", "WORD", "high, normal or low" },
	[OPT_PURPOSE] = { "purpose", "WORD", "register, login or change" },
	[OPT_REFERENCE] = { "reference", "WORD", "a word of yours, to find it by" },
	[OPT_REPORT] = { "report", NULL, "ask the network for a delivery report" },
	[OPT_SEND_AT] = { "send-at", "TIME", "not before, such as 2026-11-22T09:00:00+03:00" },
	[OPT_STATE] = { "state", "STATE",
			"scheduled, queued, sending, uncertain, sent, delivered, "
			"failed, expired or canceled" },
	[OPT_TEMPLATE] = { "template", "[KIND]",
			   "the site's templates, such as verification.login" },
	[OPT_TO] = { "to", "NUMBER", "to this number" },
	[OPT_TO_NAME] = { "to-name", "NAME", "who is asked" },
	[OPT_TRANSLITERATE] = { "transliterate", "WORD", "never, save_parts or always" },
	[OPT_TTL] = { "ttl", "DURATION", "given up after 90s, 5m, 3h or 1d (default 1d)" },
	[OPT_TYPES] = { "types", "LIST", "only these, or what begins so: message.,modem.lost" },
	[OPT_WAIT] = { "wait", NULL, "until it is sent or has failed" },
	[OPT_WATCH] = { "watch", NULL, "draw it anew whenever something happens, until Ctrl-C" },
	[OPT_HELP] = { "help", NULL, "of all verbs, or of the verb it stands with (-h)" },
	[OPT_JSON] = { "json", NULL, "the daemon's answer as it is; {} where it has no body" },
	[OPT_SITE] = { "site", "NAME", "which site is meant, if you may act for several" },
	[OPT_SOCKET] = { "socket", "PATH",
			 "the daemon's, else $SIMGATE_SOCKET or "
			 "/run/simgate/api.sock" },
	[OPT_TIMEOUT] = { "timeout", "DURATION", "how long to wait for an answer: 90s, 5m" },
	[OPT_VERBS] = { "list-verbs", NULL, "every verb with its options, for completion" },
	[OPT_VERSION] = { "version", NULL, "of this program" },
};

const char *option_name(enum cli_option option)
{
	return option_rows[option].name;
}

/* session_network.c - registration, signal and operator: may this modem send, and how well.
 *
 * What the modem tells unasked is believed at once; polling (2-5 s while searching, 60 s when
 * registered) is a safety net. Circuit-switched registration decides; a modem that is registered
 * on LTE only gets its chance after two minutes, one that reports nothing at all at once. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "modem/bringup.h"
#include "modem/parse.h"

enum {
	WANT_CS = 1 << 0,
	WANT_EPS = 1 << 1,
	WANT_SIGNAL = 1 << 2,
	WANT_OPERATOR = 1 << 3,
	WANT_SELECTION = 1 << 4,
	WANT_FIRST = WANT_CS | WANT_EPS | WANT_SIGNAL | WANT_OPERATOR,
	WANT_USUAL = WANT_CS | WANT_SIGNAL | WANT_OPERATOR,
	SEARCH_POLL_MS = 3000,
	NO_NOTICE_POLL_MS = 10000, /* the modem announces no messages */
	QUERY_MS = 5000,
	SELECTION_MS = 180000,
};

enum { SELECTS_MANUALLY = 1, SELECTS_NONE = 2 }; /* modes of +COPS */

enum {
	UNKNOWN = -1,
	NOT_SEARCHING = 0,
	HOME = 1,
	SEARCHING = 2,
	DENIED = 3,
	NO_COVERAGE = 4,
	ROAMING = 5,
	SMS_HOME = 6,
	SMS_ROAMING = 7,
	EMERGENCY = 8,
	CSFB_HOME = 9,
	CSFB_ROAMING = 10,
	LOCAL_ONLY = 11,
	STATS
};

static const struct {
	bool usable, roaming, denied;
	const char *text;
} stats[STATS] = {
	[NOT_SEARCHING] = { false, false, false, "not registered and not searching" },
	[HOME] = { true, false, false, "registered" },
	[SEARCHING] = { false, false, false, "searching for a network" },
	[DENIED] = { false, false, true, "the network denies this SIM or modem" },
	[NO_COVERAGE] = { false, false, false, "no coverage: check the antenna" },
	[ROAMING] = { true, true, false, "registered, roaming" },
	[SMS_HOME] = { true, false, false, "registered for SMS only" },
	[SMS_ROAMING] = { true, true, false, "registered for SMS only, roaming" },
	[EMERGENCY] = { false, false, true, "emergency calls only" },
	[CSFB_HOME] = { true, false, false, "registered" },
	[CSFB_ROAMING] = { true, true, false, "registered, roaming" },
	[LOCAL_ONLY] = { false, false, true, "access to local services only" },
};

/* Searching for so many times timeouts.search (3 min, ... 1 h) ends in the radio's off and on, ever
 * rarer: each costs the SIM a location update. Where the network denies it, not so soon. */
static const unsigned cycle_after[] = { 1, 2, 5, 20 };
enum { DENIED_CYCLE = 2, DEAF_MS = 60000 };

const char *modem_registration_text(int registration)
{
	return registration > UNKNOWN && registration < STATS ? stats[registration].text
							      : "not known";
}

bool modem_hears_calls(const struct modem_status *status)
{
	return !status->no_caller_id && status->registration != SMS_HOME &&
	       status->registration != SMS_ROAMING;
}

static bool is_usable(int stat)
{
	return stat > UNKNOWN && stat < STATS && stats[stat].usable;
}

static bool is_roaming(int stat)
{
	return stat > UNKNOWN && stat < STATS && stats[stat].roaming;
}

/* The registration that counts: the circuit-switched one, if it is told at all. */
static int deciding_stat(struct session *s)
{
	struct session_network *net = &s->net;
	int cs = net->stat[NET_CS], eps = net->stat[NET_EPS];
	int64_t now = clock_mono_ms();

	if (is_usable(cs) || !is_usable(eps)) {
		net->eps_only_ms = 0;
		return cs != UNKNOWN ? cs : eps;
	}
	if (cs == UNKNOWN)
		return eps;
	if (net->eps_only_ms == 0)
		net->eps_only_ms = now;
	/* SMS over IMS may work: tried after 2 min of 3. */
	return now - net->eps_only_ms >= s->modem->search_ms * 2 / 3 ? eps : cs;
}

void network_settle(struct session *s)
{
	int stat = s->status.registration;

	if (!s->net.known)
		return; /* the first answer is on its way */
	if (s->net.usable && stat == UNKNOWN)
		session_state(s, MODEM_READY, "the modem does not tell its registration");
	else if (s->net.usable)
		session_state(s, MODEM_READY, "%s", stats[stat].text);
	else if (is_roaming(stat))
		session_state(s, MODEM_DENIED, "roaming, which the configuration refuses");
	else if (stat < STATS && stats[stat].denied)
		session_state(s, MODEM_DENIED, "%s", stats[stat].text);
	else
		session_state(s, MODEM_SEARCHING, "%s",
			      stat < STATS ? stats[stat].text : "not registered");
}

static uint64_t poll_ms(const struct session *s)
{
	int64_t search = s->modem->search_ms / 3;

	if (s->net.usable && s->rx.polling && s->modem->idle_ms > NO_NOTICE_POLL_MS)
		return NO_NOTICE_POLL_MS;
	if (s->net.usable)
		return (uint64_t)s->modem->idle_ms;
	return (uint64_t)(search < SEARCH_POLL_MS ? search : SEARCH_POLL_MS);
}

static void judge(struct session *s)
{
	struct session_network *net = &s->net;
	int stat = deciding_stat(s);
	bool was = net->usable, roaming = is_roaming(stat);

	if (!net->known)
		return;
	net->usable = stat == UNKNOWN || is_usable(stat);
	if (roaming && s->modem->roaming == ROAMING_REFUSE)
		net->usable = false;
	if (net->usable) {
		net->searching_ms = 0;
	} else if (net->searching_ms == 0) {
		net->searching_ms = clock_mono_ms();
		net->wanted |= WANT_OPERATOR;
	}
	if (stat != s->status.registration || roaming != s->status.roaming) {
		s->status.registration = stat;
		s->status.roaming = roaming;
		session_changed(s);
	}
	if (net->usable && !was) {
		net->radio_cycles = 0;
		net->selected = false;
		s->recovery.next[TROUBLE_NO_NETWORK] = 0;
		net->wanted |= WANT_SIGNAL | WANT_OPERATOR;
	}
	if (s->up && net->usable != was)
		session_after(s, TIMER_POLL, poll_ms(s));
	session_settle(s);
}

static void take_registration(struct session *s, unsigned domain, const char *rest)
{
	int stat, act;

	if (!parse_registration(rest, &stat, &act))
		return;
	s->net.stat[domain] = stat;
	if (parse_rat(act)[0] != '\0' && domain != NET_PS)
		snprintf(s->status.rat, sizeof(s->status.rat), "%s", parse_rat(act));
}

void network_urc(struct session *s, unsigned domain, const char *rest)
{
	take_registration(s, domain, rest);
	judge(s);
	session_work(s);
}

static void take_signal(struct session *s, const char *rest)
{
	struct parse_fields fields;
	int dbm;

	parse_fields(&fields, rest);
	dbm = parse_csq_dbm(parse_int(&fields, 0, 99));
	if (dbm == s->status.dbm)
		return;
	s->status.dbm = dbm;
	session_changed(s);
}

/* Somebody took it off the network (AT+COPS=2), or chose one that is not here. Once a search. */
static void look_at_selection(struct session *s, int mode)
{
	if (s->status.registration != NOT_SEARCHING || s->net.selected ||
	    (mode != SELECTS_MANUALLY && mode != SELECTS_NONE))
		return;
	s->net.selected = true;
	s->net.wanted |= WANT_SELECTION;
}

static void take_operator(struct session *s, const char *rest)
{
	char *name = s->status.operator_name;
	size_t size = sizeof(s->status.operator_name);
	struct parse_fields fields;
	int act;

	parse_fields(&fields, rest);
	look_at_selection(s, parse_int(&fields, 0, 0));
	if (!s->net.ucs2 || !parse_ucs2_hex(parse_text(&fields, 2), name, size))
		parse_copy(name, size, parse_text(&fields, 2));
	act = parse_int(&fields, 3, -1);
	if (parse_rat(act)[0] != '\0')
		snprintf(s->status.rat, sizeof(s->status.rat), "%s", parse_rat(act));
	session_changed(s);
}

static void take_cs(struct session *s, const char *rest)
{
	take_registration(s, NET_CS, rest);
}

static void take_eps(struct session *s, const char *rest)
{
	take_registration(s, NET_EPS, rest);
}

static void on_answer(void *arg, const struct at_reply *reply);

static const struct {
	unsigned want;
	const char *cmd, *prefix;
	void (*take)(struct session *s, const char *rest); /* NULL: nothing is told */
	unsigned timeout_ms;
} queries[] = {
	{ WANT_CS, "AT+CREG?", "+CREG:", take_cs, QUERY_MS },
	{ WANT_EPS, "AT+CEREG?", "+CEREG:", take_eps, QUERY_MS },
	{ WANT_SIGNAL, "AT+CSQ", "+CSQ:", take_signal, QUERY_MS },
	{ WANT_OPERATOR, "AT+COPS?", "+COPS:", take_operator, QUERY_MS },
	{ WANT_SELECTION, "AT+COPS=0", NULL, NULL, SELECTION_MS },
};

static void on_answer(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;

	if (reply->status == AT_CLOSED)
		return;
	for (size_t line = 0; line < reply->n_lines; line++) {
		for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
			const char *rest = queries[i].take != NULL ? parse_after(reply->lines[line],
										 queries[i].prefix)
								   : NULL;

			if (rest != NULL)
				queries[i].take(s, rest);
		}
	}
	if (reply->status == AT_OK)
		recover_proved(s, PROOF_ANSWERS);
	/* Known once both domains were asked, or sooner if the first one says it all. */
	if ((s->net.wanted & (WANT_CS | WANT_EPS)) == 0 || s->net.stat[NET_CS] != UNKNOWN)
		s->net.known = true;
	judge(s);
	session_work_done(s);
}

bool network_work(struct session *s)
{
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		struct at_command command = {
			.text = queries[i].cmd,
			.prefix = queries[i].prefix,
			.timeout_ms = queries[i].timeout_ms,
			.flags = AT_MAY_LACK,
			.done = on_answer,
		};

		if ((s->net.wanted & queries[i].want) == 0)
			continue;
		s->net.wanted &= ~queries[i].want;
		return session_work_send(s, &command);
	}
	return false;
}

void network_start(struct session *s)
{
	for (size_t i = 0; i < NET_DOMAINS; i++)
		s->net.stat[i] = UNKNOWN;
	s->net.known = s->net.usable = s->net.selected = false;
	s->net.searching_ms = s->net.eps_only_ms = 0;
	s->net.wanted = WANT_FIRST;
	session_after(s, TIMER_POLL, poll_ms(s));
}

void network_doubt(struct session *s)
{
	s->net.wanted |= WANT_CS | WANT_EPS;
}

/* Searched in vain for long: the radio's off and on, less often each time. */
static bool cycle_is_due(struct session *s)
{
	struct session_network *net = &s->net;
	bool denied = s->status.state == MODEM_DENIED && !is_roaming(s->status.registration);
	size_t last = ARRAY_LEN(cycle_after) - 1, i = net->radio_cycles;

	if (i < DENIED_CYCLE && denied)
		i = DENIED_CYCLE;
	if (i > last)
		i = last;
	return (denied || s->status.state == MODEM_SEARCHING) && net->searching_ms != 0 &&
	       clock_mono_ms() - net->searching_ms >= cycle_after[i] * s->modem->search_ms;
}

/* A look at it is due, and the one before had no answer although nothing keeps it busy. */
static bool is_deaf(const struct session *s)
{
	return s->net.usable && !s->tx.active && s->ussd.done == NULL &&
	       clock_now_ms() - s->status.last_answer_ms > 3 * s->modem->idle_ms + DEAF_MS;
}

void network_poll(struct session *s)
{
	if (is_deaf(s)) {
		recover_trouble(s, TROUBLE_SILENT, "no command was answered for long");
		return;
	}
	if (cycle_is_due(s)) {
		s->net.radio_cycles++;
		recover_trouble(s, TROUBLE_NO_NETWORK, "no network for minutes");
		return;
	}
	session_after(s, TIMER_POLL, poll_ms(s));
	if (s->net.usable)
		recover_well(s);
	s->net.wanted |= s->net.usable ? WANT_USUAL : WANT_CS;
	if (!is_usable(s->net.stat[NET_CS]))
		s->net.wanted |= WANT_EPS; /* it decides, or may soon */
	if (s->net.usable)
		receive_sweep(s); /* and works */
	else
		session_work(s);
}

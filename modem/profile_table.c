/* profile_table.c - the quirks of each family, a row each with its reason (field notes sections
 * 2.7, 3.2, 3.3, 4, 8.1, 9, 11 and 12).
 *
 * What every parser here does anyway needs no row: results in odd words, lines without their CR
 * LF, "+CDS: ,len", +CPIN: without OK, numbers above 500 by family (errors.c). */
#include "modem/profile_table.h"

#include "base/util.h"

#define CALM(command, why)                                                                         \
	{                                                                                          \
		QUIRK_CALM, .text = (command), .reason = (why)                                     \
	}
#define ICCID(command, why)                                                                        \
	{                                                                                          \
		QUIRK_ICCID, .text = (command), .reason = (why)                                    \
	}
#define TRIES(command, line, place, why)                                                           \
	{                                                                                          \
		QUIRK_TRIES, .text = (command), .prefix = (line), .number = (place),               \
			     .reason = (why)                                                       \
	}
#define RESET(command, why)                                                                        \
	{                                                                                          \
		QUIRK_RESET, .text = (command), .reason = (why)                                    \
	}
#define ROUTE(value, why)                                                                          \
	{                                                                                          \
		QUIRK_ROUTE, .number = (value), .reason = (why)                                    \
	}
#define IS(kind, why)                                                                              \
	{                                                                                          \
		kind, .reason = (why)                                                              \
	}
#define HAS(kind, value, why)                                                                      \
	{                                                                                          \
		kind, .number = (value), .reason = (why)                                           \
	}

#define MODE_1    "mode 2 is advertised, but notices then never come"
#define SLEEPS    "a sleeping line drops the first characters of a command"
#define OWN_ICCID "its own command for the ICCID"
#define REBOOTS   "its own command for a restart"
#define CS_FIRST  "circuit-switched first: packet only fails where the network has no IMS for it"
#define CS_ONLY   "circuit-switched only, where asking for a preference did not help"
#define PS_FIRST  "packet preferred: the last way where the circuit-switched one is gone"

static const struct quirk huawei[] = {
	CALM("AT^CURC=0", "floods of ^RSSI, ^BOOT and ^MODE; +CMTI still comes"),
	ICCID("AT^ICCID?", OWN_ICCID),
	TRIES("AT^CPIN?", "^CPIN:", 3, "state, tries of the code asked, then PUK, PIN, ..."),
	RESET("AT^RESET", REBOOTS),
	IS(QUIRK_NOTICE_MODE_1, MODE_1),
	IS(QUIRK_USSD_PACKED, "+CSCS does not reach +CUSD"),
};

static const struct quirk huawei_module[] = {
	CALM("AT^CURC=0", "floods of ^RSSI and ^MODE; +CMTI still comes"),
	ICCID("AT^ICCID?", OWN_ICCID),
	TRIES("AT^CPIN?", "^CPIN:", 3, "state, tries of the code asked, then PUK, PIN, ..."),
	RESET("AT+CFUN=16", "an Intel modem inside: ^RESET is not known"),
	IS(QUIRK_NOTICE_MODE_1, MODE_1),
	IS(QUIRK_USSD_PACKED, "+CSCS does not reach +CUSD"),
};

static const struct quirk zte[] = {
	CALM("AT+CPMS?", "ends the flood of +ZUSIMR"),
	ICCID("AT+ZGETICCID", "modules"),
	ICCID("AT+ICCID", "sticks; answered without the plus"),
	RESET("AT+ZRST", "modules; sticks refuse it and take AT+CFUN=1,1"),
	IS(QUIRK_NOTICE_MODE_1, MODE_1),
};

static const struct quirk quectel_2g[] = {
	CALM("AT+QSCLK=0", SLEEPS),
	IS(QUIRK_BAUD, "with autobaud the lines of a restart are unreadable"),
	ICCID("AT+QCCID", OWN_ICCID),
	TRIES("AT+QPINC?", "+QPINC:", 1, "a line for SC, one for P2"),
	RESET("AT+CFUN=1,1", REBOOTS),
};

static const struct quirk quectel_iot[] = {
	CALM("AT+QINDCFG=\"smsfull\",1", "else a full memory is not told"),
	CALM("AT+QSCLK=0", SLEEPS),
	ICCID("AT+QCCID", OWN_ICCID),
	TRIES("AT+QPINC?", "+QPINC:", 1, "a line for SC, one for P2"),
	RESET("AT+CFUN=1,1", REBOOTS),
	HAS(QUIRK_RESULT_S, 420, "NB-IoT: the network's own timer is 395 to 405 s"),
};

static const struct quirk quectel_lte[] = {
	CALM("AT+QINDCFG=\"smsfull\",1", "else a full memory is not told"),
	CALM("AT+QSCLK=0", SLEEPS),
	ICCID("AT+QCCID", OWN_ICCID),
	TRIES("AT+QPINC?", "+QPINC:", 1, "a line for SC, one for P2"),
	RESET("AT+CFUN=1,1", REBOOTS),
	ROUTE(3, CS_FIRST),
	ROUTE(1, CS_ONLY),
	ROUTE(2, PS_FIRST),
};

static const struct quirk simcom_lte[] = {
	CALM("AT+AUTOCSQ=0", "+CSQ: lines unasked"),
	ICCID("AT+CICCID", OWN_ICCID),
	TRIES("AT+SPIC", "+SPIC:", 0, "pin1 comes first in every order of its manuals"),
	RESET("AT+CRESET", REBOOTS),
	ROUTE(3, CS_FIRST),
	ROUTE(1, CS_ONLY),
	ROUTE(2, PS_FIRST),
	IS(QUIRK_NOTICE_MODE_1, MODE_1),
};

static const struct quirk simcom_2g[] = {
	CALM("AT+CSCLK=0", SLEEPS),
	IS(QUIRK_BAUD, "with autobaud the lines of a restart are unreadable"),
	ICCID("AT+CCID", OWN_ICCID),
	TRIES("AT+SPIC", "+SPIC:", 0, "pin1 comes first in every order of its manuals"),
	RESET("AT+CFUN=1,1", REBOOTS),
};

static const struct quirk ublox[] = {
	CALM("AT+UPSV=0", SLEEPS),
	ICCID("AT+CCID", OWN_ICCID),
	TRIES("AT+UPINCNT", "+UPINCNT:", 0, "pin1 comes first"),
	RESET("AT+CFUN=16", REBOOTS),
	HAS(QUIRK_RESULT_S, 180, "its manual: up to three minutes for +CMGS"),
};

static const struct quirk ublox_r4[] = {
	CALM("AT+UPSV=0", SLEEPS),
	ICCID("AT+CCID", OWN_ICCID),
	TRIES("AT+UPINCNT", "+UPINCNT:", 0, "pin1 comes first"),
	RESET("AT+CFUN=15", "16 is not known"),
	HAS(QUIRK_RESULT_S, 420, "NB-IoT: the network's own timer is 395 to 405 s"),
};

static const struct quirk telit[] = {
	CALM("AT#NOPT=0", "notices of other kinds"),
	CALM("AT&C0", "DCD follows calls otherwise, and drivers hang up"),
	CALM("AT#QSS=2", "READY comes too early: #QSS tells when the SIM is usable"),
	ICCID("AT#CCID", OWN_ICCID),
	TRIES("AT#PCT", "#PCT:", 0, "of the code now asked: PIN1 in state SIM PIN"),
	RESET("AT#REBOOT", REBOOTS),
	RESET("AT#ENHRST=1,0", "older ones"),
	HAS(QUIRK_GAP, PROFILE_PACE_START, "its manual: 20 ms after a result"),
};

static const struct quirk sierra[] = {
	ICCID("AT!ICCID?", OWN_ICCID),
	TRIES("AT+CPINC?", "+CPINC:", 0, "pin1 comes first"),
	RESET("AT!RESET", REBOOTS),
	ROUTE(3, CS_FIRST),
	ROUTE(1, CS_ONLY),
	ROUTE(2, PS_FIRST),
};

static const struct quirk wavecom[] = {
	ICCID("AT+CCID", OWN_ICCID),
	TRIES("AT+CPINC?", "+CPINC:", 0, "pin1 comes first"),
	RESET("AT+CFUN=1", "AT+CFUN=1,1 is not known; this one restarts"),
};

static const struct quirk cinterion[] = {
	ICCID("AT+CCID", OWN_ICCID),
	TRIES("AT^SPIC=\"SC\"", "^SPIC:", 0, "of PIN1"),
	RESET("AT+CFUN=1,1", REBOOTS),
};

static const struct quirk fibocom[] = {
	RESET("AT+CFUN=15", REBOOTS),
	IS(QUIRK_PACED, "not known to be good"),
};

static const struct quirk ai_thinker[] = {
	CALM("AT+CTZR=0", "floods of +CTZV"),
	ICCID("AT+CCID", OWN_ICCID),
	RESET("AT+RST=1", REBOOTS),
	IS(QUIRK_NEEDS_REFERENCE, "it says OK to messages that it did not submit"),
	IS(QUIRK_PACED, "not known to be good"),
};

static const struct quirk generic[] = {
	ICCID("AT+CCID", "the most usual one"),
	ICCID("AT+ICCID", "others"),
	ICCID("AT+QCCID", "others"),
	ICCID("AT+CICCID", "others"),
	ICCID("AT^ICCID?", "others"),
	TRIES("AT+CPINR=\"SIM PIN\"", "+CPINR", 1, "27.007"),
	TRIES("AT+CSIM=10,\"0020000100\"", "+CSIM:", 1, "an empty VERIFY costs no try"),
	RESET("AT+CFUN=1,1", "27.007"),
	IS(QUIRK_PACED, "not known to be good"),
	ROUTE(3, CS_FIRST),
	ROUTE(1, CS_ONLY),
	ROUTE(2, PS_FIRST),
};

#define QUIRKS(rows) .quirks = (rows), .n_quirks = ARRAY_LEN(rows)

const struct profile profile_table[] = {
	{ "huawei-module", "huawei", "MU7", QUIRKS(huawei_module) },
	{ "huawei", "huawei", "", QUIRKS(huawei) },
	{ "zte", "zte", "", QUIRKS(zte) },
	{ "quectel-2g", "quectel", "M|Quectel_M", FAMILY_SIMCOM_2G, QUIRKS(quectel_2g) },
	{ "quectel-iot", "quectel", "B", FAMILY_QUECTEL_LTE, QUIRKS(quectel_iot) },
	{ "quectel-lte", "quectel", "", FAMILY_QUECTEL_LTE, QUIRKS(quectel_lte) },
	{ "simcom-lte", "simcom|incorporated", "SIMCOM_SIM7|SIM7|SIMCOM_SIM5|SIM5|A7|SIMCOM_A7",
	  QUIRKS(simcom_lte) },
	{ "simcom-2g", "simcom", "", FAMILY_SIMCOM_2G, QUIRKS(simcom_2g) },
	{ "u-blox-r4", "u-blox", "SARA-R4|SARA-N4", QUIRKS(ublox_r4) },
	{ "u-blox", "u-blox", "", QUIRKS(ublox) },
	{ "telit", "telit", "", QUIRKS(telit) },
	{ "sierra", "sierra", "", FAMILY_WAVECOM, QUIRKS(sierra) },
	{ "wavecom", "wavecom", "", FAMILY_WAVECOM, QUIRKS(wavecom) },
	{ "cinterion", "cinterion|siemens|gemalto|thales", "", QUIRKS(cinterion) },
	{ "fibocom", "fibocom", "", QUIRKS(fibocom) },
	{ "ai-thinker", "ai-thinker|ai_thinker|ai thinker", "", QUIRKS(ai_thinker) },
	{ "generic", "", "", QUIRKS(generic) },
};
const size_t profile_table_size = ARRAY_LEN(profile_table);

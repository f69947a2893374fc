/* errors.c - section 7 of the field notes as tables: one of standard codes for each of +CMS ERROR
 * and +CME ERROR, one for what each family of modems adds above 500. A code that stands nowhere is
 * treated as the specifications say: as another code that does. */
#include "modem/errors.h"

#include <stddef.h>

#include "base/util.h"

struct range {
	int first, last;
	struct modem_error error; /* its code is that of the range's first */
};

#define ONE(code, class, text)                                                                     \
	{                                                                                          \
		code, code,                                                                        \
		{                                                                                  \
			code, class, text                                                          \
		}                                                                                  \
	}
#define SPAN(from, to, class, text)                                                                \
	{                                                                                          \
		from, to,                                                                          \
		{                                                                                  \
			from, class, text                                                          \
		}                                                                                  \
	}

struct table {
	const struct range *ranges;
	size_t n;
};
#define TABLE(ranges)                                                                              \
	{                                                                                          \
		ranges, ARRAY_LEN(ranges)                                                          \
	}

enum { CMS_UNKNOWN = 500, CMS_TEMPORARY = 41, CMS_UNSPECIFIED = 255, CME_UNKNOWN = 100 };

/* 24.011 annex E (1-127), 23.040 9.2.3.22 (128-255), 27.005 3.2.5 (300-500). */
static const struct range cms_ranges[] = {
	ONE(1, ERR_RECIPIENT, "the number does not exist"),
	ONE(8, ERR_SIM, "the operator bars this SIM from sending SMS"),
	ONE(10, ERR_SIM, "the operator bars this SIM from sending SMS"),
	ONE(11, ERR_RETRY_LATER, "the network refused without a clear reason"),
	ONE(17, ERR_RETRY_SOON, "fault in the network"),
	ONE(21, ERR_RETRY_LATER,
	    "the network rejected the message: no credit, a rate limit or a spam filter"),
	ONE(22, ERR_RETRY_LATER, "the recipient's or the network's memory is full"),
	ONE(27, ERR_RETRY_LATER, "the recipient cannot be reached now"),
	ONE(28, ERR_SIM, "the network does not know this SIM"),
	ONE(29, ERR_RETRY_LATER, "the network refuses the SMS service for this request"),
	ONE(30, ERR_RECIPIENT, "the number (or this SIM) is not provisioned"),
	ONE(38, ERR_RETRY_LATER, "a longer fault in the network, or LTE without a way for SMS"),
	ONE(41, ERR_RETRY_SOON, "short trouble in the network"),
	ONE(42, ERR_RETRY_LATER, "the network is busy"),
	ONE(47, ERR_RETRY_LATER, "the network is busy"),
	ONE(50, ERR_SIM, "SMS is not in the tariff, or there is no credit"),
	ONE(69, ERR_SIM, "wrong message centre number, or no SMS in this network"),
	ONE(81, ERR_RETRY_SOON, "modem and network lost step"),
	SPAN(95, 96, ERR_MESSAGE, "the message (or the message centre number) is malformed"),
	SPAN(97, 98, ERR_RETRY_SOON, "protocol trouble"),
	ONE(99, ERR_MESSAGE, "the message (or the message centre number) is malformed"),
	ONE(111, ERR_RETRY_SOON, "protocol trouble"),
	ONE(127, ERR_RETRY_LATER, "fault on the way to the other network"),
	SPAN(128, 130, ERR_MESSAGE, "this type of message is not accepted"),
	ONE(143, ERR_MESSAGE, "this type of message is not accepted"),
	SPAN(144, 145, ERR_MESSAGE, "the coding of the text is not accepted"),
	ONE(159, ERR_MESSAGE, "the coding of the text is not accepted"),
	SPAN(160, 161, ERR_MESSAGE, "not applicable to a plain SMS"),
	ONE(175, ERR_MESSAGE, "not applicable to a plain SMS"),
	ONE(176, ERR_MESSAGE, "this type of message is not accepted"),
	ONE(192, ERR_RETRY_LATER, "the message centre is busy"),
	ONE(193, ERR_SIM, "this SIM may not use this message centre"),
	ONE(194, ERR_RETRY_LATER, "fault in the message centre"),
	ONE(195, ERR_RECIPIENT, "the recipient's number is not valid"),
	ONE(196, ERR_RECIPIENT, "the recipient is blocked"),
	ONE(197, ERR_ACCEPTED, "the message centre already has this message"),
	SPAN(198, 199, ERR_MESSAGE, "the validity period is refused"),
	ONE(208, ERR_RETRY_SOON, "the SIM's memory is full"),
	ONE(209, ERR_RETRY_SOON, "the SIM has no memory for SMS"),
	ONE(210, ERR_RECOVER, "error in the modem"),
	ONE(211, ERR_RETRY_SOON, "the SIM's memory is full"),
	ONE(212, ERR_RETRY_SOON, "an application on the SIM is busy"),
	ONE(213, ERR_SIM, "an application on the SIM failed"),
	SPAN(224, 255, ERR_RETRY_LATER, "refused without a reason"),
	ONE(300, ERR_RECOVER, "internal fault of the modem"),
	ONE(301, ERR_RETRY_SOON, "something else holds the modem's SMS service"),
	ONE(302, ERR_RETRY_SOON,
	    "the modem is not in a state to send (registered? fixed dialling?)"),
	ONE(303, ERR_MESSAGE, "the modem does not support this"),
	SPAN(304, 305, ERR_MESSAGE, "the modem calls the message malformed"),
	ONE(310, ERR_RECOVER, "no SIM"),
	ONE(311, ERR_SIM, "the SIM is locked: PIN"),
	ONE(312, ERR_SIM, "the modem is locked to another SIM"),
	ONE(313, ERR_RECOVER, "the SIM fails"),
	ONE(314, ERR_RETRY_SOON, "the SIM is still starting"),
	ONE(315, ERR_RECOVER, "a wrong SIM"),
	ONE(316, ERR_SIM, "the SIM is locked: PUK"),
	ONE(317, ERR_SIM, "the SIM is locked: PIN2"),
	ONE(318, ERR_SIM, "the SIM is locked: PUK2"),
	ONE(320, ERR_RECOVER, "fault of the modem's message memory"),
	ONE(321, ERR_IGNORE, "nothing at this place in memory"),
	ONE(322, ERR_RETRY_LATER, "the modem's message memory is full"),
	ONE(330, ERR_SIM, "no message centre number"),
	ONE(331, ERR_RETRY_LATER, "no signal"),
	ONE(332, ERR_AMBIGUOUS, "the network did not answer"),
	ONE(340, ERR_IGNORE, "no acknowledgement was expected"),
	ONE(350, ERR_AMBIGUOUS, "failed or timed out: LTE without a way for SMS?"),
	ONE(500, ERR_AMBIGUOUS, "unknown error: check credit, message centre and registration"),
};

static const struct range cms_quectel[] = {
	ONE(512, ERR_RETRY_SOON, "the SIM is not ready"),
	ONE(513, ERR_MESSAGE, "the message is too long"),
	ONE(514, ERR_MESSAGE, "a parameter is not valid"),
	ONE(515, ERR_RECOVER, "fault of the modem's storage"),
	ONE(517, ERR_RECOVER, "the modem is in a wrong service mode"),
	ONE(528, ERR_RETRY_SOON, "the modem is in a wrong more-messages state"),
	ONE(529, ERR_SIM, "sending SMS is not allowed"),
	ONE(530, ERR_RETRY_SOON, "packet service is suspended"),
	ONE(531, ERR_RETRY_LATER, "the modem's storage is full"),
};

static const struct range cms_simcom[] = {
	ONE(512, ERR_RECOVER, "aborted"),
	ONE(513, ERR_RECOVER, "the modem cannot store the message"),
	ONE(514, ERR_MESSAGE, "a status is not valid"),
	ONE(515, ERR_MESSAGE, "a wrong character in the number"),
	ONE(516, ERR_MESSAGE, "a wrong length"),
	ONE(517, ERR_MESSAGE, "a wrong character in the PDU"),
	ONE(519, ERR_MESSAGE, "a wrong length or character"),
	ONE(520, ERR_MESSAGE, "a wrong character in the text"),
	ONE(521, ERR_AMBIGUOUS, "a timer of the modem expired"),
	ONE(522, ERR_RETRY_SOON, "not allowed now"),
	ONE(532, ERR_RETRY_SOON, "the SIM is not ready"),
	ONE(535, ERR_RETRY_SOON, "packet service is busy"),
	ONE(538, ERR_MESSAGE, "a parameter is not valid"),
	SPAN(549, 554, ERR_MESSAGE, "the modem calls the PDU malformed"),
	ONE(615, ERR_RETRY_LATER, "fault in the network"),
	ONE(616, ERR_RETRY_LATER, "the network is down"),
	ONE(640, ERR_RETRY_SOON, "not allowed now"),
	SPAN(765, 766, ERR_MESSAGE, "the modem does not take this input"),
	SPAN(767, 769, ERR_RETRY_SOON, "the operation failed"),
	ONE(770, ERR_SIM, "the network rejects the SIM"),
	ONE(771, ERR_RETRY_SOON, "a call is being set up"),
	ONE(772, ERR_RECOVER, "the SIM is powered down"),
	ONE(773, ERR_SIM, "a file is missing on the SIM"),
};

static const struct range cms_wavecom[] = {
	ONE(512, ERR_RETRY_SOON, "no connection: a call came in, or the signal is weak"),
	ONE(513, ERR_AMBIGUOUS, "no acknowledgement from the network"),
	ONE(514, ERR_RETRY_LATER, "error or congestion in the network"),
	ONE(515, ERR_RETRY_SOON, "the modem is still starting"),
};

/* 27.007 9.2; 256-263 are Siemens', 515 and 772 are used by several makers. */
static const struct range cme_ranges[] = {
	ONE(0, ERR_AMBIGUOUS, "the modem failed without a reason"),
	ONE(1, ERR_RECOVER, "no connection to the radio"),
	ONE(2, ERR_RECOVER, "the link to the radio is reserved"),
	ONE(3, ERR_RETRY_SOON, "not allowed in the modem's present state"),
	ONE(4, ERR_MESSAGE, "the modem does not support this"),
	SPAN(5, 7, ERR_SIM, "the modem is locked to another SIM"),
	ONE(10, ERR_RECOVER, "no SIM"),
	ONE(11, ERR_SIM, "the SIM is locked: PIN"),
	ONE(12, ERR_SIM, "the SIM is locked: PUK"),
	ONE(13, ERR_RECOVER, "the SIM fails"),
	ONE(14, ERR_RETRY_SOON, "the SIM is still starting"),
	ONE(15, ERR_RECOVER, "a wrong SIM"),
	ONE(16, ERR_SIM, "a wrong PIN or password"),
	ONE(17, ERR_SIM, "the SIM is locked: PIN2"),
	ONE(18, ERR_SIM, "the SIM is locked: PUK2"),
	ONE(20, ERR_RETRY_LATER, "the modem's memory is full"),
	ONE(21, ERR_IGNORE, "nothing at this place in memory"),
	ONE(22, ERR_IGNORE, "not found"),
	ONE(23, ERR_RECOVER, "fault of the modem's memory"),
	SPAN(24, 27, ERR_MESSAGE, "a string is too long or has wrong characters"),
	ONE(30, ERR_RETRY_LATER, "no network"),
	ONE(31, ERR_RETRY_LATER, "the network did not answer"),
	ONE(32, ERR_RETRY_LATER, "the network allows emergency calls only"),
	SPAN(40, 48, ERR_SIM, "the modem is locked to a network or a provider"),
	ONE(50, ERR_MESSAGE, "the modem does not take these parameters"),
	ONE(51, ERR_MESSAGE, "the command is disabled"),
	ONE(52, ERR_RECOVER, "aborted"),
	ONE(54, ERR_SIM, "emergency calls only"),
	ONE(55, ERR_SIM, "restricted"),
	ONE(56, ERR_SIM, "only fixed dialling numbers are allowed"),
	ONE(57, ERR_RETRY_LATER, "temporarily out of service"),
	ONE(60, ERR_RECOVER, "system failure of the modem"),
	ONE(61, ERR_MESSAGE, "data is missing"),
	ONE(62, ERR_SIM, "barred"),
	ONE(100, ERR_AMBIGUOUS, "unknown error"),
	SPAN(102, 106, ERR_SIM, "the network does not accept this SIM or this modem"),
	SPAN(107, 108, ERR_SIM, "the network does not allow its services to this SIM"),
	SPAN(111, 114, ERR_SIM, "this network, area or roaming is not allowed to this SIM"),
	ONE(115, ERR_RETRY_LATER, "no suitable cells"),
	ONE(116, ERR_RETRY_LATER, "the switching centre cannot be reached"),
	ONE(117, ERR_RETRY_LATER, "fault in the network"),
	ONE(118, ERR_RETRY_LATER, "the network has no circuit-switched service"),
	ONE(122, ERR_RETRY_LATER, "the network is busy"),
	ONE(126, ERR_RETRY_LATER, "the network is busy"),
	ONE(132, ERR_SIM, "the service is not supported"),
	ONE(133, ERR_SIM, "the service is not in the tariff"),
	ONE(134, ERR_RETRY_LATER, "the service is out of order"),
	ONE(139, ERR_RETRY_LATER, "circuit-switched service is temporarily unavailable"),
	ONE(256, ERR_RETRY_SOON, "not allowed now"),
	ONE(257, ERR_SIM, "barred"),
	ONE(258, ERR_RETRY_SOON, "the modem is busy"),
	ONE(259, ERR_RECOVER, "aborted"),
	ONE(260, ERR_MESSAGE, "a wrong dial string"),
	ONE(261, ERR_RETRY_LATER, "the service was not executed"),
	ONE(262, ERR_SIM, "the SIM is blocked"),
	ONE(263, ERR_MESSAGE, "a wrong block"),
	ONE(515, ERR_RETRY_SOON, "the modem is still starting"),
	ONE(772, ERR_RECOVER, "the SIM is powered down"),
};

static const struct table cms = TABLE(cms_ranges), cme = TABLE(cme_ranges);

static const struct table cms_of_family[] = {
	[FAMILY_GENERIC] = { NULL, 0 },
	[FAMILY_QUECTEL_LTE] = TABLE(cms_quectel),
	[FAMILY_SIMCOM_2G] = TABLE(cms_simcom),
	[FAMILY_WAVECOM] = TABLE(cms_wavecom),
};

static const struct modem_error *find(const struct table *table, int code)
{
	for (size_t i = 0; i < table->n; i++)
		if (code >= table->ranges[i].first && code <= table->ranges[i].last)
			return &table->ranges[i].error;
	return NULL;
}

/* What an unlisted code is treated as; 24.011 says so for the first hundred. */
static int stand_in(int code)
{
	if (code >= 1 && code <= 127)
		return CMS_TEMPORARY;
	return code >= 128 && code <= 255 ? CMS_UNSPECIFIED : CMS_UNKNOWN;
}

const struct modem_error *modem_error_cms(enum modem_family family, int code)
{
	const struct modem_error *error = find(&cms_of_family[family], code);

	if (error == NULL)
		error = find(&cms, code);
	return error != NULL ? error : find(&cms, stand_in(code));
}

/* Makers agree on these, so far as is known. */
const struct modem_error *modem_error_cme(enum modem_family family, int code)
{
	const struct modem_error *error = find(&cme, code);

	(void)family;
	return error != NULL ? error : find(&cme, CME_UNKNOWN);
}

const char *modem_error_class_name(enum modem_error_class class)
{
	static const char *const names[] = {
		[ERR_RETRY_SOON] = "retry_soon", [ERR_RETRY_LATER] = "retry_later",
		[ERR_RECIPIENT] = "recipient",   [ERR_MESSAGE] = "message",
		[ERR_RECOVER] = "recover",       [ERR_SIM] = "sim",
		[ERR_AMBIGUOUS] = "ambiguous",   [ERR_ACCEPTED] = "accepted",
		[ERR_IGNORE] = "ignore",
	};

	return names[class];
}

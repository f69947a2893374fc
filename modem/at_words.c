/* at_words.c - a table of words. Makers vary them; what is not known here is an error all the same.
 */
#include "modem/at_words.h"

#include <string.h>
#include <strings.h>

#include "base/util.h"

struct row {
	int code;
	const char *words;
};

static const struct row cme[] = {
	{ 0, "phone failure" },
	{ 1, "no connection to phone" },
	{ 3, "operation not allowed" },
	{ 4, "operation not supported" },
	{ 5, "PH-SIM PIN required" },
	{ 6, "PH-FSIM PIN required" },
	{ 7, "PH-FSIM PUK required" },
	{ 10, "SIM not inserted" },
	{ 11, "SIM PIN required" },
	{ 12, "SIM PUK required" },
	{ 13, "SIM failure" },
	{ 14, "SIM busy" },
	{ 15, "SIM wrong" },
	{ 16, "incorrect password" },
	{ 17, "SIM PIN2 required" },
	{ 18, "SIM PUK2 required" },
	{ 20, "memory full" },
	{ 21, "invalid index" },
	{ 22, "not found" },
	{ 23, "memory failure" },
	{ 30, "no network service" },
	{ 31, "network timeout" },
	{ 32, "network not allowed - emergency calls only" },
	{ 40, "network personalization PIN required" },
	{ 41, "network personalization PUK required" },
	{ 100, "unknown" },
};

/* 24.011 annex E, 23.040 9.2.3.22, 27.005 3.2.5. */
static const struct row cms[] = {
	{ 1, "unassigned (unallocated) number" },
	{ 8, "operator determined barring" },
	{ 10, "call barred" },
	{ 17, "network failure" },
	{ 21, "short message transfer rejected" },
	{ 22, "memory capacity exceeded" },
	{ 27, "destination out of service" },
	{ 27, "destination out of order" },
	{ 28, "unidentified subscriber" },
	{ 29, "facility rejected" },
	{ 30, "unknown subscriber" },
	{ 38, "network out of order" },
	{ 41, "temporary failure" },
	{ 42, "congestion" },
	{ 47, "resources unavailable, unspecified" },
	{ 50, "requested facility not subscribed" },
	{ 69, "requested facility not implemented" },
	{ 81, "invalid short message transfer reference value" },
	{ 95, "invalid message, unspecified" },
	{ 96, "invalid mandatory information" },
	{ 97, "message type non-existent or not implemented" },
	{ 98, "message not compatible with short message protocol state" },
	{ 99, "information element non-existent or not implemented" },
	{ 111, "protocol error, unspecified" },
	{ 127, "interworking, unspecified" },
	{ 128, "telematic interworking not supported" },
	{ 129, "short message type 0 not supported" },
	{ 130, "cannot replace short message" },
	{ 143, "unspecified TP-PID error" },
	{ 144, "data coding scheme (alphabet) not supported" },
	{ 145, "message class not supported" },
	{ 159, "unspecified TP-DCS error" },
	{ 176, "TPDU not supported" },
	{ 192, "SC busy" },
	{ 193, "no SC subscription" },
	{ 194, "SC system failure" },
	{ 195, "invalid SME address" },
	{ 196, "destination SME barred" },
	{ 197, "SM rejected-duplicate SM" },
	{ 198, "TP-VPF not supported" },
	{ 199, "TP-VP not supported" },
	{ 208, "SIM SMS storage full" },
	{ 209, "no SMS storage capability in SIM" },
	{ 210, "error in MS" },
	{ 212, "SIM application toolkit busy" },
	{ 213, "SIM data download error" },
	{ 255, "unspecified error cause" },
	{ 300, "ME failure" },
	{ 301, "SMS service of ME reserved" },
	{ 302, "operation not allowed" },
	{ 303, "operation not supported" },
	{ 304, "invalid PDU mode parameter" },
	{ 305, "invalid text mode parameter" },
	{ 310, "SIM not inserted" },
	{ 311, "SIM PIN required" },
	{ 312, "PH-SIM PIN required" },
	{ 313, "SIM failure" },
	{ 314, "SIM busy" },
	{ 315, "SIM wrong" },
	{ 316, "SIM PUK required" },
	{ 317, "SIM PIN2 required" },
	{ 318, "SIM PUK2 required" },
	{ 320, "memory failure" },
	{ 321, "invalid memory index" },
	{ 322, "memory full" },
	{ 330, "SMSC address unknown" },
	{ 331, "no network service" },
	{ 332, "network timeout" },
	{ 340, "no +CNMA acknowledgement expected" },
	{ 500, "unknown error" },
};

/* The SIM has two names: (U)SIM in the later releases. */
static const char *old_name(const char *words)
{
	return strncasecmp(words, "(U)SIM", 6) == 0 ? words + 3 : words;
}

static int find(const struct row *rows, size_t n_rows, const char *words)
{
	size_t n;

	words = old_name(words + strspn(words, " "));
	n = strlen(words);
	while (n > 0 && words[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < n_rows; i++)
		if (strlen(rows[i].words) == n && strncasecmp(words, rows[i].words, n) == 0)
			return rows[i].code;
	return -1;
}

int at_words_cme(const char *words)
{
	return find(cme, ARRAY_LEN(cme), words);
}

int at_words_cms(const char *words)
{
	return find(cms, ARRAY_LEN(cms), words);
}

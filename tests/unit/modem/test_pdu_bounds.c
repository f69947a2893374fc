/* PDUs that are cut at every octet, changed, or made of nothing but chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "modem/pdu.h"

#define WHEN       "6211129103508A"
#define FROM_PLAIN "0C91947110325476"
#define FROM       FROM_PLAIN "0000"

/* A copy that ends where its allocation ends, for the address sanitizer. */
static int decode_copy(struct pdu_inbound *in, const char *hex, size_t n, int length)
{
	char *copy = malloc(n + 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, hex, n);
	copy[n] = '\0';
	err = pdu_decode(in, copy, length);
	free(copy);
	return err;
}

static const char *const whole[] = {
	"0004" FROM WHEN "1050797A5C06D53665D086F75E6F7C",
	"00040BD0C2B07B2DA30100006210203040502102C834",
	"0006250C91947110325476621112910350406211129103904046",
	"0044" FROM WHEN "0B0500032A0202E8E1341B",
	"07919471016704F944" FROM_PLAIN "0008" WHEN "0D060804234502020436D83DDE00",
	"0044" FROM WHEN "0F0B2401012501010003070201"
	"8401",
};

static void test_every_truncation(void **state)
{
	struct pdu_inbound in;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
		size_t n = strlen(whole[i]);
		int smsc = whole[i][1] - '0' + 1;

		assert_int_equal(decode_copy(&in, whole[i], n, (int)n / 2 - smsc), 0);
		for (size_t less = 0; less < n; less++) {
			if (decode_copy(&in, whole[i], less, -1) != -EBADMSG)
				fail_msg("%zu of %s is taken", less, whole[i]);
			assert_int_equal(decode_copy(&in, whole[i], less, (int)n / 2 - smsc),
					 -EBADMSG);
		}
	}
}

static void check_invariants(const struct pdu_inbound *in)
{
	const struct pdu_deliver *d = &in->deliver;
	size_t left;
	uint32_t c;

	if (in->kind == PDU_STATUS_REPORT)
		assert_true(strnlen(in->report.recipient, PDU_SENDER_SIZE) < PDU_SENDER_SIZE);
	if (in->kind != PDU_DELIVER)
		return;
	assert_true(strnlen(d->smsc, PDU_ADDRESS_SIZE) < PDU_ADDRESS_SIZE);
	assert_true(strnlen(d->sender, PDU_SENDER_SIZE) < PDU_SENDER_SIZE);
	left = strnlen(d->text, PDU_TEXT_SIZE);
	assert_true(left < PDU_TEXT_SIZE);
	assert_true(d->part >= 1 && d->part <= d->total && d->total <= 255);
	assert_true(d->message_class >= -1 && d->message_class <= 3);
	for (const char *text = d->text; left > 0;) {
		size_t n = gsm_utf8_next(text, left, &c);

		assert_true(n > 0);
		text += n;
		left -= n;
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

enum { RANDOM_ROUNDS = 100000 };

/* Random octets, and known PDUs with a few octets changed or cut. */
static void test_random(void **state)
{
	uint32_t seed = 2463534242;
	unsigned taken = 0;

	(void)state;
	for (int round = 0; round < RANDOM_ROUNDS; round++) {
		static const char digits[] = "0123456789ABCDEF";
		struct pdu_inbound in;
		char hex[400];
		size_t n;

		strcpy(hex, whole[next_random(&seed) % ARRAY_LEN(whole)]);
		n = strlen(hex);
		if (round % 4 == 0) {
			n = next_random(&seed) % (sizeof(hex) / 2) * 2;
			for (size_t i = 0; i < n; i++)
				hex[i] = digits[next_random(&seed) % 16];
		}
		for (unsigned i = next_random(&seed) % 6; i > 0 && n > 0; i--)
			hex[next_random(&seed) % n] = digits[next_random(&seed) % 16];
		if (round % 8 == 1)
			n = next_random(&seed) % (n + 1) & ~1u;
		if (decode_copy(&in, hex, n, -1) == 0) {
			check_invariants(&in);
			taken++;
		}
	}
	assert_true(taken > RANDOM_ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

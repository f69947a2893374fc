/* SMS-SUBMIT: known PDUs, every length through an independent decoder, validity periods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "modem/pdu.h"

#define HOUR (60 * 60000LL)
#define DAY  (24 * HOUR)

struct vector {
	const char *to, *text;
	enum gsm_encoding encoding;
	bool report;
	int64_t validity_ms;
	int class;
	unsigned length;
	const char *hex;
};

static const struct vector vectors[] = {
	{ "+46708251358", "hello", GSM_AUTO, false, 0, -1, 18,
	  "0001000B916407281553F8000005E8329BFD06" },
	{ "+491701234567", "é😀", GSM_UCS2, true, 24 * HOUR, -1, 20,
	  "0031000C919471103254760008A70600E9D83DDE00" },
	/* a short code is of unknown type; its odd digit is filled up */
	{ "900", "@", GSM_AUTO, false, 0, -1, 10, "000100038109F000000100" },
	{ "1", "", GSM_AUTO, false, 0, -1, 8, "0001000181F1000000" },
	/* 8 septets in 7 octets, 7 septets in 7 octets with a bit pad */
	{ "+491701234567", "12345678", GSM_AUTO, false, 0, -1, 20,
	  "0001000C9194711032547600000831D98C56B3DD70" },
	{ "+491701234567", "1234567", GSM_AUTO, false, 0, -1, 20,
	  "0001000C9194711032547600000731D98C56B3DD00" },
	{ "+491701234567", "€", GSM_AUTO, false, 0, -1, 15, "0001000C919471103254760000029B32" },
	/* message classes, 23.038 section 4 */
	{ "+491701234567", "a", GSM_AUTO, false, 0, 0, 14, "0001000C9194711032547600100161" },
	{ "+491701234567", "a", GSM_AUTO, false, 0, 2, 14, "0001000C9194711032547600120161" },
	{ "+491701234567", "a", GSM_UCS2, true, 0, 0, 15, "0021000C919471103254760018020061" },
	{ "+491701234567", "a", GSM_AUTO, false, 5 * 60000, -1, 15,
	  "0011000C919471103254760000000161" },
	/* 20 digits */
	{ "+12345678901234567890", "a", GSM_AUTO, false, 0, -1, 18,
	  "00010014912143658709214365870900000161" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct gsm_shape shape;
		struct pdu_submit submit = { .to = v->to,
					     .text = v->text,
					     .shape = &shape,
					     .report = v->report,
					     .validity_ms = v->validity_ms,
					     .message_class = v->class };
		char hex[PDU_HEX_SIZE];
		unsigned length = 0;

		assert_int_equal(gsm_shape(&shape, v->text, v->encoding, false), 0);
		assert_int_equal(pdu_encode_submit(&submit, hex, &length), 0);
		if (strcmp(hex, v->hex) != 0 || length != v->length)
			fail_msg("case %zu: %u %s, not %s", i, length, hex, v->hex);
	}
}

/* Part 2 of 2, "tail": the header's fill bit stands before the text. */
static void test_part_vector(void **state)
{
	static const struct gsm_shape shape = { .encoding = GSM_GSM7,
						.units = 8,
						.n_parts = 2,
						.parts = { { 0, 4, 4 }, { 4, 4, 4 } } };
	struct pdu_submit submit = { .to = "+491701234567",
				     .text = "headtail",
				     .shape = &shape,
				     .part = 1,
				     .reference = 0x2a,
				     .report = true,
				     .validity_ms = DAY,
				     .message_class = -1 };
	char hex[PDU_HEX_SIZE];
	unsigned length;

	(void)state;
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), 0);
	assert_int_equal(length, 24);
	assert_string_equal(hex, "0071000C919471103254760000A70B0500032A0202E8E1341B");
	submit.wide_reference = true;
	submit.reference = 0x12345;
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), 0);
	assert_string_equal(hex, "0071000C919471103254760000A70C0608042345"
				 "0202F4709A0D");
}

static void test_refused(void **state)
{
	static const char *const numbers[] = {
		"",
		"+",
		"++1",
		"+123456789012345678901",
		"123456789012345678901",
		"12a",
		"1 2",
		"+49-170",
		"*100#",
		"1+",
		"\xd9\xa1",
	};
	struct gsm_shape shape, huge = { .encoding = GSM_GSM7, .n_parts = 1 };
	struct pdu_submit submit = { .text = "a", .shape = &shape, .message_class = -1 };
	char hex[PDU_HEX_SIZE], text[200];
	unsigned length;

	(void)state;
	assert_int_equal(gsm_shape(&shape, "a", GSM_AUTO, false), 0);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		submit.to = numbers[i];
		assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EINVAL);
	}
	submit.to = "+1";
	submit.part = 1;
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EINVAL);
	/* a shape that does not fit its text */
	memset(text, 'a', sizeof(text));
	submit.part = 0;
	submit.text = text;
	submit.shape = &huge;
	huge.parts[0].bytes = 161;
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EMSGSIZE);
	huge.encoding = GSM_UCS2;
	huge.parts[0].bytes = 71;
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EMSGSIZE);
	text[0] = '\xff';
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EINVAL);
	huge.encoding = GSM_GSM7;
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EINVAL);
	text[0] = '`';
	assert_int_equal(pdu_encode_submit(&submit, hex, &length), -EINVAL);
}

/* What 23.040 9.2.3.12.1 says a value means. */
static int64_t meaning(unsigned v)
{
	if (v <= 143)
		return (v + 1) * 5 * 60000LL;
	if (v <= 167)
		return 12 * HOUR + (v - 143) * 30 * 60000LL;
	if (v <= 196)
		return (v - 166) * DAY;
	return (v - 192) * 7 * DAY;
}

static void test_validity_edges(void **state)
{
	(void)state;
	for (unsigned v = 0; v <= 255; v++) {
		assert_int_equal(pdu_validity(meaning(v)), v);
		assert_int_equal(pdu_validity(meaning(v) + 1), v < 255 ? v + 1 : 255);
		assert_int_equal(pdu_validity(meaning(v) - 1), v);
	}
	assert_int_equal(pdu_validity(1), 0);
	assert_int_equal(pdu_validity(0), 0);
	assert_int_equal(pdu_validity(-5), 0);
	assert_int_equal(pdu_validity(INT64_MAX), 255);
	assert_int_equal(pdu_validity(DAY), 167);
	assert_int_equal(pdu_validity(7 * DAY), 173);
	assert_int_equal(pdu_validity(10 * 60000), 1);
}

/* An independent decoder of what we send: bits as a string, alphabet as the table is printed. */
static const char *const alphabet[128] = {
	"@", "£", "$",  "¥", "è", "é", "ù", "ì", "ò", "Ç", "\n", "Ø",  "ø", "\r", "Å", "å",
	"Δ", "_", "Φ",  "Γ", "Λ", "Ω", "Π", "Ψ", "Σ", "Θ", "Ξ",  NULL, "Æ", "æ",  "ß", "É",
	" ", "!", "\"", "#", "¤", "%", "&", "'", "(", ")", "*",  "+",  ",", "-",  ".", "/",
	"0", "1", "2",  "3", "4", "5", "6", "7", "8", "9", ":",  ";",  "<", "=",  ">", "?",
	"¡", "A", "B",  "C", "D", "E", "F", "G", "H", "I", "J",  "K",  "L", "M",  "N", "O",
	"P", "Q", "R",  "S", "T", "U", "V", "W", "X", "Y", "Z",  "Ä",  "Ö", "Ñ",  "Ü", "§",
	"¿", "a", "b",  "c", "d", "e", "f", "g", "h", "i", "j",  "k",  "l", "m",  "n", "o",
	"p", "q", "r",  "s", "t", "u", "v", "w", "x", "y", "z",  "ä",  "ö", "ñ",  "ü", "à",
};

static const char *extended(unsigned code)
{
	static const char *const signs[128] = {
		[0x0a] = "\f", [0x14] = "^", [0x28] = "{", [0x29] = "}", [0x2f] = "\\",
		[0x3c] = "[",  [0x3d] = "~", [0x3e] = "]", [0x40] = "|", [0x65] = "€",
	};

	return signs[code];
}

struct seen {
	unsigned octets[200], n;
	unsigned length; /* TP-UDL */
	unsigned at;     /* of the user data */
	unsigned header; /* octets */
	unsigned dcs;
};

static void read_submit(struct seen *seen, const char *hex, unsigned length)
{
	unsigned at = 1, digits;

	seen->n = (unsigned)strlen(hex) / 2;
	assert_int_equal(strlen(hex) % 2, 0);
	assert_int_equal(length, seen->n - 1);
	for (unsigned i = 0; i < seen->n; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2X", &seen->octets[i]), 1);
	assert_int_equal(seen->octets[0], 0);
	assert_int_equal(seen->octets[1] & 0x9f, 0x11); /* SUBMIT, relative validity */
	at += 2;
	digits = seen->octets[at];
	at += 2 + (digits + 1) / 2;
	assert_int_equal(seen->octets[at++], 0);
	seen->dcs = seen->octets[at++];
	at++; /* validity */
	seen->length = seen->octets[at++];
	seen->at = at;
	seen->header = (seen->octets[1] & 0x40) != 0 ? seen->octets[at] + 1 : 0;
}

static unsigned bits_at(const struct seen *seen, unsigned bit, unsigned n)
{
	unsigned value = 0;

	for (unsigned i = 0; i < n; i++, bit++)
		value |= (seen->octets[seen->at + bit / 8] >> bit % 8 & 1) << i;
	return value;
}

static void read_septets(const struct seen *seen, char *out)
{
	unsigned skip = (seen->header * 8 + 6) / 7;

	assert_true(seen->length <= 160);
	assert_int_equal(seen->n - seen->at, (seen->length * 7 + 7) / 8);
	assert_int_equal(bits_at(seen, seen->header * 8, skip * 7 - seen->header * 8), 0);
	for (unsigned i = skip; i < seen->length; i++) {
		unsigned code = bits_at(seen, i * 7, 7);
		const char *sign = alphabet[code];

		if (code == 0x1b) {
			assert_true(++i < seen->length); /* a pair is never torn */
			sign = extended(bits_at(seen, i * 7, 7));
		}
		assert_non_null(sign);
		out += sprintf(out, "%s", sign);
	}
	*out = '\0';
}

static void read_units(const struct seen *seen, char *out)
{
	assert_true(seen->length <= 140);
	assert_int_equal(seen->n - seen->at, seen->length);
	assert_int_equal((seen->length - seen->header) % 2, 0);
	for (unsigned i = seen->at + seen->header; i < seen->n; i += 2) {
		unsigned c = seen->octets[i] << 8 | seen->octets[i + 1];

		if (c >= 0xd800 && c < 0xdc00) {
			i += 2;
			assert_true(i < seen->n);
			c = 0x10000 + (c - 0xd800) * 0x400 +
			    (seen->octets[i] << 8 | seen->octets[i + 1]) - 0xdc00;
			out += sprintf(out, "%c%c%c%c", 0xf0 | c >> 18, 0x80 | (c >> 12 & 63),
				       0x80 | (c >> 6 & 63), 0x80 | (c & 63));
		} else if (c >= 0x800) {
			out += sprintf(out, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 63),
				       0x80 | (c & 63));
		} else if (c >= 0x80) {
			out += sprintf(out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 63));
		} else {
			*out++ = (char)c;
		}
	}
	*out = '\0';
}

static void check_header(const struct seen *seen, const struct pdu_submit *submit)
{
	unsigned expected[7] = { 5, 0, 3, submit->reference & 0xff }, n = 4;

	if (submit->shape->n_parts == 1) {
		assert_int_equal(seen->header, 0);
		return;
	}
	if (submit->wide_reference) {
		n = 5;
		memcpy(expected,
		       (const unsigned[]){ 6, 8, 4, submit->reference >> 8 & 0xff,
					   submit->reference & 0xff },
		       5 * sizeof(unsigned));
	}
	expected[n++] = submit->shape->n_parts;
	expected[n++] = submit->part + 1;
	assert_int_equal(seen->header, n);
	assert_memory_equal(&seen->octets[seen->at], expected, n * sizeof(unsigned));
}

/* Our SUBMIT's user data as a DELIVER, through our own decoder. */
static void check_delivered(const struct seen *seen, const struct pdu_submit *submit,
			    const char *text)
{
	char hex[400];
	int n = sprintf(hex, "00%02X0281F100%02X00000000000000%02X", seen->header ? 0x44 : 0x04,
			seen->dcs, seen->length);
	struct pdu_inbound in;

	for (unsigned i = seen->at; i < seen->n; i++)
		n += sprintf(hex + n, "%02X", seen->octets[i]);
	assert_int_equal(pdu_decode(&in, hex, n / 2 - 1), 0);
	assert_int_equal(in.kind, PDU_DELIVER);
	assert_string_equal(in.deliver.text, text);
	assert_int_equal(in.deliver.total, submit->shape->n_parts);
	assert_int_equal(in.deliver.part, submit->part + 1);
	if (submit->shape->n_parts > 1)
		assert_int_equal(in.deliver.reference,
				 submit->reference & (submit->wide_reference ? 0xffff : 0xff));
}

static void round_trip(const char *text, const struct gsm_shape *shape, bool wide)
{
	static char back[16384];
	char *end = back;
	struct pdu_submit submit = { .to = "+84912345678",
				     .text = text,
				     .shape = shape,
				     .reference = 0xabcd,
				     .wide_reference = wide,
				     .validity_ms = HOUR,
				     .message_class = -1 };

	for (submit.part = 0; submit.part < shape->n_parts; submit.part++) {
		char hex[PDU_HEX_SIZE];
		struct seen seen;
		unsigned length;

		assert_int_equal(pdu_encode_submit(&submit, hex, &length), 0);
		read_submit(&seen, hex, length);
		check_header(&seen, &submit);
		assert_int_equal(seen.dcs, shape->encoding == GSM_UCS2 ? 8 : 0);
		(shape->encoding == GSM_UCS2 ? read_units : read_septets)(&seen, end);
		check_delivered(&seen, &submit, end);
		end += strlen(end);
	}
	assert_string_equal(back, text);
}

/* Septets or units of each sign, so that the test knows by itself how many parts there must be. */
struct sign {
	const char *text;
	unsigned units;
};

static const struct sign gsm7_signs[] = {
	{ "a", 1 }, { "€", 2 }, { "@", 1 }, { "à", 1 }, { "Δ", 1 }, { "[", 2 }, { "\n", 1 },
	{ "^", 2 }, { "Z", 1 }, { "7", 1 }, { "¿", 1 }, { "|", 2 }, { " ", 1 },
};
static const struct sign ucs2_signs[] = {
	{ "ж", 1 }, { "a", 1 }, { "😀", 2 }, { "ệ", 1 }, { "€", 1 }, { "𝄞", 2 }, { "Я", 1 },
};
static const struct sign plain_gsm7[] = { { "x", 1 } }, plain_ucs2[] = { { "ы", 1 } };

/* Parts needed when a sign that does not fit opens the next one. */
static unsigned parts_needed(const struct sign *signs, size_t n_signs, unsigned n, unsigned single,
			     unsigned each)
{
	unsigned parts = 1, used = 0, total = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned units = signs[i % n_signs].units;

		total += units;
		if (used + units > each) {
			parts++;
			used = 0;
		}
		used += units;
	}
	return total <= single ? 1 : parts;
}

enum { LENGTH_MAX = 1600 };

static void every_length(const struct sign *signs, size_t n_signs, enum gsm_encoding encoding,
			 bool wide)
{
	static char text[LENGTH_MAX * 4 + 1];
	bool ucs2 = encoding == GSM_UCS2;
	char *end = text;

	for (unsigned n = 1; n <= LENGTH_MAX; n++) {
		unsigned parts = parts_needed(signs, n_signs, n, ucs2 ? 70 : 160,
					      (ucs2 ? 67u : 153u) - wide);
		struct gsm_shape shape;
		int err;

		end = stpcpy(end, signs[(n - 1) % n_signs].text);
		err = gsm_shape(&shape, text, encoding, wide);
		if (err != (parts > GSM_PARTS_MAX ? -EMSGSIZE : 0))
			fail_msg("%u signs, %u parts: %d", n, parts, err);
		if (err < 0)
			continue;
		assert_int_equal(shape.n_parts, parts);
		round_trip(text, &shape, wide);
	}
}

static void test_every_length(void **state)
{
	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		every_length(plain_gsm7, 1, GSM_GSM7, wide);
		every_length(plain_ucs2, 1, GSM_UCS2, wide);
		every_length(gsm7_signs, ARRAY_LEN(gsm7_signs), GSM_GSM7, wide);
		every_length(ucs2_signs, ARRAY_LEN(ucs2_signs), GSM_UCS2, wide);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),      cmocka_unit_test(test_part_vector),
		cmocka_unit_test(test_refused),      cmocka_unit_test(test_validity_edges),
		cmocka_unit_test(test_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* fuzz_pdu.c - libFuzzer target for what modems and clients can send: PDUs and texts.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -I. -D_GNU_SOURCE tests/fuzz/fuzz_pdu.c \
 *         modem/pdu_*.c modem/national.c base/gsm_text.c -o build/fuzz_pdu
 *
 * The same bytes are a PDU as hex, the octets of a PDU, and a text; what is taken must hold what
 * the headers promise. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm_text.h"
#include "modem/pdu.h"

enum { INPUT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
	if (!promise)
		abort();
}

static void require_utf8(const char *text, size_t size)
{
	size_t left = strnlen(text, size);
	uint32_t c;

	require(left < size);
	while (left > 0) {
		size_t n = gsm_utf8_next(text, left, &c);

		require(n > 0);
		text += n;
		left -= n;
	}
}

static void decode(const char *hex)
{
	struct pdu_inbound in;

	if (pdu_decode(&in, hex, -1) != 0)
		return;
	if (in.kind == PDU_STATUS_REPORT) {
		require_utf8(in.report.recipient, sizeof(in.report.recipient));
		require(pdu_status_text(in.report.status) != NULL);
	} else if (in.kind == PDU_DELIVER) {
		require_utf8(in.deliver.smsc, sizeof(in.deliver.smsc));
		require_utf8(in.deliver.sender, sizeof(in.deliver.sender));
		require_utf8(in.deliver.text, sizeof(in.deliver.text));
		require(in.deliver.part >= 1 && in.deliver.part <= in.deliver.total);
	}
}

static void decode_octets(const uint8_t *data, size_t size)
{
	static const char digits[] = "0123456789ABCDEF";
	char *hex = malloc(2 * size + 1);

	require(hex != NULL);
	for (size_t i = 0; i < size; i++) {
		hex[2 * i] = digits[data[i] >> 4];
		hex[2 * i + 1] = digits[data[i] & 0xf];
	}
	hex[2 * size] = '\0';
	decode(hex);
	free(hex);
}

/* Every shape covers its text and can be sent. */
static void send_text(const char *text, enum gsm_encoding encoding, bool wide)
{
	struct gsm_shape shape;
	struct pdu_submit submit = { .to = "+79120000067",
				     .text = text,
				     .shape = &shape,
				     .wide_reference = wide,
				     .validity_ms = 60000,
				     .message_class = -1 };
	char hex[PDU_HEX_SIZE];
	size_t at = 0;
	unsigned length;

	if (gsm_shape(&shape, text, encoding, wide) != 0)
		return;
	require(shape.n_parts >= 1 && shape.n_parts <= GSM_PARTS_MAX);
	for (submit.part = 0; submit.part < shape.n_parts; submit.part++) {
		require(shape.parts[submit.part].at == at);
		at += shape.parts[submit.part].bytes;
		require(pdu_encode_submit(&submit, hex, &length) == 0);
		require(strlen(hex) == 2 + 2 * (size_t)length);
	}
	require(at == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size > INPUT_MAX)
		return 0;
	text = malloc(size + 1);
	require(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	decode(text);
	decode_octets(data, size);
	for (int wide = 0; wide < 2; wide++) {
		send_text(text, GSM_AUTO, wide);
		send_text(text, GSM_GSM7, wide);
		send_text(text, GSM_UCS2, wide);
	}
	free(text);
	return 0;
}

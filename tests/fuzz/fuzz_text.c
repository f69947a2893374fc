/* fuzz_text.c - a text becomes parts and PDUs; read again as deliveries they are the same text.
 *
 * The first byte chooses encoding and reference. Transliteration, cleaning and the preview get
 * the same bytes: what they give is UTF-8 and stays as it is when it is given again. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/pdu.h"
#include "service/texts.h"

enum { DATE_HEX = 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool promise)
{
	if (!promise)
		abort();
}

static unsigned octet(const char *hex)
{
	unsigned value = 0;

	require(sscanf(hex, "%2x", &value) == 1);
	return value;
}

/* What the network makes of it: SMS-SUBMIT (23.040 9.2.2.2) to SMS-DELIVER (9.2.2.1). */
static void deliver(const char *submit, char hex[static PDU_HEX_SIZE + DATE_HEX])
{
	bool headed = (octet(submit + 2) & 0x40) != 0, valid = (octet(submit + 2) & 0x18) != 0;
	size_t address = 4 + ((octet(submit + 6) + 1) & ~1U);
	const char *pid = submit + 6 + address;

	require(octet(submit) == 0);
	snprintf(hex, PDU_HEX_SIZE + DATE_HEX, "00%s%.*s%.4s%s%s", headed ? "44" : "04",
		 (int)address, submit + 6, pid, "42101021436500", pid + (valid ? 6 : 4));
}

static void round_trip(const char *text, enum gsm_encoding encoding, bool wide)
{
	struct gsm_shape shape;
	struct pdu_submit submit = { .to = "+79120000067",
				     .text = text,
				     .shape = &shape,
				     .reference = 7,
				     .wide_reference = wide,
				     .validity_ms = 60000,
				     .message_class = -1 };
	char hex[PDU_HEX_SIZE], back[PDU_HEX_SIZE + DATE_HEX];
	struct pdu_inbound in;
	size_t at = 0;
	unsigned length;

	if (gsm_shape(&shape, text, encoding, wide) != 0)
		return;
	for (submit.part = 0; submit.part < shape.n_parts; submit.part++) {
		const struct gsm_part *part = &shape.parts[submit.part];

		require(pdu_encode_submit(&submit, hex, &length) == 0);
		deliver(hex, back);
		require(pdu_decode(&in, back, -1) == 0 && in.kind == PDU_DELIVER);
		require(in.deliver.total == shape.n_parts && in.deliver.part == submit.part + 1);
		require(strcmp(in.deliver.sender, submit.to) == 0);
		require(part->at == at && strlen(in.deliver.text) == part->bytes);
		require(memcmp(in.deliver.text, text + at, part->bytes) == 0);
		at += part->bytes;
	}
	require(text[at] == '\0');
}

static void words(const char *text)
{
	static struct text_preview preview;
	char latin[TEXT_SIZE], twice[TEXT_SIZE], name[128], again[128], order[32];
	struct refusal why;

	if (text_transliterate(text, latin) == 0) {
		require(!gsm_utf8_valid(text) || gsm_utf8_valid(latin));
		if (text_transliterate(latin, twice) == 0)
			require(!gsm_utf8_valid(text) || strcmp(latin, twice) == 0);
	}
	if (text_clean_name(text, "name", name, &why) == 0) {
		require(gsm_utf8_valid(name) && *name != '\0');
		require(text_clean_name(name, "name", again, &why) == 0);
		require(strcmp(name, again) == 0);
	}
	if (text_clean_order(text, "order", order, &why) == 0)
		require(gsm_utf8_valid(order) && *order != '\0');
	for (int encoding = GSM_AUTO; encoding <= GSM_UCS2; encoding++)
		if (text_preview(&preview, text, TRANSLIT_SAVE_PARTS, (enum gsm_encoding)encoding,
				 &why) == 0)
			require(gsm_utf8_valid(preview.text) && preview.n_offending <= 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_SIZE];

	if (size == 0 || size > sizeof(text))
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	round_trip(text, (enum gsm_encoding)(data[0] % 3), (data[0] & 4) != 0);
	words(text);
	return 0;
}

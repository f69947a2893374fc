/* text_preview.c - what a text will cost, and which characters make it dear. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "service/texts_private.h"

void text_find_offenders(struct text_preview *preview)
{
	const char *text = preview->text;
	size_t left = strlen(text), used;
	uint8_t septets[2];
	uint32_t c;

	for (size_t at = 0; left > 0; at++, text += used, left -= used) {
		struct text_offender *offender = &preview->offending[preview->n_offending];

		used = gsm_utf8_next(text, left, &c);
		if (used == 0)
			return;
		if (gsm_septets(c, septets) > 0)
			continue;
		if (preview->n_offending == ARRAY_LEN(preview->offending))
			return;
		memcpy(offender->character, text, used);
		offender->character[used] = '\0';
		offender->at = at;
		preview->n_offending++;
	}
}

/* The text as it will go out: plain, or in Latin letters where the policy wants it. */
static int apply(struct text_preview *preview, const char *text, enum config_translit policy,
		 enum gsm_encoding encoding)
{
	struct gsm_shape plain;
	int err = gsm_shape(&plain, text, encoding == GSM_GSM7 ? GSM_AUTO : encoding, false);

	strcpy(preview->text, text);
	preview->shape = plain;
	if (policy == TRANSLIT_NEVER || (err < 0 && err != -EMSGSIZE))
		return err;
	if (text_transliterate(text, preview->text) < 0 ||
	    gsm_shape(&preview->shape, preview->text, encoding == GSM_GSM7 ? GSM_AUTO : encoding,
		      false) < 0 ||
	    (policy == TRANSLIT_SAVE_PARTS && err == 0 &&
	     preview->shape.n_parts >= plain.n_parts)) {
		strcpy(preview->text, text);
		preview->shape = plain;
		return err;
	}
	return 0;
}

int text_preview(struct text_preview *preview, const char *text, enum config_translit transliterate,
		 enum gsm_encoding encoding, struct refusal *why)
{
	int err;

	memset(preview, 0, sizeof(*preview));
	if (text_check(text, "text", why) != 0)
		return RULE_REFUSED;
	err = apply(preview, text, transliterate, encoding);
	if (err == -EMSGSIZE)
		return rule_refuse_field(why, "text", "too_long",
					 "It needs more than %d parts. Shorten it.", GSM_PARTS_MAX);
	if (err < 0)
		return rule_refuse_field(why, "text", "bad_utf8", "It is not valid UTF-8.");
	if (encoding != GSM_UCS2)
		text_find_offenders(preview);
	return 0;
}

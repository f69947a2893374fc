/* api_preview.c - what a text or a template of the site becomes. Needs no store: texts and
 * configuration are only looked at. */
#include <stdlib.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/secret.h"
#include "base/util.h"

enum { NAME_MAX_BYTES = 256, ORDER_MAX_BYTES = 64, APP_HASH_LENGTH = 11, UNSET = -1 };

struct preview_input {
	const char *text;
	int transliterate, encoding;
	struct template_request template;
};

/* clang-format off */
static const struct json_member preview_members[] = {
	{ .name = "text", .kind = JSON_IN_TEXT, .min = 1, .max = TEXT_SIZE - 1,
	  .offset = offsetof(struct preview_input, text) },
	{ .name = "encoding", .kind = JSON_IN_WORD, .words = encoding_words,
	  .offset = offsetof(struct preview_input, encoding) },
	{ .name = "transliterate", .kind = JSON_IN_WORD_OR_FLAG, .words = translit_words,
	  .offset = offsetof(struct preview_input, transliterate) },
	{ .name = "template", .kind = JSON_IN_TEXT, .min = 1, .max = 64,
	  .offset = offsetof(struct preview_input, template.name) },
	{ .name = "locale", .kind = JSON_IN_TEXT, .min = 2, .max = LOCALE_SIZE - 1,
	  .offset = offsetof(struct preview_input, template.locale) },
	{ .name = "from_name", .kind = JSON_IN_TEXT, .min = 1, .max = NAME_MAX_BYTES,
	  .offset = offsetof(struct preview_input, template.from_name) },
	{ .name = "to_name", .kind = JSON_IN_TEXT, .min = 1, .max = NAME_MAX_BYTES,
	  .offset = offsetof(struct preview_input, template.to_name) },
	{ .name = "order", .kind = JSON_IN_TEXT, .min = 1, .max = ORDER_MAX_BYTES,
	  .offset = offsetof(struct preview_input, template.order) },
	{ .name = "app_hash", .kind = JSON_IN_TEXT, .min = APP_HASH_LENGTH, .max = APP_HASH_LENGTH,
	  .offset = offsetof(struct preview_input, template.app_hash) },
};
/* clang-format on */

static void preview_text(struct request *request, const struct preview_input *in)
{
	struct text_preview preview = { .n_offending = 0 };
	struct refusal why = { .reason = REASON_NONE };
	struct json_text out = { 0 };
	int transliterate = in->transliterate;

	if (transliterate == UNSET)
		transliterate = request->site != NULL ? (int)request->site->transliterate
						      : (int)TRANSLIT_NEVER;
	if (text_preview(&preview, in->text, (enum config_translit)transliterate,
			 (enum gsm_encoding)(in->encoding == UNSET ? (int)GSM_AUTO : in->encoding),
			 &why) == 0) {
		json_out_preview(&out, &preview);
		reply_json(request, MHD_HTTP_OK, &out);
	} else {
		reply_refusal(request, &why);
	}
	secret_wipe(&preview, sizeof(preview));
}

static void preview_template(struct request *request, const struct preview_input *in)
{
	struct text_template template;
	struct refusal why = { .reason = REASON_NONE };
	struct json_text out = { 0 };

	if (request->site == NULL) {
		reply_problem(request, PROBLEM_SITE_REQUIRED,
			      "A template is a site's: name one by the header Simgate-Site or "
			      "?site=.");
		return;
	}
	if (text_template_preview(request->site, &in->template, &template, &why) != 0) {
		reply_refusal(request, &why);
		return;
	}
	json_out_template(&out, &template);
	reply_json(request, MHD_HTTP_OK, &out);
}

/* A text or a template, and nothing that belongs to the other. */
static bool is_one(struct request *request, const struct preview_input *in)
{
	const struct template_request *t = &in->template;
	bool of_template =
		t->locale != NULL || t->from_name != NULL || t->to_name != NULL || t->order != NULL;
	bool of_text = in->encoding != UNSET || in->transliterate != UNSET;
	struct field_errors errors = { .n = 0 };

	if (in->text == NULL && t->name == NULL)
		problem_add_field(&errors, "text", "missing", "A text or a template is needed.");
	else if (in->text != NULL && (t->name != NULL || of_template))
		problem_add_field(&errors, "template", "not_with_text",
				  "A text is shown as it is: leave template, locale, names and "
				  "order out.");
	else if (t->name != NULL && of_text)
		problem_add_field(&errors, "encoding", "not_with_template",
				  "A template is sent as its site says: leave encoding and "
				  "transliterate out.");
	if (errors.n > 0)
		reply_fields(request, &errors);
	return errors.n == 0;
}

void handle_preview(struct request *request)
{
	struct preview_input in = { .encoding = UNSET, .transliterate = UNSET };

	if (!request_read(request, preview_members, ARRAY_LEN(preview_members), &in) ||
	    !is_one(request, &in))
		return;
	if (in.text != NULL)
		preview_text(request, &in);
	else
		preview_template(request, &in);
}

void handle_templates(struct request *request)
{
	struct text_template template;
	struct json_text out = { 0 };

	json_out_list_open(&out);
	for (size_t i = 0; text_template_at(request->site, i, &template); i++)
		json_out_template(&out, &template);
	json_out_list_close(&out, NULL);
	reply_json(request, MHD_HTTP_OK, &out);
}

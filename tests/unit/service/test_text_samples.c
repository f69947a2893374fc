/* test_text_samples.c - templates as an operator looks at them: filled with samples, counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "service/texts.h"

#define AUTOFILL "\n@example.com #123456"

static struct config_site example(const struct config_template *templates, size_t n)
{
	return (struct config_site){
		.name = "one",
		.title = "Example",
		.origin = "example.com",
		.locale = "ru",
		.autofill = true,
		.verification = { .code_length = 6, .sms_ttl_ms = 300000 },
		.templates = templates,
		.n_templates = n,
		.transliterate = TRANSLIT_NEVER,
	};
}

static const struct config_template shown[] = {
	{ KIND_VERIFICATION, "ru", "Код {code} для {title}. Действует {minutes} минут. Никому.", 1,
	  "" },
	{ KIND_VERIFICATION, "ru", "Код {code}.", 2, "" },
	{ KIND_VERIFICATION, "ru", "Код для входа: {code}.", 3, "login" },
	{ KIND_CONTACT_REQUEST, "ru", "{to_name}, {from_name} о заказе {order}", 4, "" },
};

static void a_template_is_shown_with_samples(void **state)
{
	static const struct {
		struct template_request request;
		const char *text; /* NULL: refused */
		const char *purpose;
		bool built_in;
		unsigned parts;
	} cases[] = {
		{ { .name = "verification" }, "Код 123456." AUTOFILL, "", false, 1 },
		{ { .name = "verification.register" }, "Код 123456." AUTOFILL, "", false, 1 },
		{ { .name = "verification.login" },
		  "Код для входа: 123456." AUTOFILL,
		  "login",
		  false,
		  1 },
		{ { .name = "verification.login", .locale = "en" },
		  "Your Example code is 123456. It expires in 5 minutes. Do not share it." AUTOFILL,
		  "",
		  true,
		  1 },
		{ { .name = "verification", .app_hash = "FA+9qCX9VSu" },
		  "Код 123456.\nFA+9qCX9VSu" AUTOFILL,
		  "",
		  false,
		  1 },
		{ { .name = "contact_request" }, "Иван, Пётр о заказе 12345", "", false, 1 },
		{ { .name = "contact_request", .from_name = "Bob\n", .order = "A-1" },
		  "Иван, Bob о заказе A-1",
		  "",
		  false,
		  1 },
		{ { .name = "contact_request", .to_name = "@" }, NULL, "", false, 0 },
		{ { .name = "contact_request", .order = "#" }, NULL, "", false, 0 },
		{ { .name = "contact_request.login" }, NULL, "", false, 0 },
		{ { .name = "verification.sale" }, NULL, "", false, 0 },
		{ { .name = "verification." }, NULL, "", false, 0 },
		{ { .name = "text" }, NULL, "", false, 0 },
		{ { .name = "" }, NULL, "", false, 0 },
	};
	struct config_site site = example(shown, ARRAY_LEN(shown));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static struct text_template template;
		struct refusal why = { 0 };
		int err = text_template_preview(&site, &cases[i].request, &template, &why);

		assert_int_equal(err, cases[i].text != NULL ? 0 : RULE_REFUSED);
		if (err != 0)
			continue;
		assert_string_equal(template.preview.text, cases[i].text);
		assert_string_equal(template.purpose, cases[i].purpose);
		assert_int_equal(template.built_in, cases[i].built_in);
		assert_int_equal(template.preview.shape.n_parts, cases[i].parts);
		assert_true(template.chosen);
	}
}

static void every_form_is_shown_once(void **state)
{
	struct config_site site = example(shown, ARRAY_LEN(shown));
	static struct text_template template;
	size_t n = 0, chosen = 0, ours = 0;

	(void)state;
	for (; text_template_at(&site, n, &template); n++) {
		assert_true(template.preview.shape.n_parts > 0);
		chosen += template.chosen && !template.built_in;
		ours += template.built_in;
		/* the site's own Russian texts hide ours */
		if (template.built_in && strcmp(template.locale, "ru") == 0)
			assert_false(template.chosen);
		if (n == 0) /* long and short: the short one saves a part */
			assert_int_equal(template.preview.shape.n_parts, 2);
		if (n == 2)
			assert_string_equal(template.purpose, "login");
	}
	assert_int_equal(chosen, 3);
	assert_int_equal(n - ours, ARRAY_LEN(shown));
	assert_true(ours >= 10);
}

static void a_template_that_never_fits_is_told(void **state)
{
	static char form[TEXT_SIZE];
	const struct config_template own = { KIND_CONTACT_REQUEST, "ru", form, 1, "" };
	struct config_site site = example(&own, 1);

	(void)state;
	for (int i = 0; i < 671; i++)
		strcat(form, "д");
	assert_non_null(text_template_length_problem(&site, &own));
	form[2 * 670] = '\0';
	assert_null(text_template_length_problem(&site, &own));
}

static void samples_suit_the_site(void **state)
{
	const struct config_template own = { KIND_VERIFICATION, "vi", "Mã {code}, {minutes} phút",
					     1, "" };
	struct config_site site = example(&own, 1);
	static struct text_template template;

	(void)state;
	site.autofill = false;
	site.verification.code_length = 8;
	site.verification.sms_ttl_ms = 119000;
	assert_true(text_template_at(&site, 0, &template));
	assert_string_equal(template.preview.text, "Mã 12345678, 2 phút");
	site.transliterate = TRANSLIT_ALWAYS;
	assert_true(text_template_at(&site, 0, &template));
	assert_string_equal(template.preview.text, "Ma 12345678, 2 phut");
	assert_int_equal(template.preview.n_offending, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_is_shown_with_samples),
		cmocka_unit_test(every_form_is_shown_once),
		cmocka_unit_test(a_template_that_never_fits_is_told),
		cmocka_unit_test(samples_suit_the_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

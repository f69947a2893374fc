/* test_texts.c - the words of an SMS, byte by byte and part by part. */
#include <errno.h>
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

static const struct text_values code_values = { .code = "123456", .minutes = "5" };
static const struct text_values contact_values = { .from_name = "Пётр",
						   .to_name = "Иван",
						   .order = "12345" };

/* The table of wordings of the facts: alphabet, length, parts without and with auto-fill. */
static const struct {
	const char *form, *text;
	enum gsm_encoding encoding;
	unsigned units, parts, units_filled, parts_filled;
} wordings[] = {
	{ "Your {title} code is {code}. It expires in {minutes} minutes. Do not share it.",
	  "Your Example code is 123456. It expires in 5 minutes. Do not share it.", GSM_GSM7, 70, 1,
	  91, 1 },
	{ "Ma xac thuc {title} cua ban la {code}. Het han sau {minutes} phut. Khong chia se ma.",
	  "Ma xac thuc Example cua ban la 123456. Het han sau 5 phut. Khong chia se ma.", GSM_GSM7,
	  76, 1, 97, 1 },
	{ "Mã: {code}. Không chia sẻ mã này.", "Mã: 123456. Không chia sẻ mã này.", GSM_UCS2, 33, 1,
	  54, 1 },
	{ "Mã xác thực {title}: {code}. Hết hạn sau {minutes} phút. Không chia sẻ mã.",
	  "Mã xác thực Example: 123456. Hết hạn sau 5 phút. Không chia sẻ mã.", GSM_UCS2, 66, 1, 87,
	  2 },
	{ "Код {code}. Никому его не сообщайте.", "Код 123456. Никому его не сообщайте.", GSM_UCS2,
	  36, 1, 57, 1 },
	{ "Код {code} для {title}. Действует {minutes} минут. Никому не сообщайте.",
	  "Код 123456 для Example. Действует 5 минут. Никому не сообщайте.", GSM_UCS2, 63, 1, 84,
	  2 },
	{ "Kod {code} dlya {title}. Deystvuet {minutes} minut. Nikomu ne soobschayte.",
	  "Kod 123456 dlya Example. Deystvuet 5 minut. Nikomu ne soobschayte.", GSM_GSM7, 66, 1, 87,
	  1 },
	{ "Код {code}. Нікому не кажіть.", "Код 123456. Нікому не кажіть.", GSM_UCS2, 29, 1, 50,
	  1 },
	{ "Код: {code}. Ешкімге айтпаңыз.", "Код: 123456. Ешкімге айтпаңыз.", GSM_UCS2, 30, 1, 51,
	  1 },
	{ "Ihr {title}-Code: {code}. {minutes} Minuten gültig. Nicht weitergeben.",
	  "Ihr Example-Code: 123456. 5 Minuten gültig. Nicht weitergeben.", GSM_GSM7, 62, 1, 83,
	  1 },
};

static struct config_site example(const struct config_template *templates, size_t n)
{
	return (struct config_site){
		.name = "example",
		.title = "Example",
		.origin = "example.com",
		.locale = "ru",
		.autofill = true,
		.templates = templates,
		.n_templates = n,
		.transliterate = TRANSLIT_NEVER,
	};
}

static void wordings_cost_what_the_facts_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wordings); i++) {
		struct config_template own = { KIND_VERIFICATION, "ru", wordings[i].form, 0, "" };
		struct config_site site = example(&own, 1);
		char text[TEXT_SIZE], filled[TEXT_SIZE];
		struct gsm_shape shape;

		snprintf(filled, sizeof(filled), "%s" AUTOFILL, wordings[i].text);
		assert_int_equal(
			text_render(&site, KIND_VERIFICATION, "ru", &code_values, text, &shape), 0);
		assert_string_equal(text, filled);
		assert_int_equal(shape.encoding, wordings[i].encoding);
		assert_int_equal(shape.units, wordings[i].units_filled);
		assert_int_equal(shape.n_parts, wordings[i].parts_filled);
		site.autofill = false;
		text_render(&site, KIND_VERIFICATION, "ru", &code_values, text, &shape);
		assert_string_equal(text, wordings[i].text);
		assert_int_equal(shape.units, wordings[i].units);
		assert_int_equal(shape.n_parts, wordings[i].parts);
	}
}

static const struct {
	enum config_kind kind;
	const char *locale;
	bool autofill;
	enum config_translit translit;
	const char *text;
	unsigned parts;
} built_in[] = {
	{ KIND_VERIFICATION, "ru", true, TRANSLIT_NEVER,
	  "Код 123456. Никому его не сообщайте." AUTOFILL, 1 },
	{ KIND_VERIFICATION, "ru", false, TRANSLIT_NEVER,
	  "Код 123456 для Example. Действует 5 минут. Никому не сообщайте.", 1 },
	{ KIND_VERIFICATION, "ru-RU", true, TRANSLIT_SAVE_PARTS,
	  "Код 123456. Никому его не сообщайте." AUTOFILL, 1 },
	{ KIND_VERIFICATION, NULL, true, TRANSLIT_ALWAYS,
	  "Kod 123456 dlya Example. Deystvuet 5 minut. Nikomu ne soobschayte." AUTOFILL, 1 },
	{ KIND_VERIFICATION, "vi", true, TRANSLIT_NEVER,
	  "Mã: 123456. Không chia sẻ mã này." AUTOFILL, 1 },
	{ KIND_VERIFICATION, "vi_VN", false, TRANSLIT_NEVER,
	  "Mã xác thực Example: 123456. Hết hạn sau 5 phút. Không chia sẻ mã.", 1 },
	{ KIND_VERIFICATION, "vi", true, TRANSLIT_ALWAYS,
	  "Ma xac thuc Example: 123456. Het han sau 5 phut. Khong chia se ma." AUTOFILL, 1 },
	{ KIND_VERIFICATION, "en-GB", true, TRANSLIT_NEVER,
	  "Your Example code is 123456. It expires in 5 minutes. Do not share it." AUTOFILL, 1 },
	{ KIND_VERIFICATION, "fr", true, TRANSLIT_NEVER,
	  "Код 123456. Никому его не сообщайте." AUTOFILL, 1 },
	{ KIND_CONTACT_REQUEST, "ru", true, TRANSLIT_NEVER,
	  "Уважаемый Иван, пользователь Пётр просит связаться с ним по заказу 12345. "
	  "Администрация Example.",
	  2 },
	{ KIND_CONTACT_REQUEST, "ru", true, TRANSLIT_SAVE_PARTS,
	  "Uvazhaemyy Ivan, polzovatel Pyotr prosit svyazatsya s nim po zakazu 12345. "
	  "Administratsiya Example.",
	  1 },
	{ KIND_CONTACT_REQUEST, "vi", true, TRANSLIT_NEVER,
	  "Kính gửi Иван, người dùng Пётр đề nghị bạn liên hệ về đơn hàng 12345. "
	  "Ban quản trị Example.",
	  2 },
};

static void built_in_forms_are_chosen_by_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(built_in); i++) {
		struct config_site site = example(NULL, 0);
		char text[TEXT_SIZE];
		struct gsm_shape shape;

		site.autofill = built_in[i].autofill;
		site.transliterate = built_in[i].translit;
		assert_int_equal(text_render(&site, built_in[i].kind, built_in[i].locale,
					     built_in[i].kind == KIND_VERIFICATION
						     ? &code_values
						     : &contact_values,
					     text, &shape),
				 0);
		assert_string_equal(text, built_in[i].text);
		assert_int_equal(shape.n_parts, built_in[i].parts);
	}
}

static void latin_names_make_the_vietnamese_request_one_part(void **state)
{
	const struct text_values values = { .from_name = "Binh", .to_name = "An", .order = "7" };
	struct config_site site = example(NULL, 0);
	char text[TEXT_SIZE];
	struct gsm_shape shape;

	(void)state;
	assert_int_equal(text_render(&site, KIND_CONTACT_REQUEST, "vi", &values, text, &shape), 0);
	assert_string_equal(text, "Kinh gui An, nguoi dung Binh de nghi ban lien he ve don hang 7. "
				  "Ban quan tri Example.");
	assert_int_equal(shape.n_parts, 1);
	text_render(&site, KIND_CONTACT_REQUEST, "en", &values, text, &shape);
	assert_string_equal(text, "Dear An, user Binh asks you to get in touch about order 7. "
				  "The administration of Example.");
}

static void templates_match_by_locale(void **state)
{
	static const struct config_template own[] = {
		{ KIND_CONTACT_REQUEST, "en", "no", 0, "" },
		{ KIND_VERIFICATION, "en", "en {code}", 0, "" },
		{ KIND_VERIFICATION, "en-GB", "gb {code}", 0, "" },
		{ KIND_VERIFICATION, "uk", "uk {code}", 0, "" },
	};
	static const struct {
		const char *locale, *home, *begins;
	} cases[] = {
		{ "en", "uk", "en 1" },    { "en-GB", "uk", "gb 1" }, { "EN-gb", "uk", "gb 1" },
		{ "en-US", "uk", "en 1" }, { "uk_UA", "en", "uk 1" }, { "fr", "uk", "uk 1" },
		{ "vi", "uk", "Mã: 1" },   { NULL, "uk", "uk 1" },    { "", "en", "en 1" },
		{ "fr", "fr", "en 1" },    { "e", "uk", "uk 1" },     { "-", "uk", "uk 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config_site site = example(own, ARRAY_LEN(own));
		char text[TEXT_SIZE];
		struct gsm_shape shape;

		site.locale = cases[i].home;
		assert_int_equal(text_render(&site, KIND_VERIFICATION, cases[i].locale,
					     &code_values, text, &shape),
				 0);
		if (strncmp(text, cases[i].begins, strlen(cases[i].begins)) != 0)
			fail_msg("%s at home in %s: %s",
				 cases[i].locale != NULL ? cases[i].locale : "none", cases[i].home,
				 text);
	}
}

static void a_purpose_has_words_of_its_own(void **state)
{
	static const struct config_template own[] = {
		{ KIND_VERIFICATION, "ru", "ru login {code}", 0, "login" },
		{ KIND_VERIFICATION, "ru", "ru {code}", 0, "" },
		{ KIND_VERIFICATION, "uk", "uk {code}", 0, "" },
		{ KIND_VERIFICATION, "ru", "ru change {code} for {title}", 0, "change" },
		{ KIND_VERIFICATION, "ru", "ru change {code}", 0, "change" },
	};
	static const struct {
		const char *purpose, *locale, *begins;
	} cases[] = {
		{ "login", "ru", "ru login 1" },
		{ "login", "ru-RU", "ru login 1" },
		{ "register", "ru", "ru 1" },
		{ NULL, "ru", "ru 1" },
		{ "login", "uk", "uk 1" },       /* a language that is read comes first */
		{ "login", "vi", "Mã: 1" },      /* of ours, too */
		{ "login", "fr", "ru login 1" }, /* then the site's own */
		{ "change", "ru", "ru change 123456 for" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config_site site = example(own, ARRAY_LEN(own));
		struct text_values values = code_values;
		char text[TEXT_SIZE];
		struct gsm_shape shape;

		values.purpose = cases[i].purpose;
		assert_int_equal(text_render(&site, KIND_VERIFICATION, cases[i].locale, &values,
					     text, &shape),
				 0);
		if (strncmp(text, cases[i].begins, strlen(cases[i].begins)) != 0)
			fail_msg("%zu: %s", i, text);
	}
}

/* A site without a title is called by its host, and one without both by nothing where that can be.
 */
static void a_site_is_called_somehow(void **state)
{
	struct config_site site = example(NULL, 0);
	struct text_values values = code_values;
	char text[TEXT_SIZE];
	struct gsm_shape shape;

	(void)state;
	site.name = "shop";
	site.title = "";
	site.locale = "en";
	values.title = NULL;
	text_render(&site, KIND_VERIFICATION, "en", &values, text, &shape);
	assert_string_equal(text, "Your example.com code is 123456. It expires in 5 minutes. "
				  "Do not share it." AUTOFILL);
	site.origin = "";
	text_render(&site, KIND_VERIFICATION, "en", &values, text, &shape);
	assert_string_equal(text, "Your code is 123456. Do not share it.");
	text_render(&site, KIND_CONTACT_REQUEST, "en", &contact_values, text, &shape);
	assert_non_null(strstr(text, "The administration of shop."));
}

static void the_android_hash_stands_before_the_origin(void **state)
{
	struct text_values values = code_values;
	struct config_template own = { KIND_VERIFICATION, "en", "{code} {x} { {title}{code}", 0,
				       "" };
	struct config_site site = example(&own, 1);
	char text[TEXT_SIZE];
	struct gsm_shape shape;

	(void)state;
	values.app_hash = "FA+9qCX9VSu";
	values.title = "{code}"; /* a value is never looked at again */
	text_render(&site, KIND_VERIFICATION, "en", &values, text, &shape);
	assert_string_equal(text, "123456 {x} { {code}123456\nFA+9qCX9VSu" AUTOFILL);
	site.origin = "";
	text_render(&site, KIND_VERIFICATION, "en", &values, text, &shape);
	assert_string_equal(text, "123456 {x} { {code}123456\nFA+9qCX9VSu");
}

static void too_long_is_told(void **state)
{
	static char form[TEXT_SIZE];
	struct config_template own = { KIND_VERIFICATION, "en", form, 0, "" };
	struct config_site site = example(&own, 1);
	char text[TEXT_SIZE];
	struct gsm_shape shape;

	(void)state;
	memset(form, 'a', 1600);
	assert_int_equal(text_render(&site, KIND_VERIFICATION, "en", &code_values, text, &shape),
			 -90 /* EMSGSIZE */);
	memset(form, 'a', sizeof(form) - 1);
	assert_int_equal(text_render(&site, KIND_VERIFICATION, "en", &code_values, text, &shape),
			 -90);
}

/* Letters that become several, more of them than there is room for. */
static void transliteration_has_its_room(void **state)
{
	static const struct {
		const char *unit, *tail;
		size_t n;
		int err;
	} cases[] = {
		{ "щ", "", 100, 0 },          { "щ", "", 2000, -EMSGSIZE },  { "щ", "a", 1023, 0 },
		{ "a", "щ", 4090, 0 },        { "a", "щ", 4093, -EMSGSIZE }, { "a", "", 4095, 0 },
		{ "a", "", 4096, -EMSGSIZE },
	};
	static char text[3 * TEXT_SIZE], out[TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int err;

		text[0] = '\0';
		for (size_t k = 0; k < cases[i].n; k++)
			strcat(text, cases[i].unit);
		strcat(text, cases[i].tail);
		err = text_transliterate(text, out);
		if (err != cases[i].err)
			fail_msg("row %zu: %d", i, err);
		if (err == 0)
			assert_true(strlen(out) < TEXT_SIZE);
	}
}

static void templates_are_checked(void **state)
{
	(void)state;
	assert_null(text_template_problem(KIND_VERIFICATION, "{code} {title} {minutes}"));
	assert_non_null(text_template_problem(KIND_VERIFICATION, "no code"));
	assert_non_null(text_template_problem(KIND_VERIFICATION, "{code} {order}"));
	assert_non_null(text_template_problem(KIND_VERIFICATION, "{code} {"));
	assert_null(text_template_problem(KIND_CONTACT_REQUEST, "{to_name} {order} {title}"));
	assert_non_null(text_template_problem(KIND_CONTACT_REQUEST, "{code}"));
}

static void letters_become_latin(void **state)
{
	static const struct {
		const char *text, *latin;
	} cases[] = {
		{ "Hello {}[]€", "Hello {}[]€" },
		{ "Größe à la carte", "Größe à la carte" },
		{ "Никому не сообщайте.", "Nikomu ne soobschayte." },
		{ "Щука, ёж, ЩУКА, Юля, ЮЛЯ, объём", "Schuka, yozh, SCHUKA, Yulya, YULYA, obyom" },
		{ "Хлеб и цена — «Жук» №5…", "Khleb i tsena - \"Zhuk\" N5..." },
		{ "Привіт, Їжак, Європа", "Privit, Yizhak, Yevropa" },
		{ "Қазақстан", "Kazakstan" },
		{ "Größe: да", "Größe: da" },
		{ "Hà Nội, Đà Nẵng, đường", "Ha Noi, Da Nang, duong" },
		{ "Không chia sẻ mã này.", "Khong chia se ma nay." },
		{ "Người dùng: ưỡn, Ưu", "Nguoi dung: uon, Uu" },
		{ "Čapek, Łódź", "Capek, Lodz" },
		{ "да 😀", "da 😀" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[TEXT_SIZE];

		assert_int_equal(text_transliterate(cases[i].text, out), 0);
		assert_string_equal(out, cases[i].latin);
	}
}

static void a_preview_names_what_is_dear(void **state)
{
	static struct text_preview preview;
	struct refusal why = { 0 };

	(void)state;
	assert_int_equal(text_preview(&preview, "price ₽ and Ж", TRANSLIT_NEVER, GSM_AUTO, &why),
			 0);
	assert_int_equal(preview.shape.encoding, GSM_UCS2);
	assert_int_equal(preview.n_offending, 2);
	assert_string_equal(preview.offending[0].character, "₽");
	assert_int_equal(preview.offending[0].at, 6);
	assert_string_equal(preview.offending[1].character, "Ж");
	assert_int_equal(preview.offending[1].at, 12);

	assert_int_equal(text_preview(&preview, "Жук", TRANSLIT_ALWAYS, GSM_AUTO, &why), 0);
	assert_string_equal(preview.text, "Zhuk");
	assert_int_equal(preview.shape.encoding, GSM_GSM7);
	assert_int_equal(preview.shape.units_left, 156);
	assert_int_equal(preview.n_offending, 0);

	/* one part either way: nothing is saved */
	assert_int_equal(text_preview(&preview, "Жук", TRANSLIT_SAVE_PARTS, GSM_AUTO, &why), 0);
	assert_string_equal(preview.text, "Жук");
	assert_int_equal(text_preview(&preview, "x", TRANSLIT_NEVER, GSM_UCS2, &why), 0);
	assert_int_equal(preview.shape.encoding, GSM_UCS2);
	assert_int_equal(preview.n_offending, 0);
}

static void a_preview_refuses_what_cannot_go(void **state)
{
	static struct text_preview preview;
	static char text[TEXT_SIZE + 10];
	struct refusal why = { 0 };

	(void)state;
	assert_int_equal(text_preview(&preview, "", TRANSLIT_NEVER, GSM_AUTO, &why), RULE_REFUSED);
	assert_string_equal(why.field_reason, "required");
	assert_int_equal(text_preview(&preview, "\xed\xa0\x80", TRANSLIT_NEVER, GSM_AUTO, &why),
			 RULE_REFUSED);
	assert_string_equal(why.field_reason, "bad_utf8");
	memset(text, 'a', 1531);
	assert_int_equal(text_preview(&preview, text, TRANSLIT_NEVER, GSM_AUTO, &why),
			 RULE_REFUSED);
	assert_string_equal(why.field_reason, "too_long");
	text[1530] = '\0';
	assert_int_equal(text_preview(&preview, text, TRANSLIT_NEVER, GSM_AUTO, &why), 0);
	assert_int_equal(preview.shape.n_parts, 10);
	memset(text, 'a', sizeof(text) - 1);
	assert_int_equal(text_preview(&preview, text, TRANSLIT_NEVER, GSM_AUTO, &why),
			 RULE_REFUSED);
	/* eleven parts in Cyrillic, ten at most in Latin letters */
	text[0] = '\0';
	for (int i = 0; i < 700; i++)
		strcat(text, "д");
	assert_int_equal(text_preview(&preview, text, TRANSLIT_NEVER, GSM_AUTO, &why),
			 RULE_REFUSED);
	assert_int_equal(text_preview(&preview, text, TRANSLIT_SAVE_PARTS, GSM_AUTO, &why), 0);
	assert_int_equal(preview.shape.n_parts, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wordings_cost_what_the_facts_say),
		cmocka_unit_test(built_in_forms_are_chosen_by_parts),
		cmocka_unit_test(latin_names_make_the_vietnamese_request_one_part),
		cmocka_unit_test(templates_match_by_locale),
		cmocka_unit_test(a_purpose_has_words_of_its_own),
		cmocka_unit_test(a_site_is_called_somehow),
		cmocka_unit_test(the_android_hash_stands_before_the_origin),
		cmocka_unit_test(too_long_is_told),
		cmocka_unit_test(transliteration_has_its_room),
		cmocka_unit_test(templates_are_checked),
		cmocka_unit_test(letters_become_latin),
		cmocka_unit_test(a_preview_names_what_is_dear),
		cmocka_unit_test(a_preview_refuses_what_cannot_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

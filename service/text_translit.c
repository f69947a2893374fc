/* text_translit.c - Latin letters for others, by ICU.
 *
 * Russian is written as people read it in SMS (rules below: ICU's own are for librarians), the rest
 * of Cyrillic, Greek and marks by ICU. Only runs of characters that GSM7 lacks are touched, so that
 * a German umlaut stays; in Vietnamese, where some marked vowels are in GSM7 and most are not, all
 * marks go. A character that nothing maps stays as it is. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#include "base/secret.h"
#include "base/util.h"
#include "service/texts.h"

/* [:Lu:] after or before an upper-case pair: the whole word is in capitals. */
static const char rules[] =
	"$up = [:Lu:];"
	"а>a; б>b; в>v; г>g; д>d; е>e; ё>yo; ж>zh; з>z; и>i; й>y; к>k; л>l; м>m; н>n; о>o; п>p;"
	"р>r; с>s; т>t; у>u; ф>f; х>kh; ц>ts; ч>ch; ш>sh; щ>sch; ъ>; ы>y; ь>; э>e; ю>yu; я>ya;"
	"А>A; Б>B; В>V; Г>G; Д>D; Е>E; З>Z; И>I; Й>Y; К>K; Л>L; М>M; Н>N; О>O; П>P; Р>R; С>S;"
	"Т>T; У>U; Ф>F; Ъ>; Ы>Y; Ь>; Э>E;"
	"Ё}$up>YO; Ж}$up>ZH; Х}$up>KH; Ц}$up>TS; Ч}$up>CH; Ш}$up>SH; Щ}$up>SCH; Ю}$up>YU;"
	"Я}$up>YA;"
	"$up{Ё>YO; $up{Ж>ZH; $up{Х>KH; $up{Ц>TS; $up{Ч>CH; $up{Ш>SH; $up{Щ>SCH; $up{Ю>YU;"
	"$up{Я>YA;"
	"Ё>Yo; Ж>Zh; Х>Kh; Ц>Ts; Ч>Ch; Ш>Sh; Щ>Sch; Ю>Yu; Я>Ya;"
	"і>i; ї>yi; є>ye; ґ>g; ў>u; І>I; Ї>Yi; Є>Ye; Ґ>G; Ў>U;"
	"ә>a; ғ>g; қ>k; ң>n; ө>o; ұ>u; ү>u; һ>h; Ә>A; Ғ>G; Қ>K; Ң>N; Ө>O; Ұ>U; Ү>U; Һ>H;"
	"№>N; «>\\\"; »>\\\"; “>\\\"; ”>\\\"; „>\\\"; ’>\\'; ‘>\\'; –>\\-; —>\\-; …>'...';"
	"đ>d; Đ>D;";

enum { STEPS = 4, RUN_MAX = TEXT_SIZE };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* preview runs on the loop's thread */
static UTransliterator *steps[STEPS];

static UTransliterator *open_step(const char *id, const char *text)
{
	UChar wide_id[64], wide[2048];
	UErrorCode error = U_ZERO_ERROR;
	UParseError where;
	int32_t n = 0;

	u_uastrcpy(wide_id, id);
	if (text != NULL)
		u_strFromUTF8(wide, ARRAY_LEN(wide), &n, text, -1, &error);
	return utrans_openU(wide_id, -1, UTRANS_FORWARD, text != NULL ? wide : NULL, n, &where,
			    &error);
}

static void open_steps(void)
{
	steps[0] = open_step("simgate-read", rules);
	steps[1] = open_step("Cyrillic-Latin", NULL);
	steps[2] = open_step("Greek-Latin", NULL);
	steps[3] = open_step("Latin-ASCII", NULL);
}

/* One run through every step. Bytes written, or -EMSGSIZE. */
static int latin_run(const char *run, size_t n, char *out, size_t size)
{
	UChar wide[RUN_MAX];
	UErrorCode error = U_ZERO_ERROR;
	int32_t length = 0, limit, used = 0;

	u_strFromUTF8(wide, RUN_MAX, &length, run, (int32_t)n, &error);
	for (int i = 0; i < STEPS && U_SUCCESS(error); i++) {
		limit = length;
		if (steps[i] != NULL)
			utrans_transUChars(steps[i], wide, &length, RUN_MAX, 0, &limit, &error);
	}
	u_strToUTF8(out, (int32_t)size, &used, wide, length, &error);
	secret_wipe(wide, sizeof(wide));
	return U_SUCCESS(error) ? (int)used : -EMSGSIZE;
}

static bool is_vietnamese_letter(uint32_t c)
{
	return (c >= 0x1ea0 && c <= 0x1ef9) || c == 0x0111 || c == 0x0110 || c == 0x01a1 ||
	       c == 0x01a0 || c == 0x01b0 || c == 0x01af;
}

static bool has_vietnamese(const char *text)
{
	size_t left = strlen(text), used;
	uint32_t c;

	for (; left > 0; text += used, left -= used) {
		used = gsm_utf8_next(text, left, &c);
		if (used == 0)
			return false;
		if (is_vietnamese_letter(c))
			return true;
	}
	return false;
}

/* Bytes of the leading characters that are to be touched (or, with wanted false, are not). */
static size_t run_length(const char *text, size_t left, bool wanted, bool all_marked)
{
	size_t n = 0, used;
	uint8_t septets[2];
	uint32_t c;

	for (; n < left; n += used) {
		bool touch;

		used = gsm_utf8_next(text + n, left - n, &c);
		if (used == 0)
			return left;
		touch = gsm_septets(c, septets) == 0 ||
			(all_marked && c >= 0x80 && u_isalpha((UChar32)c));
		if (touch != wanted)
			break;
	}
	return n;
}

static int latin(const char *text, char *out)
{
	size_t left = strlen(text), used = 0, n;
	bool all_marked = has_vietnamese(text);

	while (left > 0) {
		n = run_length(text, left, false, all_marked);
		if (used + n >= TEXT_SIZE)
			return -EMSGSIZE;
		memcpy(out + used, text, n);
		used += n;
		text += n;
		left -= n;
		n = run_length(text, left, true, all_marked);
		if (n > 0) {
			int put = latin_run(text, n, out + used, TEXT_SIZE - 1 - used);

			if (put < 0)
				return put;
			used += (size_t)put;
		}
		text += n;
		left -= n;
	}
	out[used] = '\0';
	return 0;
}

int text_transliterate(const char *text, char out[static TEXT_SIZE])
{
	struct gsm_shape shape;
	char result[TEXT_SIZE];
	int err;

	if (strlen(text) >= TEXT_SIZE)
		return -EMSGSIZE;
	if (gsm_shape(&shape, text, GSM_GSM7, false) == 0) {
		memmove(out, text, strlen(text) + 1);
		return 0;
	}
	pthread_once(&once, open_steps);
	pthread_mutex_lock(&lock);
	err = latin(text, result);
	pthread_mutex_unlock(&lock);
	if (err == 0)
		strcpy(out, result);
	secret_wipe(result, sizeof(result));
	return err;
}

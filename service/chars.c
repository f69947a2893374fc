/* chars.c - character classes by ICU, with the exceptions that people meet. */
#include "service/chars.h"

#include <string.h>
#include <unicode/uchar.h>

#include "base/gsm_text.h"

bool char_is_invisible(uint32_t character)
{
	UChar32 c = (UChar32)character;

	if (char_is_space(character))
		return false;
	return u_charType(c) == U_FORMAT_CHAR || u_charType(c) == U_CONTROL_CHAR ||
	       u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

bool char_is_space(uint32_t character)
{
	return u_isUWhiteSpace((UChar32)character);
}

bool char_is_dash(uint32_t character)
{
	return u_hasBinaryProperty((UChar32)character, UCHAR_DASH) || character == 0x2011;
}

bool char_is_plus(uint32_t character)
{
	return character == '+' || character == 0xff0b || character == 0xfe62;
}

bool char_is_letter(uint32_t character)
{
	UChar32 c = (UChar32)character;

	return u_isUAlphabetic(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

int char_digit(uint32_t character)
{
	return u_charDigitValue((UChar32)character);
}

int code_normalise(const char *text, unsigned length, char *code)
{
	size_t left = strlen(text), used;
	unsigned n = 0;
	uint32_t c;

	for (; left > 0; text += used, left -= used) {
		int digit;

		used = gsm_utf8_next(text, left, &c);
		if (used == 0)
			return -1;
		if (char_is_space(c) || char_is_dash(c) || char_is_invisible(c))
			continue;
		digit = char_digit(c);
		if (digit < 0 || n == length)
			return -1;
		code[n++] = (char)('0' + digit);
	}
	code[n] = '\0';
	return n == length ? 0 : -1;
}

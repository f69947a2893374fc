/* mask.c - hides phone numbers and PDUs. */
#include "base/mask.h"

#include <ctype.h>
#include <stdatomic.h>
#include <string.h>

#define DOT "•"

enum { LONG_RUN = 7, PDU_RUN = 24, TAIL = 2, MIN_HIDDEN = 5 };

static atomic_int masking_off;

void mask_disable(int disabled)
{
	atomic_store(&masking_off, disabled);
}

static size_t append(char *out, size_t size, size_t used, const char *text, size_t n)
{
	if (used + n + 1 > size)
		return used;
	memcpy(out + used, text, n);
	out[used + n] = '\0';
	return used + n;
}

/* Writes shown leading characters, dots, and the last two. */
static size_t append_masked(char *out, size_t size, size_t used, const char *run, size_t n)
{
	size_t tail = n > TAIL ? TAIL : 0;
	size_t head = n > MIN_HIDDEN + tail ? n - MIN_HIDDEN - tail : 0;

	if (head > 5)
		head = 5;
	used = append(out, size, used, run, head);
	for (size_t i = head; i < n - tail; i++)
		used = append(out, size, used, DOT, strlen(DOT));
	return append(out, size, used, run + n - tail, tail);
}

static size_t digit_run(const char *s)
{
	size_t n = *s == '+' ? 1 : 0;

	while (isdigit((unsigned char)s[n]))
		n++;
	return n;
}

static size_t hex_run(const char *s)
{
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]))
		n++;
	return n;
}

void mask_number(char out[static MASK_SIZE], const char *e164)
{
	size_t n = strlen(e164);

	out[0] = '\0';
	if (atomic_load(&masking_off)) {
		append(out, MASK_SIZE, 0, e164, n < MASK_SIZE ? n : MASK_SIZE - 1);
		return;
	}
	if (n == 0 || n > 17 || digit_run(e164) != n) {
		append(out, MASK_SIZE, 0, DOT DOT DOT DOT DOT, 5 * strlen(DOT));
		return;
	}
	append_masked(out, MASK_SIZE, 0, e164, n);
}

void mask_line(char *out, size_t size, const char *line)
{
	size_t used = 0;

	if (size == 0)
		return;
	out[0] = '\0';
	while (*line != '\0') {
		size_t hex = hex_run(line), digits = digit_run(line);

		if (hex >= PDU_RUN) {
			used = append(out, size, used, "<pdu>", 5);
			line += hex;
		} else if (digits >= LONG_RUN && !atomic_load(&masking_off)) {
			used = append_masked(out, size, used, line, digits);
			line += digits;
		} else {
			/* not the whole hex run: a number may stand inside it */
			size_t n = digits > 0 ? digits : 1;

			used = append(out, size, used, line, n);
			line += n;
		}
	}
}

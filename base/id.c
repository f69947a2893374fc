/* id.c - ULIDs in Crockford's base 32. */
#include "base/id.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

enum { ULID_CHARS = 26, ULID_BYTES = 16, TIME_BYTES = 6 };

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char last[ULID_BYTES];

static void next_ulid(unsigned char out[ULID_BYTES], int64_t now_ms)
{
	unsigned char time_bytes[TIME_BYTES];

	for (int i = 0; i < TIME_BYTES; i++)
		time_bytes[i] = (unsigned char)(now_ms >> (8 * (TIME_BYTES - 1 - i)));
	pthread_mutex_lock(&lock);
	if (memcmp(time_bytes, last, TIME_BYTES) > 0) {
		memcpy(last, time_bytes, TIME_BYTES);
		randombytes_buf(last + TIME_BYTES, ULID_BYTES - TIME_BYTES);
		last[TIME_BYTES] &= 0x7f; /* room to count upwards within the millisecond */
	} else {
		for (int i = ULID_BYTES - 1; i >= 0 && ++last[i] == 0; i--)
			;
	}
	memcpy(out, last, ULID_BYTES);
	pthread_mutex_unlock(&lock);
}

void id_make(char out[static ID_SIZE], const char *prefix, int64_t now_ms)
{
	unsigned char ulid[ULID_BYTES];
	size_t n = strlen(prefix);

	next_ulid(ulid, now_ms);
	memcpy(out, prefix, n);
	for (int i = 0; i < ULID_CHARS; i++) {
		int value = 0;

		/* 26 characters hold 130 bits: two zero bits lead. */
		for (int bit = i * 5 - 2; bit < i * 5 + 3; bit++)
			value = value << 1 | (bit < 0 ? 0 : ulid[bit / 8] >> (7 - bit % 8) & 1);
		out[n++] = digits[value];
	}
	out[n] = '\0';
}

bool id_is(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 && strlen(text) == n + ULID_CHARS &&
	       strspn(text + n, digits) == ULID_CHARS;
}

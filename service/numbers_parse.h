/* numbers_parse.h - the C face of libphonenumber. No exception leaves it. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum parse_verdict {
	PARSE_VALID,
	PARSE_NO_COUNTRY, /* no such country code, or none where one is needed */
	PARSE_TOO_SHORT,
	PARSE_TOO_LONG,
	PARSE_INVALID, /* the length is right, the range is not assigned */
};

struct parsed_number {
	char e164[24];
	char region[3];
	int mobile; /* or cannot be told from one */
};

/* text: ASCII digits, perhaps with a leading plus. out is filled where the verdict is valid. */
enum parse_verdict numbers_parse(const char *text, const char *region, struct parsed_number *out);

/* Does this region dial idd ("00", "810") before a country code? */
int numbers_dials(const char *region, const char *idd);

/* What mobiles of the region look like: "+7 9xx xxx-xx-xx". "" where none are known. */
void numbers_mobile_like(const char *region, char *out, size_t size);

/* The region's calling code (7, 84), 0: there is no such region. */
int numbers_calling_code(const char *region);

void numbers_load(void);

#ifdef __cplusplus
}
#endif

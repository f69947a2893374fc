/* handset.h - the phones that a modem's messages reach: parts become texts, texts become lines of
 * JSON. A text in parts is shown when its last missing part has come. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/simulator/sms.h"

struct modem;
struct part_set; /* an incomplete text */

enum { HANDSET_KEPT = 256, HANDSET_SETS_MAX = 1024 };

struct handset {
	struct part_set *sets;
	size_t n_sets;
	char *kept[HANDSET_KEPT]; /* the latest lines, as a ring */
	size_t shown;
};

void handset_receive(struct modem *modem, const struct submit *submit, unsigned reference);

/* The latest texts as a JSON array, malloc'd. */
char *handset_dump(const struct handset *handset);
void handset_free(struct handset *handset);

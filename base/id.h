/* id.h - public ids: a kind's prefix and a ULID (48 bits of time, 80 random; sorts by time). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ID_SIZE = 32 }; /* "msg_" + 26 characters + NUL, rounded up */

#define ID_MESSAGE      "msg_"
#define ID_VERIFICATION "ver_"
#define ID_CONTACT      "ctr_"
#define ID_INBOUND      "sms_"

/* Needs sodium_init() to have run. Ids made in one millisecond by one process still ascend. */
void id_make(char out[static ID_SIZE], const char *prefix, int64_t now_ms);

/* Is text an id of this kind? Any bytes may come. */
bool id_is(const char *text, const char *prefix);

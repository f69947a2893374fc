/* admit.h - what stands in front of every handler: client, path, route, role, site, headers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct request;

/* Fills access, route, params, site and key of request, whose connection is known. Refusals are
 * answered here. */
void request_admit(struct request *request, const char *method);

/* Does the request have this header once at most? False: answered. */
bool admit_once(struct request *request, const char *name);

/* "..." (an RFC 8941 string) or bare visible characters, 1..size - 1 bytes, without quotes in key.
 * False: neither. */
bool admit_key(const char *header, char *key, size_t size);

/* seal.h - keys, sealing at rest and keyed hashes (libsodium).
 *
 * One 32-byte master key lives in a 0600 file or a systemd credential, never beside the database.
 * From it one key per purpose is derived. Sealed: XChaCha20-Poly1305, nonce first, bound to the
 * row by associated data. Keyed hashes: BLAKE2b with a purpose key. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SEAL_KEY_SIZE = 32, SEAL_HASH_SIZE = 16, SEAL_OVERHEAD = 24 + 16, SEAL_WHY_SIZE = 256 };

enum seal_purpose {
	SEAL_NUMBER_HASH = 1, /* number -> index */
	SEAL_NUMBER = 2,      /* number at rest */
	SEAL_TEXT = 3,        /* texts at rest */
	SEAL_CODE = 4,        /* codes -> hash */
	SEAL_PLACE = 5,       /* keys of limits, locks and counters */
	SEAL_IDEMPOTENCY = 6, /* idempotency keys and bodies */
	SEAL_CHECK = 7,       /* "is this the key of this database?" */
	SEAL_PIN = 8,         /* tried PINs */
};

struct seal_keys {
	unsigned char key[SEAL_CHECK + 2][SEAL_KEY_SIZE]; /* by purpose; [0] unused */
};

/* Reads the key file, making it (0600, random) if it is missing. 0, or negative errno with a line
 * in why. The file holds 64 hex digits or 32 raw bytes. */
int seal_load(struct seal_keys *keys, const char *path, char why[static SEAL_WHY_SIZE]);
void seal_derive(struct seal_keys *keys, const unsigned char master[static SEAL_KEY_SIZE]);
void seal_wipe(struct seal_keys *keys);

/* out has n + SEAL_OVERHEAD bytes. row binds it to its place. */
void seal_close(const struct seal_keys *keys, enum seal_purpose purpose, int64_t row,
		const void *plain, size_t n, unsigned char *out);

/* out has n - SEAL_OVERHEAD bytes. 0, or -EBADMSG: altered, another row's, or another key. */
int seal_open(const struct seal_keys *keys, enum seal_purpose purpose, int64_t row,
	      const unsigned char *sealed, size_t n, void *out);

/* Hashes the parts with their lengths, so that no two lists of parts collide. NULL ends the list
 * of strings. */
void seal_hash(const struct seal_keys *keys, enum seal_purpose purpose,
	       unsigned char out[static SEAL_HASH_SIZE], ...) __attribute__((sentinel));

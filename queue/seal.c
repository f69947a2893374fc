/* seal.c - the master key's file, a key for each purpose, sealing and keyed hashes.
 *
 * The file is made whole under another name, synced, then linked to its own: a crash leaves no
 * half key, and of two daemons at a first start both read the key of the faster one. */
#include "queue/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/util.h"
#include "config/credentials.h"

enum {
	NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	PLACE_SIZE = 9,      /* associated data: purpose and row */
	FILE_SIZE_MAX = 128, /* more than any form of the key, white space included */
};

_Static_assert(SEAL_OVERHEAD == NONCE_SIZE + TAG_SIZE, "nonce and tag");
_Static_assert(SEAL_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one key size");
_Static_assert(SEAL_KEY_SIZE == crypto_kdf_KEYBYTES, "one key size");

static const char context[crypto_kdf_CONTEXTBYTES] = "simgate1";

static void put_u64(unsigned char out[8], uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int write_random_key(int fd)
{
	unsigned char master[SEAL_KEY_SIZE];
	char line[SEAL_KEY_SIZE * 2 + 1];
	int err = 0;

	randombytes_buf(master, sizeof(master));
	sodium_bin2hex(line, sizeof(line), master, sizeof(master));
	line[sizeof(line) - 1] = '\n';
	errno = EIO; /* for a short write */
	if (write(fd, line, sizeof(line)) != (ssize_t)sizeof(line) || fsync(fd) < 0)
		err = -errno;
	secret_wipe(master, sizeof(master));
	secret_wipe(line, sizeof(line));
	return err;
}

/* 0 also where another process was faster. */
static int make_file(const char *path)
{
	char fresh[PATH_MAX];
	int fd, err;

	if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	fd = mkostemp(fresh, O_CLOEXEC); /* O_EXCL, 0600 */
	if (fd < 0)
		return -errno;
	err = write_random_key(fd);
	close(fd);
	if (err == 0 && link(fresh, path) < 0 && errno != EEXIST)
		err = -errno;
	unlink(fresh);
	return err < 0 ? err : sync_folder(path);
}

static int check_file(int fd, const char *path, char why[static SEAL_WHY_SIZE])
{
	mode_t open_bits = credentials_own(path) ? 0037 : 0077;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		snprintf(why, SEAL_WHY_SIZE, "the key file %s is not a regular file", path);
		return -EINVAL;
	}
	if ((st.st_mode & open_bits) != 0) {
		snprintf(why, SEAL_WHY_SIZE,
			 "the key file %s is open to group or others (mode %04o): run chmod 600 on "
			 "it, and if others could read it, make a new key and start anew",
			 path, (unsigned)(st.st_mode & 07777));
		return -EPERM;
	}
	return 0;
}

static int parse_key(unsigned char master[static SEAL_KEY_SIZE], const char *bytes, size_t n)
{
	size_t got = 0;

	if (n == SEAL_KEY_SIZE) {
		memcpy(master, bytes, n);
		return 0;
	}
	if (sodium_hex2bin(master, SEAL_KEY_SIZE, bytes, n, " \t\r\n", &got, NULL) != 0 ||
	    got != SEAL_KEY_SIZE)
		return -EINVAL;
	return 0;
}

static int read_key(struct seal_keys *keys, int fd, const char *path,
		    char why[static SEAL_WHY_SIZE])
{
	unsigned char master[SEAL_KEY_SIZE];
	char bytes[FILE_SIZE_MAX];
	ssize_t n;
	int err = check_file(fd, path, why);

	if (err < 0)
		return err;
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		return -errno;
	err = parse_key(master, bytes, (size_t)n);
	if (err == 0)
		seal_derive(keys, master);
	else
		snprintf(why, SEAL_WHY_SIZE,
			 "the key file %s holds no key: it must be 64 hex digits or 32 raw bytes; "
			 "restore it from a copy",
			 path);
	secret_wipe(master, sizeof(master));
	secret_wipe(bytes, sizeof(bytes));
	return err;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */

	return fd < 0 ? -errno : fd;
}

int seal_load(struct seal_keys *keys, const char *path, char why[static SEAL_WHY_SIZE])
{
	const char *doing = "read";
	int fd, err;

	why[0] = '\0';
	if (sodium_init() < 0) {
		snprintf(why, SEAL_WHY_SIZE, "libsodium cannot start: no source of randomness");
		return -ENOSYS;
	}
	fd = open_file(path);
	if (fd == -ENOENT) {
		doing = "make";
		err = make_file(path);
		fd = err < 0 ? err : open_file(path);
	}
	err = fd < 0 ? fd : read_key(keys, fd, path, why);
	if (fd >= 0)
		close(fd);
	if (err < 0 && why[0] == '\0')
		snprintf(why, SEAL_WHY_SIZE, "cannot %s the key file %s: %s", doing, path,
			 strerror(-err));
	return err;
}

void seal_derive(struct seal_keys *keys, const unsigned char master[static SEAL_KEY_SIZE])
{
	memset(keys, 0, sizeof(*keys));
	for (size_t i = 1; i < ARRAY_LEN(keys->key); i++)
		crypto_kdf_derive_from_key(keys->key[i], SEAL_KEY_SIZE, i, context, master);
}

void seal_wipe(struct seal_keys *keys)
{
	secret_wipe(keys, sizeof(*keys));
}

static void make_place(unsigned char place[static PLACE_SIZE], enum seal_purpose purpose,
		       int64_t row)
{
	place[0] = (unsigned char)purpose;
	put_u64(place + 1, (uint64_t)row);
}

void seal_close(const struct seal_keys *keys, enum seal_purpose purpose, int64_t row,
		const void *plain, size_t n, unsigned char *out)
{
	unsigned char place[PLACE_SIZE];

	make_place(place, purpose, row);
	randombytes_buf(out, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_SIZE, NULL, plain, n, place,
						   sizeof(place), NULL, out, keys->key[purpose]);
}

int seal_open(const struct seal_keys *keys, enum seal_purpose purpose, int64_t row,
	      const unsigned char *sealed, size_t n, void *out)
{
	unsigned char place[PLACE_SIZE];

	if (n < SEAL_OVERHEAD)
		return -EBADMSG;
	make_place(place, purpose, row);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed + NONCE_SIZE,
						       n - NONCE_SIZE, place, sizeof(place), sealed,
						       keys->key[purpose]) != 0)
		return -EBADMSG;
	return 0;
}

void seal_hash(const struct seal_keys *keys, enum seal_purpose purpose,
	       unsigned char out[static SEAL_HASH_SIZE], ...)
{
	crypto_generichash_state state;
	unsigned char size[8];
	const char *part;
	va_list args;

	crypto_generichash_init(&state, keys->key[purpose], SEAL_KEY_SIZE, SEAL_HASH_SIZE);
	va_start(args, out);
	while ((part = va_arg(args, const char *)) != NULL) {
		put_u64(size, strlen(part));
		crypto_generichash_update(&state, size, sizeof(size));
		crypto_generichash_update(&state, (const unsigned char *)part, strlen(part));
	}
	va_end(args);
	crypto_generichash_final(&state, out, SEAL_HASH_SIZE);
	secret_wipe(&state, sizeof(state));
}

/* test_seal.c - vectors, tampering, other rows; the key file and who may not read it. */
#include "queue/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/util.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/simgate-seal-XXXXXX");
	return mkdtemp(folder) == NULL || sodium_init() < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

static void path_of(char path[static 128], const char *name)
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void write_file(const char *path, const void *bytes, size_t n, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* What stands in databases must stay readable: keys and hashes are pinned. The key of a purpose
 * is BLAKE2b(key = master, salt = purpose, personal = "simgate1"); see libsodium's crypto_kdf. */
static void test_vectors(void **state)
{
	static const struct {
		enum seal_purpose purpose;
		const char *key, *hash; /* the hash of ("+79120000067") */
	} cases[] = {
		{ SEAL_NUMBER_HASH,
		  "4733864aca77aa2995b0f8f0a15ef642e828bc613a8ef3553f48e1e2d7e063d8",
		  "3feca4680243bd9264eeb51c9e8fb62b" },
		{ SEAL_NUMBER, "284faca551a5f5a7598807dff57bfbb3399bd7185d675d7ba5d1ca4bb03ff681",
		  "0975983d140f9e66b15c9a38decc8b10" },
		{ SEAL_PIN, "b299740044032fb8eed986df3fb48b342cd16e38bcfbfed6a5ed5509f995009d",
		  "f53d296d223e794e06de22be2244b5f7" },
	};
	unsigned char master[SEAL_KEY_SIZE], hash[SEAL_HASH_SIZE];
	char hex[SEAL_KEY_SIZE * 2 + 1];
	struct seal_keys keys;

	(void)state;
	for (size_t i = 0; i < sizeof(master); i++)
		master[i] = (unsigned char)i;
	seal_derive(&keys, master);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		sodium_bin2hex(hex, sizeof(hex), keys.key[cases[i].purpose], SEAL_KEY_SIZE);
		assert_string_equal(hex, cases[i].key);
		seal_hash(&keys, cases[i].purpose, hash, "+79120000067", NULL);
		sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
		assert_string_equal(hex, cases[i].hash);
	}
	seal_wipe(&keys);
	assert_true(sodium_is_zero((unsigned char *)&keys, sizeof(keys)));
}

static void make_keys(struct seal_keys *keys, unsigned char first)
{
	unsigned char master[SEAL_KEY_SIZE] = { first };

	seal_derive(keys, master);
}

static void test_opens_what_was_closed(void **state)
{
	static const size_t sizes[] = { 0, 1, 12, 160, 5000 };
	static unsigned char plain[5000], sealed[5000 + SEAL_OVERHEAD], back[5000];
	struct seal_keys keys;

	(void)state;
	make_keys(&keys, 1);
	randombytes_buf(plain, sizeof(plain));
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		seal_close(&keys, SEAL_TEXT, -7, plain, sizes[i], sealed);
		assert_int_equal(
			seal_open(&keys, SEAL_TEXT, -7, sealed, sizes[i] + SEAL_OVERHEAD, back), 0);
		assert_memory_equal(plain, back, sizes[i]);
	}
}

static void test_refuses_what_is_altered(void **state)
{
	static const char plain[] = "482913";
	unsigned char sealed[sizeof(plain) + SEAL_OVERHEAD], back[sizeof(plain)];
	struct seal_keys keys;

	(void)state;
	make_keys(&keys, 1);
	seal_close(&keys, SEAL_TEXT, 5, plain, sizeof(plain), sealed);
	for (size_t bit = 0; bit < sizeof(sealed) * 8; bit++) {
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(seal_open(&keys, SEAL_TEXT, 5, sealed, sizeof(sealed), back),
				 -EBADMSG);
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t n = 0; n < sizeof(sealed); n++)
		assert_int_equal(seal_open(&keys, SEAL_TEXT, 5, sealed, n, back), -EBADMSG);
	assert_int_equal(seal_open(&keys, SEAL_TEXT, 5, sealed, sizeof(sealed), back), 0);
}

static void test_bound_to_row_purpose_and_key(void **state)
{
	static const char plain[] = "+79120000067";
	unsigned char sealed[sizeof(plain) + SEAL_OVERHEAD], again[sizeof(sealed)];
	unsigned char back[sizeof(plain)];
	struct seal_keys keys, others;

	(void)state;
	make_keys(&keys, 1);
	make_keys(&others, 2);
	seal_close(&keys, SEAL_NUMBER, 5, plain, sizeof(plain), sealed);
	assert_int_equal(seal_open(&keys, SEAL_NUMBER, 6, sealed, sizeof(sealed), back), -EBADMSG);
	assert_int_equal(seal_open(&keys, SEAL_TEXT, 5, sealed, sizeof(sealed), back), -EBADMSG);
	assert_int_equal(seal_open(&others, SEAL_NUMBER, 5, sealed, sizeof(sealed), back),
			 -EBADMSG);
	/* Even under one key a purpose is told from another. */
	memcpy(keys.key[SEAL_TEXT], keys.key[SEAL_NUMBER], SEAL_KEY_SIZE);
	assert_int_equal(seal_open(&keys, SEAL_TEXT, 5, sealed, sizeof(sealed), back), -EBADMSG);
	seal_close(&keys, SEAL_NUMBER, 5, plain, sizeof(plain), again);
	assert_memory_not_equal(sealed, again, sizeof(sealed)); /* equal texts do not look equal */
}

static void test_lists_do_not_collide(void **state)
{
	unsigned char hashes[6][SEAL_HASH_SIZE];
	struct seal_keys keys;

	(void)state;
	make_keys(&keys, 1);
	seal_hash(&keys, SEAL_PLACE, hashes[0], "ab", "c", NULL);
	seal_hash(&keys, SEAL_PLACE, hashes[1], "a", "bc", NULL);
	seal_hash(&keys, SEAL_PLACE, hashes[2], "abc", NULL);
	seal_hash(&keys, SEAL_PLACE, hashes[3], "abc", "", NULL);
	seal_hash(&keys, SEAL_PLACE, hashes[4], "", "abc", NULL);
	seal_hash(&keys, SEAL_CODE, hashes[5], "abc", NULL);
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(hashes[i], hashes[j], SEAL_HASH_SIZE);
}

static void test_makes_a_key_file(void **state)
{
	struct seal_keys keys, again;
	char path[128], why[SEAL_WHY_SIZE];
	struct stat st;

	(void)state;
	path_of(path, "new");
	umask(0);
	assert_int_equal(seal_load(&keys, path, why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(seal_load(&again, path, why), 0);
	assert_memory_equal(&keys, &again, sizeof(keys));
	assert_false(sodium_is_zero(keys.key[SEAL_TEXT], SEAL_KEY_SIZE));
}

#define HEX_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

/* Raw, hex, hex with a line end: the same key. */
static void test_forms_of_the_key(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t n;
	} cases[] = {
		{ "hex", HEX_KEY, 64 },
		{ "line", HEX_KEY "\n", 65 },
		{ "crlf", HEX_KEY "\r\n", 66 },
		{ "raw",
		  "\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"
		  "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f",
		  32 },
	};
	unsigned char master[SEAL_KEY_SIZE];
	struct seal_keys keys, wanted;
	char path[128], why[SEAL_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(master); i++)
		master[i] = (unsigned char)i;
	seal_derive(&wanted, master);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		path_of(path, cases[i].name);
		write_file(path, cases[i].bytes, cases[i].n, 0400);
		assert_int_equal(seal_load(&keys, path, why), 0);
		assert_memory_equal(&keys, &wanted, sizeof(keys));
	}
}

static void test_refuses_a_bad_file(void **state)
{
	static const struct {
		const char *name, *bytes;
		mode_t mode;
		int err;
		const char *word;
	} cases[] = {
		{ "group", HEX_KEY, 0640, -EPERM, "chmod 600" },
		{ "other", HEX_KEY, 0604, -EPERM, "chmod 600" },
		{ "wide", HEX_KEY, 0666, -EPERM, "mode 0666" },
		{ "empty", "", 0600, -EINVAL, "64 hex digits" },
		{ "short", "0001020304", 0600, -EINVAL, "64 hex digits" },
		{ "long", HEX_KEY "00", 0600, -EINVAL, "64 hex digits" },
		{ "letters", "x" HEX_KEY, 0600, -EINVAL, "64 hex digits" },
		{ "twice", HEX_KEY HEX_KEY HEX_KEY, 0600, -EINVAL, "64 hex digits" },
	};
	char path[128], why[SEAL_WHY_SIZE];
	struct seal_keys keys;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		path_of(path, cases[i].name);
		write_file(path, cases[i].bytes, strlen(cases[i].bytes), cases[i].mode);
		assert_int_equal(seal_load(&keys, path, why), cases[i].err);
		assert_non_null(strstr(why, cases[i].word));
		assert_non_null(strstr(why, path));
		assert_null(strstr(why, "0001")); /* never the key itself */
	}
}

static void test_refuses_a_bad_path(void **state)
{
	char path[128], why[SEAL_WHY_SIZE];
	struct seal_keys keys;

	(void)state;
	path_of(path, "none/key");
	assert_int_equal(seal_load(&keys, path, why), -ENOENT);
	assert_non_null(strstr(why, "cannot make"));
	assert_int_equal(seal_load(&keys, folder, why), -EINVAL);
	assert_non_null(strstr(why, "not a regular file"));
	path_of(path, "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(seal_load(&keys, path, why), -EINVAL);
}

/* systemd shows a credential as 0440 (the mask of an ACL) in a folder that only we can enter. */
static void test_systemd_credential(void **state)
{
	char path[128], why[SEAL_WHY_SIZE];
	struct seal_keys keys;

	(void)state;
	path_of(path, "credential");
	write_file(path, HEX_KEY, 64, 0440);
	assert_int_equal(seal_load(&keys, path, why), -EPERM);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(seal_load(&keys, path, why), 0);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(seal_load(&keys, path, why), -EPERM);
	unsetenv("CREDENTIALS_DIRECTORY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_opens_what_was_closed),
		cmocka_unit_test(test_refuses_what_is_altered),
		cmocka_unit_test(test_bound_to_row_purpose_and_key),
		cmocka_unit_test(test_lists_do_not_collide),
		cmocka_unit_test(test_makes_a_key_file),
		cmocka_unit_test(test_forms_of_the_key),
		cmocka_unit_test(test_refuses_a_bad_file),
		cmocka_unit_test(test_refuses_a_bad_path),
		cmocka_unit_test(test_systemd_credential),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

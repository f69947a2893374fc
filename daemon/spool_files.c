/* spool_files.c - finds and reads what lies in a folder of the spool, and clears up after it.
 *
 * Looking: the oldest files first, a bounded number a call; folders, hidden files and empty ones
 * are passed over; links, pipes, devices and what is too long are refused unread. Settling: a taken
 * file is removed and the folder synced before it counts as gone, so that no power failure brings
 * it back after its key is forgotten; a file that was changed meanwhile stays, as another message.
 * A refused one is copied to the folder of those with the reason as its first line; what cannot be
 * copied is moved there as it is. */
#include "daemon/spool_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

enum {
	HASH_SIZE = 16,
	FAILED_MODE = 0770,
	COPY_MODES = 0660,
	FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC
};

static const char failed_name[] = "failed", copy_name[] = ".simgate-copy";

/* Who may write to the spool must not lead us to another folder: a link within it is not followed.
 */
static int open_folder(const char *spool, const char *sub)
{
	int fd = open(spool, FOLDER), inner, err;

	if (fd < 0)
		return -errno;
	if (*sub == '\0')
		return fd;
	inner = openat(fd, sub, FOLDER | O_NOFOLLOW);
	err = -errno;
	close(fd);
	return inner < 0 ? err : inner;
}

/* ---- looking ---- */

static int64_t modified_ns(const struct stat *st)
{
	return st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec;
}

static int compare(const struct spool_place *a, const struct spool_place *b)
{
	if (a->modified_ns != b->modified_ns)
		return a->modified_ns < b->modified_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

static bool may_be_message(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_type != DT_DIR && sms_file_is_message(entry->d_name) &&
	       (dot == NULL || strcmp(dot, ".tmp") != 0);
}

/* The size least of those that come after, in order. */
struct first {
	struct spool_place *places;
	size_t n, size;
};

static void insert(struct first *first, const struct spool_place *place)
{
	size_t at = first->n;

	while (at > 0 && compare(place, &first->places[at - 1]) < 0)
		at--;
	if (at == first->size)
		return;
	if (first->n < first->size)
		first->n++;
	memmove(&first->places[at + 1], &first->places[at],
		(first->n - at - 1) * sizeof(*first->places));
	first->places[at] = *place;
}

static void list(DIR *dir, const struct spool_place *after, struct first *first)
{
	const struct dirent *entry;
	struct spool_place place;
	struct stat st;

	while ((entry = readdir(dir)) != NULL) {
		if (!may_be_message(entry) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0))
			continue;
		place.modified_ns = modified_ns(&st);
		snprintf(place.name, sizeof(place.name), "%s", entry->d_name);
		if (compare(&place, after) > 0)
			insert(first, &place);
	}
}

static void refuse(struct spool_file *file, const char *why)
{
	file->fate = FATE_REFUSED;
	snprintf(file->why, sizeof(file->why), "%s", why);
}

static void make_key(struct spool_file *file, const char *bytes, size_t n)
{
	unsigned char hash[HASH_SIZE];
	char hex[2 * HASH_SIZE + 1];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes, n, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	snprintf(file->key, sizeof(file->key), "%llu %lld %s", (unsigned long long)file->inode,
		 (long long)file->place.modified_ns, hex);
}

/* All of it, or -1. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t n = 0;
	ssize_t got;

	do {
		got = read(fd, bytes + n, size - n);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0 && n < size);
	return got < 0 ? -1 : (ssize_t)n;
}

/* -ELOOP: it is no file. A pipe or a device is not even opened. */
static int open_message(int folder, const char *name, struct stat *st)
{
	int fd, err = 0;

	if (fstatat(folder, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -ELOOP;
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		err = -errno;
	else if (!S_ISREG(st->st_mode))
		err = -ELOOP;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

static void parse(struct spool_file *file, const char *bytes, ssize_t n)
{
	const char *problem = NULL;

	if (n < 0)
		file->error = -EIO;
	else if (n > SMS_FILE_MAX)
		problem = "it is too long: at most 65536 bytes";
	else
		problem = sms_file_smstools(bytes, (size_t)n, &file->sms);
	if (problem != NULL)
		refuse(file, problem);
	else if (n >= 0)
		make_key(file, bytes, (size_t)n);
}

static void read_message(struct spool_file *file, int folder, char bytes[static SMS_FILE_MAX + 1])
{
	struct stat st;
	int fd = open_message(folder, file->place.name, &st);

	if (fd < 0) {
		if (fd == -ELOOP)
			refuse(file, "it is a link, a pipe or a device");
		else if (fd == -EACCES)
			refuse(file, "simgated may not read it: chmod, or chgrp to its group");
		else if (fd != -ENOENT)
			file->error = fd;
		return;
	}
	file->inode = st.st_ino;
	file->bytes = st.st_size;
	file->modified_ns = modified_ns(&st);
	parse(file, bytes,
	      st.st_size > SMS_FILE_MAX ? SMS_FILE_MAX + 1 : read_all(fd, bytes, SMS_FILE_MAX + 1));
	close(fd);
}

/* 0, or why nothing here can be read and removed. */
static int check_folder(int folder)
{
	return faccessat(folder, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

static void read_messages(int folder, struct spool_file *files, const struct first *first)
{
	char *bytes = malloc(SMS_FILE_MAX + 1);

	for (size_t i = 0; i < first->n; i++) {
		files[i] = (struct spool_file){ .place = first->places[i] };
		if (bytes != NULL)
			read_message(&files[i], folder, bytes);
		else
			files[i].error = -ENOMEM;
	}
	if (bytes != NULL)
		secret_wipe(bytes, SMS_FILE_MAX + 1);
	free(bytes);
}

int spool_files_look(const char *spool, const char *sub, const struct spool_place *after,
		     struct spool_file *files, size_t size, size_t *n)
{
	struct first first = { .places = calloc(size, sizeof(*first.places)), .size = size };
	int folder = open_folder(spool, sub), err = folder < 0 ? folder : check_folder(folder);
	DIR *dir = err == 0 && first.places != NULL ? fdopendir(folder) : NULL;

	if (dir != NULL) {
		list(dir, after, &first);
		read_messages(folder, files, &first);
		closedir(dir);
	} else if (folder >= 0) {
		close(folder);
		err = err == 0 ? -ENOMEM : err;
	}
	*n = first.n;
	free(first.places);
	return err;
}

/* ---- settling ---- */

static bool is_as_read(int folder, const struct spool_file *file)
{
	struct stat st;

	return fstatat(folder, file->place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_ino == file->inode && st.st_size == file->bytes &&
	       modified_ns(&st) == file->modified_ns;
}

static void take_away(int folder, struct spool_file *file)
{
	if (faccessat(folder, file->place.name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		file->gone = true;
	else if (is_as_read(folder, file))
		file->gone = unlinkat(folder, file->place.name, 0) == 0;
	else
		return; /* changed since: another message */
	if (!file->gone)
		file->error = -errno;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, bytes, n);

		if (put < 0)
			return -errno;
		bytes += put;
		n -= (size_t)put;
	}
	return 0;
}

/* The reason, then the file. */
static int write_copy(int out, int in, const struct stat *st, const char *why)
{
	char line[SPOOL_WHY_SIZE + 32], *bytes = malloc(SMS_FILE_MAX);
	ssize_t n = bytes != NULL ? read_all(in, bytes, SMS_FILE_MAX) : -1;
	int err = n < 0 ? -EIO : 0;

	snprintf(line, sizeof(line), "Fail_reason: %s\n", why);
	if (err == 0)
		err = write_all(out, line, strlen(line));
	if (err == 0)
		err = write_all(out, bytes, (size_t)n);
	if (err == 0 && (fchmod(out, st->st_mode & COPY_MODES) < 0 || fsync(out) < 0))
		err = -errno;
	if (n > 0)
		secret_wipe(bytes, (size_t)n);
	free(bytes);
	return err;
}

/* -ELOOP: it cannot be copied, only moved. */
static int copy_aside(int folder, int failed, const struct spool_file *file, const char *target)
{
	const char *name = file->place.name;
	struct stat st;
	int in = open_message(folder, name, &st), out, err;

	if (in < 0)
		return in == -EACCES ? -ELOOP : in;
	unlinkat(failed, copy_name, 0);
	out = openat(failed, copy_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	err = out < 0 ? -errno : st.st_size > SMS_FILE_MAX ? -ELOOP : 0;
	if (err == 0)
		err = write_copy(out, in, &st, file->why);
	if (err == 0 && renameat(failed, copy_name, failed, target) < 0)
		err = -errno;
	if (err == 0 && (fsync(failed) < 0 || unlinkat(folder, name, 0) < 0))
		err = -errno;
	if (err < 0)
		unlinkat(failed, copy_name, 0);
	if (out >= 0)
		close(out);
	close(in);
	return err;
}

static void put_aside(int folder, int failed, struct spool_file *file)
{
	char target[NAME_MAX + 1];
	const char *name = file->place.name;

	if (failed < 0) {
		file->error = failed;
		return;
	}
	if (file->inode != 0 && !is_as_read(folder, file))
		return; /* another message */
	snprintf(target, sizeof(target), "%s", name);
	if (faccessat(failed, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		snprintf(target, sizeof(target), "%.200s.%lld", name,
			 (long long)file->place.modified_ns);
	file->error = copy_aside(folder, failed, file, target);
	if (file->error == -ELOOP)
		file->error = renameat(folder, name, failed, target) < 0 ? -errno : 0;
	if (file->error == -ENOENT)
		file->error = 0; /* somebody took it back */
}

static int open_failed(const char *spool)
{
	int fd = open_folder(spool, failed_name), root;

	if (fd != -ENOENT)
		return fd;
	root = open_folder(spool, "");
	if (root < 0)
		return root;
	mkdirat(root, failed_name, FAILED_MODE);
	close(root);
	return open_folder(spool, failed_name);
}

void spool_files_settle(const char *spool, const char *sub, struct spool_file *files, size_t n)
{
	int at = open_folder(spool, sub), aside = -1;

	for (size_t i = 0; at >= 0 && i < n; i++) {
		if (files[i].fate == FATE_TAKEN)
			take_away(at, &files[i]);
		if (files[i].fate != FATE_REFUSED)
			continue;
		if (aside < 0)
			aside = open_failed(spool);
		put_aside(at, aside, &files[i]);
	}
	if (at < 0 || fsync(at) < 0)
		for (size_t i = 0; i < n; i++)
			files[i].gone = false;
	if (aside >= 0)
		close(aside);
	if (at >= 0)
		close(at);
}

/* disktrouble.c - a bad disk for integration tests: LD_PRELOAD it. What the file DISKTROUBLE holds
 * at that moment happens to the files of the database:
 *
 *   SYNC_MS SYNC_ERRNO WRITE_ERRNO
 *
 * Every sync takes so much longer, and fails so; every write fails so. 0: no trouble. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct trouble {
	int sync_ms, sync_errno, write_errno;
};

static struct trouble look(void)
{
	const char *path = getenv("DISKTROUBLE");
	FILE *file = path == NULL ? NULL : fopen(path, "r");
	struct trouble now = { 0 };

	if (file == NULL)
		return now;
	if (fscanf(file, "%d %d %d", &now.sync_ms, &now.sync_errno, &now.write_errno) != 3)
		now = (struct trouble){ 0 }; /* it is being written */
	fclose(file);
	return now;
}

/* SQLite's index of the write-ahead log is memory, whatever the disk does. */
static bool is_database(int fd)
{
	char link[32], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return strstr(path, "simgate.db") != NULL && strstr(path, "-shm") == NULL;
}

static int sync_file(const char *name, int fd)
{
	struct trouble now = is_database(fd) ? look() : (struct trouble){ 0 };
	struct timespec left = { now.sync_ms / 1000, now.sync_ms % 1000 * 1000000L };
	int (*real)(int fd);

	while (nanosleep(&left, &left) != 0)
		;
	if (now.sync_errno != 0) {
		errno = now.sync_errno;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, name);
	return real(fd);
}

int fsync(int fd)
{
	return sync_file("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_file("fdatasync", fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t);
	int failure = is_database(fd) ? look().write_errno : 0;

	if (failure != 0) {
		errno = failure;
		return -1;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	return real(fd, bytes, n, at);
}

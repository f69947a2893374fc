/* killpoint.c - LD_PRELOAD it, and the program dies as if by kill -9 at a named point.
 *
 * KILLPOINT is "NAME N": at the N-th time that the point is reached. The points are found in what
 * the daemon writes to modems, reads from them and syncs, so the product knows nothing of them:
 *
 *   cmgs-before, cmgs-after      AT+CMGS goes to a modem
 *   prompt                       its prompt has come, nobody has seen it
 *   claim-before, claim-after    the sync that puts the attempt on disk
 *   payload                      the payload went out, its Ctrl-Z did not
 *   ctrlz                        both went out
 *   reply                        +CMGS: has come, nobody has seen it
 *   commit-before, commit-after  any sync
 *   unlink-before, unlink-after  a file of the spool goes
 *
 * With KILLPOINT_CUT=K it dies as if the power failed: of the writes since each file's last sync
 * only the first K reach the disk. Only files of the database are looked at, without its index of
 * the write-ahead log: that is shared memory, which nobody reads after a crash. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UNSYNCED_MAX = 65536, CTRL_Z = 0x1a };

struct unsynced {
	int fd;
	off_t at, old_size;
	size_t n;
	char *old; /* n bytes, as far as the file had them */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct unsynced unsynced[UNSYNCED_MAX];
static size_t n_unsynced;
static char point[32];
static unsigned left, claims;
static int cut = -1;

__attribute__((constructor)) static void read_plan(void)
{
	const char *plan = getenv("KILLPOINT"), *power = getenv("KILLPOINT_CUT");

	if (plan == NULL || sscanf(plan, "%31s %u", point, &left) != 2)
		point[0] = '\0';
	if (power != NULL)
		cut = atoi(power);
	unsetenv("LD_PRELOAD"); /* not for the programs that the daemon starts */
}

/* ---- the end ---- */

static void undo(const struct unsynced *w)
{
	size_t kept = w->at >= w->old_size                   ? 0
		      : (size_t)(w->old_size - w->at) < w->n ? (size_t)(w->old_size - w->at)
							     : w->n;
	ssize_t (*write_at)(int, const void *, size_t, off_t);

	*(void **)&write_at = dlsym(RTLD_NEXT, "pwrite64");
	if (write_at(w->fd, w->old, kept, w->at) < 0 || ftruncate(w->fd, w->old_size) < 0)
		_exit(99);
}

/* Of each file, the writes after its first cut ones. */
static void lose_unsynced(void)
{
	for (size_t i = n_unsynced; i-- > 0;) {
		int before = 0;

		for (size_t k = 0; k < i; k++)
			before += unsynced[k].fd == unsynced[i].fd;
		if (before >= cut)
			undo(&unsynced[i]);
	}
}

static void reach(const char *name)
{
	if (strcmp(name, point) != 0 || __atomic_sub_fetch(&left, 1, __ATOMIC_SEQ_CST) != 0)
		return;
	if (cut >= 0) {
		pthread_mutex_lock(&lock); /* nobody writes any more */
		lose_unsynced();
	}
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* ---- the disk ---- */

static bool is_database(int fd)
{
	char link[32], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	return strstr(path, "simgate.db") != NULL && strstr(path, "-shm") == NULL;
}

static void remember(int fd, size_t n, off_t at)
{
	struct unsynced *w = &unsynced[n_unsynced];
	struct stat st;

	if (cut < 0 || !is_database(fd))
		return;
	if (n_unsynced >= UNSYNCED_MAX || fstat(fd, &st) < 0)
		_exit(99);
	*w = (struct unsynced){ fd, at, st.st_size, n, malloc(n + 1) };
	if (w->old == NULL || pread(fd, w->old, n, at) < 0)
		_exit(99);
	n_unsynced++;
}

static void forget(int fd)
{
	size_t kept = 0;

	for (size_t i = 0; i < n_unsynced; i++) {
		if (unsynced[i].fd == fd)
			free(unsynced[i].old);
		else
			unsynced[kept++] = unsynced[i];
	}
	n_unsynced = kept;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t);
	ssize_t done;

	*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	pthread_mutex_lock(&lock);
	remember(fd, n, at);
	done = real(fd, bytes, n, at);
	pthread_mutex_unlock(&lock);
	return done;
}

static int sync_file(const char *name, int fd)
{
	bool claim = __atomic_exchange_n(&claims, 0, __ATOMIC_SEQ_CST) > 0;
	int (*real)(int fd), err;

	*(void **)&real = dlsym(RTLD_NEXT, name);
	if (claim)
		reach("claim-before");
	reach("commit-before");
	err = real(fd);
	pthread_mutex_lock(&lock);
	forget(fd);
	pthread_mutex_unlock(&lock);
	if (claim)
		reach("claim-after");
	reach("commit-after");
	return err;
}

int fsync(int fd)
{
	return sync_file("fsync", fd);
}

int fdatasync(int fd)
{
	return sync_file("fdatasync", fd);
}

int unlinkat(int folder, const char *name, int flags)
{
	int (*real)(int, const char *, int), err;

	*(void **)&real = dlsym(RTLD_NEXT, "unlinkat");
	reach("unlink-before");
	err = real(folder, name, flags);
	reach("unlink-after");
	return err;
}

/* ---- the modem ---- */

/* Does the next payload die before its Ctrl-Z? */
static bool splits(const void *bytes, size_t n)
{
	return n > 1 && ((const char *)bytes)[n - 1] == CTRL_Z && strcmp(point, "payload") == 0 &&
	       left == 1;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t (*real)(int, const void *, size_t), done;
	bool cmgs = n >= 7 && memcmp(bytes, "AT+CMGS", 7) == 0;
	bool payload = n > 1 && ((const char *)bytes)[n - 1] == CTRL_Z;

	*(void **)&real = dlsym(RTLD_NEXT, "write");
	if (cmgs)
		reach("cmgs-before");
	done = real(fd, bytes, splits(bytes, n) ? n - 1 : n);
	if (cmgs) {
		__atomic_store_n(&claims, 1, __ATOMIC_SEQ_CST);
		reach("cmgs-after");
	}
	if (payload) {
		reach("payload");
		reach("ctrlz");
	}
	return done;
}

ssize_t read(int fd, void *bytes, size_t n)
{
	ssize_t (*real)(int, void *, size_t), done;

	*(void **)&real = dlsym(RTLD_NEXT, "read");
	done = real(fd, bytes, n);
	if (done > 0 && isatty(fd)) {
		if (memmem(bytes, (size_t)done, "> ", 2) != NULL)
			reach("prompt");
		if (memmem(bytes, (size_t)done, "+CMGS:", 6) != NULL)
			reach("reply");
	}
	return done;
}

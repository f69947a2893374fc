/* slowsync.c - a slow disk for integration tests: LD_PRELOAD it, and every fsync and fdatasync
 * takes SLOWSYNC_MS milliseconds longer. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void linger(void)
{
	const char *text = getenv("SLOWSYNC_MS");
	long ms = text == NULL ? 0 : strtol(text, NULL, 10);
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) != 0)
		;
}

static int pass_on(const char *name, int fd)
{
	int (*real)(int fd);

	*(void **)&real = dlsym(RTLD_NEXT, name);
	linger();
	return real(fd);
}

int fsync(int fd)
{
	return pass_on("fsync", fd);
}

int fdatasync(int fd)
{
	return pass_on("fdatasync", fd);
}

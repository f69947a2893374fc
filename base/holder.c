/* holder.c - looks for the holder of a device in /proc/locks and /proc/PID/fd.
 *
 * A lock (flock) is looked for first: it names the one that matters where several have the file
 * open. Terminals of programs (ptys) are held by whoever made them, so there only locks count. */
#include "base/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PTY_MAJOR_FIRST = 136, PTY_MAJOR_LAST = 143 };

struct wanted {
	struct stat st;
	struct holder *holder; /* NULL: not looked for */
};

static void set_holder(struct holder *holder, int pid)
{
	char path[64];
	FILE *file;

	holder->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(holder->name, sizeof(holder->name), file) == NULL)
		snprintf(holder->name, sizeof(holder->name), "process");
	holder->name[strcspn(holder->name, "\n")] = '\0';
	if (file != NULL)
		fclose(file);
}

/* "1: FLOCK  ADVISORY  WRITE 1234 00:1a:5 0 EOF" */
static void find_locks(struct wanted *wanted, size_t n)
{
	FILE *file = fopen("/proc/locks", "re");
	char line[256];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		unsigned long long inode;
		unsigned dev_major, dev_minor;
		int pid;

		if (sscanf(line, "%*d: %*s %*s %*s %d %x:%x:%llu", &pid, &dev_major, &dev_minor,
			   &inode) != 4)
			continue;
		for (size_t i = 0; i < n; i++)
			if (wanted[i].holder != NULL && pid > 0 && pid != getpid() &&
			    wanted[i].holder->pid == 0 && wanted[i].st.st_ino == inode &&
			    wanted[i].st.st_dev == makedev(dev_major, dev_minor))
				set_holder(wanted[i].holder, pid);
	}
	if (file != NULL)
		fclose(file);
}

static int is_pty(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && major(st->st_rdev) >= PTY_MAJOR_FIRST &&
	       major(st->st_rdev) <= PTY_MAJOR_LAST;
}

/* Another node of the same device (a container's) counts as well. */
static int is_same(const struct stat *a, const struct stat *b)
{
	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino) ||
	       (S_ISCHR(a->st_mode) && S_ISCHR(b->st_mode) && a->st_rdev == b->st_rdev);
}

static void look_at(const char *folder, const char *name, int pid, struct wanted *wanted, size_t n)
{
	char path[PATH_MAX], link[PATH_MAX];
	struct stat st;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 5 || memcmp(link, "/dev/", 5) != 0 || stat(path, &st) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (wanted[i].holder != NULL && wanted[i].holder->pid == 0 &&
		    !is_pty(&wanted[i].st) && is_same(&st, &wanted[i].st))
			set_holder(wanted[i].holder, pid);
}

static void look_at_process(int pid, struct wanted *wanted, size_t n)
{
	char folder[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			look_at(folder, entry->d_name, pid, wanted, n);
	if (dir != NULL)
		closedir(dir);
}

static void find_open(struct wanted *wanted, size_t n)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (pid > 0 && pid != getpid())
			look_at_process(pid, wanted, n);
	}
	if (dir != NULL)
		closedir(dir);
}

void holders_find(const char *const *paths, size_t n, struct holder *holders)
{
	struct wanted *wanted = calloc(n > 0 ? n : 1, sizeof(*wanted));

	memset(holders, 0, n * sizeof(*holders));
	if (wanted == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		if (paths[i] != NULL && stat(paths[i], &wanted[i].st) == 0)
			wanted[i].holder = &holders[i];
	find_locks(wanted, n);
	find_open(wanted, n);
	free(wanted);
}

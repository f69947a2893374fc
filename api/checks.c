/* checks.c - is the machine fit: its clock, room on the disk, the files of the configuration, the
 * user that we run as. One function a check. */
#include "api/checks.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "config/credentials.h"

enum { DISK_WARN_MB = 100, DISK_FAIL_MB = 10, GROUPS_MAX = 128 };

#define LONG_AGO_MS  1704067200000LL /* 2024: a clock before this was never set */
#define SERVICE_USER "simgate"

struct teller {
	modem_finding *fn;
	void *arg;
};

void checks_tell(modem_finding *fn, void *arg, enum finding_level level, const char *check,
		 const char *subject, const char *remedy, const char *format, ...)
{
	struct finding finding = { .level = level };
	va_list args;

	snprintf(finding.check, sizeof(finding.check), "%s", check);
	snprintf(finding.subject, sizeof(finding.subject), "%s", subject);
	snprintf(finding.remedy, sizeof(finding.remedy), "%s", level != FINDING_PASS ? remedy : "");
	va_start(args, format);
	vsnprintf(finding.detail, sizeof(finding.detail), format, args);
	va_end(args);
	fn(arg, &finding);
}

#define TELL(t, ...) checks_tell((t)->fn, (t)->arg, __VA_ARGS__)

static void check_clock(const struct teller *t, const struct config *config)
{
	struct timex state = { 0 };

	(void)config;
	if (clock_now_ms() < LONG_AGO_MS)
		TELL(t, FINDING_FAIL, "clock", "", "set it: timedatectl set-ntp true",
		     "the clock stands before 2024: times and windows are wrong");
	else if (adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) != 0)
		TELL(t, FINDING_WARN, "clock", "", "timedatectl set-ntp true",
		     "the clock is not synchronised over the network");
	else
		TELL(t, FINDING_PASS, "clock", "", "", "the clock is set");
}

static void folder_of(const char *path, char folder[PATH_MAX])
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	snprintf(folder, PATH_MAX, "%s", dirname(copy));
}

static void check_disk(const struct teller *t, const struct config *config)
{
	char folder[PATH_MAX];
	struct statvfs disk;
	unsigned long long mb;

	folder_of(config->database, folder);
	if (statvfs(folder, &disk) < 0) {
		TELL(t, FINDING_FAIL, "disk", folder, "make the folder, owned by " SERVICE_USER,
		     "%s", strerror(errno));
		return;
	}
	mb = (unsigned long long)disk.f_bavail * disk.f_frsize / (1024 * 1024);
	TELL(t,
	     mb < DISK_FAIL_MB   ? FINDING_FAIL
	     : mb < DISK_WARN_MB ? FINDING_WARN
				 : FINDING_PASS,
	     "disk", folder, "make room: a full disk accepts no message", "%llu MB are free", mb);
}

/* A file that nobody else may read. */
static bool is_private(const struct teller *t, const char *check, const char *path)
{
	mode_t open_bits = credentials_own(path) ? 037 : 077;
	struct stat st;

	if (stat(path, &st) < 0) {
		TELL(t, errno == ENOENT ? FINDING_WARN : FINDING_FAIL, check, path,
		     "simgated makes it at its first start, if it may write to the folder", "%s",
		     strerror(errno));
		return false;
	}
	if ((st.st_mode & open_bits) == 0)
		return true;
	TELL(t, FINDING_FAIL, check, path, "chmod 0600, owned by the user of the service",
	     "others may read it (mode %o)", (unsigned)st.st_mode & 07777);
	return false;
}

static void check_database(const struct teller *t, const struct config *config)
{
	if (!is_private(t, "database", config->database))
		return;
	if (access(config->database, R_OK | W_OK) < 0)
		TELL(t, FINDING_FAIL, "database", config->database,
		     "chown " SERVICE_USER " the file and its folder",
		     "this user may not read and write it");
	else
		TELL(t, FINDING_PASS, "database", config->database, "", "it is there, and private");
}

static void check_key(const struct teller *t, const struct config *config)
{
	char key_folder[PATH_MAX], database_folder[PATH_MAX];

	folder_of(config->key_file, key_folder);
	folder_of(config->database, database_folder);
	if (!is_private(t, "key", config->key_file))
		return;
	if (strcmp(key_folder, database_folder) == 0)
		TELL(t, FINDING_WARN, "key", config->key_file,
		     "move it (key_file): a copy of the folder would hold numbers and their key",
		     "it lies beside the database");
	else
		TELL(t, FINDING_PASS, "key", config->key_file, "", "it is there, and private");
}

/* Nothing is told where none is configured. */
static void check_spool(const struct teller *t, const struct config *config)
{
	static const char remedy[] =
		"systemd-tmpfiles --create, or: mkdir, chown " SERVICE_USER ":" SERVICE_USER
		", chmod 2770; elsewhere than in /var/spool/simgate the unit needs a drop-in: man "
		"simgated";
	struct stat st;

	if (*config->spool == '\0')
		return;
	if (stat(config->spool, &st) < 0)
		TELL(t, FINDING_FAIL, "spool", config->spool, remedy, "%s", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		TELL(t, FINDING_FAIL, "spool", config->spool, remedy, "it is no folder");
	else if (access(config->spool, R_OK | W_OK | X_OK) < 0)
		TELL(t, FINDING_FAIL, "spool", config->spool, remedy,
		     "this user may not read and remove files there: %s", strerror(errno));
	else
		TELL(t, FINDING_PASS, "spool", config->spool, "",
		     "its files become texts of the site %s", config->spool_site);
}

/* Is the user (NULL: this process) in the group? */
static bool is_member(const char *user, gid_t group)
{
	const struct passwd *pw = user != NULL ? getpwnam(user) : NULL;
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (user == NULL)
		n = getgroups(GROUPS_MAX, groups);
	else if (pw == NULL || getgrouplist(user, pw->pw_gid, groups, &n) < 0)
		return false;
	for (int i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return user == NULL && getegid() == group;
}

/* Root asks for the user of the service; everyone else for himself. */
static void check_user(const struct teller *t, const struct config *config)
{
	const struct group *dialout = getgrnam("dialout");
	bool root = geteuid() == 0;
	const char *user = root ? SERVICE_USER : NULL;

	(void)config;
	if (root && getpwnam(SERVICE_USER) == NULL)
		TELL(t, FINDING_WARN, "user", SERVICE_USER,
		     "make install, or: systemd-sysusers; the daemon need not run as root",
		     "there is no such user");
	else if (dialout == NULL)
		TELL(t, FINDING_WARN, "user", "dialout",
		     "look which group owns your serial ports: ls -l /dev/tty*",
		     "there is no group of that name");
	else if (!is_member(user, dialout->gr_gid))
		TELL(t, FINDING_FAIL, "user", root ? SERVICE_USER : "",
		     "usermod -aG dialout " SERVICE_USER ", then restart simgated",
		     "not in the group dialout, which owns serial ports");
	else
		TELL(t, FINDING_PASS, "user", root ? SERVICE_USER : "", "", "in the group dialout");
}

void checks_machine(const struct config *config, modem_finding *fn, void *arg)
{
	static void (*const checks[])(const struct teller *t, const struct config *config) = {
		check_clock, check_disk, check_database, check_key, check_spool, check_user,
	};
	const struct teller t = { fn, arg };

	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		checks[i](&t, config);
}

/* import.c - takes over what an older gateway has not sent yet.
 *
 * Each message becomes a POST with a key that its file (or row) has for ever, so that a second run
 * after an interrupted one sends nothing twice. A file that was taken goes to the folder
 * simgate-imported beside it; what is refused stays, and is told. Where no other would fare better
 * (no daemon, no right, a full queue) the run ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/import.h"
#include "cli/print.h"

#define TAKEN "simgate-imported"

void import_refuse(struct import *import, const char *name, const char *problem)
{
	fprintf(stderr, "simgate: %s/%s stays: %s\n", import->where, name, problem);
	import->refused++;
}

bool import_submit(struct import *import, const char *name, const struct sms_file *sms,
		   const char *send_at, const char *key)
{
	struct http http = import->call->http;
	json_t *answer = NULL,
	       *body = json_pack("{s:s, s:s, s:b, s:s, s:s}", "to", sms->to, "text", sms->text,
				 "report", sms->report, "priority", sms->high ? "high" : "normal",
				 "reference", "import");
	enum exit_code result = EXIT_FAILED;

	http.idempotency_key = key;
	if (send_at != NULL)
		json_object_set_new(body, "send_at", json_string(send_at));
	if (body != NULL)
		result = http_call(&http, "POST", "/v1/messages", body, &answer);
	json_decref(body);
	json_decref(answer);
	if (result == EXIT_DONE) {
		import->taken++;
		return true;
	}
	import_refuse(import, name, "the daemon did not take it");
	if (result != EXIT_FAILED && result != EXIT_WRONG_USAGE)
		import->result = result;
	return false;
}

/* ---- folders ---- */

typedef const char *reader(const char *name, const char *bytes, size_t n, struct sms_file *sms);

static const char *read_smstools(const char *name, const char *bytes, size_t n,
				 struct sms_file *sms)
{
	(void)name;
	return sms_file_smstools(bytes, n, sms);
}

static void move_away(struct import *import, int folder, const char *name)
{
	char target[PATH_MAX];

	snprintf(target, sizeof(target), TAKEN "/%s", name);
	if ((mkdirat(folder, TAKEN, 0700) < 0 && errno != EEXIST) ||
	    renameat(folder, name, folder, target) < 0) {
		fprintf(stderr,
			"simgate: %s/%s is queued, but cannot be moved away: %s; remove it\n",
			import->where, name, strerror(errno));
		import->result = EXIT_FAILED;
	}
}

static void take_file(struct import *import, int folder, const char *name, reader *read_sms)
{
	static char bytes[SMS_FILE_MAX + 1];
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	struct sms_file sms;
	const char *problem;
	char key[KEY_SIZE];
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0) {
		import_refuse(import, name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	n = S_ISREG(st.st_mode) ? read(fd, bytes, sizeof(bytes)) : -1;
	close(fd);
	if (n < 0)
		return; /* a folder, a pipe */
	problem = n > SMS_FILE_MAX ? "it is too long" : read_sms(name, bytes, (size_t)n, &sms);
	if (problem != NULL) {
		import_refuse(import, name, problem);
		return;
	}
	snprintf(key, sizeof(key), "import-%llu-%lld-%ld", (unsigned long long)st.st_ino,
		 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (import_submit(import, name, &sms, NULL, key))
		move_away(import, folder, name);
	sms_file_free(&sms);
}

static int is_message(const struct dirent *entry)
{
	return sms_file_is_message(entry->d_name) && strcmp(entry->d_name, TAKEN) != 0;
}

static void take_folder(struct import *import, reader *read_sms)
{
	struct dirent **entries;
	int folder = open(import->where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = folder >= 0 ? scandir(import->where, &entries, is_message, alphasort) : -1;

	if (n < 0) {
		fprintf(stderr, "simgate: %s: %s; name the folder of messages that wait\n",
			import->where, strerror(errno));
		import->result = EXIT_FAILED;
	}
	for (int i = 0; i < n; i++) {
		if (import->result == EXIT_DONE)
			take_file(import, folder, entries[i]->d_name, read_sms);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	if (folder >= 0)
		close(folder);
}

/* ---- verbs ---- */

static enum exit_code finish(const struct import *import, const char *after)
{
	json_t *json;

	if (import->call->json) {
		json = json_pack("{s:i, s:i}", "taken", (int)import->taken, "refused",
				 (int)import->refused);
		print_json(json);
		json_decref(json);
	} else {
		printf("%u taken over, %u refused. %s\n", import->taken, import->refused, after);
	}
	if (import->result != EXIT_DONE)
		return import->result;
	return import->refused > 0 ? EXIT_FAILED : EXIT_DONE;
}

static const char moved[] = "What was taken lies in " TAKEN ".";

static enum exit_code run_smstools(struct call *call)
{
	struct import import = { .call = call, .where = call->words[0] };

	take_folder(&import, read_smstools);
	return finish(&import, moved);
}

static enum exit_code run_gammu(struct call *call)
{
	struct import import = { .call = call, .where = call->words[0] };
	struct stat st;

	if (stat(import.where, &st) == 0 && S_ISREG(st.st_mode)) {
		import_gammu_database(&import, &st);
		return finish(&import, "The database is as it was: do not start gammu-smsd on it "
				       "again.");
	}
	take_folder(&import, sms_file_gammu);
	return finish(&import, moved);
}

const struct verb import_verbs[] = {
	{ "import", "smstools", 1, 1, 0, "import smstools FOLDER",
	  "takes over messages that wait in an smstools folder", run_smstools },
	{ "import", "gammu", 1, 1, 0, "import gammu FOLDER-OR-DB",
	  "the same, of gammu-smsd: its outbox, or its SQLite file", run_gammu },
	{ 0 },
};

/* backup.c - a copy of the database in a file of the caller's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "cli/term.h"

static void tell(const struct call *call, const char *file, long long bytes)
{
	json_t *json;

	if (!call->json) {
		term_wrap(file, 0, 0, term_columns());
		printf("%lld bytes. The key (key_file) is not in it: keep a copy of that "
		       "apart.\n",
		       bytes);
		return;
	}
	json = json_pack("{s:s, s:I}", "file", file, "bytes", (json_int_t)bytes);
	print_json(json);
	json_decref(json);
}

static enum exit_code run_backup(struct call *call)
{
	const char *file = call->words[0];
	enum exit_code result;
	long long bytes = 0;
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		fprintf(stderr, "simgate: cannot make %s: %s; name a file that is not there yet\n",
			file, strerror(errno));
		return EXIT_FAILED;
	}
	result = http_download(&call->http, "POST", "/v1/backup", fd, &bytes);
	if (result == EXIT_DONE && fsync(fd) < 0) {
		fprintf(stderr, "simgate: cannot write %s: %s\n", file, strerror(errno));
		result = EXIT_FAILED;
	}
	close(fd);
	if (result == EXIT_DONE)
		tell(call, file, bytes);
	else
		unlink(file);
	return result;
}

const struct verb backup_verbs[] = {
	{ "backup", NULL, 1, 1, 0, "backup FILE", "a consistent copy of the database", run_backup },
	{ 0 },
};

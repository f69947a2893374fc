/* api_backup.c - POST /v1/backup: into a file where the daemon may write (path), or as the body of
 * the answer, so that whoever asks keeps it with rights of his own.
 *
 * The copy is made on a thread of libuv's pool; the request, counted, waits for it. A copy that is
 * sent lies beside the database without a name. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/handlers.h"
#include "api/json_in.h"
#include "api/reply.h"
#include "api/request.h"
#include "api/request_input.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/util.h"
#include "queue/store_backup.h"

struct backup_body {
	const char *path;
};

static const struct json_member members[] = {
	{ "path", JSON_IN_TEXT, offsetof(struct backup_body, path), false, 1, PATH_MAX - 1, NULL },
};

struct backup_job {
	uv_work_t work;
	struct request *request; /* counted */
	bool sent;               /* as the answer's body */
	int err;
	char database[PATH_MAX], target[PATH_MAX];
	char why[STORE_WHY_SIZE];
};

static void reply_file(struct request *request, const struct backup_job *job, int64_t size)
{
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_text_string(&out, "path", job->target);
	json_text_number(&out, "bytes", size);
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

/* Takes fd. */
static void reply_copy(struct request *request, int fd, int64_t size)
{
	struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)size, fd);

	if (response == NULL)
		close(fd);
	else
		MHD_add_response_header(response, "Content-Type", "application/vnd.sqlite3");
	reply_response(request, MHD_HTTP_OK, response);
}

static void reply_backup(struct request *request, const struct backup_job *job)
{
	int fd = open(job->target, O_RDONLY | O_CLOEXEC);
	struct stat st = { 0 };

	if (job->sent)
		unlink(job->target);
	if (fd < 0 || fstat(fd, &st) < 0) {
		reply_problem(request, PROBLEM_BACKUP_FAILED, "The copy cannot be read: %s.",
			      strerror(errno));
	} else if (job->sent) {
		reply_copy(request, fd, st.st_size);
		return;
	} else {
		reply_file(request, job, st.st_size);
	}
	if (fd >= 0)
		close(fd);
}

static void on_work(uv_work_t *work)
{
	struct backup_job *job = container_of(work, struct backup_job, work);

	job->err = store_backup(job->database, job->target, job->why);
}

static void on_worked(uv_work_t *work, int status)
{
	struct backup_job *job = container_of(work, struct backup_job, work);
	struct request *request = job->request;

	if (status < 0 && job->err == 0)
		job->err = status;
	if (job->err < 0)
		reply_problem(request,
			      job->err == -ENOSPC ? PROBLEM_DISK_FULL : PROBLEM_BACKUP_FAILED, "%s",
			      job->why);
	else
		reply_backup(request, job);
	log_info("backup: %s", job->err < 0 ? job->why : "done");
	free(job);
	request_unref(request);
}

/* False: answered. */
static bool name_target(struct request *request, struct backup_job *job, const char *path)
{
	char id[ID_SIZE];
	int n;

	job->sent = path == NULL;
	if (path != NULL && path[0] != '/') {
		reply_problem(request, PROBLEM_BACKUP_FAILED, "The path must begin with a slash.");
		return false;
	}
	id_make(id, "", clock_now_ms());
	n = path != NULL
		    ? snprintf(job->target, sizeof(job->target), "%s", path)
		    : snprintf(job->target, sizeof(job->target), "%s.backup-%s", job->database, id);
	if (n < (int)sizeof(job->target))
		return true;
	reply_problem(request, PROBLEM_BACKUP_FAILED, "The path is too long.");
	return false;
}

void handle_backup(struct request *request)
{
	struct backup_body body = { NULL };
	struct backup_job *job;

	if (!request_read(request, members, ARRAY_LEN(members), &body))
		return;
	job = calloc(1, sizeof(*job));
	if (job == NULL) {
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
		return;
	}
	snprintf(job->database, sizeof(job->database), "%s", request->api->database);
	if (!name_target(request, job, body.path)) {
		free(job);
		return;
	}
	job->request = request_ref(request);
	request_wait(request);
	uv_queue_work(request->api->loop, &job->work, on_work, on_worked);
}

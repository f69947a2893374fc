/* api_modems.c - modems are told what to do, and asked by AT command or USSD. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/util.h"

enum { COMMAND_MAX = 512, USSD_MAX = 182, ASK_LIMIT_MS = 180000 };

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* It is ready, and yet may have to wait before it sends. */
static void glance_at_limits(struct fleet_glance *glance, const struct modem_status *status)
{
	static const struct modem_sending free = { .why = "" };
	const struct modem_sending *sending = status->sending != NULL ? status->sending : &free;
	bool first = glance->ready++ == 0;

	glance->codes_at =
		first ? sending->codes_until_ms : sooner(glance->codes_at, sending->codes_until_ms);
	glance->others_at =
		first ? sending->until_ms : sooner(glance->others_at, sending->until_ms);
	if (glance->rests[0] == '\0' && sending->why[0] != '\0')
		snprintf(glance->rests, sizeof(glance->rests), "%.40s: %.110s", status->name,
			 sending->why);
}

void glance_at_modems(struct request *request, struct fleet_glance *glance)
{
	const struct control *modems = request->api->modems;

	*glance = (struct fleet_glance){ 0 };
	if (modems != NULL)
		glance->total = (unsigned)control_count(modems);
	for (size_t i = 0; i < glance->total; i++) {
		const struct modem_status *status = control_at(modems, i);

		if (status->state == MODEM_READY || status->state == MODEM_SENDING)
			glance_at_limits(glance, status);
		else if (glance->why[0] == '\0')
			snprintf(glance->why, sizeof(glance->why), "%.40s: %.110s", status->name,
				 status->why[0] != '\0' ? status->why
							: modem_state_name(status->state));
	}
	request->fleet = glance;
}

/* NULL: answered. */
static const struct modem_status *find(struct request *request)
{
	struct control *modems = request->api->modems;
	const struct modem_status *status =
		modems != NULL ? control_find(modems, request->param[0]) : NULL;

	if (status == NULL)
		reply_not_found(request);
	return status;
}

void handle_modem_show(struct request *request)
{
	const struct modem_status *status = find(request);

	if (status != NULL)
		reply_modem(request, MHD_HTTP_OK, status);
}

void reply_control_error(struct request *request, int err)
{
	if (err == -ENOENT)
		reply_not_found(request);
	else if (err == -EBUSY)
		reply_problem(request, PROBLEM_MODEM_BUSY, "The modem is busy: try again soon.");
	else
		reply_problem(request, PROBLEM_MODEM_NOT_READY,
			      "The modem cannot do that now: see its state.");
}

/* In the order of enum modem_action. */
static const char *const action_words[] = { "drain", "resume", "reset", "reopen", NULL };

struct action_input {
	int action;
};

static const struct json_member action_members[] = {
	{ .name = "action",
	  .kind = JSON_IN_WORD,
	  .required = true,
	  .words = action_words,
	  .offset = offsetof(struct action_input, action) },
};

void handle_modem_action(struct request *request)
{
	const struct modem_status *status = find(request);
	struct action_input in = { 0 };
	int err;

	if (status == NULL ||
	    !request_read(request, action_members, ARRAY_LEN(action_members), &in))
		return;
	err = control_action(request->api->modems, request->param[0], (enum modem_action)in.action);
	status = control_find(request->api->modems, request->param[0]);
	if (err < 0 || status == NULL)
		reply_control_error(request, err < 0 ? err : -ENOENT);
	else
		reply_modem(request, MHD_HTTP_ACCEPTED, status);
}

/* A question to a modem may outlive its request, and even the server: what the modem calls back
 * with stands by itself. */
struct ask {
	struct ask_job *job; /* NULL: nobody waits any more */
};

struct ask_job {
	struct request *request;
	const char *command;
	struct ask *ask;
	struct wait wait;
	void (*render)(struct request *request, const char *const *lines, size_t n,
		       const char *final);
};

static void ask_job_free(void *arg)
{
	struct ask_job *job = arg;

	wait_clear(&job->wait);
	if (job->ask != NULL)
		job->ask->job = NULL;
}

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	struct ask *ask = arg;
	struct ask_job *job = ask->job;

	free(ask);
	if (job == NULL)
		return;
	job->ask = NULL;
	wait_clear(&job->wait);
	job->render(job->request, lines, n, final);
}

static void on_ask_limit(struct wait *wait)
{
	struct ask_job *job = container_of(wait, struct ask_job, wait);

	if (job->request->api->closing)
		reply_problem(job->request, PROBLEM_SHUTTING_DOWN, "simgated is stopping.");
	else
		reply_problem(job->request, PROBLEM_MODEM_ERROR, "The modem did not answer.");
}

static const struct json_member at_members[] = {
	{ .name = "command",
	  .kind = JSON_IN_TEXT,
	  .required = true,
	  .min = 1,
	  .max = COMMAND_MAX,
	  .offset = offsetof(struct ask_job, command) },
};

static const struct json_member ussd_members[] = {
	{ .name = "code",
	  .kind = JSON_IN_TEXT,
	  .required = true,
	  .min = 1,
	  .max = USSD_MAX,
	  .offset = offsetof(struct ask_job, command) },
};

static void refuse_command(struct request *request, const char *name, const char *reason,
			   const char *detail)
{
	struct field_errors errors = { .n = 0 };

	problem_add_field(&errors, name, reason, "%s", detail);
	reply_fields(request, &errors);
}

/* A line end or Ctrl-Z inside would be a second command. */
static bool is_one_line(struct request *request, const char *name, const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= ' ' && *text != 0x7f)
			continue;
		refuse_command(request, name, "control_character",
			       "It must be one line without control characters.");
		return false;
	}
	return true;
}

typedef int ask_fn(struct control *control, const char *name, const char *text, modem_answer *done,
		   void *arg);

static void ask_modem(struct request *request, struct ask_job *job, const char *name, ask_fn *fn)
{
	struct ask *ask = malloc(sizeof(*ask));
	int err = -ENOMEM;

	if (ask != NULL) {
		ask->job = job;
		err = fn(request->api->modems, request->param[0], job->command, on_answer, ask);
	}
	if (err < 0) {
		free(ask);
		if (err == -EINVAL)
			refuse_command(request, name, "not_allowed",
				       "The modem may not be asked this.");
		else
			reply_control_error(request, err);
		return;
	}
	job->request = request;
	job->ask = ask;
	job->wait.due = on_ask_limit;
	wait_set(&request->api->waits, &job->wait, ASK_LIMIT_MS);
	request_wait(request);
}

static void handle_ask(struct request *request, const struct json_member *member, ask_fn *fn,
		       void (*render)(struct request *, const char *const *, size_t, const char *))
{
	struct ask_job *job;

	if (find(request) == NULL)
		return;
	job = request_job(request, sizeof(*job), ask_job_free);
	if (job == NULL || !request_read(request, member, 1, job) ||
	    !is_one_line(request, member->name, job->command))
		return;
	job->render = render;
	ask_modem(request, job, member->name, fn);
}

static void render_at(struct request *request, const char *const *lines, size_t n,
		      const char *final)
{
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_text_open(&out, "lines", '[');
	for (size_t i = 0; i < n; i++)
		json_text_string(&out, NULL, lines[i]);
	json_text_close(&out, ']');
	json_text_string(&out, "final", final);
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

static void render_ussd(struct request *request, const char *const *lines, size_t n,
			const char *final)
{
	struct json_text out = { 0 };
	char answer[2048];
	size_t used = 0;

	if (n == 0) {
		reply_problem(request, PROBLEM_MODEM_ERROR, "The network gave no answer: %s.",
			      final);
		return;
	}
	for (size_t i = 0; i < n && used < sizeof(answer); i++)
		used += (size_t)snprintf(answer + used, sizeof(answer) - used, "%s%s",
					 i > 0 ? "\n" : "", lines[i]);
	json_text_open(&out, NULL, '{');
	json_text_string(&out, "answer", answer);
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

void handle_modem_at(struct request *request)
{
	handle_ask(request, at_members, control_at_command, render_at);
}

void handle_modem_ussd(struct request *request)
{
	handle_ask(request, ussd_members, control_ussd, render_ussd);
}

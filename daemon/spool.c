/* spool.c - files that appear in the spool become texts of its site, each once.
 *
 * A sweep goes through the folder and its sub-folder outgoing in rounds: a thread of libuv's pool
 * finds and reads some files, each becomes a transaction under the rules of POST /v1/messages, then
 * the thread removes what was taken and puts aside what was refused, and the keys of removed files
 * are forgotten. A file's key stands in the transaction of its message: after a crash before the
 * file was removed it makes no second one. What is refused for now (a limit, a full queue or disk)
 * stays, and the spool rests for a while. A change during a sweep begins another one. */
#include "daemon/spool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mask.h"
#include "base/util.h"
#include "daemon/spool_files.h"
#include "daemon/spool_watch.h"
#include "queue/db_idempotency.h"
#include "service/messages.h"
#include "service/texts.h"

enum { ROUND_SIZE = 64, REST_MIN_MS = 1000, REST_MAX_MS = 60000, TROUBLE_MS = 5000 };

static const char *const folders[SPOOL_FOLDERS] = { "", "outgoing" };

struct spool {
	uv_loop_t *loop;
	const struct config *config; /* counted */
	struct store *store;
	struct spool_watch *watch; /* NULL: no spool is configured, or it cannot be watched */
	uv_timer_t rest;
	bool resting, again, closing, closed;
	bool trouble;        /* with a file of this sweep: it is tried again */
	struct round *round; /* of the sweep that goes on */
	unsigned rounds;     /* that still live */
};

/* One file's way through the store. */
struct taking {
	struct round *round;
	struct spool_file *file;
	struct refusal refusal;
	char id[ID_SIZE];
};

struct round {
	struct spool *spool;
	const struct config *config; /* counted */
	uv_work_t work;
	unsigned folder;
	struct spool_place after; /* where it begins */
	int error;                /* the folder cannot be used: negative errno */
	size_t n, waiting;        /* files; transactions */
	int64_t rest_ms;          /* some must wait */
	struct spool_file files[ROUND_SIZE];
	struct taking taking[ROUND_SIZE];
};

static void sweep(struct spool *s);

/* ---- the life of a round ---- */

static void end_if_idle(struct spool *s)
{
	if (s->rounds > 0 || !s->closed)
		return;
	config_unref(s->config);
	free(s);
}

static void round_free(struct round *round)
{
	struct spool *s = round->spool;

	for (size_t i = 0; i < round->n; i++)
		sms_file_free(&round->files[i].sms);
	config_unref(round->config);
	free(round);
	s->rounds--;
	end_if_idle(s);
}

static void on_rested(uv_timer_t *timer)
{
	struct spool *s = timer->data;

	s->resting = false;
	sweep(s);
}

static void look_again(struct spool *s, int64_t ms)
{
	if (s->closing)
		return;
	uv_timer_start(&s->rest, on_rested,
		       (uint64_t)(ms < REST_MIN_MS   ? REST_MIN_MS
				  : ms > REST_MAX_MS ? REST_MAX_MS
						     : ms),
		       0);
}

/* Until then, nothing that comes is looked at. */
static void rest(struct spool *s, int64_t ms)
{
	s->resting = true;
	look_again(s, ms);
}

/* ---- keys and messages ---- */

/* Of no site: what one has taken another does not send again. */
static struct idempotency key_of(const struct spool_file *file)
{
	return (struct idempotency){ .client = "spool",
				     .site = "",
				     .route = "spool",
				     .key = file->key,
				     .body = "",
				     .until_forgotten = true };
}

/* The file's name, as far as a reference may be such. */
static const char *reference_of(const struct spool_file *file)
{
	struct refusal why;
	const char *name = file->place.name;

	return strlen(name) <= MESSAGE_REFERENCE_MAX && text_check(name, "reference", &why) == 0
		       ? name
		       : NULL;
}

static int take_tx(struct db *db, void *arg)
{
	struct taking *taking = arg;
	const struct round *round = taking->round;
	const struct sms_file *sms = &taking->file->sms;
	const struct rule rule = { .db = db,
				   .config = round->config,
				   .site = config_site(round->config, round->config->spool_site),
				   .client = "spool",
				   .idempotency = key_of(taking->file) };
	const struct message_request request = {
		.to = sms->to,
		.text = sms->text,
		.reference = reference_of(taking->file),
		.priority = sms->high ? PRIORITY_HIGH : PRIORITY_NORMAL,
		.report = sms->report,
		.encoding = GSM_AUTO,
		.transliterate = -1,
	};
	struct message_view view = { 0 };
	int err = message_create(&rule, &request, &view, &taking->refusal);

	if (err == 0)
		snprintf(taking->id, sizeof(taking->id), "%s", view.row.id);
	message_view_free(&view);
	return err;
}

static int forget_tx(struct db *db, void *arg)
{
	struct round *round = arg;
	int err = 0;

	for (size_t i = 0; err == 0 && i < round->n; i++) {
		struct idempotency key = key_of(&round->files[i]);

		if (round->files[i].gone)
			err = db_idempotency_forget(db, &key);
	}
	return err;
}

/* What is not forgotten is a few bytes for a year. */
static void on_forgotten(void *arg, int status)
{
	(void)status;
	round_free(arg);
}

/* ---- rounds ---- */

static void start_round(struct spool *s, unsigned folder, const struct spool_place *after);

static void end_sweep(struct spool *s, int64_t rest_ms)
{
	s->round = NULL;
	if (rest_ms > 0)
		rest(s, rest_ms);
	else if (s->again)
		sweep(s);
	else if (s->trouble)
		look_again(s, REST_MAX_MS);
}

static void go_on(struct round *round)
{
	struct spool *s = round->spool;
	bool moved = strcmp(round->config->spool, s->config->spool) != 0;

	if (s->closing)
		s->round = NULL;
	else if (round->rest_ms > 0 || moved)
		end_sweep(s, round->rest_ms);
	else if (round->n == ROUND_SIZE)
		start_round(s, round->folder, &round->files[ROUND_SIZE - 1].place);
	else if (round->folder + 1 < SPOOL_FOLDERS)
		start_round(s, round->folder + 1, NULL);
	else
		end_sweep(s, 0);
}

/* A name of a file may hold a number, and anything else. */
static void shown_name(const struct spool_file *file, char out[static 2 * NAME_MAX])
{
	mask_line(out, 2 * NAME_MAX, file->place.name);
}

static void tell_refused(const struct taking *taking)
{
	const struct spool_file *file = taking->file;
	enum reason reason = taking->refusal.reason;
	char name[2 * NAME_MAX], to[MASK_SIZE];

	shown_name(file, name);
	mask_number(to, file->sms.to);
	log_write(LOG_LEVEL_WARN,
		  &(struct log_tags){ .kind = LOG_KIND_SEND,
				      .reason = reason == REASON_FIELD
							? taking->refusal.field_reason
							: reason_name(reason) },
		  "spool: %s%s%s is refused and lies in failed: %s", name,
		  file->sms.to[0] != '\0' ? " to " : "", file->sms.to[0] != '\0' ? to : "",
		  file->why);
}

static void tell_settled(const struct taking *taking)
{
	const struct spool_file *file = taking->file;
	char name[2 * NAME_MAX];

	shown_name(file, name);
	if (file->error < 0)
		log_warn("spool: %s stays in the folder: %s", name, strerror(-file->error));
	else if (file->fate == FATE_REFUSED)
		tell_refused(taking);
	else if (file->fate == FATE_TAKEN)
		log_write(LOG_LEVEL_DEBUG,
			  &(struct log_tags){ .kind = LOG_KIND_SEND, .id = taking->id },
			  "spool: %s is taken", name);
}

static void work_settle(uv_work_t *work)
{
	struct round *round = container_of(work, struct round, work);

	spool_files_settle(round->config->spool, folders[round->folder], round->files, round->n);
}

static void on_settled(uv_work_t *work, int status)
{
	struct round *round = container_of(work, struct round, work);
	struct spool *s = round->spool;
	bool gone = false;

	(void)status;
	for (size_t i = 0; i < round->n; i++) {
		tell_settled(&round->taking[i]);
		s->trouble |= round->files[i].error < 0;
		gone |= round->files[i].gone;
	}
	go_on(round);
	if (gone && !s->closing)
		store_run(s->store, STORE_NORMAL, forget_tx, on_forgotten, round);
	else
		round_free(round);
}

static void settle(struct round *round)
{
	uv_queue_work(round->spool->loop, &round->work, work_settle, on_settled);
}

/* Not this file's fault, and no other would fare better now. */
static bool must_wait(const struct refusal *refusal)
{
	return refusal->retry_after_ms > 0;
}

static void put_off(struct round *round, int64_t ms, const char *why)
{
	if (round->rest_ms == 0)
		log_write(LOG_LEVEL_WARN, &(struct log_tags){ .kind = LOG_KIND_SEND },
			  "spool: files wait in the folder: %s", why);
	round->rest_ms = ms;
}

static void on_taken(void *arg, int status)
{
	struct taking *taking = arg;
	struct round *round = taking->round;
	struct spool_file *file = taking->file;

	if (status == 0 || (status == RULE_REFUSED && taking->refusal.reason == REASON_NOT_FOUND))
		file->fate = FATE_TAKEN; /* not found: taken before, for another site or erased */
	else if (status < 0)
		put_off(round, TROUBLE_MS, strerror(-status));
	else if (must_wait(&taking->refusal))
		put_off(round, taking->refusal.retry_after_ms, taking->refusal.detail);
	else {
		file->fate = FATE_REFUSED;
		snprintf(file->why, sizeof(file->why), "%s", taking->refusal.detail);
	}
	if (--round->waiting == 0)
		settle(round);
}

static void take(struct round *round)
{
	struct spool *s = round->spool;

	round->waiting = 1;
	for (size_t i = 0; i < round->n; i++) {
		struct spool_file *file = &round->files[i];

		round->taking[i].round = round;
		round->taking[i].file = file;
		if (!spool_watch_is_whole(s->watch, round->folder, file->place.name,
					  file->modified_ns))
			file->fate = FATE_STAYS;
		else if (file->key[0] != '\0') {
			round->waiting++;
			store_run(s->store, STORE_NORMAL, take_tx, on_taken, &round->taking[i]);
		}
	}
	if (--round->waiting == 0)
		settle(round);
}

static void tell_trouble(const struct round *round)
{
	log_error("the spool folder %s%s%s cannot be used: %s; simgate doctor says more",
		  round->config->spool, round->folder > 0 ? "/" : "", folders[round->folder],
		  strerror(-round->error));
}

static void work_look(uv_work_t *work)
{
	struct round *round = container_of(work, struct round, work);

	round->error = spool_files_look(round->config->spool, folders[round->folder], &round->after,
					round->files, ROUND_SIZE, &round->n);
}

static void on_looked(uv_work_t *work, int status)
{
	struct round *round = container_of(work, struct round, work);
	struct spool *s = round->spool;

	(void)status;
	if (round->error == -ENOENT && round->folder > 0)
		round->error = 0;
	if (round->error < 0) {
		tell_trouble(round);
		round->rest_ms = TROUBLE_MS;
	}
	if (round->n > 0 && !s->closing && s->watch != NULL) {
		take(round);
		return;
	}
	go_on(round);
	round_free(round);
}

static void start_round(struct spool *s, unsigned folder, const struct spool_place *after)
{
	struct round *round = calloc(1, sizeof(*round));

	s->round = round;
	if (round == NULL) {
		rest(s, TROUBLE_MS);
		return;
	}
	round->spool = s;
	round->config = config_ref(s->config);
	round->folder = folder;
	if (after != NULL)
		round->after = *after;
	else
		round->after.modified_ns = INT64_MIN;
	s->rounds++;
	spool_watch_look(s->watch);
	uv_queue_work(s->loop, &round->work, work_look, on_looked);
}

/* ---- sweeps ---- */

/* A watch goes where the path leads now. */
static bool watch_folders(struct spool *s)
{
	char path[PATH_MAX];
	int err = 0;

	for (unsigned i = 0; i < SPOOL_FOLDERS; i++) {
		int n = snprintf(path, sizeof(path), "%s/%s", s->config->spool, folders[i]);
		int r = n < PATH_MAX ? spool_watch_folder(s->watch, i, path) : -ENAMETOOLONG;

		if (i == 0)
			err = r;
	}
	if (err < 0)
		log_error("the spool folder %s cannot be used: %s; simgate doctor says more",
			  s->config->spool, strerror(-err));
	return err == 0;
}

static void on_changed(void *arg)
{
	struct spool *s = arg;

	s->again = true;
	sweep(s);
}

static void sweep(struct spool *s)
{
	if (s->round != NULL || s->resting || s->closing || s->config->spool[0] == '\0')
		return;
	if (s->watch == NULL)
		s->watch = spool_watch_start(s->loop, on_changed, s);
	s->again = s->trouble = false;
	if (s->watch != NULL && watch_folders(s))
		start_round(s, 0, NULL);
	else
		rest(s, TROUBLE_MS);
}

struct spool *spool_start(uv_loop_t *loop, const struct config *config, struct store *store)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->config = config_ref(config);
	s->store = store;
	uv_timer_init(loop, &s->rest);
	s->rest.data = s;
	sweep(s);
	return s;
}

/* What was in the way before may be so no more. */
void spool_set_config(struct spool *s, const struct config *config)
{
	const struct config *old = s->config;

	s->config = config_ref(config);
	config_unref(old);
	uv_timer_stop(&s->rest);
	s->resting = false;
	if (config->spool[0] == '\0') {
		spool_watch_stop(s->watch);
		s->watch = NULL;
	}
	s->again = true;
	sweep(s);
}

static void on_closed(uv_handle_t *handle)
{
	struct spool *s = handle->data;

	s->closed = true;
	end_if_idle(s);
}

void spool_stop(struct spool *s)
{
	s->closing = true;
	spool_watch_stop(s->watch);
	s->watch = NULL;
	uv_close((uv_handle_t *)&s->rest, on_closed);
}

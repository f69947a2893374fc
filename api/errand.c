/* errand.c - a handler's way to the store and back.
 *
 * The rule runs on the store's thread while the connection sleeps; the request stays alive by a
 * reference and the loop leaves its job alone. Back on the loop a failure, a refusal or the
 * handler's own rendering answers. */
#include <stdio.h>
#include <string.h>

#include "api/reply.h"
#include "api/request.h"
#include "api/running.h"

static int run_for_site(struct request *request, struct rule *rule, const struct config_site *site)
{
	memset(&request->why, 0, sizeof(request->why));
	rule->site = site;
	rule->idempotency.site = site != NULL ? site->name : "";
	return request->run(rule, request->job, &request->why);
}

/* An id belongs to one site: the others do not know it and say so. */
static int run_for_each(struct request *request, struct rule *rule)
{
	int err = 0;

	for (size_t i = 0; i < request->access->n_sites; i++) {
		err = run_for_site(request, rule, request->access->sites[i]);
		if (err != RULE_REFUSED || request->why.reason != REASON_NOT_FOUND)
			break;
	}
	return err;
}

static int on_store_thread(struct db *db, void *arg)
{
	struct request *request = arg;
	const struct access *access = request->access;
	struct rule rule = {
		.db = db,
		.config = access->config,
		.client = access->client,
		.gateways = request->gateways,
		.fleet = request->fleet,
		.idempotency = {
			.client = access->client,
			.route = request->route_text,
			.key = request->key[0] != '\0' ? request->key : NULL,
			.body = request->body_size > 0 ? request->body : "",
			.body_size = request->body_size,
		},
	};

	if (request->site == NULL && request->route->sites == SITE_EACH)
		return run_for_each(request, &rule);
	return run_for_site(request, &rule, request->site);
}

static void on_done(void *arg, int status)
{
	struct request *request = arg;

	running_remove(request);
	if (status < 0) {
		enum problem problem = problem_of_store(status);

		reply_problem(request, problem, "%s",
			      problem == PROBLEM_DISK_FULL
				      ? "The disk is full: nothing was stored."
				      : "The database did not take it: nothing was stored.");
	} else if (request->why.reason != REASON_NONE) {
		reply_refusal(request, &request->why);
	} else if (request->connection != NULL) {
		request->render(request);
	}
	request_unref(request);
}

void request_write(struct request *request, request_rule *rule, request_render *render)
{
	if (!running_add(request)) {
		reply_problem(request, PROBLEM_REQUEST_IN_PROGRESS,
			      "The first request with this Idempotency-Key is still running.");
		return;
	}
	request->run = rule;
	request->render = render;
	request_wait(request);
	store_run(request->api->store, STORE_NORMAL, on_store_thread, on_done,
		  request_ref(request));
}

void request_fetch(struct request *request, request_rule *rule, request_render *render)
{
	request->run = rule;
	request->render = render;
	request_wait(request);
	store_read(request->api->store, on_store_thread, on_done, request_ref(request));
}

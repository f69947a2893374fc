/* refusals.c - one rule inside a transaction of its own, and what is told of its refusal. */
#include "service/refusals.h"

#include "queue/db_event.h"

struct attempted {
	const struct rule *rule;
	refusable_rule *run;
	void *arg;
	struct refusal *why;
};

static int run_nested(struct db *db, void *arg)
{
	struct attempted *attempted = arg;

	(void)db; /* the rule has it */
	return attempted->run(attempted->rule, attempted->arg, attempted->why);
}

int refusal_told(const struct rule *rule, const char *type, const char *subject,
		 refusable_rule *run, void *arg, struct refusal *why)
{
	struct attempted attempted = { rule, run, arg, why };
	struct event_new event = {
		.type = type,
		.site = rule->site != NULL ? rule->site->name : "",
		.subject = subject,
	};
	int err = db_nested(rule->db, run_nested, &attempted);

	if (err != RULE_REFUSED || why->reason == REASON_NOT_FOUND ||
	    why->reason == REASON_KEY_REUSED)
		return err;
	event.reason = why->reason == REASON_FIELD ? why->field_reason : reason_name(why->reason);
	return db_event_add(rule->db, &event);
}

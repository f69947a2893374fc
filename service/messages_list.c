/* messages_list.c - lists of messages. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/messages.h"
#include "service/rule_private.h"

/* The filter's number as its id; -ENOENT: nothing was ever sent there. */
static int find_number(const struct rule *rule, const char *to, int64_t *id, struct refusal *why)
{
	struct number number;
	int err = number_parse_recipient(&number, to, rule->site != NULL ? rule->site->region : "",
					 "to", why);

	return rule_kept_number(rule, err, to, &number, id, why);
}

static int read_filter(const struct rule *rule, const struct message_filter *filter,
		       struct message_query *query, struct refusal *why)
{
	*query = (struct message_query){
		.sites = filter->sites,
		.n_sites = filter->n_sites,
		.state = filter->state,
		.kind = filter->kind,
		.reference = filter->reference,
		.after = filter->after,
		.limit = filter->limit + 1, /* one more tells whether others follow */
	};
	if (filter->after != NULL && !id_is(filter->after, ID_MESSAGE))
		return rule_refuse_field(why, "after", "not_a_cursor",
					 "Use the value of next, as it came.");
	return filter->to != NULL ? find_number(rule, filter->to, &query->number, why) : 0;
}

static int make_views(const struct rule *rule, const struct message_row *rows, size_t n,
		      struct message_view **views)
{
	int err = 0;

	*views = calloc(n > 0 ? n : 1, sizeof(**views));
	if (*views == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n && err == 0; i++) {
		(*views)[i].row = rows[i];
		(*views)[i].estimated_send_at = message_estimate(rule, &rows[i]);
		err = db_number_get(rule->db, rows[i].number, (*views)[i].to);
		message_tell_no_modem(rule, &(*views)[i]);
	}
	if (err < 0) {
		free(*views);
		*views = NULL;
	}
	return err;
}

int message_list(const struct rule *rule, const struct message_filter *filter,
		 struct message_view **views, size_t *n, char next[static ID_SIZE],
		 struct refusal *why)
{
	struct message_query query;
	struct message_row *rows;
	const char *own = rule->site != NULL ? rule->site->name : NULL;
	int err = read_filter(rule, filter, &query, why);

	*views = NULL;
	*n = 0;
	next[0] = '\0';
	if (err == -ENOENT)
		return make_views(rule, NULL, 0, views);
	if (err != 0)
		return err;
	if (query.sites == NULL && own != NULL) {
		query.sites = &own;
		query.n_sites = 1;
	}
	rows = calloc(query.limit, sizeof(*rows));
	if (rows == NULL)
		return -ENOMEM;
	err = db_message_list(rule->db, &query, rows, n);
	if (err == 0 && *n > filter->limit) {
		*n = filter->limit;
		if (*n > 0)
			snprintf(next, ID_SIZE, "%s", rows[*n - 1].id);
	}
	if (err == 0)
		err = make_views(rule, rows, *n, views);
	free(rows);
	return err;
}

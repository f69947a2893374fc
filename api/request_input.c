/* request_input.c - body, query and sites as handlers ask for them. */
#include <errno.h>
#include <stdlib.h>

#include "api/admit.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/id.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 200 };

static bool any_required(const struct json_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (members[i].required)
			return true;
	}
	return false;
}

/* Every body is JSON, whatever its Content-Type says: curl -d calls it a form. */
static bool parse_body(struct request *request)
{
	char why[JSON_IN_WHY_SIZE];
	enum problem problem;

	request->document = json_in_parse(request->body, request->body_size, &problem, why);
	if (request->document == NULL)
		reply_problem(request, problem, "%s", why);
	return request->document != NULL;
}

bool request_read(struct request *request, const struct json_member *members, size_t n, void *into)
{
	struct field_errors errors = { .n = 0 };

	if (request->body_size == 0 && !any_required(members, n))
		return true;
	if (!parse_body(request))
		return false;
	json_in_read(request->document, members, n, into, &errors);
	if (errors.n > 0)
		reply_fields(request, &errors);
	return errors.n == 0;
}

bool request_number(struct request *request, const char *name, int64_t min, int64_t max,
		    int64_t *value)
{
	const char *text = path_query(&request->path, name);
	struct field_errors errors = { .n = 0 };
	long long number;
	char *end;

	if (text == NULL)
		return true;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && number >= min &&
	    number <= max) {
		*value = number;
		return true;
	}
	problem_add_field(&errors, name, "out_of_range", "It must be a number from %lld to %lld.",
			  (long long)min, (long long)max);
	reply_fields(request, &errors);
	return false;
}

bool request_word(struct request *request, const char *name, int (*parse)(const char *), int *value)
{
	const char *text = path_query(&request->path, name);
	struct field_errors errors = { .n = 0 };
	int word;

	if (text == NULL)
		return true;
	word = parse(text);
	if (word >= 0) {
		*value = word;
		return true;
	}
	problem_add_field(&errors, name, "unknown_word", "There is no such %s.", name);
	reply_fields(request, &errors);
	return false;
}

void request_sites(const struct request *request, const char *const **names, size_t *n)
{
	const struct access *access = request->access;

	if (request->site_named) {
		*names = &request->site->name;
		*n = 1;
	} else if (access->every_site && access->role == ROLE_OPERATOR) {
		*names = NULL;
		*n = 0;
	} else {
		*names = access->names;
		*n = access->n_names;
	}
}

bool request_limit(struct request *request, size_t *limit)
{
	int64_t wanted = PAGE_DEFAULT;

	if (!request_number(request, "limit", 1, INT64_MAX, &wanted))
		return false;
	*limit = wanted < PAGE_MAX ? (size_t)wanted : PAGE_MAX;
	return true;
}

bool request_page(struct request *request, const char *id_prefix, const char **after, size_t *limit)
{
	const char *id = path_query(&request->path, "after");
	struct field_errors errors = { .n = 0 };

	if (!request_limit(request, limit))
		return false;
	*after = id;
	if (id == NULL || id_is(id, id_prefix))
		return true;
	problem_add_field(&errors, "after", "unknown_word",
			  "It must be the next of the list before: %s...", id_prefix);
	reply_fields(request, &errors);
	return false;
}

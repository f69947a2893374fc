/* running.c - a hash of lists; entries live inside the requests. */
#include "api/running.h"

#include <stdint.h>
#include <string.h>

#include "api/request.h"

static const char *site_name(const struct request *request)
{
	return request->site != NULL ? request->site->name : "";
}

/* FNV-1a: spreads keys over the buckets, nothing more is asked of it. */
static struct request_list *bucket(const struct request *request)
{
	uint32_t hash = 2166136261u;

	for (const char *at = request->key; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return &request->api->running[hash % RUNNING_BUCKETS];
}

static bool same(const struct request *a, const struct request *b)
{
	return strcmp(a->key, b->key) == 0 && strcmp(a->route_text, b->route_text) == 0 &&
	       strcmp(a->access->client, b->access->client) == 0 &&
	       strcmp(site_name(a), site_name(b)) == 0;
}

bool running_add(struct request *request)
{
	struct request_list *list = bucket(request);
	struct request *other;

	if (request->key[0] == '\0')
		return true;
	LIST_FOREACH(other, list, running_link)
	{
		if (same(other, request))
			return false;
	}
	LIST_INSERT_HEAD(list, request, running_link);
	request->is_running = true;
	return true;
}

void running_remove(struct request *request)
{
	if (request->is_running)
		LIST_REMOVE(request, running_link);
	request->is_running = false;
}

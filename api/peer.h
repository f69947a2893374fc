/* peer.h - who is at the other end of a connection, and what that client may do.
 *
 * The kernel tells uid and groups once, at connect; names of the configuration become ids once, at
 * load; what follows from both is worked out once a connection, role and snapshot, and counted. Of
 * several entries each speaks for its own sites: who looks at one site and operates another may not
 * operate both. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"

struct peer_ids {
	uid_t uid;
	gid_t *groups; /* all of them, malloced */
	size_t n_groups;
};

/* 0, or a negative errno: then the client is nobody. */
int peer_read(struct peer_ids *ids, int fd);
void peer_free(struct peer_ids *ids);

struct peer_map; /* a snapshot with its user and group names resolved; private to peer.c */

struct peer_map *peer_map_new(const struct config *config); /* takes a reference; NULL: memory */
void peer_map_free(struct peer_map *map);

struct access {
	unsigned refs;
	const struct config *config;
	enum config_role role; /* the highest; ROLE_NONE: not a client */
	bool every_site;
	const struct config_site **sites; /* where its role is enough */
	const char **names; /* theirs; for an operator one more: "", the gateway itself */
	size_t n_sites, n_names;
	char client[24]; /* "uid:33" */
};

/* For what needs that role. NULL: no memory. */
struct access *peer_access(const struct peer_map *map, const struct peer_ids *ids,
			   enum config_role need);
/* Of a scraper over TCP: viewer, without a site. */
struct access *peer_scraper_access(const struct peer_map *map);
struct access *access_ref(struct access *access);
void access_unref(struct access *access); /* NULL is allowed */

/* NULL: there is none of that name, or it is another client's. */
const struct config_site *access_site(const struct access *access, const char *name);

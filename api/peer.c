/* peer.c - credentials of the Unix socket become a role and sites. */
#include "api/peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum { GROUPS_GUESS = 32, GROUPS_MAX = 65536, NAME_BUFFER = 16384 };

/* Supplementary groups come after the primary one in ids->groups. */
static int read_groups(struct peer_ids *ids, int fd, gid_t primary)
{
	socklen_t size = GROUPS_GUESS * sizeof(gid_t);

	for (;;) {
		gid_t *groups = malloc(size + sizeof(gid_t));
		socklen_t room = size;

		if (groups == NULL)
			return -ENOMEM;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) == 0) {
			groups[0] = primary;
			ids->groups = groups;
			ids->n_groups = size / sizeof(gid_t) + 1;
			return 0;
		}
		free(groups);
		if (errno != ERANGE || size <= room || size > GROUPS_MAX * sizeof(gid_t))
			return -errno;
	}
}

int peer_read(struct peer_ids *ids, int fd)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	int err;

	*ids = (struct peer_ids){ .uid = (uid_t)-1 }; /* never 0, which is root */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	err = read_groups(ids, fd, cred.gid);
	if (err == 0)
		ids->uid = cred.uid;
	return err;
}

void peer_free(struct peer_ids *ids)
{
	free(ids->groups);
	*ids = (struct peer_ids){ .uid = (uid_t)-1 };
}

struct peer_map {
	const struct config *config;
	struct peer_id {
		bool known;
		id_t id; /* of the client entry's user or group */
	} ids[];
};

static struct peer_id resolve_user(const char *name)
{
	char buffer[NAME_BUFFER];
	struct passwd entry, *found = NULL;

	getpwnam_r(name, &entry, buffer, sizeof(buffer), &found);
	if (found == NULL) {
		log_warn("clients: there is no user \"%s\" on this machine", name);
		return (struct peer_id){ 0 };
	}
	return (struct peer_id){ true, found->pw_uid };
}

static struct peer_id resolve_group(const char *name)
{
	char buffer[NAME_BUFFER];
	struct group entry, *found = NULL;

	getgrnam_r(name, &entry, buffer, sizeof(buffer), &found);
	if (found == NULL) {
		log_warn("clients: there is no group \"%s\" on this machine", name);
		return (struct peer_id){ 0 };
	}
	return (struct peer_id){ true, found->gr_gid };
}

struct peer_map *peer_map_new(const struct config *config)
{
	struct peer_map *map = calloc(1, sizeof(*map) + config->n_clients * sizeof(struct peer_id));

	if (map == NULL)
		return NULL;
	map->config = config_ref(config);
	for (size_t i = 0; i < config->n_clients; i++) {
		const struct config_client *client = &config->clients[i];

		map->ids[i] = client->user[0] != '\0' ? resolve_user(client->user)
						      : resolve_group(client->group);
	}
	return map;
}

void peer_map_free(struct peer_map *map)
{
	if (map == NULL)
		return;
	config_unref(map->config);
	free(map);
}

static bool in_groups(const struct peer_ids *ids, gid_t group)
{
	for (size_t i = 0; i < ids->n_groups; i++) {
		if (ids->groups[i] == group)
			return true;
	}
	return false;
}

static bool is_client(const struct peer_map *map, size_t i, const struct peer_ids *ids)
{
	if (!map->ids[i].known)
		return false;
	if (map->config->clients[i].user[0] != '\0')
		return map->ids[i].id == ids->uid;
	return in_groups(ids, map->ids[i].id);
}

static void add_site(struct access *access, const struct config_site *site)
{
	for (size_t i = 0; i < access->n_sites; i++) {
		if (access->sites[i] == site)
			return;
	}
	access->sites[access->n_sites++] = site;
}

static void add_entry(struct access *access, const struct config_client *client,
		      enum config_role need)
{
	if (client->role > access->role)
		access->role = client->role;
	if (client->role < need)
		return;
	if (client->sites.n == 0)
		access->every_site = true;
	for (size_t i = 0; i < client->sites.n; i++) {
		const struct config_site *site =
			config_site(access->config, client->sites.items[i]);

		if (site != NULL)
			add_site(access, site);
	}
}

static void decide(struct access *access, const struct peer_map *map, const struct peer_ids *ids,
		   enum config_role need)
{
	const struct config *config = map->config;

	if (ids->uid == 0 || ids->uid == geteuid()) {
		access->role = ROLE_OPERATOR;
		access->every_site = true;
	} else if (!config->clients_given) {
		access->role = ROLE_SUBMIT;
		access->every_site = need <= ROLE_SUBMIT;
	}
	for (size_t i = 0; i < config->n_clients; i++) {
		if (is_client(map, i, ids))
			add_entry(access, &config->clients[i], need);
	}
	for (size_t i = 0; i < config->n_sites && access->every_site; i++)
		add_site(access, &config->sites[i]);
}

static void list_names(struct access *access)
{
	for (size_t i = 0; i < access->n_sites; i++)
		access->names[access->n_names++] = access->sites[i]->name;
	if (access->role == ROLE_OPERATOR)
		access->names[access->n_names++] = "";
}

static struct access *access_new(const struct peer_map *map)
{
	size_t n = map->config->n_sites;
	struct access *access = calloc(1, sizeof(*access));

	if (access == NULL)
		return NULL;
	access->refs = 1;
	access->config = config_ref(map->config);
	access->sites = calloc(n, sizeof(struct config_site *));
	access->names = calloc(n + 1, sizeof(char *));
	if (access->sites == NULL || access->names == NULL) {
		access_unref(access);
		return NULL;
	}
	return access;
}

struct access *peer_scraper_access(const struct peer_map *map)
{
	struct access *access = access_new(map);

	if (access != NULL) {
		access->role = ROLE_VIEWER;
		snprintf(access->client, sizeof(access->client), "scraper");
	}
	return access;
}

struct access *peer_access(const struct peer_map *map, const struct peer_ids *ids,
			   enum config_role need)
{
	struct access *access = access_new(map);

	if (access == NULL)
		return NULL;
	snprintf(access->client, sizeof(access->client), "uid:%lu", (unsigned long)ids->uid);
	decide(access, map, ids, need);
	list_names(access);
	return access;
}

struct access *access_ref(struct access *access)
{
	access->refs++;
	return access;
}

void access_unref(struct access *access)
{
	if (access == NULL || --access->refs > 0)
		return;
	config_unref(access->config);
	free(access->sites);
	free(access->names);
	free(access);
}

const struct config_site *access_site(const struct access *access, const char *name)
{
	for (size_t i = 0; i < access->n_sites; i++) {
		if (strcmp(access->sites[i]->name, name) == 0)
			return access->sites[i];
	}
	return NULL;
}

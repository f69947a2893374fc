/* read.h - the generic half of the loader: fills a struct from a group by a table of its settings.
 * Private to config/. */
#pragma once

#include <libconfig.h>
#include <stddef.h>

#include "config/arena.h"
#include "config/problems.h"
#include "config/value.h"

struct conf_reader {
	struct arena arena;
	struct problems problems;
};

struct conf_spec;

/* Reads setting into the struct at base, or adds a problem and leaves the default there. */
typedef void conf_read(struct conf_reader *reader, const config_setting_t *setting,
		       const struct conf_spec *spec, void *base);

struct conf_word {
	const char *word; /* NULL ends a table */
	int value;
};

/* A group of settings, and what a list of such groups needs. */
struct conf_group {
	const struct conf_spec *specs;
	size_t n_specs;
	size_t size;          /* of one element's struct */
	const void *defaults; /* of one element */
	/* Looks at settings that depend on each other; may be NULL. */
	void (*finish)(struct conf_reader *reader, const config_setting_t *setting, void *base);
};

struct conf_spec {
	const char *name;
	conf_read *read;
	size_t at;       /* of the field in the struct */
	size_t count_at; /* of the number of items, for lists */
	bool required;
	long long least, most;         /* conf_read_count; most: conf_read_duration (0: any) */
	value_check *check;            /* conf_read_string, conf_read_strings */
	const struct conf_word *words; /* conf_read_word, conf_read_word_flag */
	const struct conf_group *group;
};

conf_read conf_read_string;    /* const char * */
conf_read conf_read_region;    /* const char *, made upper-case */
conf_read conf_read_count;     /* unsigned */
conf_read conf_read_number;    /* int */
conf_read conf_read_number64;  /* uint64_t */
conf_read conf_read_bool;      /* bool */
conf_read conf_read_word;      /* an enum */
conf_read conf_read_word_flag; /* bool */
conf_read conf_read_mode;      /* unsigned, from an octal string */
conf_read conf_read_duration;  /* int64_t */
conf_read conf_read_strings;   /* struct config_strings */
conf_read conf_read_regions;   /* the same, made upper-case */
conf_read conf_read_rates;     /* struct config_rates */
conf_read conf_read_durations; /* int64_t items and their number */
conf_read conf_read_inner;     /* a group whose fields are in the same struct, from spec->at on */
conf_read conf_read_inner_or_first; /* the same, or a string that is its first setting */
conf_read conf_read_groups;         /* a list of groups: items and their number */

/* Reads every member of group by its table; tells unknown and missing ones. */
void conf_read_group(struct conf_reader *reader, const config_setting_t *setting,
		     const struct conf_group *group, void *base);

/* The setting's UTF-8 string, or NULL after a problem was told. */
const char *conf_text(struct conf_reader *reader, const config_setting_t *setting);

/* Is setting of this kind (CONFIG_TYPE_LIST: of several values)? If not, a problem was told. */
bool conf_is(struct conf_reader *reader, const config_setting_t *setting, int type);

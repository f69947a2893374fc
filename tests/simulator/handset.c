/* handset.c - joins parts by (recipient, reference, its width, total) and writes what a person
 * would read. A set that never completes is dropped when HANDSET_SETS_MAX are open. */
#include "tests/simulator/handset.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/simulator/modem.h"

struct part {
	char *text; /* NULL: not here yet */
	size_t size;
	unsigned reference; /* TP-MR */
};

struct part_set {
	struct part_set *next;
	struct submit head; /* of the part that came first; its text is not used */
	unsigned have;
	bool overtaken;      /* another text went to this recipient since the last part */
	struct part parts[]; /* head.total of them */
};

static void set_free(struct part_set *set)
{
	for (unsigned i = 0; i < set->head.total; i++)
		free(set->parts[i].text);
	free(set);
}

static bool belongs(const struct part_set *set, const struct submit *s)
{
	return set->head.reference == s->reference && set->head.total == s->total &&
	       set->head.wide_reference == s->wide_reference && strcmp(set->head.to, s->to) == 0;
}

/* The set's place in the list; a place that holds NULL if there is none. */
static struct part_set **find(struct handset *handset, const struct submit *s)
{
	struct part_set **at = &handset->sets;

	while (*at != NULL && !belongs(*at, s))
		at = &(*at)->next;
	return at;
}

static void drop_oldest(struct handset *handset)
{
	struct part_set *oldest = handset->sets;

	handset->sets = oldest->next;
	handset->n_sets--;
	set_free(oldest);
}

/* Sets to one recipient must not interleave: a set that goes on after another text began. */
static void note_order(struct modem *modem, const struct submit *s)
{
	for (struct part_set *set = modem->network.handset.sets; set != NULL; set = set->next) {
		if (strcmp(set->head.to, s->to) != 0)
			continue;
		if (!belongs(set, s)) {
			set->overtaken = true;
		} else if (set->overtaken) {
			set->overtaken = false;
			modem->stats.interleaved++;
			modem_remark(modem, "sets to one recipient interleave");
		}
	}
}

static json_t *number_or_null(int number)
{
	return number < 0 ? json_null() : json_integer(number);
}

static json_t *describe(const struct modem *modem, const struct submit *s, unsigned reference)
{
	char now[CLOCK_TEXT_SIZE];
	json_t *line = json_object();

	clock_format(clock_now_ms(), now);
	json_object_set_new(line, "at", json_string(now));
	json_object_set_new(line, "modem", json_string(modem->options->name));
	json_object_set_new(line, "to", json_string(s->to));
	json_object_set_new(line, "encoding", json_string(sms_coding_name(s->coding)));
	json_object_set_new(line, "mr", json_integer(reference));
	json_object_set_new(line, "class", number_or_null(s->message_class));
	json_object_set_new(line, "validity_minutes", number_or_null(s->validity_minutes));
	json_object_set_new(line, "srr", json_boolean(s->report));
	json_object_set_new(line, "at_us", json_integer((json_int_t)(uv_hrtime() / 1000)));
	return line;
}

/* To the file, and to the ring where the text is whole. */
static void write_line(struct modem *modem, json_t *line, bool keep)
{
	struct handset *handset = &modem->network.handset;
	char *text = json_dumps(line, JSON_COMPACT), **place;

	json_decref(line);
	sink_line(modem->handset_file, text);
	if (!keep) {
		free(text);
		return;
	}
	place = &handset->kept[handset->shown++ % HANDSET_KEPT];
	free(*place);
	*place = text;
	modem->stats.handset++;
}

static void show(struct modem *modem, const struct submit *s, json_t *text, json_t *references)
{
	size_t last = json_array_size(references) - 1;
	json_int_t reference = json_integer_value(json_array_get(references, last));
	json_t *line = describe(modem, s, (unsigned)reference);

	json_object_set_new(line, "text", text);
	json_object_set_new(line, "parts", json_integer(s->total));
	json_object_set_new(line, "mrs", references);
	write_line(modem, line, true);
}

static void show_part(struct modem *modem, const struct submit *s, unsigned reference)
{
	json_t *line = describe(modem, s, reference);

	json_object_set_new(line, "event", json_string("part"));
	json_object_set_new(line, "text", json_stringn(s->text, s->text_size));
	json_object_set_new(line, "part", json_integer(s->sequence));
	json_object_set_new(line, "parts", json_integer(s->total));
	json_object_set_new(line, "reference", json_integer(s->reference));
	write_line(modem, line, false);
}

static void show_set(struct modem *modem, struct part_set *set)
{
	json_t *references = json_array();
	size_t size = 0, used = 0;
	char *text;

	for (unsigned i = 0; i < set->head.total; i++)
		size += set->parts[i].size;
	text = malloc(size + 1);
	if (text == NULL)
		abort();
	for (unsigned i = 0; i < set->head.total; i++) {
		memcpy(text + used, set->parts[i].text, set->parts[i].size);
		used += set->parts[i].size;
		json_array_append_new(references, json_integer(set->parts[i].reference));
	}
	show(modem, &set->head, json_stringn(text, size), references);
	free(text);
}

static struct part_set *set_open(struct handset *handset, const struct submit *s)
{
	struct part_set **at = find(handset, s);

	if (*at != NULL)
		return *at;
	*at = calloc(1, sizeof(**at) + s->total * sizeof((*at)->parts[0]));
	if (*at == NULL)
		abort();
	(*at)->head = *s;
	handset->n_sets++;
	return *at;
}

static void add_part(struct modem *modem, const struct submit *s, unsigned reference)
{
	struct handset *handset = &modem->network.handset;
	struct part_set *set = set_open(handset, s), **at;
	struct part *part = &set->parts[s->sequence - 1];

	if (s->coding != set->head.coding || s->message_class != set->head.message_class)
		modem_violation(modem, "parts of one text differ in their DCS");
	if (part->text == NULL) { /* a phone ignores a part that it has */
		part->text = malloc(s->text_size + 1);
		if (part->text == NULL)
			abort();
		memcpy(part->text, s->text, s->text_size);
		part->size = s->text_size;
		part->reference = reference;
		set->have++;
	}
	if (set->have == set->head.total) {
		show_set(modem, set);
		at = find(handset, s);
		*at = set->next;
		handset->n_sets--;
		set_free(set);
	} else if (handset->n_sets > HANDSET_SETS_MAX) {
		drop_oldest(handset);
	}
}

void handset_receive(struct modem *modem, const struct submit *s, unsigned reference)
{
	if (modem->options->parts)
		show_part(modem, s, reference);
	note_order(modem, s);
	if (s->total > 1)
		add_part(modem, s, reference);
	else
		show(modem, s, json_stringn(s->text, s->text_size),
		     json_pack("[i]", (int)reference));
}

char *handset_dump(const struct handset *handset)
{
	size_t first = handset->shown > HANDSET_KEPT ? handset->shown - HANDSET_KEPT : 0;
	char *dump = NULL;
	size_t size;
	FILE *out = open_memstream(&dump, &size);

	if (out == NULL)
		return NULL;
	fputc('[', out);
	for (size_t i = first; i < handset->shown; i++)
		fprintf(out, "%s%s", i > first ? "," : "", handset->kept[i % HANDSET_KEPT]);
	fputc(']', out);
	fclose(out);
	return dump;
}

void handset_free(struct handset *handset)
{
	while (handset->sets != NULL)
		drop_oldest(handset);
	for (size_t i = 0; i < HANDSET_KEPT; i++)
		free(handset->kept[i]);
}

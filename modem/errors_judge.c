/* errors_judge.c - refusals that mean more when they come in a row (field notes, section 7: "S
 * after 3 in a row", "X after 3"), as data. */
#include <stddef.h>

#include "base/util.h"
#include "modem/errors.h"

/* A recovery that did not help is tried again after so many further refusals. */
enum { RECOVER_EVERY = 3, CMS_OF_MODEM = 300 };

enum counted { OF_MODEM, OF_MESSAGE };

static const struct rule {
	bool is_cme;
	int first, last; /* codes */
	enum counted counted;
	unsigned after; /* so many, the last one too */
	enum modem_error_class becomes;
} rules[] = {
	{ false, -1, -1, OF_MODEM, 3, ERR_RECOVER }, /* a bare ERROR */
	{ false, 21, 21, OF_MODEM, 3, ERR_SIM },
	{ false, 29, 30, OF_MODEM, 3, ERR_SIM },
	{ false, 81, 81, OF_MODEM, 3, ERR_RECOVER },
	{ false, 97, 98, OF_MODEM, 3, ERR_RECOVER },
	{ false, 127, 127, OF_MESSAGE, 3, ERR_RECIPIENT },
	{ false, 301, 301, OF_MODEM, 3, ERR_RECOVER },
	{ false, 310, 310, OF_MODEM, 1, ERR_RECOVER },
	{ false, 310, 310, OF_MODEM, 2, ERR_SIM },
	{ false, 313, 313, OF_MODEM, 1, ERR_RECOVER },
	{ false, 313, 313, OF_MODEM, 2, ERR_SIM },
	{ false, 314, 314, OF_MODEM, 10, ERR_RECOVER },
	{ false, 315, 315, OF_MODEM, 1, ERR_RECOVER },
	{ false, 315, 315, OF_MODEM, 2, ERR_SIM },
	{ false, 350, 350, OF_MODEM, 3, ERR_SIM },
	{ false, 500, 500, OF_MODEM, 3, ERR_RECOVER },
	{ false, 500, 500, OF_MODEM, 10, ERR_SIM },
	{ true, -1, 0, OF_MODEM, 3, ERR_RECOVER },
	{ true, 10, 10, OF_MODEM, 1, ERR_RECOVER },
	{ true, 10, 10, OF_MODEM, 2, ERR_SIM },
	{ true, 13, 13, OF_MODEM, 1, ERR_RECOVER },
	{ true, 13, 13, OF_MODEM, 2, ERR_SIM },
	{ true, 14, 14, OF_MODEM, 20, ERR_RECOVER },
	{ true, 15, 15, OF_MODEM, 1, ERR_RECOVER },
	{ true, 15, 15, OF_MODEM, 2, ERR_SIM },
	{ true, 100, 100, OF_MODEM, 3, ERR_RECOVER },
};

static bool is_about(const struct rule *rule, bool is_cme, int code)
{
	return rule->is_cme == is_cme && code >= rule->first && code <= rule->last;
}

static bool is_nth(unsigned in_row, unsigned after)
{
	return in_row >= after && (in_row - after) % RECOVER_EVERY == 0;
}

static void apply(struct modem_judgement *judged, const struct rule *rule, unsigned in_row,
		  unsigned tries)
{
	if (rule->counted == OF_MODEM)
		judged->suspect = true;
	if (rule->becomes == ERR_RECOVER)
		judged->recover = is_nth(in_row, rule->after);
	else if ((rule->counted == OF_MODEM ? in_row : tries) >= rule->after)
		judged->class = rule->becomes;
}

/* Numbers of the modem, not of the network or the message centre (27.005 3.2.5). */
static bool is_modems_own(bool is_cme, int code)
{
	return is_cme || code < 0 || code >= CMS_OF_MODEM;
}

struct modem_judgement modem_error_judge(const struct modem_error *error, bool is_cme, int code,
					 unsigned in_row, unsigned tries)
{
	enum modem_error_class class = error->class;
	struct modem_judgement judged = {
		.class = class,
		.suspect = class == ERR_SIM || class == ERR_RECOVER || class == ERR_AMBIGUOUS ||
			   is_modems_own(is_cme, code),
		.recover = class == ERR_RECOVER && is_nth(in_row, RECOVER_EVERY),
	};

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (is_about(&rules[i], is_cme, code))
			apply(&judged, &rules[i], in_row, tries);
	if (judged.class == ERR_SIM)
		judged.recover = false; /* it rests instead */
	return judged;
}

/* texts_private.h - what the files behind texts.h share. */
#pragma once

#include "service/texts.h"

/* One wording of a kind in a language; of several, the first of the fewest parts is sent. */
struct text_form {
	enum config_kind kind;
	const char *language, *text;
};

/* Built in, long forms before short ones. */
extern const struct text_form text_forms[];
extern const size_t n_text_forms;

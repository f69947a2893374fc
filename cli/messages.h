/* messages.h - what the verbs of messages share. */
#pragma once

#include "cli/cli.h"

void print_message(const json_t *message);
void print_message_state(const json_t *message); /* its id and state in one line */

/* {text, encoding, transliterate} from the words or standard input; NULL after telling why not. */
json_t *text_body(const struct call *call, int first_word);

/* Until the message is sent or has failed; its state is told, and is the exit. */
enum exit_code wait_for_message(struct call *call, const char *id);

/* at_turn.c - a command's memory: its text, its payload, its reply; what it can recognise. */
#include "modem/at_turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum {
	BYTES_MAX = 512 * 1024, /* of one reply: AT+CMGL of the largest store has some 100 kB */
	LINE_COST = 32,         /* of memory, for the shortest */
	ECHO_MIN = 8,           /* a shorter piece of a payload proves nothing */
};

struct at_turn *at_turn_new(const struct at_command *command)
{
	size_t n = strlen(command->text);
	struct at_turn *turn = calloc(1, sizeof(*turn));
	char *text = malloc(n + 2);
	char *prefix = command->prefix != NULL ? strdup(command->prefix) : NULL;

	if (turn == NULL || text == NULL || (command->prefix != NULL && prefix == NULL)) {
		free(turn);
		free(text);
		free(prefix);
		return NULL;
	}
	memcpy(text, command->text, n);
	strcpy(text + n, "\r");
	turn->command = *command;
	turn->command.text = text;
	turn->command.prefix = prefix;
	turn->n_text = n;
	return turn;
}

void at_turn_free(struct at_turn *turn)
{
	if (turn == NULL)
		return;
	for (size_t i = 0; i < turn->n_lines; i++)
		secret_free(turn->lines[i]);
	free(turn->lines);
	free(turn->final);
	secret_free(turn->payload);
	secret_free((char *)turn->command.text);
	free((char *)turn->command.prefix);
	free(turn);
}

void at_turn_keep(struct at_turn *turn, const char *line)
{
	turn->n_bytes += strlen(line) + LINE_COST;
	if (turn->n_bytes > BYTES_MAX)
		return;
	if (turn->n_lines == turn->room) {
		size_t room = turn->room == 0 ? 4 : turn->room * 2;
		char **larger = realloc(turn->lines, room * sizeof(*larger));

		if (larger == NULL)
			return;
		turn->lines = larger;
		turn->room = room;
	}
	turn->lines[turn->n_lines] = strdup(line);
	turn->n_lines += turn->lines[turn->n_lines] != NULL;
}

static bool is_payload_echo(const struct at_turn *turn, const char *line)
{
	size_t n = strlen(line);

	while (n > 0 && (unsigned char)line[n - 1] < ' ')
		n--;
	return n >= ECHO_MIN && memmem(turn->payload, strlen(turn->payload), line, n) != NULL;
}

/* The command as written, its payload, or (though mangled) the argument of a secret one. */
bool at_turn_echoes(const struct at_turn *turn, const char *line)
{
	const char *text, *argument;
	size_t n = strlen(line), n_argument;

	text = turn->command.text;
	if (n == turn->n_text && memcmp(line, text, n) == 0)
		return true;
	if (turn->payload != NULL)
		return is_payload_echo(turn, line);
	argument = strchr(text, '=');
	if (argument == NULL || (turn->command.flags & AT_SECRET) == 0)
		return false;
	n_argument = turn->n_text - (size_t)(++argument - text);
	return n_argument > 0 && memmem(line, n, argument, n_argument) != NULL;
}

struct at_asked at_turn_asked(const struct at_turn *turn)
{
	return (struct at_asked){
		.text = turn->command.text,
		.n_text = turn->n_text,
		.prefix = turn->command.prefix,
		.bare = (turn->command.flags & AT_BARE_LINES) != 0,
		.awaits_payload = turn->command.prompt != NULL && !turn->submitted,
	};
}

/* session_work.c - housekeeping: which command goes out when no message does.
 *
 * One at a time, the most urgent first. While messages follow each other, one goes between every
 * two of them, so that reading never starves and never delays sending by more than itself. */
#include "base/util.h"
#include "modem/session_private.h"

/* Each sends at most one command through session_work_send and says whether it did. */
static bool (*const workers[])(struct session *s) = {
	calls_work,
	network_work, /* a few short queries a minute; a listing may be long */
	receive_work,
};

void session_work_between(struct session *s)
{
	if (!s->up || s->busy || s->at == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(workers); i++)
		if (workers[i](s))
			return;
}

void session_work(struct session *s)
{
	if (!s->tx.active)
		session_work_between(s);
}

bool session_work_send(struct session *s, const struct at_command *command)
{
	s->busy = session_command(s, command) == 0;
	return s->busy;
}

void session_work_done(struct session *s)
{
	s->busy = false;
	session_work(s);
}

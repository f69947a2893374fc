/* session_sending.c - what a modem shows of who sends on it. */
#include "modem/session_private.h"

const char *modem_sim(const struct modem_status *status)
{
	return status->iccid[0] != '\0' ? status->iccid : status->name;
}

void session_show_sending(struct session *s, const struct modem_sending *sending)
{
	s->status.sending = sending;
}

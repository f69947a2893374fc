/* session_files.h - what the files of a session call in each other. Include session_private.h. */
#pragma once

struct session;

/* session.c */
void session_after(struct session *s, enum session_timer timer, uint64_t ms);
void session_stop(struct session *s, enum session_timer timer);
void session_open(struct session *s);
void session_disconnect(struct session *s); /* port and conversation end; commands AT_CLOSED */
void session_reopen(struct session *s, const char *why); /* with back-off */
void session_reboot(struct session *s, const char *why); /* same port, from the first step */
/* The same, from this step (an enum step) of bring-up or recovery. */
void session_renew(struct session *s, int step, const char *why);
int session_command(struct session *s, const struct at_command *command);
void session_part_opened(struct session *s); /* something that must end before we may */
void session_part_closed(struct session *s);
/* A wait for an answer, longer or shorter as timeouts.command says. */
unsigned session_scaled(const struct session *s, unsigned ms);

/* session_state.c */
void session_state(struct session *s, enum modem_state state, const char *why, ...)
	__attribute__((format(printf, 3, 4)));
void session_settle(struct session *s); /* the state that the parts say, once up */
void session_changed(struct session *s);
void session_error(struct session *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void session_soon(struct session *s);
void session_pace(struct session *s);       /* tells at what tx.pace says */
void session_pace_clean(struct session *s); /* a send went well */
void session_pace_slow(struct session *s);  /* the prompt made trouble */
void session_pace_start(struct session *s); /* a profile was chosen */

/* session_urc.c */
void session_urc(void *session, const char *line, const char *second);

/* session_work.c */
void session_work(struct session *s);         /* starts one housekeeping command if it may */
void session_work_between(struct session *s); /* the same between two messages */
void session_work_done(struct session *s);    /* it ended */
bool session_work_send(struct session *s, const struct at_command *command); /* for a worker */

/* session_network.c */
void network_start(struct session *s);
bool network_work(struct session *s);
void network_poll(struct session *s); /* TIMER_POLL */
void network_urc(struct session *s, unsigned domain, const char *rest);
void network_doubt(struct session *s); /* registration is asked before the next message */
void network_settle(struct session *s);

/* session_send.c */
void send_reset(struct session *s);                  /* bring-up begins */
void send_fail(struct session *s);                   /* a part that could not even be asked for */
void send_late(struct session *s, const char *rest); /* a +CMGS that nobody waits for */
void send_late_error(struct session *s, const char *rest);
void send_recheck(struct session *s, int step); /* bring-up from there, at most once a minute */
bool send_has_route(const struct session *s);
void send_next_route(struct session *s);

/* session_receive.c */
void receive_start(struct session *s);
void receive_reset(struct session *s);
bool receive_work(struct session *s);
void receive_stored(struct session *s, const char *rest);
void receive_direct(struct session *s, const char *rest, const char *pdu);
void receive_sweep(struct session *s);

/* session_calls.c, session_ussd.c */
void calls_ring(struct session *s);
void calls_number(struct session *s, const char *rest);
void calls_ended(struct session *s);
bool calls_work(struct session *s);
void ussd_urc(struct session *s, const char *rest);
void ussd_timeout(struct session *s);
void ussd_end(struct session *s, const char *why);

/* session_recover.c */
void recover_trouble(struct session *s, enum trouble trouble, const char *why);
void recover_late(struct session *s); /* TIMER_RECOVER */
void recover_proved(struct session *s, enum proof proof);
void recover_well(struct session *s);  /* it has worked for a while */
void recover_sends(struct session *s); /* it accepts messages */
void recover_resync(struct session *s, bool over);
void recover_lost(struct session *s);
void recover_absent(struct session *s);
void recover_new_port(struct session *s);
bool recover_covers(struct session *s, enum modem_state state); /* shown as recovering */
uint64_t recover_backoff(struct session *s);

/* session_control.c */
void control_due(struct session *s); /* TIMER_SOON: the action asked for */
void transcript_save(struct session *s, const char *why);

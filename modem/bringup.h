/* bringup.h - from the first AT to a modem that can send: a table of steps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "modem/bringup_steps.h"
#include "modem/session_private.h"

void bringup_start(struct session *s);
void bringup_from(struct session *s, enum step step); /* a part of it, or a recovery */
void bringup_stop(struct session *s);
void bringup_tick(struct session *s);      /* TIMER_STEP */
void bringup_sim_event(struct session *s); /* the SIM's state may have changed */
void bringup_sms_ready(struct session *s); /* what was set for SMS before may be lost */
bool bringup_waits_for_pin(const struct session *s);

/* What a reply means: the next step; usual is the one that its status leads to. reply is NULL for
 * a step without a command. May set bringup.wait_ms: the pause before the next step. */
typedef enum step step_decide(struct session *s, const struct at_reply *reply, enum step usual);

/* The command of a step; false: there is none (left), go on as after an error. */
typedef bool step_compose(struct session *s, char *cmd, size_t size);

/* bringup_identity.c */
step_decide identity_errors, identity_maker, identity_model, identity_revision, identity_serial,
	identity_profile, identity_iccid, identity_iccid_file, identity_imsi, identity_match,
	identity_calm;
step_compose identity_iccid_cmd, identity_calm_cmd, identity_baud_cmd;

/* bringup_sim.c */
step_decide sim_radio, sim_state, sim_tries, sim_pin_ask, sim_pin_entered;
step_compose sim_tries_cmd, sim_pin_cmd;
void sim_want_pin(struct session *s);
bool sim_is_busy(const struct at_reply *reply); /* still loading: ask again */

/* bringup_sms.c */
step_decide sms_charset, sms_service, sms_pdu_mode, sms_storages, sms_storage_set, sms_notices,
	sms_notice_set, sms_centre, sms_centre_set;
step_compose sms_storage_cmd, sms_notice_cmd, sms_centre_cmd;

/* session_calls.c */
step_decide calls_caller_id;

/* session_send.c */
step_compose send_route_cmd;

/* session_recover.c */
step_compose recover_reset_cmd;
step_decide recover_reset_sent;

/* handlers.h - what the table of routes points at; each stands in the file of its subject. */
#pragma once

struct request;

/* api_messages.c, api_preview.c, api_inbox.c */
void handle_message_create(struct request *request);
void handle_message_list(struct request *request);
void handle_message_show(struct request *request);
void handle_message_cancel(struct request *request);
void handle_message_retry(struct request *request);
void handle_preview(struct request *request);
void handle_templates(struct request *request);
void handle_inbox(struct request *request);

/* api_verifications.c, api_contacts.c, api_accounts.c */
void handle_verification_create(struct request *request);
void handle_verification_show(struct request *request);
void handle_verification_check(struct request *request);
void handle_verification_cancel(struct request *request);
void handle_contact_create(struct request *request);
void handle_contact_show(struct request *request);
void handle_account_show(struct request *request);
void handle_account_erase(struct request *request);
void handle_account_export(struct request *request);
void handle_account_unbind(struct request *request);
void handle_account_contact(struct request *request);

/* api_numbers.c */
void handle_number_show(struct request *request);
void handle_number_unlock(struct request *request);
void handle_number_erase(struct request *request);

/* api_events.c, api_modems.c, api_modem_show.c, api_trace.c, api_status.c */
void handle_events(struct request *request);
void handle_modem_list(struct request *request);
void handle_modem_show(struct request *request);
void handle_modem_action(struct request *request);
void handle_modem_ussd(struct request *request);
void handle_modem_at(struct request *request);
void handle_modem_trace(struct request *request);

/* A modem and what its limits leave (api_modem_show.c). */
struct modem_status;
void reply_modem(struct request *request, unsigned code, const struct modem_status *status);

/* What control.h could not do (api_modems.c). */
void reply_control_error(struct request *request, int err);

/* How the modems are at this moment, for the request's rule (api_modems.c). */
struct fleet_glance;
void glance_at_modems(struct request *request, struct fleet_glance *glance);

/* The modems are replaced: a trace ends (api_trace.c). */
void modem_trace_end(struct request *request);

/* api_ports.c */
void handle_port_list(struct request *request);
void handle_doctor(struct request *request);

void handle_status(struct request *request);
void handle_healthz(struct request *request);
void handle_backup(struct request *request);  /* api_backup.c */
void handle_metrics(struct request *request); /* api_metrics.c */

/* Words that bodies of messages and of previews take (api_messages.c). */
extern const char *const encoding_words[], *const translit_words[];

/* spec.c - every setting of simgate.conf: its name, its kind, where it goes, what is allowed; and
 * the defaults, which are those of the design's sections 4, 5, 6 and 8. */
#include "config/spec.h"

#include "base/util.h"

#define FIELD(type, field)    .at = offsetof(struct type, field)
#define ITEMS(type, items, n) FIELD(type, items), .count_at = offsetof(struct type, n)
#define INNER(name, specs_group)                                                                   \
	{                                                                                          \
		name, conf_read_inner, .group = &(specs_group)                                     \
	}
#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define GROUP(table) .specs = (table), .n_specs = ARRAY_LEN(table)

static const struct conf_word words_role[] = {
	{ "viewer", ROLE_VIEWER }, { "submit", ROLE_SUBMIT }, { "operator", ROLE_OPERATOR }, { 0 }
};
static const struct conf_word words_reveal[] = { { "after_proof", REVEAL_AFTER_PROOF },
						 { "at_once", REVEAL_AT_ONCE },
						 { 0 } };
static const struct conf_word words_translit[] = { { "never", TRANSLIT_NEVER },
						   { "save_parts", TRANSLIT_SAVE_PARTS },
						   { "always", TRANSLIT_ALWAYS },
						   { 0 } };
static const struct conf_word words_uncertain[] = { { "resend", UNCERTAIN_RESEND },
						    { "keep", UNCERTAIN_KEEP },
						    { 0 } };
static const struct conf_word words_flow[] = {
	{ "none", FLOW_NONE }, { "rtscts", FLOW_RTSCTS }, { "xonxoff", FLOW_XONXOFF }, { 0 }
};
static const struct conf_word words_reports[] = {
	{ "auto", REPORTS_AUTO }, { "always", REPORTS_ALWAYS }, { "never", REPORTS_NEVER }, { 0 }
};
static const struct conf_word words_roaming[] = { { "allow", ROAMING_ALLOW },
						  { "refuse", ROAMING_REFUSE },
						  { 0 } };
static const struct conf_word words_level[] = { { "error", LOG_LEVEL_ERROR },
						{ "warn", LOG_LEVEL_WARN },
						{ "info", LOG_LEVEL_INFO },
						{ "debug", LOG_LEVEL_DEBUG },
						{ 0 } };
static const struct conf_word words_numbers[] = { { "masked", 0 }, { "full", 1 }, { 0 } };

/* socket, retention, metrics, log: fields of struct config itself */
static const struct conf_spec socket_specs[] = {
	{ "path", conf_read_string, FIELD(config, socket_path), .check = value_socket_path },
	{ "mode", conf_read_mode, FIELD(config, socket_mode) },
	{ "group", conf_read_string, FIELD(config, socket_group) },
};
static const struct conf_group socket_group = { GROUP(socket_specs) };

static const struct conf_spec retention_specs[] = {
	{ "failed_texts", conf_read_duration, FIELD(config, retain_failed_texts_ms) },
	{ "inbox", conf_read_duration, FIELD(config, retain_inbox_ms) },
	{ "events", conf_read_duration, FIELD(config, retain_events_ms) },
	{ "messages", conf_read_duration, FIELD(config, retain_messages_ms) },
};
static const struct conf_group retention_group = { GROUP(retention_specs) };

static const struct conf_spec global_limits_specs[] = {
	{ "global", conf_read_rates, FIELD(config, global_codes) },
};
static const struct conf_group global_limits_group = { GROUP(global_limits_specs) };

static const struct conf_spec metrics_specs[] = {
	{ "listen", conf_read_string, FIELD(config, metrics_listen), .check = value_listen },
};
static const struct conf_group metrics_group = { GROUP(metrics_specs) };

static const struct conf_spec log_specs[] = {
	{ "level", conf_read_word, FIELD(config, log_level), .words = words_level },
	{ "numbers", conf_read_word_flag, FIELD(config, log_full_numbers), .words = words_numbers },
	{ "summary", conf_read_duration, FIELD(config, log_summary_ms) },
	{ "transcripts", conf_read_string, FIELD(config, transcripts),
	  .check = value_path_or_empty },
};
static const struct conf_group log_group = { GROUP(log_specs) };

/* The folder may stand alone. */
static const struct conf_spec spool_specs[] = {
	{ "path", conf_read_string, FIELD(config, spool), .check = value_path_or_empty,
	  .required = true },
	{ "site", conf_read_string, FIELD(config, spool_site), .check = value_name },
};
static const struct conf_group spool_group = { GROUP(spool_specs) };

/* clients */
static const struct conf_spec client_specs[] = {
	{ "user", conf_read_string, FIELD(config_client, user), .check = value_not_empty },
	{ "group", conf_read_string, FIELD(config_client, group), .check = value_not_empty },
	{ "role", conf_read_word, FIELD(config_client, role), .words = words_role,
	  .required = true },
	{ "sites", conf_read_strings, FIELD(config_client, sites), .check = value_name },
};
static const struct config_client client_defaults = { .user = "", .group = "", .role = ROLE_NONE };
static const struct conf_group client_group = { GROUP(client_specs),
						.size = sizeof(client_defaults),
						.defaults = &client_defaults,
						.finish = spec_finish_client };

/* sites */
static const struct conf_spec limits_specs[] = {
	{ "per_account_number", conf_read_rates, FIELD(config_verification, per_account_number) },
	{ "per_number", conf_read_rates, FIELD(config_verification, per_number) },
	{ "per_account", conf_read_rates, FIELD(config_verification, per_account) },
	{ "per_prefix", conf_read_rates, FIELD(config_verification, per_prefix) },
	{ "per_site", conf_read_rates, FIELD(config_verification, per_site) },
};
static const struct conf_group limits_group = { GROUP(limits_specs) };

static const struct conf_spec verification_specs[] = {
	{ "code_length", conf_read_count, FIELD(config_verification, code_length), .least = 4,
	  .most = 10 },
	{ "sms_ttl", conf_read_duration, FIELD(config_verification, sms_ttl_ms) },
	{ "max_wrong_codes", conf_read_count, FIELD(config_verification, max_wrong_codes),
	  .least = 1, .most = 100 },
	{ "lock", conf_read_duration, FIELD(config_verification, lock_ms) },
	{ "resend_after", conf_read_durations,
	  ITEMS(config_verification, resend_after_ms, n_resend_after) },
	{ "reveal_bound", conf_read_word, FIELD(config_verification, reveal_bound),
	  .words = words_reveal },
	{ "countries", conf_read_regions, FIELD(config_verification, countries),
	  .check = value_country },
	{ "channels", conf_read_strings, FIELD(config_verification, channels),
	  .check = value_channel },
	{ "inbound_ttl", conf_read_duration, FIELD(config_verification, inbound_ttl_ms),
	  .most = 5 * MINUTE },
	{ "call_ttl", conf_read_duration, FIELD(config_verification, call_ttl_ms),
	  .most = 2 * MINUTE },
	INNER("limits", limits_group),
};
static const struct conf_group verification_group = { GROUP(verification_specs) };

static const struct conf_spec contact_specs[] = {
	{ "per_sender", conf_read_rates, FIELD(config_contact, per_sender) },
	{ "per_recipient", conf_read_rates, FIELD(config_contact, per_recipient) },
	{ "require_sender_verified", conf_read_bool,
	  FIELD(config_contact, require_sender_verified) },
	{ "quiet_hours", conf_read_string, FIELD(config_contact, quiet_hours),
	  .check = value_quiet_hours },
	{ "max_age", conf_read_duration, FIELD(config_contact, max_age_ms) },
	{ "confirm_opt_out", conf_read_bool, FIELD(config_contact, confirm_opt_out) },
};
static const struct conf_group contact_group = { GROUP(contact_specs) };

static const struct conf_spec text_specs[] = {
	{ "allowed", conf_read_bool, FIELD(config_site, text_allowed) },
	{ "limits", conf_read_rates, FIELD(config_site, text_limits) },
};
static const struct conf_group text_group = { GROUP(text_specs) };

#define ON_UNCERTAIN(name, kind)                                                                   \
	{                                                                                          \
		name, conf_read_word, FIELD(config_site, on_uncertain[kind]),                      \
			.words = words_uncertain                                                   \
	}
static const struct conf_spec uncertain_specs[] = {
	ON_UNCERTAIN("verification", KIND_VERIFICATION),
	ON_UNCERTAIN("contact_request", KIND_CONTACT_REQUEST),
	ON_UNCERTAIN("text", KIND_TEXT),
};
static const struct conf_group uncertain_group = { GROUP(uncertain_specs) };

static const struct conf_spec test_number_specs[] = {
	{ "phone", conf_read_string, FIELD(config_test_number, phone), .check = value_phone,
	  .required = true },
	{ "code", conf_read_string, FIELD(config_test_number, code), .check = value_code,
	  .required = true },
};
static const struct config_test_number test_number_defaults = { .phone = "", .code = "" };
static const struct conf_group test_number_group = { GROUP(test_number_specs),
						     .size = sizeof(test_number_defaults),
						     .defaults = &test_number_defaults };

static const struct conf_spec site_specs[] = {
	{ "name", conf_read_string, FIELD(config_site, name), .check = value_name,
	  .required = true },
	{ "title", conf_read_string, FIELD(config_site, title) },
	{ "origin", conf_read_string, FIELD(config_site, origin), .check = value_origin },
	{ "region", conf_read_region, FIELD(config_site, region), .check = value_region },
	{ "locale", conf_read_string, FIELD(config_site, locale), .check = value_locale },
	{ "timezone", conf_read_string, FIELD(config_site, timezone), .check = value_timezone },
	{ "autofill", conf_read_bool, FIELD(config_site, autofill) },
	{ "verification", conf_read_inner, FIELD(config_site, verification),
	  .group = &verification_group },
	{ "contact", conf_read_inner, FIELD(config_site, contact), .group = &contact_group },
	INNER("text", text_group),
	INNER("on_uncertain", uncertain_group),
	{ .name = "templates", .read = spec_read_templates },
	{ "transliterate", conf_read_word, FIELD(config_site, transliterate),
	  .words = words_translit },
	{ "test_numbers", conf_read_groups, ITEMS(config_site, test_numbers, n_test_numbers),
	  .group = &test_number_group },
};

#define RATES(...)                                                                                 \
	{                                                                                          \
		(const struct config_rate[]){ __VA_ARGS__ },                                       \
			sizeof((const struct config_rate[]){ __VA_ARGS__ }) /                      \
				sizeof(struct config_rate)                                         \
	}

static const char *const default_channels[] = { "sms", "inbound_sms", "missed_call" };
static const int64_t default_resend_after[] = { 60 * SECOND, 120 * SECOND, 300 * SECOND };

const struct config_site spec_site_defaults = {
	.name = "",
	.title = "",
	.origin = "",
	.region = "",
	.locale = "en",
	.timezone = "",
	.autofill = true,
	.verification = { .code_length = 6,
			  .max_wrong_codes = 5,
			  .sms_ttl_ms = 5 * MINUTE,
			  .lock_ms = HOUR,
			  .inbound_ttl_ms = 5 * MINUTE,
			  .call_ttl_ms = 2 * MINUTE,
			  .channels = { default_channels, ARRAY_LEN(default_channels) },
			  .resend_after_ms = default_resend_after,
			  .n_resend_after = ARRAY_LEN(default_resend_after),
			  .reveal_bound = REVEAL_AFTER_PROOF,
			  .per_account_number = RATES({ 5, HOUR }, { 10, DAY }),
			  .per_number = RATES({ 6, HOUR }, { 10, DAY }),
			  .per_prefix = RATES({ 20, HOUR }) },
	.contact = { .per_sender = RATES({ 1, 3 * HOUR }),
		     .per_recipient = RATES({ 3, DAY }),
		     .quiet_hours = "",
		     .max_age_ms = DAY },
	.on_uncertain = { [KIND_VERIFICATION] = UNCERTAIN_RESEND,
			  [KIND_CONTACT_REQUEST] = UNCERTAIN_KEEP,
			  [KIND_TEXT] = UNCERTAIN_KEEP },
	.transliterate = TRANSLIT_NEVER,
};
static const struct conf_group site_group = { GROUP(site_specs), .size = sizeof(spec_site_defaults),
					      .defaults = &spec_site_defaults,
					      .finish = spec_finish_site };

/* modems */
static const struct conf_spec match_specs[] = {
	{ "imei", conf_read_string, FIELD(config_match, imei), .check = value_imei },
	{ "iccid", conf_read_string, FIELD(config_match, iccid), .check = value_iccid },
	{ "imsi", conf_read_string, FIELD(config_match, imsi), .check = value_imsi },
	{ "usb_serial", conf_read_string, FIELD(config_match, usb_serial),
	  .check = value_not_empty },
	{ "usb_path", conf_read_string, FIELD(config_match, usb_path), .check = value_not_empty },
	{ "usb_id", conf_read_string, FIELD(config_match, usb_id), .check = value_usb_id },
	{ "interface", conf_read_number, FIELD(config_match, interface), .least = 0, .most = 255 },
};
static const struct conf_group match_group = { GROUP(match_specs) };

static const struct conf_spec timeout_specs[] = {
	{ "prompt", conf_read_duration, FIELD(config_modem, prompt_timeout_ms) },
	{ "result", conf_read_duration, FIELD(config_modem, result_timeout_ms) },
	{ "command", conf_read_duration, FIELD(config_modem, command_timeout_ms) },
	{ "idle", conf_read_duration, FIELD(config_modem, idle_ms) },
	{ "search", conf_read_duration, FIELD(config_modem, search_ms) },
	{ "restart", conf_read_duration, FIELD(config_modem, restart_ms) },
	{ "reopen", conf_read_duration, FIELD(config_modem, reopen_ms) },
	{ "alarm", conf_read_duration, FIELD(config_modem, alarm_ms) },
};
static const struct conf_group timeout_group = { GROUP(timeout_specs) };

static const struct conf_spec balance_specs[] = {
	{ "every", conf_read_duration, FIELD(config_balance, every_ms) },
	{ "pattern", conf_read_string, FIELD(config_balance, pattern), .check = value_pattern },
	{ "low", conf_read_number, FIELD(config_balance, low), .least = 0, .most = 1000000000 },
};
static const struct conf_group balance_group = { GROUP(balance_specs) };
static const struct conf_spec recovery_specs[] = {
	{ "steps", conf_read_strings, FIELD(config_recovery, steps), .check = value_recovery_step },
	{ "reset", conf_read_string, FIELD(config_recovery, reset), .check = value_command },
	{ "power_command", conf_read_strings, FIELD(config_recovery, power_command) },
	{ "cool_down", conf_read_duration, FIELD(config_recovery, cool_down_ms) },
	{ "per_hour", conf_read_count, FIELD(config_recovery, per_hour), .least = 1,
	  .most = CONFIG_PER_HOUR_MAX },
};
static const struct conf_group recovery_group = { GROUP(recovery_specs) };

static const struct conf_spec modem_specs[] = {
	{ "name", conf_read_string, FIELD(config_modem, name), .check = value_name,
	  .required = true },
	{ "device", conf_read_string, FIELD(config_modem, device), .check = value_device },
	{ "match", conf_read_inner, FIELD(config_modem, match), .group = &match_group },
	{ "baud", conf_read_count, FIELD(config_modem, baud), .least = 300, .most = 4000000 },
	{ "flow", conf_read_word, FIELD(config_modem, flow), .words = words_flow },
	{ "pin_file", conf_read_string, FIELD(config_modem, pin_file), .check = value_path },
	{ "number", conf_read_string, FIELD(config_modem, number), .check = value_phone_or_empty },
	{ "smsc", conf_read_string, FIELD(config_modem, smsc), .check = value_phone_or_empty },
	{ "prefixes", conf_read_strings, FIELD(config_modem, prefixes), .check = value_prefix },
	{ "limits", conf_read_rates, FIELD(config_modem, limits) },
	{ "recipients", conf_read_rates, FIELD(config_modem, recipients) },
	{ "reports", conf_read_word, FIELD(config_modem, reports), .words = words_reports },
	{ "roaming", conf_read_word, FIELD(config_modem, roaming), .words = words_roaming },
	{ "ussd_balance", conf_read_string, FIELD(config_modem, ussd_balance),
	  .check = value_ussd },
	{ "balance", conf_read_inner, FIELD(config_modem, balance), .group = &balance_group },
	{ "recovery", conf_read_inner, FIELD(config_modem, recovery), .group = &recovery_group },
	INNER("timeouts", timeout_group),
};

static const char *const default_steps[] = {
	"resync", "reopen", "route", "init", "radio", "reset", "power",
};

const struct config_modem spec_modem_defaults = {
	.name = "",
	.device = "",
	.match = { "", "", "", "", "", "", -1 },
	.baud = 115200,
	.flow = FLOW_NONE,
	.pin_file = "",
	.number = "",
	.smsc = "",
	.ussd_balance = "",
	.balance = { .every_ms = DAY, .pattern = "(-?[0-9]+([.,][0-9]+)*)" },
	.reports = REPORTS_AUTO,
	.roaming = ROAMING_ALLOW,
	.prompt_timeout_ms = 10 * SECOND,
	.result_timeout_ms = 180 * SECOND,
	.command_timeout_ms = 5 * SECOND,
	.idle_ms = MINUTE,
	.search_ms = 3 * MINUTE,
	.restart_ms = 2 * MINUTE,
	.reopen_ms = 30 * SECOND,
	.alarm_ms = DAY,
	.recovery = { .steps = { default_steps, ARRAY_LEN(default_steps) },
		      .reset = "",
		      .cool_down_ms = 10 * MINUTE,
		      .per_hour = 6 },
};
static const struct conf_group modem_group = { GROUP(modem_specs),
					       .size = sizeof(spec_modem_defaults),
					       .defaults = &spec_modem_defaults,
					       .finish = spec_finish_modem };

/* the whole file */
static const struct conf_spec root_specs[] = {
	INNER("socket", socket_group),
	{ "database", conf_read_string, FIELD(config, database), .check = value_path },
	{ "key_file", conf_read_string, FIELD(config, key_file), .check = value_path },
	{ "queue_max", conf_read_number64, FIELD(config, queue_max), .least = 1,
	  .most = 1000000000 },
	{ "clients", conf_read_groups, ITEMS(config, clients, n_clients), .group = &client_group },
	{ "sites", conf_read_groups, ITEMS(config, sites, n_sites), .group = &site_group },
	{ "modems", conf_read_groups, ITEMS(config, modems, n_modems), .group = &modem_group },
	{ "spool", conf_read_inner_or_first, .group = &spool_group },
	INNER("limits", global_limits_group),
	INNER("retention", retention_group),
	INNER("metrics", metrics_group),
	INNER("log", log_group),
};
const struct conf_group spec_root = { GROUP(root_specs), .finish = spec_finish_root };

const struct config spec_defaults = {
	.path = "",
	.socket_path = "/run/simgate/api.sock",
	.socket_group = "simgate",
	.socket_mode = 0660,
	.database = "/var/lib/simgate/simgate.db",
	.key_file = "/etc/simgate/key",
	.retain_failed_texts_ms = DAY,
	.retain_inbox_ms = 30 * DAY,
	.retain_events_ms = 90 * DAY,
	.retain_messages_ms = 90 * DAY,
	.metrics_listen = "",
	.spool = "",
	.spool_site = "",
	.log_level = LOG_LEVEL_INFO,
	.log_summary_ms = 15 * MINUTE,
	.transcripts = "/var/lib/simgate/transcripts",
	.queue_max = 1000000,
};

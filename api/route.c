/* route.c - the routes of the API. Each row is the whole of what stands before its handler. */
#include "api/route.h"

#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "base/util.h"

/* clang-format off */
static const struct route routes[] = {
	{ "POST",   "/v1/messages",            ROLE_SUBMIT,   SITE_ONE,  true,  "", handle_message_create },
	{ "GET",    "/v1/messages",            ROLE_VIEWER,   SITE_LIST, false,
	  "state kind to reference after limit ", handle_message_list },
	{ "GET",    "/v1/messages/{}",         ROLE_VIEWER,   SITE_EACH, false, "", handle_message_show },
	{ "DELETE", "/v1/messages/{}",         ROLE_SUBMIT,   SITE_EACH, false, "", handle_message_cancel },
	{ "POST",   "/v1/messages/{}/retry",   ROLE_OPERATOR, SITE_EACH, true,  "", handle_message_retry },
	{ "POST",   "/v1/preview",             ROLE_VIEWER,   SITE_NONE, false, "", handle_preview },
	{ "GET",    "/v1/templates",           ROLE_VIEWER,   SITE_ONE,  false, "", handle_templates },
	{ "POST",   "/v1/verifications",       ROLE_SUBMIT,   SITE_ONE,  true,  "", handle_verification_create },
	{ "GET",    "/v1/verifications/{}",    ROLE_SUBMIT,   SITE_EACH, false, "", handle_verification_show },
	{ "POST",   "/v1/verifications/{}/check",  ROLE_SUBMIT, SITE_EACH, false, "", handle_verification_check },
	{ "POST",   "/v1/verifications/{}/cancel", ROLE_SUBMIT, SITE_EACH, false, "", handle_verification_cancel },
	{ "GET",    "/v1/accounts/{}",         ROLE_SUBMIT,   SITE_ONE,  false, "", handle_account_show },
	{ "DELETE", "/v1/accounts/{}",         ROLE_SUBMIT,   SITE_ONE,  false, "", handle_account_erase },
	{ "GET",    "/v1/accounts/{}/export",  ROLE_SUBMIT,   SITE_ONE,  false, "", handle_account_export },
	{ "DELETE", "/v1/accounts/{}/phones/{}", ROLE_SUBMIT, SITE_ONE,  false, "", handle_account_unbind },
	{ "POST",   "/v1/accounts/{}/contact", ROLE_SUBMIT,   SITE_ONE,  false, "", handle_account_contact },
	{ "GET",    "/v1/numbers/{}",          ROLE_OPERATOR, SITE_NONE, false, "", handle_number_show },
	{ "DELETE", "/v1/numbers/{}",          ROLE_OPERATOR, SITE_NONE, false, "", handle_number_erase },
	{ "POST",   "/v1/numbers/{}/unlock",   ROLE_OPERATOR, SITE_NONE, false, "", handle_number_unlock },
	{ "POST",   "/v1/contact-requests",    ROLE_SUBMIT,   SITE_ONE,  true,  "", handle_contact_create },
	{ "GET",    "/v1/contact-requests/{}", ROLE_SUBMIT,   SITE_EACH, false, "", handle_contact_show },
	{ "GET",    "/v1/inbox",               ROLE_VIEWER,   SITE_LIST, false, "after limit ", handle_inbox },
	{ "GET",    "/v1/events",              ROLE_VIEWER,   SITE_LIST, false, "after wait types limit ", handle_events },
	{ "GET",    "/v1/modems",              ROLE_VIEWER,   SITE_NONE, false, "", handle_modem_list },
	{ "GET",    "/v1/modems/{}",           ROLE_VIEWER,   SITE_NONE, false, "", handle_modem_show },
	{ "POST",   "/v1/modems/{}/actions",   ROLE_OPERATOR, SITE_NONE, false, "", handle_modem_action },
	{ "POST",   "/v1/modems/{}/ussd",      ROLE_OPERATOR, SITE_NONE, false, "", handle_modem_ussd },
	{ "POST",   "/v1/modems/{}/at",        ROLE_OPERATOR, SITE_NONE, false, "", handle_modem_at },
	{ "GET",    "/v1/modems/{}/trace",     ROLE_OPERATOR, SITE_NONE, false, "", handle_modem_trace },
	{ "GET",    "/v1/ports",               ROLE_OPERATOR, SITE_NONE, false, "", handle_port_list },
	{ "GET",    "/v1/doctor",              ROLE_OPERATOR, SITE_NONE, false, "", handle_doctor },
	{ "POST",   "/v1/backup",              ROLE_OPERATOR, SITE_NONE, false, "", handle_backup },
	{ "GET",    "/v1/status",              ROLE_VIEWER,   SITE_NONE, false, "", handle_status },
	{ "GET",    "/healthz",                ROLE_VIEWER,   SITE_NONE, false, "", handle_healthz },
	{ "GET",    "/metrics",                ROLE_VIEWER,   SITE_NONE, false, "", handle_metrics },
};
/* clang-format on */

/* Compares one segment of the pattern; "{}" takes any that is not empty. */
static bool segment_matches(const char *pattern, size_t n, const char *segment, const char **param)
{
	if (n == 2 && pattern[0] == '{' && *segment != '\0') {
		*param = segment;
		return true;
	}
	return strlen(segment) == n && memcmp(segment, pattern, n) == 0;
}

static bool matches(const char *pattern, const struct path *path,
		    const char *params[static ROUTE_PARAMS_MAX])
{
	size_t n_params = 0;

	for (size_t i = 0; i < path->n_segments; i++) {
		const char *param = NULL;
		size_t n;

		if (*pattern != '/')
			return false;
		n = strcspn(++pattern, "/");
		if (!segment_matches(pattern, n, path->segments[i], &param))
			return false;
		if (param != NULL)
			params[n_params++] = param;
		pattern += n;
	}
	return *pattern == '\0';
}

static void allow_method(char allow[static ROUTE_ALLOW_SIZE], const char *method)
{
	size_t used = strlen(allow);
	bool get = strcmp(method, "GET") == 0;

	snprintf(allow + used, ROUTE_ALLOW_SIZE - used, "%s%s%s", used > 0 ? ", " : "", method,
		 get ? ", HEAD" : "");
}

const struct route *route_find(const char *method, const struct path *path,
			       const char *params[static ROUTE_PARAMS_MAX],
			       char allow[static ROUTE_ALLOW_SIZE])
{
	const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

	allow[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(routes[i].pattern, path, params))
			continue;
		if (strcmp(routes[i].method, wanted) == 0)
			return &routes[i];
		allow_method(allow, routes[i].method);
	}
	return NULL;
}

const struct route *route_at(size_t n)
{
	return n < ARRAY_LEN(routes) ? &routes[n] : NULL;
}

bool route_takes(const struct route *route, const char *query_name)
{
	size_t n = strlen(query_name);
	const char *rest = route->query;

	if (strcmp(query_name, "site") == 0)
		return true;
	while (*rest != '\0') {
		size_t word = strcspn(rest, " ");

		if (word == n && memcmp(rest, query_name, n) == 0)
			return true;
		rest += word + 1;
	}
	return false;
}

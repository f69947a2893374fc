/* quiet.c - quiet hours by ICU's calendar: zones, and days on which clocks are moved. */
#include "service/quiet.h"

#include <stdbool.h>
#include <stdio.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

#include "queue/db_message.h"

enum { ZONE_MAX = 64, DAY_MINUTES = 24 * 60 };

/* Minutes of the day of "21:00-09:00"; false: no quiet hours are set. */
static bool read_hours(const char *text, int *from, int *to)
{
	int from_hour, from_minute, to_hour, to_minute;

	if (sscanf(text, "%2d:%2d-%2d:%2d", &from_hour, &from_minute, &to_hour, &to_minute) != 4)
		return false;
	*from = from_hour * 60 + from_minute;
	*to = to_hour * 60 + to_minute;
	return *from != *to;
}

static void set_zone(UChar zone[static ZONE_MAX], const char *name)
{
	UErrorCode error = U_ZERO_ERROR;

	u_strFromUTF8(zone, ZONE_MAX, NULL, name, -1, &error);
}

/* The region's zone, where it has one alone; else UTC. */
static void region_zone(const char *region, UChar zone[static ZONE_MAX])
{
	UErrorCode error = U_ZERO_ERROR;
	UEnumeration *zones;
	const UChar *first;

	set_zone(zone, "UTC");
	if (region[0] == '\0')
		return;
	zones = ucal_openTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL_LOCATION, region, NULL,
					       &error);
	if (U_SUCCESS(error) && uenum_count(zones, &error) == 1) {
		first = uenum_unext(zones, NULL, &error);
		if (U_SUCCESS(error) && first != NULL && u_strlen(first) < ZONE_MAX)
			u_strcpy(zone, first);
	}
	uenum_close(zones);
}

static UCalendar *open_calendar(const struct config_site *site, int64_t now)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar zone[ZONE_MAX];
	UCalendar *calendar;

	if (site->timezone[0] != '\0')
		set_zone(zone, site->timezone);
	else
		region_zone(site->region, zone);
	calendar = ucal_open(zone, -1, "en", UCAL_GREGORIAN, &error);
	if (U_FAILURE(error))
		return NULL;
	ucal_setMillis(calendar, (UDate)now, &error);
	return calendar;
}

/* The next time at which the calendar's clock shows this minute of the day. */
static int64_t next_minute(UCalendar *calendar, int minute, bool tomorrow)
{
	UErrorCode error = U_ZERO_ERROR;

	if (tomorrow)
		ucal_add(calendar, UCAL_DAY_OF_MONTH, 1, &error);
	ucal_set(calendar, UCAL_HOUR_OF_DAY, minute / 60);
	ucal_set(calendar, UCAL_MINUTE, minute % 60);
	ucal_set(calendar, UCAL_SECOND, 0);
	ucal_set(calendar, UCAL_MILLISECOND, 0);
	return (int64_t)ucal_getMillis(calendar, &error);
}

int64_t quiet_until(const struct config_site *site, int64_t now)
{
	UErrorCode error = U_ZERO_ERROR;
	UCalendar *calendar;
	int from, to, minute;
	int64_t until = 0;

	if (!read_hours(site->contact.quiet_hours, &from, &to))
		return 0;
	calendar = open_calendar(site, now);
	if (calendar == NULL)
		return 0;
	minute = ucal_get(calendar, UCAL_HOUR_OF_DAY, &error) * 60 +
		 ucal_get(calendar, UCAL_MINUTE, &error);
	if ((minute - from + DAY_MINUTES) % DAY_MINUTES < (to - from + DAY_MINUTES) % DAY_MINUTES)
		until = next_minute(calendar, to, minute >= to);
	ucal_close(calendar);
	return until;
}

int quiet_hold(const struct rule *rule)
{
	int err = 0;

	for (size_t i = 0; i < rule->config->n_sites && err == 0; i++) {
		const struct config_site *site = &rule->config->sites[i];
		int64_t until = quiet_until(site, db_now(rule->db));

		if (until > 0)
			err = db_message_hold_contacts(rule->db, site->name, until);
	}
	return err;
}

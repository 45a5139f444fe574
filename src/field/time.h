/* Times and calendars of the CF conventions. A time is a whole number of seconds since
 * 1970-01-01T00:00:00 counted in its own calendar (int64_t); times of calendars that do not agree
 * are never compared. Years are astronomical: year 0 exists. All functions are pure and
 * thread-safe. */
#ifndef AR_FIELD_TIME_H
#define AR_FIELD_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef enum {
    AR_CALENDAR_STANDARD, /* "standard", "gregorian": Julian before 1582-10-15 */
    AR_CALENDAR_PROLEPTIC_GREGORIAN,
    AR_CALENDAR_JULIAN,
    AR_CALENDAR_365_DAY, /* "365_day", "noleap" */
    AR_CALENDAR_366_DAY, /* "366_day", "all_leap" */
    AR_CALENDAR_360_DAY,
} ar_calendar;

typedef struct {
    int64_t year;
    int month, day, hour, minute, second; /* month and day from 1 */
} ar_date;

/* Name of CF attribute `calendar` (NULL means standard) to ar_calendar. */
AR_USE_RESULT ar_status ar_calendar_parse(ar_calendar *calendar, const char *name, ar_error *err);
const char *ar_calendar_name(ar_calendar calendar);
/* Are times of both calendars one from `first` on? Those of equal calendars are; the standard and
 * the proleptic Gregorian one, of which files have now this, now that, agree from 1582-10-15 on. */
bool ar_calendar_agree(ar_calendar a, ar_calendar b, int64_t first);

/* The date of a time, and back. A date that the calendar does not have, or a year beyond ±1e9, is
 * an error. */
ar_date ar_time_date(int64_t time, ar_calendar calendar);
AR_USE_RESULT ar_status ar_time_from_date(int64_t *time, ar_date date, ar_calendar calendar,
                                          ar_error *err);
/* Days since January 1 of the same year, 0 for January 1. */
int ar_time_day_of_year(int64_t time, ar_calendar calendar);
/* Mean length of a year in days. */
double ar_calendar_year_days(ar_calendar calendar);

/* Read "2025-12-01", "2025-12-01T06", "2025-12-01T06:00", "2025-12-01 06:00:00", each with an
 * optional trailing Z. A date without an hour is 00:00. */
AR_USE_RESULT ar_status ar_time_parse(int64_t *time, const char *text, ar_calendar calendar,
                                      ar_error *err);
/* Is date text a before b, in whatever calendar has both? False if none has. */
bool ar_time_text_is_before(const char *a, const char *b);
/* Write "2025-12-01T06:00" (seconds only when they are not zero). */
void ar_time_format(int64_t time, ar_calendar calendar, char text[32]);

/* A CF time unit such as "hours since 1900-01-01 00:00:0.0": time = reference + value · seconds.
 * Units: nanoseconds … seconds, minutes, hours, days and their CF abbreviations; an offset such as
 * "+02:00" or "UTC" after the reference is honoured; months and years are refused (their length
 * varies), and so is a reference within a second. */
typedef struct {
    int64_t reference; /* time of value 0 */
    double seconds;    /* length of one unit */
    ar_calendar calendar;
} ar_time_unit;
AR_USE_RESULT ar_status ar_time_unit_parse(ar_time_unit *unit, const char *units,
                                           const char *calendar, ar_error *err);
/* Time of a value, rounded to the second; NaN or a value out of range is an error. */
AR_USE_RESULT ar_status ar_time_unit_decode(const ar_time_unit *unit, double value, int64_t *time,
                                            ar_error *err);

#endif

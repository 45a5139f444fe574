#include "field/time.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SECONDS_A_DAY = 86400 };
static const int64_t largest_year = 1000000000;
/* The first day that "standard" counts by Gregory's rules; the day before is 1582-10-04. */
static const ar_date gregorian_start = {.year = 1582, .month = 10, .day = 15};
/* Julian 0000-01-01 is two days before Gregorian 0000-01-01. */
static const int64_t julian_shift = -2;

static const struct {
    const char *name;
    ar_calendar calendar;
} calendar_names[] = {
    /* the first name of a calendar is the one that is written */
    {"standard", AR_CALENDAR_STANDARD},
    {"gregorian", AR_CALENDAR_STANDARD},
    {"proleptic_gregorian", AR_CALENDAR_PROLEPTIC_GREGORIAN},
    {"julian", AR_CALENDAR_JULIAN},
    {"365_day", AR_CALENDAR_365_DAY},
    {"noleap", AR_CALENDAR_365_DAY},
    {"366_day", AR_CALENDAR_366_DAY},
    {"all_leap", AR_CALENDAR_366_DAY},
    {"360_day", AR_CALENDAR_360_DAY},
};
enum { CALENDAR_NAME_COUNT = sizeof calendar_names / sizeof *calendar_names };

ar_status ar_calendar_parse(ar_calendar *calendar, const char *name, ar_error *err)
{
    if (!name) {
        *calendar = AR_CALENDAR_STANDARD;
        return AR_OK;
    }
    for (int i = 0; i < CALENDAR_NAME_COUNT; i++) {
        if (strcasecmp(name, calendar_names[i].name) == 0) {
            *calendar = calendar_names[i].calendar;
            return AR_OK;
        }
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "calendar \"%s\" is unknown: standard, gregorian, proleptic_gregorian, julian, "
                   "365_day, noleap, 366_day, all_leap or 360_day would be right",
                   name);
}

const char *ar_calendar_name(ar_calendar calendar)
{
    for (int i = 0; i < CALENDAR_NAME_COUNT; i++) {
        if (calendar_names[i].calendar == calendar) {
            return calendar_names[i].name;
        }
    }
    return "unknown";
}

double ar_calendar_year_days(ar_calendar calendar)
{
    switch (calendar) {
    case AR_CALENDAR_JULIAN:
        return 365.25;
    case AR_CALENDAR_365_DAY:
        return 365;
    case AR_CALENDAR_366_DAY:
        return 366;
    case AR_CALENDAR_360_DAY:
        return 360;
    case AR_CALENDAR_STANDARD:
    case AR_CALENDAR_PROLEPTIC_GREGORIAN:
        break;
    }
    return 365.2425;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The functions below know calendars with one rule only; "standard" is put together of two. */

static bool is_leap_year(int64_t year, ar_calendar calendar)
{
    switch (calendar) {
    case AR_CALENDAR_366_DAY:
        return true;
    case AR_CALENDAR_JULIAN:
        return year % 4 == 0;
    case AR_CALENDAR_STANDARD:
    case AR_CALENDAR_PROLEPTIC_GREGORIAN:
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    case AR_CALENDAR_365_DAY:
    case AR_CALENDAR_360_DAY:
        break;
    }
    return false;
}

static int month_length(int64_t year, int month, ar_calendar calendar)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (calendar == AR_CALENDAR_360_DAY) {
        return 30;
    }
    return lengths[month - 1] + (month == 2 && is_leap_year(year, calendar));
}

/* Days from 0000-01-01 to January 1 of `year`: 365 a year and the leap days between. */
static int64_t days_before_year(int64_t year, ar_calendar calendar)
{
    switch (calendar) {
    case AR_CALENDAR_360_DAY:
        return 360 * year;
    case AR_CALENDAR_365_DAY:
        return 365 * year;
    case AR_CALENDAR_366_DAY:
        return 366 * year;
    case AR_CALENDAR_JULIAN:
        return 365 * year + floor_divide(year + 3, 4);
    case AR_CALENDAR_STANDARD:
    case AR_CALENDAR_PROLEPTIC_GREGORIAN:
        break;
    }
    return 365 * year + floor_divide(year + 3, 4) - floor_divide(year + 99, 100) +
           floor_divide(year + 399, 400);
}

static int64_t days_of_date(ar_date date, ar_calendar calendar)
{
    int64_t days = days_before_year(date.year, calendar) + date.day - 1;
    for (int month = 1; month < date.month; month++) {
        days += month_length(date.year, month, calendar);
    }
    return days;
}

static ar_date date_of_days(int64_t days, ar_calendar calendar)
{
    ar_date date = {.year = (int64_t)((double)days / ar_calendar_year_days(calendar)), .month = 1};
    while (days_before_year(date.year, calendar) > days) {
        date.year--;
    }
    while (days_before_year(date.year + 1, calendar) <= days) {
        date.year++;
    }
    int64_t rest = days - days_before_year(date.year, calendar);
    while (rest >= month_length(date.year, date.month, calendar)) {
        rest -= month_length(date.year, date.month, calendar);
        date.month++;
    }
    date.day = (int)rest + 1;
    return date;
}

static bool is_before_gregorian(ar_date date)
{
    if (date.year != gregorian_start.year) {
        return date.year < gregorian_start.year;
    }
    if (date.month != gregorian_start.month) {
        return date.month < gregorian_start.month;
    }
    return date.day < gregorian_start.day;
}

static bool is_gregorian(ar_calendar calendar)
{
    return calendar == AR_CALENDAR_STANDARD || calendar == AR_CALENDAR_PROLEPTIC_GREGORIAN;
}

bool ar_calendar_agree(ar_calendar a, ar_calendar b, int64_t first)
{
    return a == b || (is_gregorian(a) && is_gregorian(b) &&
                      !is_before_gregorian(ar_time_date(first, AR_CALENDAR_PROLEPTIC_GREGORIAN)));
}

static int64_t days_since_epoch(ar_date date, ar_calendar calendar)
{
    int64_t epoch = days_before_year(1970, calendar);
    if (calendar == AR_CALENDAR_STANDARD && is_before_gregorian(date)) {
        return days_of_date(date, AR_CALENDAR_JULIAN) + julian_shift - epoch;
    }
    return days_of_date(date, calendar) - epoch;
}

ar_date ar_time_date(int64_t time, ar_calendar calendar)
{
    int64_t days = floor_divide(time, SECONDS_A_DAY);
    int second = (int)(time % SECONDS_A_DAY);
    second += second < 0 ? SECONDS_A_DAY : 0;
    int64_t epoch = days_before_year(1970, calendar);
    bool julian =
        calendar == AR_CALENDAR_STANDARD && days < days_of_date(gregorian_start, calendar) - epoch;
    ar_date date = julian ? date_of_days(days + epoch - julian_shift, AR_CALENDAR_JULIAN)
                          : date_of_days(days + epoch, calendar);
    date.hour = second / 3600;
    date.minute = second / 60 % 60;
    date.second = second % 60;
    return date;
}

static bool date_exists(ar_date date, ar_calendar calendar)
{
    if (date.month < 1 || date.month > 12 || date.day < 1 || date.hour < 0 || date.hour > 23 ||
        date.minute < 0 || date.minute > 59 || date.second < 0 || date.second > 59) {
        return false;
    }
    ar_calendar rule = calendar;
    if (calendar == AR_CALENDAR_STANDARD && is_before_gregorian(date)) {
        if (date.year == 1582 && date.month == 10 && date.day > 4) {
            return false;
        }
        rule = AR_CALENDAR_JULIAN;
    }
    return date.day <= month_length(date.year, date.month, rule);
}

ar_status ar_time_from_date(int64_t *time, ar_date date, ar_calendar calendar, ar_error *err)
{
    if (date.year < -largest_year || date.year > largest_year || !date_exists(date, calendar)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%lld-%02d-%02dT%02d:%02d:%02d is no date of the %s calendar",
                       (long long)date.year, date.month, date.day, date.hour, date.minute,
                       date.second, ar_calendar_name(calendar));
    }
    *time = days_since_epoch(date, calendar) * SECONDS_A_DAY + date.hour * 3600 + date.minute * 60 +
            date.second;
    return AR_OK;
}

int ar_time_day_of_year(int64_t time, ar_calendar calendar)
{
    ar_date date = ar_time_date(time, calendar);
    ar_date first = {.year = date.year, .month = 1, .day = 1};
    return (int)(days_since_epoch(date, calendar) - days_since_epoch(first, calendar));
}

void ar_time_format(int64_t time, ar_calendar calendar, char text[32])
{
    ar_date date = ar_time_date(time, calendar);
    int used = snprintf(text, 32, "%04lld-%02d-%02dT%02d:%02d", (long long)date.year, date.month,
                        date.day, date.hour, date.minute);
    if (date.second != 0) {
        snprintf(text + used, 32 - (size_t)used, ":%02d", date.second);
    }
}

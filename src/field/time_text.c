/* Reading of times: ISO text and the units of CF time coordinates. */
#include "field/time.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Text still to be read; each read_… takes what it can and says whether it found what it wants. */
typedef struct {
    const char *at;
} reader;

static void skip_spaces(reader *text)
{
    while (isspace((unsigned char)*text->at)) {
        text->at++;
    }
}

static bool take(reader *text, char c)
{
    if (*text->at != c) {
        return false;
    }
    text->at++;
    return true;
}

static bool read_digits(reader *text, int largest_count, int64_t *number)
{
    int64_t value = 0;
    int count = 0;
    while (isdigit((unsigned char)*text->at) && count < largest_count) {
        value = 10 * value + (*text->at++ - '0');
        count++;
    }
    if (count == 0 || isdigit((unsigned char)*text->at)) {
        return false;
    }
    *number = value;
    return true;
}

static bool read_part(reader *text, int *part)
{
    int64_t number;
    if (!read_digits(text, 2, &number)) {
        return false;
    }
    *part = (int)number;
    return true;
}

static bool read_day(reader *text, ar_date *date)
{
    bool negative = take(text, '-');
    if (!read_digits(text, 10, &date->year) || !take(text, '-') || !read_part(text, &date->month) ||
        !take(text, '-') || !read_part(text, &date->day)) {
        return false;
    }
    date->year = negative ? -date->year : date->year;
    return true;
}

/* hour[:minute[:second[.zeros]]]: times are whole seconds, so a fraction has to be zero. */
static bool read_hour(reader *text, ar_date *date)
{
    if (!read_part(text, &date->hour)) {
        return false;
    }
    if (!take(text, ':')) {
        return true;
    }
    if (!read_part(text, &date->minute)) {
        return false;
    }
    if (!take(text, ':')) {
        return true;
    }
    if (!read_part(text, &date->second)) {
        return false;
    }
    if (take(text, '.')) {
        while (take(text, '0')) {
        }
    }
    return true;
}

/* Date, optionally followed by T or spaces and an hour. */
static bool read_date(reader *text, ar_date *date)
{
    *date = (ar_date){0};
    if (!read_day(text, date)) {
        return false;
    }
    if (take(text, 'T') || take(text, 't')) {
        return read_hour(text, date);
    }
    skip_spaces(text);
    return !isdigit((unsigned char)*text->at) || read_hour(text, date);
}

ar_status ar_time_parse(int64_t *time, const char *text, ar_calendar calendar, ar_error *err)
{
    reader rest = {text};
    ar_date date;
    skip_spaces(&rest);
    bool good = read_date(&rest, &date);
    if (good && !take(&rest, 'Z')) {
        take(&rest, 'z');
    }
    skip_spaces(&rest);
    if (!good || *rest.at != '\0') {
        return ar_fail(err, AR_ERROR_INPUT,
                       "\"%s\" is no time: 2025-12-01, 2025-12-01T06 or 2025-12-01T06:00 would be "
                       "right",
                       text);
    }
    ar_status status = ar_time_from_date(time, date, calendar, err);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "time \"%s\"", text);
}

bool ar_time_text_is_before(const char *a, const char *b)
{
    const ar_calendar calendars[] = {AR_CALENDAR_STANDARD, AR_CALENDAR_360_DAY};
    for (int i = 0; i < 2; i++) {
        int64_t times[2];
        if (ar_time_parse(&times[0], a, calendars[i], NULL) == AR_OK &&
            ar_time_parse(&times[1], b, calendars[i], NULL) == AR_OK) {
            return times[0] < times[1];
        }
    }
    return false;
}

/* "+2", "-06:00", "+0530", "Z", "UTC", "GMT" or nothing. */
static bool read_zone(reader *text, int *offset_seconds)
{
    *offset_seconds = 0;
    skip_spaces(text);
    static const char *const names[] = {"Z", "UTC", "GMT"};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(text->at, names[i], length) == 0) {
            text->at += length;
            return true;
        }
    }
    if (*text->at != '+' && *text->at != '-') {
        return true;
    }
    int sign = *text->at++ == '-' ? -1 : 1;
    const char *start = text->at;
    int64_t hours, minutes = 0;
    if (!read_digits(text, 4, &hours)) {
        return false;
    }
    if (text->at - start > 2) {
        minutes = hours % 100;
        hours /= 100;
    } else if (take(text, ':') && !read_digits(text, 2, &minutes)) {
        return false;
    }
    *offset_seconds = sign * (int)(3600 * hours + 60 * minutes);
    return hours < 24 && minutes < 60;
}

static const struct {
    const char *name;
    double seconds; /* 0: of varying length, refused */
} unit_names[] = {
    {"nanosecond", 1e-9},
    {"nanoseconds", 1e-9},
    {"microsecond", 1e-6},
    {"microseconds", 1e-6},
    {"msec", 1e-3},
    {"millisecond", 1e-3},
    {"milliseconds", 1e-3},
    {"s", 1},
    {"sec", 1},
    {"secs", 1},
    {"second", 1},
    {"seconds", 1},
    {"min", 60},
    {"mins", 60},
    {"minute", 60},
    {"minutes", 60},
    {"h", 3600},
    {"hr", 3600},
    {"hrs", 3600},
    {"hour", 3600},
    {"hours", 3600},
    {"d", 86400},
    {"day", 86400},
    {"days", 86400},
    {"month", 0},
    {"months", 0},
    {"year", 0},
    {"years", 0},
    {"common_year", 0},
    {"common_years", 0},
    {"yr", 0},
};

static const double *find_unit(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof unit_names / sizeof *unit_names; i++) {
        if (strlen(unit_names[i].name) == length &&
            strncasecmp(unit_names[i].name, name, length) == 0) {
            return &unit_names[i].seconds;
        }
    }
    return NULL;
}

/* Unit name and the word "since"; the reader is left at the reference. */
static ar_status read_unit_name(reader *text, const char *units, double *seconds, ar_error *err)
{
    skip_spaces(text);
    const char *name = text->at;
    size_t length = strcspn(name, " \t\n");
    text->at += length;
    skip_spaces(text);
    if (strncasecmp(text->at, "since", 5) != 0 || !isspace((unsigned char)text->at[5])) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "time unit \"%s\": \"hours since 1900-01-01\" would be right", units);
    }
    text->at += 5;
    skip_spaces(text);
    const double *unit_seconds = find_unit(name, length);
    if (!unit_seconds) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "time unit \"%s\": \"%.*s\" is unknown; seconds, minutes, hours or days "
                       "would be right",
                       units, (int)length, name);
    }
    if (*unit_seconds == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "time unit \"%s\": the length of %.*s varies; seconds, minutes, hours or "
                       "days would be right",
                       units, (int)length, name);
    }
    *seconds = *unit_seconds;
    return AR_OK;
}

ar_status ar_time_unit_parse(ar_time_unit *unit, const char *units, const char *calendar,
                             ar_error *err)
{
    ar_time_unit result;
    ar_status status = ar_calendar_parse(&result.calendar, calendar, err);
    if (status != AR_OK) {
        return status;
    }
    reader text = {units};
    status = read_unit_name(&text, units, &result.seconds, err);
    if (status != AR_OK) {
        return status;
    }
    ar_date date;
    int offset = 0;
    bool good = read_date(&text, &date) && read_zone(&text, &offset);
    skip_spaces(&text);
    if (!good || *text.at != '\0') {
        return ar_fail(err, AR_ERROR_INPUT,
                       "time unit \"%s\": the reference cannot be read; whole seconds such as "
                       "1900-01-01 00:00:00 would be right",
                       units);
    }
    status = ar_time_from_date(&result.reference, date, result.calendar, err);
    if (status != AR_OK) {
        return ar_fail_within(err, status, "time unit \"%s\"", units);
    }
    result.reference -= offset;
    *unit = result;
    return AR_OK;
}

ar_status ar_time_unit_decode(const ar_time_unit *unit, double value, int64_t *time, ar_error *err)
{
    /* 1e9 years in seconds: far beyond any data, far below what int64_t and double hold exactly */
    const double largest = 3.2e16;
    double seconds = value * unit->seconds;
    if (!(fabs(seconds) < largest)) {
        return ar_fail(err, AR_ERROR_INPUT, "time value %g is missing or out of range", value);
    }
    *time = unit->reference + llround(seconds);
    return AR_OK;
}

/* Calendars against a table made with cftime 1.6.2 (the calendar library of the CF community), and
 * round trips through every calendar. All numbers are whole seconds: the comparisons are exact. */
#include "field/time.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

/* cftime.date2num(date, "seconds since 1970-01-01", calendar) and dayofyr − 1; in the year 1582 of
 * the standard calendar, whose days of October 5 to 14 do not exist, whole days since January 1. */
static const struct {
    ar_calendar calendar;
    ar_date date;
    long long time;
    int day_of_year;
} cftime_table[] = {
    {AR_CALENDAR_STANDARD, {1970, 1, 1, 0, 0, 0}, 0LL, 0},
    {AR_CALENDAR_STANDARD, {2025, 12, 1, 6, 0, 0}, 1764568800LL, 334},
    {AR_CALENDAR_STANDARD, {2000, 2, 29, 23, 59, 59}, 951868799LL, 59},
    {AR_CALENDAR_STANDARD, {2024, 12, 31, 12, 30, 0}, 1735648200LL, 365},
    {AR_CALENDAR_STANDARD, {1900, 3, 1, 0, 0, 0}, -2203891200LL, 59},
    {AR_CALENDAR_STANDARD, {1582, 10, 15, 0, 0, 0}, -12219292800LL, 277},
    {AR_CALENDAR_STANDARD, {1582, 10, 4, 18, 0, 0}, -12219314400LL, 276},
    {AR_CALENDAR_STANDARD, {1500, 2, 29, 0, 0, 0}, -14825894400LL, 59},
    {AR_CALENDAR_STANDARD, {1, 1, 1, 0, 0, 0}, -62135769600LL, 0},
    {AR_CALENDAR_STANDARD, {1800, 1, 1, 0, 0, 0}, -5364662400LL, 0},
    {AR_CALENDAR_STANDARD, {2101, 2, 28, 3, 0, 0}, 4139002800LL, 58},
    {AR_CALENDAR_STANDARD, {9999, 12, 30, 21, 0, 0}, 253402203600LL, 363},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {1970, 1, 1, 0, 0, 0}, 0LL, 0},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {2025, 12, 1, 6, 0, 0}, 1764568800LL, 334},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {2000, 2, 29, 23, 59, 59}, 951868799LL, 59},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {2024, 12, 31, 12, 30, 0}, 1735648200LL, 365},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {1900, 3, 1, 0, 0, 0}, -2203891200LL, 59},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {1582, 10, 15, 0, 0, 0}, -12219292800LL, 287},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {1582, 10, 4, 18, 0, 0}, -12220178400LL, 276},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {1, 1, 1, 0, 0, 0}, -62135596800LL, 0},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {1800, 1, 1, 0, 0, 0}, -5364662400LL, 0},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {2101, 2, 28, 3, 0, 0}, 4139002800LL, 58},
    {AR_CALENDAR_PROLEPTIC_GREGORIAN, {9999, 12, 30, 21, 0, 0}, 253402203600LL, 363},
    {AR_CALENDAR_JULIAN, {1970, 1, 1, 0, 0, 0}, 0LL, 0},
    {AR_CALENDAR_JULIAN, {2025, 12, 1, 6, 0, 0}, 1764568800LL, 334},
    {AR_CALENDAR_JULIAN, {2000, 2, 29, 23, 59, 59}, 951868799LL, 59},
    {AR_CALENDAR_JULIAN, {2024, 12, 31, 12, 30, 0}, 1735648200LL, 365},
    {AR_CALENDAR_JULIAN, {1900, 3, 1, 0, 0, 0}, -2203891200LL, 60},
    {AR_CALENDAR_JULIAN, {1582, 10, 15, 0, 0, 0}, -12219552000LL, 287},
    {AR_CALENDAR_JULIAN, {1582, 10, 4, 18, 0, 0}, -12220437600LL, 276},
    {AR_CALENDAR_JULIAN, {1500, 2, 29, 0, 0, 0}, -14827017600LL, 59},
    {AR_CALENDAR_JULIAN, {1, 1, 1, 0, 0, 0}, -62136892800LL, 0},
    {AR_CALENDAR_JULIAN, {1800, 1, 1, 0, 0, 0}, -5364835200LL, 0},
    {AR_CALENDAR_JULIAN, {2101, 2, 28, 3, 0, 0}, 4139089200LL, 58},
    {AR_CALENDAR_JULIAN, {9999, 12, 30, 21, 0, 0}, 253407387600LL, 363},
    {AR_CALENDAR_365_DAY, {1970, 1, 1, 0, 0, 0}, 0LL, 0},
    {AR_CALENDAR_365_DAY, {2025, 12, 1, 6, 0, 0}, 1763359200LL, 334},
    {AR_CALENDAR_365_DAY, {2024, 12, 31, 12, 30, 0}, 1734438600LL, 364},
    {AR_CALENDAR_365_DAY, {1900, 3, 1, 0, 0, 0}, -2202422400LL, 59},
    {AR_CALENDAR_365_DAY, {1582, 10, 15, 0, 0, 0}, -12211171200LL, 287},
    {AR_CALENDAR_365_DAY, {1582, 10, 4, 18, 0, 0}, -12212056800LL, 276},
    {AR_CALENDAR_365_DAY, {1, 1, 1, 0, 0, 0}, -62094384000LL, 0},
    {AR_CALENDAR_365_DAY, {1800, 1, 1, 0, 0, 0}, -5361120000LL, 0},
    {AR_CALENDAR_365_DAY, {2101, 2, 28, 3, 0, 0}, 4136238000LL, 58},
    {AR_CALENDAR_365_DAY, {9999, 12, 30, 21, 0, 0}, 253233982800LL, 363},
    {AR_CALENDAR_366_DAY, {1970, 1, 1, 0, 0, 0}, 0LL, 0},
    {AR_CALENDAR_366_DAY, {2025, 12, 1, 6, 0, 0}, 1768197600LL, 335},
    {AR_CALENDAR_366_DAY, {2000, 2, 29, 23, 59, 59}, 953855999LL, 59},
    {AR_CALENDAR_366_DAY, {2024, 12, 31, 12, 30, 0}, 1739190600LL, 365},
    {AR_CALENDAR_366_DAY, {1900, 3, 1, 0, 0, 0}, -2208384000LL, 60},
    {AR_CALENDAR_366_DAY, {1582, 10, 15, 0, 0, 0}, -12244608000LL, 288},
    {AR_CALENDAR_366_DAY, {1582, 10, 4, 18, 0, 0}, -12245493600LL, 277},
    {AR_CALENDAR_366_DAY, {1500, 2, 29, 0, 0, 0}, -14857430400LL, 59},
    {AR_CALENDAR_366_DAY, {1, 1, 1, 0, 0, 0}, -62264505600LL, 0},
    {AR_CALENDAR_366_DAY, {1800, 1, 1, 0, 0, 0}, -5375808000LL, 0},
    {AR_CALENDAR_366_DAY, {2101, 2, 28, 3, 0, 0}, 4147556400LL, 58},
    {AR_CALENDAR_366_DAY, {2023, 2, 29, 0, 0, 0}, 1681084800LL, 59},
    {AR_CALENDAR_366_DAY, {9999, 12, 30, 21, 0, 0}, 253927774800LL, 364},
    {AR_CALENDAR_360_DAY, {1970, 1, 1, 0, 0, 0}, 0LL, 0},
    {AR_CALENDAR_360_DAY, {2025, 12, 1, 6, 0, 0}, 1739253600LL, 330},
    {AR_CALENDAR_360_DAY, {2000, 2, 29, 23, 59, 59}, 938217599LL, 58},
    {AR_CALENDAR_360_DAY, {1900, 3, 1, 0, 0, 0}, -2172096000LL, 60},
    {AR_CALENDAR_360_DAY, {1582, 10, 15, 0, 0, 0}, -12043814400LL, 284},
    {AR_CALENDAR_360_DAY, {1582, 10, 4, 18, 0, 0}, -12044700000LL, 273},
    {AR_CALENDAR_360_DAY, {1500, 2, 29, 0, 0, 0}, -14613868800LL, 58},
    {AR_CALENDAR_360_DAY, {1, 1, 1, 0, 0, 0}, -61243776000LL, 0},
    {AR_CALENDAR_360_DAY, {1800, 1, 1, 0, 0, 0}, -5287680000LL, 0},
    {AR_CALENDAR_360_DAY, {2101, 2, 28, 3, 0, 0}, 4079559600LL, 57},
    {AR_CALENDAR_360_DAY, {2023, 2, 29, 0, 0, 0}, 1653523200LL, 58},
    {AR_CALENDAR_360_DAY, {2023, 2, 30, 0, 0, 0}, 1653609600LL, 59},
    {AR_CALENDAR_360_DAY, {9999, 12, 30, 21, 0, 0}, 249765109200LL, 359},
};

static void dates_agree_with_cftime(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cftime_table / sizeof *cftime_table; i++) {
        ar_calendar calendar = cftime_table[i].calendar;
        ar_error err;
        int64_t time = -1;
        assert_int_equal(ar_time_from_date(&time, cftime_table[i].date, calendar, &err), AR_OK);
        assert_int_equal(time, cftime_table[i].time);
        ar_date date = ar_time_date(time, calendar);
        const ar_date wanted = cftime_table[i].date;
        assert_int_equal(date.year, wanted.year);
        assert_int_equal(date.month, wanted.month);
        assert_int_equal(date.day, wanted.day);
        assert_int_equal(date.hour, wanted.hour);
        assert_int_equal(date.minute, wanted.minute);
        assert_int_equal(date.second, wanted.second);
        assert_int_equal(ar_time_day_of_year(time, calendar), cftime_table[i].day_of_year);
    }
}

static void random_days_round_trip(void **state)
{
    (void)state;
    ar_random stream = {.seed = 5, .purpose = AR_RANDOM_TEST};
    const int64_t span = 6000LL * 366 * 86400;
    for (int calendar = AR_CALENDAR_STANDARD; calendar <= AR_CALENDAR_360_DAY; calendar++) {
        for (int i = 0; i < 5000; i++) {
            int64_t time = ar_random_below(&stream, 2 * span) - span, again;
            ar_date date = ar_time_date(time, (ar_calendar)calendar);
            assert_int_equal(ar_time_from_date(&again, date, (ar_calendar)calendar, NULL), AR_OK);
            assert_int_equal(again, time);
            char text[32];
            ar_time_format(time, (ar_calendar)calendar, text);
            assert_int_equal(ar_time_parse(&again, text, (ar_calendar)calendar, NULL), AR_OK);
            assert_int_equal(again, time);
        }
    }
}

static void consecutive_days_are_consecutive_dates(void **state)
{
    (void)state;
    /* Over 1581 to 1605, the switch included: the next day is either the next day of the month or
     * the first of the next month, but for the ten days that Gregory left out. */
    for (int calendar = AR_CALENDAR_STANDARD; calendar <= AR_CALENDAR_360_DAY; calendar++) {
        int64_t time;
        ar_date first = {.year = 1581, .month = 1, .day = 1};
        assert_int_equal(ar_time_from_date(&time, first, (ar_calendar)calendar, NULL), AR_OK);
        int jumps = 0;
        ar_date before = first;
        for (int i = 0; i < 24 * 366; i++) {
            time += 86400;
            ar_date date = ar_time_date(time, (ar_calendar)calendar);
            if (date.month == before.month) {
                jumps += date.day != before.day + 1;
            } else {
                assert_int_equal(date.day, 1);
                assert_true(date.month == before.month % 12 + 1);
            }
            before = date;
        }
        assert_int_equal(jumps, calendar == AR_CALENDAR_STANDARD);
    }
}

static void impossible_dates_are_refused(void **state)
{
    (void)state;
    const struct {
        ar_calendar calendar;
        ar_date date;
    } wrong[] = {
        {AR_CALENDAR_STANDARD, {2025, 2, 29, 0, 0, 0}},
        {AR_CALENDAR_STANDARD, {1900, 2, 29, 0, 0, 0}},
        {AR_CALENDAR_STANDARD, {1582, 10, 10, 0, 0, 0}},
        {AR_CALENDAR_365_DAY, {2024, 2, 29, 0, 0, 0}},
        {AR_CALENDAR_360_DAY, {2024, 1, 31, 0, 0, 0}},
        {AR_CALENDAR_STANDARD, {2025, 0, 1, 0, 0, 0}},
        {AR_CALENDAR_STANDARD, {2025, 13, 1, 0, 0, 0}},
        {AR_CALENDAR_STANDARD, {2025, 1, 1, 24, 0, 0}},
        {AR_CALENDAR_STANDARD, {INT64_MAX, 1, 1, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t time;
        ar_error err;
        assert_int_equal(ar_time_from_date(&time, wrong[i].date, wrong[i].calendar, &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "no date"));
    }
}

static void text_is_read_and_written(void **state)
{
    (void)state;
    const char *const same[] = {"2025-12-01",          "2025-12-01T00",        "2025-12-01T00:00",
                                "2025-12-01 00:00:00", "2025-12-01T00:00:00Z", "2025-12-01 00:00Z"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        int64_t time;
        assert_int_equal(ar_time_parse(&time, same[i], AR_CALENDAR_STANDARD, NULL), AR_OK);
        assert_int_equal(time, 1764547200);
    }
    char text[32];
    ar_time_format(1764547200 + 6 * 3600, AR_CALENDAR_STANDARD, text);
    assert_string_equal(text, "2025-12-01T06:00");
    ar_time_format(1764547200 + 61, AR_CALENDAR_STANDARD, text);
    assert_string_equal(text, "2025-12-01T00:01:01");
    ar_time_format(INT64_MIN, AR_CALENDAR_STANDARD, text);
    assert_true(strlen(text) < 32);

    const char *const wrong[] = {"",
                                 "2025",
                                 "2025-12",
                                 "2025-12-1x",
                                 "2025-12-01T",
                                 "2025-12-01T6:",
                                 "2025-02-30",
                                 "yesterday",
                                 "2025-12-01+02:00",
                                 "2025-123-01",
                                 "99999999999999999999-01-01"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t time;
        ar_error err;
        assert_int_equal(ar_time_parse(&time, wrong[i], AR_CALENDAR_STANDARD, &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, wrong[i]));
    }
}

/* cftime.num2date(value, units, calendar), as seconds of that calendar. */
static void units_agree_with_cftime(void **state)
{
    (void)state;
    const struct {
        const char *units, *calendar;
        double value;
        long long time;
    } cases[] = {
        {"hours since 1900-01-01 00:00:0.0", "gregorian", 1103736.0, 1764460800},
        {"hours since 1800-01-01", "standard", 1867128.0, 1356998400},
        {"days since 1-1-1 00:00:00", "standard", 735000.5, 1368273600},
        {"hours since 1-1-1 00:00:0.0", "standard", 17628096.0, 1325376000},
        {"minutes since 2000-02-28T12:00:00Z", "noleap", 1440, 951220800},
        {"days since 1850-01-01", "360_day", 60000.25, 1451541600},
        {"seconds since 1970-01-01", "proleptic_gregorian", 1764547200, 1764547200},
        {"hours since 2020-01-01 00:00:00 +05:30", "standard", 0, 1577817000},
        {"hours since 2020-01-01 00:00:00 -06:00", NULL, 0, 1577858400},
        {"hours since 2020-01-01 00:00:00 UTC", NULL, 0, 1577836800},
        {"days since 1582-10-04", "standard", 1, -12219292800},
        /* a third of a day in single precision is rounded to the second */
        {"days since 1970-01-01", NULL, (double)(1.0f / 3), 28800},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_time_unit unit;
        ar_error err;
        int64_t time;
        assert_int_equal(ar_time_unit_parse(&unit, cases[i].units, cases[i].calendar, &err), AR_OK);
        assert_int_equal(ar_time_unit_decode(&unit, cases[i].value, &time, &err), AR_OK);
        assert_int_equal(time, cases[i].time);
    }
}

static void wrong_units_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *units, *calendar, *says;
    } cases[] = {
        {"months since 1900-01-01", NULL, "varies"},
        {"fortnights since 1900-01-01", NULL, "unknown"},
        {"hours", NULL, "would be right"},
        {"hours since yesterday", NULL, "reference"},
        {"hours since 1900-01-01 00:00:0.5", NULL, "reference"},
        {"hours since 1900-02-29", "standard", "no date"},
        {"hours since 1900-01-01", "chinese", "calendar \"chinese\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_time_unit unit;
        ar_error err;
        assert_int_equal(ar_time_unit_parse(&unit, cases[i].units, cases[i].calendar, &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, cases[i].says));
    }
    ar_time_unit unit;
    int64_t time;
    assert_int_equal(ar_time_unit_parse(&unit, "days since 1970-01-01", NULL, NULL), AR_OK);
    const double values[] = {NAN, INFINITY, -1e300, 1e20};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ar_time_unit_decode(&unit, values[i], &time, NULL), AR_ERROR_INPUT);
    }
}

static void calendar_names(void **state)
{
    (void)state;
    for (int calendar = AR_CALENDAR_STANDARD; calendar <= AR_CALENDAR_360_DAY; calendar++) {
        ar_calendar again;
        const char *name = ar_calendar_name((ar_calendar)calendar);
        assert_int_equal(ar_calendar_parse(&again, name, NULL), AR_OK);
        assert_int_equal(again, calendar);
    }
    ar_calendar calendar;
    assert_int_equal(ar_calendar_parse(&calendar, "all_leap", NULL), AR_OK);
    assert_int_equal(calendar, AR_CALENDAR_366_DAY);
}

/* By what they say of each time: two calendars agree from a time on when from there they give the
 * same dates, and a second before the limit they do not. */
static void calendars_agree_where_dates_do(void **state)
{
    (void)state;
    const int64_t limit = -12219292800; /* 1582-10-15T00:00 */
    for (int a = AR_CALENDAR_STANDARD; a <= AR_CALENDAR_360_DAY; a++) {
        for (int b = AR_CALENDAR_STANDARD; b <= AR_CALENDAR_360_DAY; b++) {
            const int64_t times[] = {limit - 1, limit, 0, 1700000000, 5000000000};
            for (int i = 0; i < 4; i++) {
                bool same = true;
                for (int later = i; later < 5; later++) {
                    char text[2][32];
                    ar_time_format(times[later], (ar_calendar)a, text[0]);
                    ar_time_format(times[later], (ar_calendar)b, text[1]);
                    same = same && strcmp(text[0], text[1]) == 0;
                }
                assert_int_equal(ar_calendar_agree((ar_calendar)a, (ar_calendar)b, times[i]), same);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_agree_with_cftime),
        cmocka_unit_test(random_days_round_trip),
        cmocka_unit_test(consecutive_days_are_consecutive_dates),
        cmocka_unit_test(impossible_dates_are_refused),
        cmocka_unit_test(text_is_read_and_written),
        cmocka_unit_test(units_agree_with_cftime),
        cmocka_unit_test(wrong_units_are_refused),
        cmocka_unit_test(calendar_names),
        cmocka_unit_test(calendars_agree_where_dates_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "cli/option_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/place.h"
#include "field/time.h"

static ar_status store_hours(const ar_option *option, const char *text, ar_error *err)
{
    char *end = NULL;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    const bool days = strcmp(end, "d") == 0, hours = !*end || strcmp(end, "h") == 0;
    if (end == text || (!days && !hours) || errno || llabs(number) > INT32_MAX) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--%s %s: should be hours or days, such as 36, 36h or 5d", option->name,
                       text);
    }
    *(int64_t *)option->destination = days ? 24 * number : number;
    return AR_OK;
}

static ar_status store_number(const ar_option *option, const char *text, ar_error *err)
{
    const bool whole = option->kind == AR_OPTION_INTEGER;
    char *end = NULL;
    errno = 0;
    if (whole) {
        *(int64_t *)option->destination = strtoll(text, &end, 10);
    } else {
        *(double *)option->destination = strtod(text, &end);
    }
    if (end == text || *end || errno) {
        return ar_fail(err, AR_ERROR_USAGE, "--%s %s: %s is wanted", option->name, text,
                       whole ? "a whole number" : "a number");
    }
    return AR_OK;
}

/* The calendar is the data's, which is not known yet: a time of any of them will do. */
static ar_status check_time(const ar_option *option, const char *text, ar_error *err)
{
    int64_t time;
    for (int calendar = AR_CALENDAR_STANDARD; calendar <= AR_CALENDAR_360_DAY; calendar++) {
        if (ar_time_parse(&time, text, (ar_calendar)calendar, NULL) == AR_OK) {
            return AR_OK;
        }
    }
    return ar_fail(err, AR_ERROR_USAGE,
                   "--%s %s: should be a time, such as 2026-02-10T06 or 2026-02-10", option->name,
                   text);
}

/* The folder that a file or folder is to be made in has to be there, before any work is done for
 * it. */
static ar_status check_folder(const ar_option *option, const char *text, ar_error *err)
{
    char *folder = NULL;
    ar_status status = ar_path_folder(&folder, text, err);
    if (status == AR_OK && !ar_path_is_folder(folder)) {
        status = ar_fail(err, AR_ERROR_USAGE, "--%s %s: there is no folder %s", option->name, text,
                         folder);
    }
    ar_free(folder);
    return status;
}

ar_status ar_option_store(const ar_option *option, const char *text, ar_error *err)
{
    double *const place = option->destination;
    ar_status status = AR_OK;
    switch (option->kind) {
    case AR_OPTION_FLAG:
    case AR_OPTION_LIST:
        return AR_OK;
    case AR_OPTION_TIMES:
        return check_time(option, text, err);
    case AR_OPTION_INTEGER:
    case AR_OPTION_NUMBER:
        return store_number(option, text, err);
    case AR_OPTION_HOURS:
        return store_hours(option, text, err);
    case AR_OPTION_PLACE:
        return ar_place_parse(text, &place[0], &place[1], err);
    case AR_OPTION_TIME:
        status = check_time(option, text, err);
        break;
    case AR_OPTION_OUT:
        status = check_folder(option, text, err);
        break;
    case AR_OPTION_TEXT:
    case AR_OPTION_MAYBE_TEXT:
        break;
    }
    *(const char **)option->destination = text;
    return status;
}

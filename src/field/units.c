#include "field/units.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <udunits2.h>

/* udunits2 is not thread-safe: this lock guards it and the one unit system of the program. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ut_system *unit_system;

/* What files write where udunits has another word. */
static const char *common_spelling(const char *units)
{
    static const char *const spellings[][2] = {
        {"", "1"},
        {"~", "1"},
        {"-", "1"},
        {"(0 - 1)", "1"},
        {"0-1", "1"},
        {"dimensionless", "1"},
        {"degK", "K"},
        {"deg K", "K"},
        {"deg_K", "K"},
        {"degC", "celsius"},
        {"deg C", "celsius"},
        {"mb", "millibar"},
        {"mbar", "millibar"},
        {"millibars", "millibar"},
        {"gpm", "m"},
        {"geopotential meter", "m"},
        {"m of water equivalent", "m"},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (strcasecmp(units, spellings[i][0]) == 0) {
            return spellings[i][1];
        }
    }
    return units;
}

/* "m s**-1" to "m s^-1", which every version of udunits reads. */
static void copy_powers(char *copy, size_t size, const char *units)
{
    size_t used = 0;
    for (; *units && used + 1 < size; units++) {
        if (units[0] == '*' && units[1] == '*') {
            copy[used++] = '^';
            units++;
        } else {
            copy[used++] = *units;
        }
    }
    copy[used] = '\0';
}

/* NULL when the unit is unknown. */
static ut_unit *read_unit(const char *units)
{
    char text[256];
    copy_powers(text, sizeof text, common_spelling(units));
    ut_trim(text, UT_UTF8);
    return ut_parse(unit_system, text, UT_UTF8);
}

static ar_status open_system(ar_error *err)
{
    if (!unit_system) {
        ut_set_error_message_handler(ut_ignore);
        unit_system = ut_read_xml(NULL);
    }
    if (!unit_system) {
        return ar_fail(err, AR_ERROR_SYSTEM,
                       "the unit database of udunits2 cannot be read (is its package complete?)");
    }
    return AR_OK;
}

static ar_status convert(const char *from, const char *to, double *scale, double *offset,
                         ar_error *err)
{
    ut_unit *source = NULL, *target = NULL;
    cv_converter *converter = NULL;
    ar_status status;
    AR_TRY(open_system(err));
    source = read_unit(from);
    target = read_unit(to);
    if (!source || !target) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "unit \"%s\" cannot be converted to \"%s\": \"%s\" is unknown", from, to,
                         source ? to : from);
        goto cleanup;
    }
    converter = ut_get_converter(source, target);
    if (!converter) {
        status =
            ar_fail(err, AR_ERROR_INPUT, "unit \"%s\" cannot be converted to \"%s\"", from, to);
        goto cleanup;
    }
    double at_zero = cv_convert_double(converter, 0), at_one = cv_convert_double(converter, 1);
    double slope = at_one - at_zero;
    /* Units such as dBZ are logarithmic: two points do not tell them from straight lines, three do.
     */
    double at_ten = cv_convert_double(converter, 10);
    if (!isfinite(at_zero) || !isfinite(at_one) ||
        fabs(at_ten - at_zero - 10 * slope) > 1e-9 * (fabs(at_ten) + fabs(at_zero))) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "unit \"%s\" cannot be converted to \"%s\": the relation is not linear",
                         from, to);
        goto cleanup;
    }
    *scale = slope;
    *offset = at_zero;
cleanup:
    cv_free(converter);
    ut_free(target);
    ut_free(source);
    return status;
}

ar_status ar_units_conversion(const char *from, const char *to, double *scale, double *offset,
                              ar_error *err)
{
    pthread_mutex_lock(&lock);
    ar_status status = convert(from, to, scale, offset, err);
    pthread_mutex_unlock(&lock);
    return status;
}

void ar_units_convert(float *values, int64_t count, double scale, double offset)
{
    for (int64_t i = 0; (scale != 1 || offset != 0) && i < count; i++) {
        values[i] = (float)(scale * (double)values[i] + offset);
    }
}

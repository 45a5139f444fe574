#include "picture/map_scale.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "picture/axis.h"

/* Append to `text` what fits. */
static void append(char *text, size_t size, const char *piece)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", piece);
}

/* Length of the exponent at the start of `units` ("**-1", "^2", "-1" or "2" after a letter), 0 if
 * there is none; *digits is where its sign or digits begin. */
static size_t exponent_length(const char *units, bool after_letter, const char **digits)
{
    const char *at = units;
    bool marked = *at == '^' || (at[0] == '*' && at[1] == '*');
    at += marked ? (*at == '^' ? 1 : 2) : 0;
    *digits = at;
    at += *at == '-' || *at == '+';
    if (!isdigit((unsigned char)*at) || !(marked || after_letter)) {
        return 0;
    }
    while (isdigit((unsigned char)*at)) {
        at++;
    }
    return (size_t)(at - units);
}

/* "m s**-1" and "m s-1" become "m s@+-1@+". */
static void append_units(char *text, size_t size, const char *units)
{
    bool after_letter = false;
    while (*units) {
        const char *digits = units;
        size_t length = exponent_length(units, after_letter, &digits);
        char piece[32];
        if (length > 0) {
            snprintf(piece, sizeof piece, "@+%.*s@+", (int)(units + length - digits), digits);
            append(text, size, piece);
            units += length;
            after_letter = false;
            continue;
        }
        if (isalnum((unsigned char)*units) || strchr(" /%.-()", *units)) {
            append(text, size, (char[]){*units, '\0'});
        }
        after_letter = isalpha((unsigned char)*units) != 0;
        units++;
    }
}

void ar_map_unit_choose(ar_map_unit *unit, const char *units, double magnitude)
{
    *unit = (ar_map_unit){.factor = 1};
    if (strcmp(units, "Pa") == 0 && magnitude > 1e4) {
        *unit = (ar_map_unit){.factor = 0.01, .text = "hPa"};
        return;
    }
    if (isfinite(magnitude) && magnitude > 0 && (magnitude < 0.01 || magnitude >= 1e5)) {
        /* Numbers then lie between 2 and 20: vorticity in the customary 10⁻⁵ s⁻¹. */
        int power = (int)floor(log10(magnitude / 2));
        unit->factor = pow(10, -power);
        snprintf(unit->text, sizeof unit->text, "10@+%d@+%s", power, units[0] ? " " : "");
    }
    append_units(unit->text, sizeof unit->text, units);
}

void ar_map_unit_plain(const ar_map_unit *unit, char text[128])
{
    bool raised = false;
    text[0] = '\0';
    for (const char *at = unit->text; *at; at++) {
        if (at[0] == '@' && at[1] == '+') {
            raised = !raised;
            at++;
        } else if (raised && (isdigit((unsigned char)*at) || *at == '-')) {
            ar_axis_superscript(text, 128, *at);
        } else {
            append(text, 128, (char[]){*at, '\0'});
        }
    }
}

static double usable_limit(double limit)
{
    return isfinite(limit) && limit > 0 ? limit : 1;
}

ar_map_scale ar_map_scale_symmetric(double limit)
{
    limit = usable_limit(limit);
    double step = ar_axis_round_step(limit / 10);
    double high = step * ceil(limit / step - 1e-9);
    return (ar_map_scale){.low = -high, .high = high, .step = step, .diverging = true};
}

ar_map_scale ar_map_scale_from_zero(double limit)
{
    limit = usable_limit(limit);
    double step = ar_axis_round_step(limit / 12);
    return (ar_map_scale){.low = 0, .high = step * ceil(limit / step - 1e-9), .step = step};
}

ar_map_scale ar_map_scale_field(double low, double high)
{
    if (!isfinite(low) || !isfinite(high)) {
        return ar_map_scale_symmetric(1);
    }
    double farther = fmax(-low, high), nearer = fmin(-low, high);
    if (nearer > 0.25 * farther) {
        return ar_map_scale_symmetric(farther);
    }
    /* A constant field gets a scale a little around its value. */
    double range = high > low ? high - low : fmax(fabs(high), 1) * 0.01;
    double step = ar_axis_round_step(range / 18);
    return (ar_map_scale){.low = step * floor(low / step + 1e-9),
                          .high = step * ceil((low + range) / step - 1e-9),
                          .step = step};
}

static int compare_floats(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

ar_status ar_map_quantile(double *quantile, const float *values, int64_t count, double q,
                          bool absolute, ar_error *err)
{
    float *sorted = NULL;
    ar_status status =
        ar_allocate(&sorted, (size_t)count, sizeof *sorted, "the values of a map", err);
    if (status != AR_OK) {
        return status;
    }
    int64_t present = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            sorted[present++] = absolute ? fabsf(values[i]) : values[i];
        }
    }
    qsort(sorted, (size_t)present, sizeof *sorted, compare_floats);
    *quantile = present > 0 ? sorted[(int64_t)(q * (double)(present - 1) + 0.5)] : NAN;
    ar_free(sorted);
    return AR_OK;
}

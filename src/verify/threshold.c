#include "verify/threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Split FIELD=VALUE at its last '='. False when it is not one. */
static bool read_threshold(const char *text, size_t *name_length, double *value)
{
    const char *equals = strrchr(text, '=');
    char *end = NULL;
    if (!equals || equals == text) {
        return false;
    }
    *name_length = (size_t)(equals - text);
    *value = strtod(equals + 1, &end);
    return end != equals + 1 && *end == '\0' && isfinite(*value);
}

static bool is_name(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

static bool belongs_to(const char *text, size_t length, const ar_forecast_field *field)
{
    return is_name(field->variable, text, length) || is_name(field->standard_name, text, length);
}

static bool holds(const double *values, int64_t count, double value)
{
    for (int64_t i = 0; i < count; i++) {
        if (values[i] == value) {
            return true;
        }
    }
    return false;
}

ar_status ar_thresholds_of_field(double **values, int64_t *count, const char *const *texts,
                                 int64_t text_count, const ar_forecast_field *field, ar_error *err)
{
    *count = 0;
    ar_status status =
        ar_allocate(values, (size_t)text_count, sizeof **values, "the thresholds", err);
    for (int64_t i = 0; status == AR_OK && i < text_count; i++) {
        size_t length = 0;
        double value = 0;
        if (read_threshold(texts[i], &length, &value) && belongs_to(texts[i], length, field) &&
            !holds(*values, *count, value)) {
            (*values)[(*count)++] = value;
        }
    }
    return status;
}

static ar_status fail_without_field(const char *text, const ar_forecast_file *file, ar_error *err)
{
    ar_growing_text names = {.err = err};
    for (int64_t i = 0; i < file->field_count; i++) {
        ar_text_add(&names, "%s%s", i > 0 ? ", " : "", file->fields[i].variable);
    }
    ar_status status = names.status;
    if (status == AR_OK) {
        status = ar_fail(err, AR_ERROR_USAGE, "--threshold %s: %s has the fields %s", text,
                         file->path, names.text);
    }
    ar_free(names.text);
    return status;
}

ar_status ar_thresholds_check(const char *const *texts, int64_t text_count,
                              const ar_forecast_file *file, ar_error *err)
{
    for (int64_t i = 0; i < text_count; i++) {
        size_t length = 0;
        double value = 0;
        if (!read_threshold(texts[i], &length, &value)) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "--threshold %s is not FIELD=VALUE with a number in the field's unit",
                           texts[i]);
        }
        bool found = false;
        for (int64_t f = 0; !found && f < file->field_count; f++) {
            found = belongs_to(texts[i], length, &file->fields[f]);
        }
        if (!found) {
            return fail_without_field(texts[i], file, err);
        }
    }
    return AR_OK;
}

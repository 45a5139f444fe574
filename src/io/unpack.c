#include "io/unpack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const ar_attribute *find(const ar_variable *variable, const char *name)
{
    for (int64_t i = 0; i < variable->attribute_count; i++) {
        if (strcmp(variable->attributes[i].name, name) == 0) {
            return &variable->attributes[i];
        }
    }
    return NULL;
}

/* A number attribute; "NaN" and the like are accepted as text because JSON has no such number. */
static ar_status number_attribute(const ar_variable *variable, const char *name, double *number,
                                  bool *given, ar_error *err)
{
    const ar_attribute *attribute = find(variable, name);
    *given = attribute != NULL;
    if (!attribute) {
        return AR_OK;
    }
    if (attribute->kind == AR_VALUE_NUMBER && attribute->count > 0) {
        *number = attribute->number;
        return AR_OK;
    }
    if (attribute->kind == AR_VALUE_NUMBER) {
        return ar_fail(err, AR_ERROR_INPUT, "variable %s: %s is empty, it should be a number",
                       variable->name, name);
    }
    char *end;
    *number = strtod(attribute->text, &end);
    if (end == attribute->text || *end != '\0') {
        return ar_fail(err, AR_ERROR_INPUT, "variable %s: %s is the text \"%s\", not a number",
                       variable->name, name, attribute->text);
    }
    return AR_OK;
}

ar_status ar_packing_add_missing(ar_packing *packing, double stored, ar_error *err)
{
    stored = ar_number_round(packing->type, stored);
    for (int i = 0; i < packing->missing_count; i++) {
        if (packing->missing[i] == stored) {
            return AR_OK;
        }
    }
    if (isnan(stored)) {
        return AR_OK; /* NaN stays NaN without being told */
    }
    if (packing->missing_count == AR_MISSING_MAX) {
        return ar_fail(err, AR_ERROR_INPUT, "more than %d values that mean missing",
                       AR_MISSING_MAX);
    }
    packing->missing[packing->missing_count++] = stored;
    return AR_OK;
}

static ar_status read_missing(ar_packing *packing, const ar_variable *variable, const char *name,
                              ar_error *err)
{
    const ar_attribute *attribute = find(variable, name);
    if (attribute && attribute->kind == AR_VALUE_NUMBER) {
        for (int64_t i = 0; i < attribute->count; i++) {
            ar_status status = ar_packing_add_missing(packing, attribute->numbers[i], err);
            if (status != AR_OK) {
                return ar_fail_within(err, status, "variable %s", variable->name);
            }
        }
        return AR_OK;
    }
    double number;
    bool given;
    ar_status status = number_attribute(variable, name, &number, &given, err);
    if (status == AR_OK && given) {
        status = ar_packing_add_missing(packing, number, err);
    }
    return status;
}

static ar_status read_range(ar_packing *packing, const ar_variable *variable, ar_error *err)
{
    bool has_smallest, has_largest, integer = true;
    double smallest = -INFINITY, largest = INFINITY;
    ar_status status = AR_OK;
    const ar_attribute *range = find(variable, "valid_range");
    if (range) {
        if (range->kind != AR_VALUE_NUMBER || range->count != 2) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "variable %s: valid_range is not two numbers but %s%lld element(s)",
                           variable->name, range->kind == AR_VALUE_TEXT ? "a text of " : "",
                           (long long)range->count);
        }
        smallest = range->numbers[0];
        largest = range->numbers[1];
        integer = range->integer;
    } else {
        AR_TRY(number_attribute(variable, "valid_min", &smallest, &has_smallest, err));
        AR_TRY(number_attribute(variable, "valid_max", &largest, &has_largest, err));
        integer = (!has_smallest || find(variable, "valid_min")->integer) &&
                  (!has_largest || find(variable, "valid_max")->integer);
    }
    packing->range_is_unpacked =
        packing->scaled && packing->type.kind != AR_NUMBER_FLOATING && !integer;
    packing->smallest = smallest;
    packing->largest = largest;
    if (!packing->range_is_unpacked) {
        packing->smallest = isinf(smallest) ? smallest : ar_number_round(packing->type, smallest);
        packing->largest = isinf(largest) ? largest : ar_number_round(packing->type, largest);
    }
cleanup:
    return status;
}

ar_status ar_packing_init(ar_packing *packing, ar_number_type type, const ar_variable *variable,
                          ar_error *err)
{
    ar_status status = AR_OK;
    *packing = (ar_packing){.type = type, .scale = 1, .smallest = -INFINITY, .largest = INFINITY};
    const ar_attribute *is_unsigned = find(variable, "_Unsigned");
    if (is_unsigned && is_unsigned->text && strcmp(is_unsigned->text, "true") == 0 &&
        type.kind == AR_NUMBER_SIGNED) {
        packing->type.kind = AR_NUMBER_UNSIGNED;
    }
    bool has_scale, has_offset;
    AR_TRY(number_attribute(variable, "scale_factor", &packing->scale, &has_scale, err));
    AR_TRY(number_attribute(variable, "add_offset", &packing->offset, &has_offset, err));
    packing->scaled = has_scale || has_offset;
    AR_TRY(read_missing(packing, variable, "_FillValue", err));
    AR_TRY(read_missing(packing, variable, "missing_value", err));
    AR_TRY(read_range(packing, variable, err));
cleanup:
    return status;
}

static bool is_outside(const ar_packing *packing, double value)
{
    return value < packing->smallest || value > packing->largest;
}

double ar_unpack_number(const ar_packing *packing, double stored)
{
    bool missing = !packing->range_is_unpacked && is_outside(packing, stored);
    for (int i = 0; i < packing->missing_count; i++) {
        missing |= stored == packing->missing[i];
    }
    double value = packing->scaled ? stored * packing->scale + packing->offset : stored;
    missing |= packing->range_is_unpacked && is_outside(packing, value);
    return missing ? NAN : value;
}

bool ar_packing_is_plain(const ar_packing *packing)
{
    return !packing->scaled && packing->type.kind == AR_NUMBER_FLOATING &&
           packing->type.bytes == sizeof(float) && !packing->type.swapped;
}

/* Compared as they are, since bounds and missing values are rounded to the type. */
void ar_unpack_in_place(const ar_packing *packing, float *values, int64_t count)
{
    for (int k = 0; k < packing->missing_count; k++) {
        const float missing = (float)packing->missing[k];
        for (int64_t i = 0; i < count; i++) {
            values[i] = values[i] == missing ? NAN : values[i];
        }
    }
    if (!isinf(packing->smallest) || !isinf(packing->largest)) {
        const float smallest = (float)packing->smallest, largest = (float)packing->largest;
        for (int64_t i = 0; i < count; i++) {
            values[i] = values[i] < smallest || values[i] > largest ? NAN : values[i];
        }
    }
}

void ar_unpack(const ar_packing *packing, const void *raw, int64_t count, ar_values values,
               int64_t at)
{
    if (values.floats && ar_packing_is_plain(packing)) {
        memcpy(values.floats + at, raw, (size_t)count * sizeof *values.floats);
        ar_unpack_in_place(packing, values.floats + at, count);
        return;
    }
    enum { BLOCK = 512 };
    double block[BLOCK];
    for (int64_t first = 0; first < count; first += BLOCK) {
        int64_t length = count - first < BLOCK ? count - first : BLOCK;
        ar_number_widen(packing->type, (const char *)raw + first * packing->type.bytes, length,
                        block);
        for (int64_t i = 0; i < length; i++) {
            double value = ar_unpack_number(packing, block[i]);
            if (values.floats) {
                values.floats[at + first + i] = (float)value;
            } else {
                values.doubles[at + first + i] = value;
            }
        }
    }
}

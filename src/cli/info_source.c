#include <stdio.h>
#include <string.h>

#include "cli/info.h"
#include "field/time.h"
#include "io/source.h"

static void add_attributes(cJSON *to, const ar_attribute *attributes, int64_t count)
{
    cJSON *list = cJSON_AddObjectToObject(to, "attributes");
    for (int64_t i = 0; i < count; i++) {
        if (attributes[i].kind == AR_VALUE_TEXT) {
            cJSON_AddStringToObject(list, attributes[i].name, attributes[i].text);
        } else {
            cJSON_AddNumberToObject(list, attributes[i].name, attributes[i].number);
        }
    }
}

/* "valid_time 360, latitude 73": dimensions with their lengths */
static void add_dimensions(cJSON *to, const ar_variable *variable)
{
    cJSON *dimensions = cJSON_AddObjectToObject(to, "dimensions");
    for (int i = 0; i < variable->rank; i++) {
        char unnamed[16];
        snprintf(unnamed, sizeof unnamed, "dimension %d", i);
        const char *name = variable->dimensions[i][0] ? variable->dimensions[i] : unnamed;
        cJSON_AddNumberToObject(dimensions, name, (double)variable->shape[i]);
    }
}

static cJSON *describe_variable(const ar_source *source, const ar_variable *variable,
                                bool attributes)
{
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "type", variable->type);
    add_dimensions(entry, variable);
    if (attributes) {
        add_attributes(entry, variable->attributes, variable->attribute_count);
    } else {
        const char *const keys[] = {"standard_name", "long_name", "units"};
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            for (int64_t i = 0; i < variable->attribute_count; i++) {
                const ar_attribute *attribute = &variable->attributes[i];
                if (strcmp(attribute->name, keys[k]) == 0 && attribute->kind == AR_VALUE_TEXT) {
                    cJSON_AddStringToObject(entry, keys[k], attribute->text);
                }
            }
        }
    }
    if (ar_source_problem(source, variable)) {
        cJSON_AddStringToObject(entry, "cannot be read", ar_source_problem(source, variable));
    }
    return entry;
}

/* First and last value of a coordinate, times as dates. */
static ar_status add_range(cJSON *entry, ar_source *source, const ar_variable *variable,
                           ar_error *err)
{
    if (!variable->readable || variable->rank != 1 || variable->shape[0] < 1 ||
        strcmp(variable->dimensions[0], variable->name) != 0) {
        return AR_OK;
    }
    const int64_t one = 1, first_at = 0, last_at = variable->shape[0] - 1;
    double first = 0, last = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_source_read_double(source, variable, &first_at, &one, &first, err));
    AR_TRY(ar_source_read_double(source, variable, &last_at, &one, &last, err));
    const char *units = ar_source_text(source, variable, "units");
    const char *calendar = ar_source_text(source, variable, "calendar");
    ar_time_unit unit;
    ar_error ignored;
    int64_t times[2];
    if (units && strstr(units, " since ") &&
        ar_time_unit_parse(&unit, units, calendar, &ignored) == AR_OK &&
        ar_time_unit_decode(&unit, first, &times[0], &ignored) == AR_OK &&
        ar_time_unit_decode(&unit, last, &times[1], &ignored) == AR_OK) {
        char texts[2][32];
        ar_time_format(times[0], unit.calendar, texts[0]);
        ar_time_format(times[1], unit.calendar, texts[1]);
        cJSON_AddStringToObject(entry, "first", texts[0]);
        cJSON_AddStringToObject(entry, "last", texts[1]);
    } else {
        cJSON_AddNumberToObject(entry, "first", first);
        cJSON_AddNumberToObject(entry, "last", last);
    }
cleanup:
    return status;
}

ar_status ar_info_add_source(cJSON *tree, const char *path, bool attributes, ar_error *err)
{
    ar_source *source = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_source_open(&source, path, err));
    cJSON_AddStringToObject(tree, "format", ar_source_format(source));
    cJSON *variables = cJSON_AddObjectToObject(tree, "variables");
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *variable = ar_source_variable(source, i);
        cJSON *entry = describe_variable(source, variable, attributes);
        cJSON_AddItemToObject(variables, variable->name, entry);
        AR_TRY(add_range(entry, source, variable, err));
    }
    cJSON *list = cJSON_AddObjectToObject(tree, "attributes");
    for (int64_t i = 0; i < ar_source_attribute_count(source); i++) {
        const ar_attribute *attribute = ar_source_attribute(source, i);
        if (attribute->kind == AR_VALUE_TEXT) {
            cJSON_AddStringToObject(list, attribute->name, attribute->text);
        } else {
            cJSON_AddNumberToObject(list, attribute->name, attribute->number);
        }
    }
cleanup:
    ar_source_close(&source);
    return status;
}

/* Attributes of a Zarr group and its arrays, kept as JSON until the end. */
#include <math.h>
#include <string.h>

#include "io/zarr_fill_text.h"
#include "io/zarr_writer_private.h"

/* The object of attributes of a variable, or of the group; *found is NULL for the group. */
static ar_status find_attributes(const ar_zarr_writer *writer, const char *variable,
                                 const char *name, cJSON **attributes, ar_zarr_written **found,
                                 ar_error *err)
{
    *found = variable ? ar_zarr_writer_find(writer, variable) : NULL;
    *attributes = variable ? NULL : writer->attributes;
    if (variable && !*found) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: cannot write attribute %s: there is no variable %s", writer->base.path,
                       name, variable);
    }
    if (*found) {
        *attributes = (*found)->attributes;
    }
    if (!ar_zarr_json_is_utf8(name) || (variable && strcmp(name, "_ARRAY_DIMENSIONS") == 0)) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: an attribute cannot have the name %s",
                       writer->base.path, name);
    }
    return AR_OK;
}

/* Takes `item`, NULL when there was no memory for it. */
static ar_status set_attribute(const ar_zarr_writer *writer, cJSON *attributes, const char *name,
                               cJSON *item, ar_error *err)
{
    if (item) {
        cJSON_DeleteItemFromObjectCaseSensitive(attributes, name);
        if (cJSON_AddItemToObject(attributes, name, item)) {
            return AR_OK;
        }
    }
    cJSON_Delete(item);
    return ar_fail(err, AR_ERROR_MEMORY, "%s: out of memory for attribute %s", writer->base.path,
                   name);
}

ar_status ar_zarr_writer_put_text(ar_writer *base, const char *variable, const char *name,
                                  const char *text, ar_error *err)
{
    const ar_zarr_writer *writer = (ar_zarr_writer *)base;
    cJSON *attributes = NULL;
    ar_zarr_written *found = NULL;
    ar_status status = find_attributes(writer, variable, name, &attributes, &found, err);
    return status == AR_OK ? set_attribute(writer, attributes, name, cJSON_CreateString(text), err)
                           : status;
}

/* Round `number` to the type of the variable, which must hold it. */
static ar_status take_type(const ar_zarr_writer *writer, const ar_zarr_written *variable,
                           const char *name, double *number, ar_error *err)
{
    if (variable->array.type.kind == AR_NUMBER_FLOATING) {
        *number = ar_number_round(variable->array.type, *number);
        return AR_OK;
    }
    const double smallest = -ldexp(1, 8 * variable->array.type.bytes - 1);
    if (!(*number >= smallest && *number < -smallest) || *number != floor(*number)) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: variable %s: its type %s cannot hold %s %g",
                       writer->base.path, variable->name, variable->array.type_name, name, *number);
    }
    return AR_OK;
}

ar_status ar_zarr_writer_put_number(ar_writer *base, const char *variable, const char *name,
                                    double number, ar_error *err)
{
    const ar_zarr_writer *writer = (ar_zarr_writer *)base;
    cJSON *attributes = NULL;
    ar_zarr_written *found = NULL;
    bool integer = false;
    ar_status status = AR_OK;
    AR_TRY(find_attributes(writer, variable, name, &attributes, &found, err));
    if (found && ar_writer_has_type_of_variable(name)) {
        AR_TRY(take_type(writer, found, name, &number, err));
        integer = found->array.type.kind != AR_NUMBER_FLOATING;
    }
    if (found && strcmp(name, "_FillValue") == 0) {
        if (found->object) {
            status = ar_fail(err, AR_ERROR_USAGE,
                             "%s: variable %s: _FillValue must come before the first value",
                             base->path, variable);
            goto cleanup;
        }
        found->array.has_fill = true;
        found->array.fill = number;
        if (writer->version == 2) {
            goto cleanup;
        }
        char text[AR_ZARR_FILL_TEXT];
        ar_zarr_fill_print(number, text);
        AR_TRY(set_attribute(writer, attributes, name,
                             integer ? ar_zarr_json_number(number, true) : cJSON_CreateString(text),
                             err));
        goto cleanup;
    }
    AR_TRY(set_attribute(writer, attributes, name, ar_zarr_json_number(number, integer), err));
cleanup:
    return status;
}

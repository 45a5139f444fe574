#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "io/zarr_metadata.h"

const char *ar_zarr_parse_extension(const cJSON *item, const cJSON **configuration)
{
    *configuration = NULL;
    if (cJSON_IsString(item)) {
        return item->valuestring;
    }
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
    *configuration = cJSON_GetObjectItemCaseSensitive(item, "configuration");
    return cJSON_IsString(name) ? name->valuestring : NULL;
}

/* Members that the specification does not know may be left aside where they say so themselves. */
static void check_members(ar_zarr_array *array, const cJSON *metadata)
{
    static const char *const known[] = {
        "zarr_format",        "node_type",  "shape",  "data_type",  "chunk_grid",
        "chunk_key_encoding", "fill_value", "codecs", "attributes", "dimension_names"};
    const cJSON *member;
    cJSON_ArrayForEach(member, metadata)
    {
        bool fine = strcmp(member->string, "storage_transformers") == 0 &&
                    (cJSON_IsNull(member) || (cJSON_IsArray(member) && !member->child));
        fine |= cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(member, "must_understand"));
        for (size_t i = 0; i < sizeof known / sizeof *known && !fine; i++) {
            fine = strcmp(member->string, known[i]) == 0;
        }
        if (!fine) {
            ar_zarr_set_problem(array, "needs the extension \"%.40s\", which is not read",
                                member->string);
        }
    }
}

static ar_status parse_type(ar_zarr_array *array, const cJSON *metadata, const char *where,
                            ar_error *err)
{
    static const char *const names[][2] = {
        {"bool", "|b1"},   {"int8", "|i1"},    {"uint8", "|u1"},   {"int16", "<i2"},
        {"uint16", "<u2"}, {"int32", "<i4"},   {"uint32", "<u4"},  {"int64", "<i8"},
        {"uint64", "<u8"}, {"float16", "<f2"}, {"float32", "<f4"}, {"float64", "<f8"},
        {"string", "|O"}};
    const cJSON *configuration;
    const char *name = ar_zarr_parse_extension(
        cJSON_GetObjectItemCaseSensitive(metadata, "data_type"), &configuration);
    if (!name) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: \"data_type\" must be a text such as \"float32\" or have a \"name\"",
                       where);
    }
    const char *found = "|V";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        found = strcmp(name, names[i][0]) == 0 ? names[i][1] : found;
    }
    snprintf(array->type_name, sizeof array->type_name, "%s", found);
    array->is_number = ar_number_type_parse(&array->type, found);
    return AR_OK;
}

static ar_status parse_chunks(ar_zarr_array *array, const cJSON *metadata, const char *where,
                              ar_error *err)
{
    const cJSON *configuration;
    const char *grid = ar_zarr_parse_extension(
        cJSON_GetObjectItemCaseSensitive(metadata, "chunk_grid"), &configuration);
    if (!grid || strcmp(grid, "regular") != 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: \"chunk_grid\" is \"%.40s\"; only \"regular\" is read", where,
                       grid ? grid : "without a name");
    }
    return ar_zarr_parse_grid(array, cJSON_GetObjectItemCaseSensitive(metadata, "shape"),
                              cJSON_GetObjectItemCaseSensitive(configuration, "chunk_shape"),
                              "chunk_shape", where, err);
}

static ar_status parse_keys(ar_zarr_array *array, const cJSON *metadata, const char *where,
                            ar_error *err)
{
    const cJSON *configuration;
    const char *name = ar_zarr_parse_extension(
        cJSON_GetObjectItemCaseSensitive(metadata, "chunk_key_encoding"), &configuration);
    if (!name || (strcmp(name, "default") != 0 && strcmp(name, "v2") != 0)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: \"chunk_key_encoding\" is \"%.40s\"; \"default\" and \"v2\" are read",
                       where, name ? name : "without a name");
    }
    array->key_has_prefix = name[0] == 'd';
    array->separator = array->key_has_prefix ? '/' : '.';
    const cJSON *separator = cJSON_GetObjectItemCaseSensitive(configuration, "separator");
    if (separator) {
        if (!cJSON_IsString(separator) || (strcmp(separator->valuestring, ".") != 0 &&
                                           strcmp(separator->valuestring, "/") != 0)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: \"separator\" of the chunk keys must be \".\" or \"/\"", where);
        }
        array->separator = separator->valuestring[0];
    }
    return AR_OK;
}

/* "0x7fc00000": the bits of a floating number. */
static bool parse_bits(const cJSON *item, ar_number_type type, double *number)
{
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    size_t digits = 2 * (size_t)type.bytes;
    if (strncmp(text, "0x", 2) != 0 || strlen(text) != 2 + digits ||
        strspn(text + 2, "0123456789abcdefABCDEF") != digits) {
        return false;
    }
    uint64_t bits = strtoull(text + 2, NULL, 16);
    uint16_t half = (uint16_t)bits;
    uint32_t word = (uint32_t)bits;
    type.swapped = false;
    ar_number_widen(type,
                    type.bytes == 2   ? (void *)&half
                    : type.bytes == 4 ? (void *)&word
                                      : &bits,
                    1, number);
    return true;
}

static bool is_in_range(ar_number_type type, double number)
{
    double smallest = type.kind == AR_NUMBER_SIGNED ? -ldexp(1, 8 * type.bytes - 1) : 0;
    double largest = ldexp(1, 8 * type.bytes - (type.kind == AR_NUMBER_SIGNED));
    /* the largest numbers of 8 bytes are rounded up to 2^63 and 2^64 by JSON's readers */
    return number == floor(number) && number >= smallest &&
           (number < largest || (type.bytes == 8 && number == largest));
}

static ar_status parse_fill(ar_zarr_array *array, const cJSON *metadata, const char *where,
                            ar_error *err)
{
    const cJSON *fill = cJSON_GetObjectItemCaseSensitive(metadata, "fill_value");
    if (!array->is_number) {
        return AR_OK;
    }
    array->has_fill = true;
    bool right;
    if (strcmp(array->type_name, "|b1") == 0) {
        right = cJSON_IsBool(fill);
        array->fill = cJSON_IsTrue(fill);
    } else if (array->type.kind == AR_NUMBER_FLOATING) {
        right = ar_json_number(fill, &array->fill) || ar_zarr_parse_word(fill, &array->fill) ||
                parse_bits(fill, array->type, &array->fill);
        array->fill = ar_number_round(array->type, array->fill);
    } else {
        right = ar_json_number(fill, &array->fill) && is_in_range(array->type, array->fill);
    }
    return right ? AR_OK
                 : ar_fail(err, AR_ERROR_INPUT,
                           "%s: \"fill_value\" must be a number of the array's type (%s); of "
                           "floating ones also \"NaN\", \"Infinity\", \"-Infinity\" or \"0x\" and "
                           "the bits",
                           where, array->type_name);
}

ar_status ar_zarr_array_parse_v3(ar_zarr_array *array, const cJSON *metadata, const char *where,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    *array = (ar_zarr_array){0};
    int64_t format;
    if (!ar_json_integer(cJSON_GetObjectItemCaseSensitive(metadata, "zarr_format"), 0, &format) ||
        format != 3) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"zarr_format\" must be 3", where);
    }
    check_members(array, metadata);
    AR_TRY(parse_chunks(array, metadata, where, err));
    AR_TRY(parse_type(array, metadata, where, err));
    AR_TRY(parse_keys(array, metadata, where, err));
    AR_TRY(parse_fill(array, metadata, where, err));
    if (array->is_number) {
        AR_TRY(ar_zarr_parse_codecs_v3(array, cJSON_GetObjectItemCaseSensitive(metadata, "codecs"),
                                       where, err));
    }
    AR_TRY(ar_zarr_check_sizes(array, where, err));
cleanup:
    return status;
}

/* Opening Zarr v2 groups: finding the arrays and their attributes, with or without consolidated
 * metadata (the key "metadata" of .zmetadata holds every metadata file by its name). */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/json.h"
#include "io/zarr_private.h"

/* Groups within groups are followed this deep. */
enum { DEPTH_MAX = 8 };

static ar_status set_dimensions(ar_source *source, ar_variable *variable, const cJSON *attributes,
                                ar_error *err)
{
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(attributes, "_ARRAY_DIMENSIONS");
    bool given = cJSON_IsArray(names) && cJSON_GetArraySize(names) == variable->rank;
    if (names && !given) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s: \"_ARRAY_DIMENSIONS\" must be a list of %d names",
                       source->path, variable->name, variable->rank);
    }
    const cJSON *name = given ? names->child : NULL;
    for (int d = 0; d < variable->rank; d++) {
        const char *text = cJSON_IsString(name) ? name->valuestring : "";
        ar_status status = ar_copy_string(&variable->dimensions[d], text, err);
        if (status != AR_OK) {
            return status;
        }
        name = name ? name->next : NULL;
    }
    return AR_OK;
}

/* The fill value marks missing values too, as xarray has it: xarray writes _FillValue there and
 * nowhere else. Truth values have none to spare, and coordinates have no missing values (CF 2.5.1):
 * Zarr's default fill value of 0 must not take the first hour away. */
static bool fill_means_missing(const ar_variable *variable, const ar_zarr_array *array)
{
    bool coordinate = variable->rank == 1 && strcmp(variable->dimensions[0], variable->name) == 0;
    return array->has_fill && strcmp(array->type_name, "|b1") != 0 && !coordinate;
}

static ar_status add_problem(ar_source *source, const ar_zarr_array *array,
                             const ar_variable *variable, ar_error *err)
{
    ar_error text;
    ar_fail(&text, AR_ERROR_INPUT, "array %s %s", variable->name, array->problem);
    return ar_source_set_problem(source, text.message, err);
}

/* `attributes` is the parsed .zattrs or NULL. */
static ar_status add_array(ar_source *source, const char *name, const cJSON *metadata,
                           const cJSON *attributes, ar_error *err)
{
    ar_status status = AR_OK;
    ar_zarr_group *group = source->state;
    ar_variable *variable = NULL;
    char *where = NULL;
    AR_TRY(ar_path_join(&where, source->path, name, err));
    AR_TRY(ar_grow(&group->arrays, &group->array_capacity, (size_t)source->variable_count + 1,
                   sizeof(ar_zarr_array), "arrays", err));
    ar_zarr_array *array = &group->arrays[source->variable_count];
    AR_TRY(ar_zarr_array_parse(array, metadata, where, err));
    AR_TRY(ar_source_add_variable(source, name, &variable, err));
    variable->rank = array->rank;
    variable->readable = array->is_number;
    memcpy(variable->type, array->type_name, sizeof variable->type);
    memcpy(variable->shape, array->shape, sizeof variable->shape);
    memcpy(variable->chunk, array->chunk, sizeof variable->chunk);
    AR_TRY(set_dimensions(source, variable, attributes, err));
    AR_TRY(ar_json_attributes(&variable->attributes, &variable->attribute_count, attributes,
                              "_ARRAY_DIMENSIONS", err));
    if (array->problem[0]) {
        AR_TRY(add_problem(source, array, variable, err));
    } else if (array->is_number) {
        double fill = fill_means_missing(variable, array) ? array->fill : NAN;
        AR_TRY(ar_source_set_packing(source, array->type, fill, err));
    }
cleanup:
    ar_free(where);
    return status;
}

/* A name from a metadata file becomes part of paths: it must stay inside the group. */
static bool stays_inside(const char *name)
{
    if (name[0] == '/' || name[0] == '\0') {
        return false;
    }
    for (const char *part = name; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && part[0] == '.' && part[1] == '.')) {
            return false;
        }
    }
    return true;
}

static ar_status add_consolidated_array(ar_source *source, const cJSON *metadata, const cJSON *item,
                                        size_t name_length, ar_error *err)
{
    ar_status status = AR_OK;
    char *name = NULL, *attributes_name = NULL;
    AR_TRY(ar_copy_string(&name, item->string, err));
    name[name_length] = '\0';
    if (!stays_inside(name)) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s/.zmetadata: the array name \"%.200s\" leads out of the group",
                         source->path, name);
        goto cleanup;
    }
    AR_TRY(ar_path_join(&attributes_name, name, ".zattrs", err));
    AR_TRY(add_array(source, name, item,
                     cJSON_GetObjectItemCaseSensitive(metadata, attributes_name), err));
cleanup:
    ar_free(name);
    ar_free(attributes_name);
    return status;
}

static ar_status open_consolidated(ar_source *source, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    cJSON *json = NULL;
    AR_TRY(ar_json_parse_file(&json, path, err));
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(json, "metadata");
    if (!cJSON_IsObject(metadata)) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: has no object \"metadata\"", path);
        goto cleanup;
    }
    AR_TRY(ar_json_attributes(&source->attributes, &source->attribute_count,
                              cJSON_GetObjectItemCaseSensitive(metadata, ".zattrs"), NULL, err));
    static const char ending[] = "/.zarray";
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata)
    {
        size_t length = strlen(item->string);
        if (length >= strlen(ending) &&
            strcmp(item->string + length - strlen(ending), ending) == 0) {
            AR_TRY(add_consolidated_array(source, metadata, item, length - strlen(ending), err));
        }
    }
cleanup:
    cJSON_Delete(json);
    return status;
}

/* Parse folder/name where it is there; *json stays NULL where it is not. */
static ar_status parse_if_there(cJSON **json, const char *folder, const char *name, ar_error *err)
{
    char *path = NULL;
    *json = NULL;
    ar_status status = ar_path_join(&path, folder, name, err);
    if (status == AR_OK && ar_path_exists(path)) {
        status = ar_json_parse_file(json, path, err);
    }
    ar_free(path);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of what is in a folder, sorted so that the order does not depend on the file system. */
static ar_status list_folder(const char *path, char ***names, size_t *count, ar_error *err)
{
    ar_status status = AR_OK;
    size_t capacity = 0;
    *names = NULL;
    *count = 0;
    DIR *folder = opendir(path);
    if (!folder) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot list this folder: %s", path,
                       strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        AR_TRY(ar_grow(names, &capacity, *count + 1, sizeof **names, "names", err));
        AR_TRY(ar_copy_string(&(*names)[*count], entry->d_name, err));
        ++*count;
    }
    if (*count > 1) {
        qsort(*names, *count, sizeof **names, by_name);
    }
cleanup:
    closedir(folder);
    return status;
}

static ar_status add_folder(ar_source *source, const char *prefix, int depth, ar_error *err);

/* An array, a group, or something that is none of our business. */
static ar_status add_entry(ar_source *source, const char *name, int depth, ar_error *err)
{
    ar_status status = AR_OK;
    char *path = NULL, *group = NULL;
    cJSON *metadata = NULL, *attributes = NULL;
    AR_TRY(ar_path_join(&path, source->path, name, err));
    AR_TRY(ar_path_join(&group, path, ".zgroup", err));
    AR_TRY(parse_if_there(&metadata, path, ".zarray", err));
    if (metadata) {
        AR_TRY(parse_if_there(&attributes, path, ".zattrs", err));
        AR_TRY(add_array(source, name, metadata, attributes, err));
    } else if (depth < DEPTH_MAX && ar_path_exists(group)) {
        AR_TRY(add_folder(source, name, depth + 1, err));
    }
cleanup:
    cJSON_Delete(metadata);
    cJSON_Delete(attributes);
    ar_free(path);
    ar_free(group);
    return status;
}

static ar_status add_folder(ar_source *source, const char *prefix, int depth, ar_error *err)
{
    ar_status status = AR_OK;
    char *path = NULL, *name = NULL;
    char **names = NULL;
    size_t count = 0;
    AR_TRY(ar_path_join(&path, source->path, prefix, err));
    AR_TRY(list_folder(path, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        AR_TRY(ar_path_join(&name, prefix, names[i], err));
        AR_TRY(add_entry(source, name, depth, err));
        ar_free(name);
        name = NULL;
    }
cleanup:
    for (size_t i = 0; i < count; i++) {
        ar_free(names[i]);
    }
    ar_free(names);
    ar_free(name);
    ar_free(path);
    return status;
}

static ar_status has(const ar_source *source, const char *name, bool *found, ar_error *err)
{
    char *path = NULL;
    ar_status status = ar_path_join(&path, source->path, name, err);
    *found = status == AR_OK && ar_path_exists(path);
    ar_free(path);
    return status;
}

static ar_status check_is_group(const ar_source *source, bool *consolidated, ar_error *err)
{
    ar_status status = AR_OK;
    bool group, version_3, array;
    AR_TRY(has(source, ".zgroup", &group, err));
    AR_TRY(has(source, ".zmetadata", consolidated, err));
    AR_TRY(has(source, "zarr.json", &version_3, err));
    AR_TRY(has(source, ".zarray", &array, err));
    if (group || *consolidated) {
        return AR_OK;
    }
    status = ar_fail(err, AR_ERROR_INPUT, "%s: %s", source->path,
                     version_3 ? "is Zarr version 3; only version 2 is read yet"
                     : array   ? "is a Zarr array; give the folder of its group, one above"
                               : "is a folder without .zgroup or .zmetadata, not a Zarr v2 group");
cleanup:
    return status;
}

static void close_group(ar_source *source)
{
    ar_zarr_group *group = source->state;
    if (group) {
        ar_zarr_cache_release(group);
        ar_free(group->arrays);
        ar_free(group);
        source->state = NULL;
    }
}

ar_status ar_zarr_open(ar_source *source, ar_error *err)
{
    static const ar_source_reader reader = {.read = ar_zarr_read, .close = close_group};
    ar_status status = AR_OK;
    cJSON *attributes = NULL;
    char *consolidated = NULL;
    bool is_consolidated;
    source->format = "Zarr v2";
    source->reader = &reader;
    AR_TRY(check_is_group(source, &is_consolidated, err));
    AR_TRY(ar_allocate(&source->state, 1, sizeof(ar_zarr_group), "a Zarr group", err));
    AR_TRY(ar_path_join(&consolidated, source->path, ".zmetadata", err));
    if (is_consolidated) {
        AR_TRY(open_consolidated(source, consolidated, err));
    } else {
        AR_TRY(parse_if_there(&attributes, source->path, ".zattrs", err));
        AR_TRY(ar_json_attributes(&source->attributes, &source->attribute_count, attributes, NULL,
                                  err));
        AR_TRY(add_folder(source, "", 0, err));
    }
cleanup:
    cJSON_Delete(attributes);
    ar_free(consolidated);
    return status;
}

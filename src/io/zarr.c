/* Opening Zarr groups: which version it is, and what an array of either becomes. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/json.h"
#include "io/zarr_http.h"
#include "io/zarr_private.h"

/* Groups within groups are followed this deep. */
enum { DEPTH_MAX = 8, LARGEST_METADATA = 64 << 20 };

ar_status ar_zarr_parse_object(ar_source *source, const char *folder, const char *name,
                               cJSON **json, ar_error *err)
{
    ar_zarr_store *store = ((ar_zarr_group *)source->state)->store;
    ar_status status = AR_OK;
    char *key = NULL, *where = NULL, *text = NULL;
    size_t length;
    *json = NULL;
    AR_TRY(ar_path_join(&key, folder, name, err));
    AR_TRY(ar_path_join(&where, source->path, key, err));
    AR_TRY(store->read(store, key, (ar_zarr_range){AR_ZARR_WHOLE, 0, LARGEST_METADATA}, &text,
                       &length, err));
    if (text) {
        AR_TRY(ar_json_parse(json, text, length, where, err));
    }
cleanup:
    ar_free(key);
    ar_free(where);
    ar_free(text);
    return status;
}

ar_status ar_zarr_take_attributes(ar_source *source, const cJSON *attributes, ar_error *err)
{
    ar_status status =
        ar_json_attributes(&source->attributes, &source->attribute_count, attributes, NULL, err);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "%s", source->path);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static ar_status set_dimensions(const ar_source *source, ar_variable *variable,
                                const ar_zarr_found *found, ar_error *err)
{
    const cJSON *names = found->dimension_names;
    bool given = cJSON_IsArray(names) && cJSON_GetArraySize(names) == variable->rank;
    if (names && !given) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s: \"%s\" must be a list of %d names",
                       source->path, variable->name, found->dimension_key, variable->rank);
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

/* Truth values have none to spare for missing ones, and coordinates have no missing values (CF
 * 2.5.1): Zarr's default fill value of 0 must not take the first hour away. */
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

ar_status ar_zarr_add_array(ar_source *source, const ar_zarr_found *found, ar_error *err)
{
    ar_status status = AR_OK;
    ar_zarr_group *group = source->state;
    ar_variable *variable = NULL;
    char *where = NULL;
    if (!stays_inside(found->name)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: the array name \"%.200s\" in its metadata leads out of the group",
                       source->path, found->name);
    }
    AR_TRY(ar_path_join(&where, source->path, found->name, err));
    AR_TRY(ar_grow(&group->arrays, &group->array_capacity, (size_t)source->variable_count + 1,
                   sizeof(ar_zarr_array), "arrays", err));
    ar_zarr_array *array = &group->arrays[source->variable_count];
    AR_TRY(found->parse(array, found->metadata, where, err));
    AR_TRY(ar_source_add_variable(source, found->name, &variable, err));
    variable->rank = array->rank;
    variable->readable = array->is_number;
    memcpy(variable->type, array->type_name, sizeof variable->type);
    memcpy(variable->shape, array->shape, sizeof variable->shape);
    memcpy(variable->chunk, array->chunk, sizeof variable->chunk);
    AR_TRY(set_dimensions(source, variable, found, err));
    status = ar_json_attributes(&variable->attributes, &variable->attribute_count,
                                found->attributes, found->dimension_key, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, status, "%s", where);
        goto cleanup;
    }
    if (array->problem[0]) {
        AR_TRY(add_problem(source, array, variable, err));
    } else if (array->is_number) {
        bool missing = found->fill_is_missing && fill_means_missing(variable, array);
        AR_TRY(ar_source_set_packing(source, array->type, missing ? array->fill : NAN, err));
    }
cleanup:
    ar_free(where);
    return status;
}

/* ---- walking --------------------------------------------------------------------------------- */

static ar_status walk(ar_source *source, const char *prefix, int depth, ar_zarr_visit visit,
                      ar_error *err)
{
    ar_zarr_store *store = ((ar_zarr_group *)source->state)->store;
    ar_status status = AR_OK;
    char *name = NULL, **names = NULL;
    size_t count = 0;
    AR_TRY(store->list(store, prefix, &names, &count, err));
    for (size_t i = 0; i < count; i++) {
        bool is_group = false;
        AR_TRY(ar_path_join(&name, prefix, names[i], err));
        AR_TRY(visit(source, name, &is_group, err));
        if (is_group && depth < DEPTH_MAX) {
            AR_TRY(walk(source, name, depth + 1, visit, err));
        }
        ar_free(name);
        name = NULL;
    }
cleanup:
    for (size_t i = 0; i < count; i++) {
        ar_free(names[i]);
    }
    ar_free(names);
    ar_free(name);
    return status;
}

ar_status ar_zarr_walk(ar_source *source, ar_zarr_visit visit, ar_error *err)
{
    const ar_zarr_store *store = ((ar_zarr_group *)source->state)->store;
    return store->list ? walk(source, "", 0, visit, err)
                       : ar_fail(err, AR_ERROR_INPUT,
                                 "%s: has no consolidated metadata, and its folders cannot be "
                                 "listed to find the arrays; consolidate it (zarr.consolidate_"
                                 "metadata)",
                                 source->path);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static ar_status open_by_version(ar_source *source, ar_error *err)
{
    ar_status status = AR_OK;
    cJSON *root = NULL, *consolidated = NULL, *group = NULL, *array = NULL;
    AR_TRY(ar_zarr_parse_object(source, "", "zarr.json", &root, err));
    if (root) {
        AR_TRY(ar_zarr_open_v3(source, root, err));
        goto cleanup;
    }
    AR_TRY(ar_zarr_parse_object(source, "", ".zmetadata", &consolidated, err));
    if (!consolidated) {
        AR_TRY(ar_zarr_parse_object(source, "", ".zgroup", &group, err));
    }
    if (consolidated || group) {
        AR_TRY(ar_zarr_open_v2(source, consolidated, err));
        goto cleanup;
    }
    AR_TRY(ar_zarr_parse_object(source, "", ".zarray", &array, err));
    status = ar_fail(err, AR_ERROR_INPUT, "%s: %s", source->path,
                     array ? "is a Zarr array; give the folder of its group, one above"
                           : "has neither zarr.json nor .zmetadata or .zgroup: it is no Zarr "
                             "group");
cleanup:
    cJSON_Delete(root);
    cJSON_Delete(consolidated);
    cJSON_Delete(group);
    cJSON_Delete(array);
    return status;
}

static void close_group(ar_source *source)
{
    ar_zarr_group *group = source->state;
    if (group) {
        group->store->destroy(group->store);
        ar_zarr_cache_release(&group->cache);
        ar_free(group->arrays);
        ar_free(group);
        source->state = NULL;
    }
}

ar_status ar_zarr_open_store(ar_source *source, ar_zarr_store *store, ar_error *err)
{
    static const ar_source_reader reader = {.read = ar_zarr_read, .close = close_group};
    ar_status status = AR_OK;
    ar_zarr_group *group = NULL;
    AR_TRY(ar_allocate(&group, 1, sizeof *group, "a Zarr group", err));
    group->store = store;
    store = NULL;
    source->reader = &reader;
    source->state = group;
    AR_TRY(open_by_version(source, err));
cleanup:
    if (store) {
        store->destroy(store);
    }
    return status;
}

ar_status ar_zarr_open(ar_source *source, ar_error *err)
{
    ar_zarr_store *store = NULL;
    ar_status status = ar_source_is_url(source->path)
                           ? ar_zarr_http_create(&store, source->path, &ar_http_usual_settings, err)
                           : ar_zarr_folder_create(&store, source->path, err);
    return status == AR_OK ? ar_zarr_open_store(source, store, err) : status;
}

#include "data/store_configuration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/regrid_names.h"
#include "field/time.h"
#include "io/yaml_document.h"

enum { LARGEST_FILE = 4 << 20 };

struct ar_store_configuration {
    char *file;
    ar_yaml_document document;
    ar_store_request request;
    const char *training_start, *training_end, *validation_start, *validation_end;
    const char **paths;
    ar_store_field *fields;
};

/* ---- keys ------------------------------------------------------------------------------------ */

#define WHOLE ar_store_configuration
#define FIELD ar_store_field
#define MAYBE CYAML_FLAG_OPTIONAL
#define GROUP(word, members)                                                                       \
    {                                                                                              \
        .key = (word), .data_offset = 0, .value = {                                                \
            .type = CYAML_MAPPING,                                                                 \
            .flags = MAYBE,                                                                        \
            .data_size = sizeof(WHOLE),                                                            \
            .mapping = {.fields = (members)},                                                      \
        }                                                                                          \
    }
#define TEXT(key, whole, member)                                                                   \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | MAYBE, whole, member, 1, CYAML_UNLIMITED)
/* Of training alone. */
#define TRAINING(key) CYAML_FIELD_IGNORE(key, MAYBE)

static const cyaml_schema_value_t text_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED)};
static const cyaml_schema_value_t number_entry = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
static const cyaml_strval_t type_names[] = {
    {"float32", AR_STORE_FLOAT32}, {"bfloat16", AR_STORE_BFLOAT16}, {"int16", AR_STORE_INT16}};
static const cyaml_strval_t compression_names[] = {{"none", false}, {"zstd", true}};

static const cyaml_schema_field_t training_keys[] = {
    TEXT("start", WHOLE, training_start), TEXT("end", WHOLE, training_end), CYAML_FIELD_END};
static const cyaml_schema_field_t validation_keys[] = {
    TEXT("start", WHOLE, validation_start), TEXT("end", WHOLE, validation_end), CYAML_FIELD_END};
static const cyaml_schema_field_t grid_keys[] = {
    CYAML_FIELD_FLOAT("step", MAYBE, WHOLE, request.grid.step),
    CYAML_FIELD_ENUM("method", MAYBE | CYAML_FLAG_STRICT, WHOLE, request.grid.way,
                     ar_field_regrid_names, AR_FIELD_REGRID_WAYS),
    CYAML_FIELD_END};
static const cyaml_schema_field_t data_keys[] = {
    CYAML_FIELD_SEQUENCE_COUNT("paths", MAYBE | CYAML_FLAG_POINTER, WHOLE, request.paths,
                               request.path_count, &text_entry, 0, CYAML_UNLIMITED),
    TRAINING("time_step_hours"),
    TRAINING("token_stride"),
    TRAINING("memory_gib"),
    TRAINING("samples_per_month"),
    GROUP("grid", grid_keys),
    CYAML_FIELD_INT("member", MAYBE, WHOLE, request.member),
    GROUP("training", training_keys),
    GROUP("validation", validation_keys),
    CYAML_FIELD_END};

static const cyaml_schema_field_t field_keys[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, FIELD, name, 1, CYAML_UNLIMITED),
    TEXT("variable", FIELD, variable),
    CYAML_FIELD_SEQUENCE_COUNT("levels", MAYBE | CYAML_FLAG_POINTER, FIELD, levels, level_count,
                               &number_entry, 0, AR_STORE_LEVELS_MOST),
    CYAML_FIELD_SEQUENCE_COUNT("derived_from", MAYBE, FIELD, from, from_count, &text_entry, 0,
                               1000),
    CYAML_FIELD_BOOL("static", MAYBE, FIELD, is_static),
    TRAINING("stream_of"), /* is looked at: such a field has no data of its own */
    TRAINING("tokens"),
    TRAINING("token_size"),
    TRAINING("embedding"),
    TRAINING("embedding_network"),
    TRAINING("coupled"),
    TRAINING("coupling_heads"),
    TRAINING("predicted"),
    TRAINING("loss_weight"),
    TRAINING("masking"),
    CYAML_FIELD_END};
static const cyaml_schema_value_t field_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FIELD, field_keys)};

static const cyaml_schema_field_t store_keys[] = {
    CYAML_FIELD_ENUM("type", MAYBE | CYAML_FLAG_STRICT, WHOLE, request.type, type_names,
                     CYAML_ARRAY_LEN(type_names)),
    CYAML_FIELD_ENUM("compression", MAYBE | CYAML_FLAG_STRICT, WHOLE, request.compress,
                     compression_names, CYAML_ARRAY_LEN(compression_names)),
    CYAML_FIELD_INT("compression_level", MAYBE, WHOLE, request.compression_level),
    CYAML_FIELD_INT("chunk_times", MAYBE, WHOLE, request.chunk_times),
    CYAML_FIELD_INT("zarr_format", MAYBE, WHOLE, request.zarr_format),
    CYAML_FIELD_END};

static const cyaml_schema_field_t whole_keys[] = {
    GROUP("data", data_keys),
    CYAML_FIELD_SEQUENCE_COUNT("fields", CYAML_FLAG_POINTER, WHOLE, fields, request.field_count,
                               &field_entry, 1, AR_STORE_FIELDS_MOST),
    GROUP("store", store_keys),
    TRAINING("seed"),
    TRAINING("sampling"),
    TRAINING("normalisation"),
    TRAINING("masking"),
    TRAINING("tau"),
    TRAINING("prediction_order"),
    TRAINING("model"),
    TRAINING("training"),
    CYAML_FIELD_END};
static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, WHOLE, whole_keys)};

/* ---- values ---------------------------------------------------------------------------------- */

static const yaml_node_t *find(ar_store_configuration *c, const char *key)
{
    int node = ar_yaml_document_get(&c->document, key);
    return node ? yaml_document_get_node(&c->document.yaml, node) : NULL;
}

static int64_t count_entries(const yaml_node_t *list)
{
    return list ? list->data.sequence.items.top - list->data.sequence.items.start : 0;
}

static const char *entry_text(ar_store_configuration *c, const yaml_node_t *list, int64_t i)
{
    const yaml_node_t *entry =
        yaml_document_get_node(&c->document.yaml, list->data.sequence.items.start[i]);
    return (const char *)entry->data.scalar.value;
}

static ar_status take_paths(ar_store_configuration *c, ar_error *err)
{
    const yaml_node_t *list = find(c, "data.paths");
    c->request.path_count = count_entries(list);
    ar_status status =
        ar_allocate(&c->paths, (size_t)c->request.path_count, sizeof *c->paths, "paths", err);
    for (int64_t i = 0; status == AR_OK && i < c->request.path_count; i++) {
        c->paths[i] = entry_text(c, list, i);
    }
    c->request.paths = c->paths;
    return status;
}

/* fields[i].word; NULL where it is not there. */
static const yaml_node_t *find_of_field(ar_store_configuration *c, int64_t i, const char *word)
{
    char key[64];
    snprintf(key, sizeof key, "fields[%lld].%s", (long long)i, word);
    return find(c, key);
}

static const char *text_of_field(ar_store_configuration *c, int64_t i, const char *word)
{
    const yaml_node_t *node = find_of_field(c, i, word);
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static ar_status take_levels(ar_store_configuration *c, int64_t i, ar_store_field *field,
                             ar_error *err)
{
    const yaml_node_t *list = find_of_field(c, i, "levels");
    const int64_t count = count_entries(list);
    if (count == 0) {
        return AR_OK;
    }
    ar_status status =
        ar_allocate(&field->levels, (size_t)count, sizeof *field->levels, "levels", err);
    for (int64_t l = 0; status == AR_OK && l < count; l++) {
        field->levels[l] = strtod(entry_text(c, list, l), NULL);
        field->level_count = count;
    }
    return status;
}

static ar_status take_from(ar_store_configuration *c, int64_t i, ar_store_field *field,
                           ar_error *err)
{
    const yaml_node_t *list = find_of_field(c, i, "derived_from");
    char key[64];
    field->from_count = count_entries(list);
    if (field->from_count == 0) {
        return AR_OK;
    }
    if (field->from_count != 2) {
        snprintf(key, sizeof key, "fields[%lld].derived_from", (long long)i);
        return ar_yaml_document_refuse(&c->document, key,
                                       "two names, such as [eastward_wind, northward_wind]", err);
    }
    field->from[0] = entry_text(c, list, 0);
    field->from[1] = entry_text(c, list, 1);
    return AR_OK;
}

static ar_status take_fields(ar_store_configuration *c, ar_error *err)
{
    ar_status status;
    const int64_t count = count_entries(find(c, "fields"));
    c->request.field_count = 0;
    AR_TRY(ar_allocate(&c->fields, (size_t)count, sizeof *c->fields, "fields", err));
    for (int64_t i = 0; i < count; i++) {
        if (find_of_field(c, i, "stream_of")) {
            continue;
        }
        ar_store_field *field = &c->fields[c->request.field_count++];
        const char *is_static = text_of_field(c, i, "static");
        field->name = text_of_field(c, i, "name");
        field->variable = text_of_field(c, i, "variable");
        field->is_static =
            is_static && (strcasecmp(is_static, "true") == 0 || strcasecmp(is_static, "yes") == 0);
        AR_TRY(take_levels(c, i, field, err));
        AR_TRY(take_from(c, i, field, err));
    }
    c->request.fields = c->fields;
cleanup:
    return status;
}

/* All that training needs: its period, that of validation, and what lies between. */
static void take_period(ar_store_configuration *c)
{
    ar_store_request *r = &c->request;
    r->start = c->training_start;
    r->end = c->training_end;
    if (r->start && c->validation_start && ar_time_text_is_before(c->validation_start, r->start)) {
        r->start = c->validation_start;
    }
    if (r->end && c->validation_end && ar_time_text_is_before(r->end, c->validation_end)) {
        r->end = c->validation_end;
    }
}

static ar_status check(ar_store_configuration *c, ar_error *err)
{
    const double step = c->request.grid.step;
    if (step != 0 && !ar_grid_step_divides_globe(step)) {
        return ar_yaml_document_refuse(&c->document, "data.grid.step",
                                       "a number of degrees of which 180 is a multiple, such as "
                                       "2.5, or 0 for the grid of the files",
                                       err);
    }
    if (c->request.compression_level < 1 || c->request.compression_level > 9) {
        return ar_yaml_document_refuse(&c->document, "store.compression_level",
                                       "a whole number from 1 to 9", err);
    }
    if (c->request.chunk_times < 0) {
        return ar_yaml_document_refuse(&c->document, "store.chunk_times",
                                       "a whole number from 1, or absent", err);
    }
    if (c->request.zarr_format != 2 && c->request.zarr_format != 3) {
        return ar_yaml_document_refuse(&c->document, "store.zarr_format", "2 or 3", err);
    }
    return AR_OK;
}

static ar_status parse(ar_store_configuration *c, const char *text, ar_error *err)
{
    ar_status status;
    c->request = (ar_store_request){.type = AR_STORE_FLOAT32,
                                    .compress = true,
                                    .compression_level = 1,
                                    .zarr_format = 2,
                                    .member = -1};
    AR_TRY(ar_yaml_document_load(&c->document, text, c->file, err));
    AR_TRY(ar_yaml_document_check(&c->document, &schema, err));
    ar_yaml_document_read(&c->document, &schema, c);
    AR_TRY(take_paths(c, err));
    AR_TRY(take_fields(c, err));
    take_period(c);
    AR_TRY(check(c, err));
cleanup:
    return status;
}

ar_status ar_store_configuration_read(ar_store_configuration **configuration, const char *path,
                                      ar_error *err)
{
    ar_status status;
    ar_store_configuration *c = NULL;
    char *text = NULL;
    *configuration = NULL;
    AR_TRY(ar_yaml_text_read(path, LARGEST_FILE, &text, err));
    AR_TRY(ar_allocate(&c, 1, sizeof *c, "a configuration", err));
    AR_TRY(ar_copy_string(&c->file, path, err));
    AR_TRY(parse(c, text, err));
    *configuration = c;
    c = NULL;
cleanup:
    ar_free(text);
    ar_store_configuration_destroy(&c);
    return status;
}

ar_store_request ar_store_configuration_request(const ar_store_configuration *configuration)
{
    return configuration->request;
}

void ar_store_configuration_destroy(ar_store_configuration **configuration)
{
    ar_store_configuration *c = *configuration;
    if (c) {
        for (int64_t i = 0; c->fields && i < c->request.field_count; i++) {
            ar_free(c->fields[i].levels);
        }
        ar_free(c->fields);
        ar_free(c->paths);
        ar_yaml_document_release(&c->document);
        ar_free(c->file);
        ar_free(c);
    }
    *configuration = NULL;
}

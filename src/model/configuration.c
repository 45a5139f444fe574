/* Reading a configuration: text → tree (defaults and --set put in, keys and types checked) → values
 * by libcyaml → check of the values. */
#include "model/configuration.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/configuration_check.h"
#include "model/configuration_document.h"
#include "model/configuration_schema.h"

enum { LARGEST_FILE = 4 << 20 };

/* ar_free is free(): what libcyaml allocates becomes part of the configuration and is freed with
 * it. */
static void *allocate_for_cyaml(void *context, void *pointer, size_t size)
{
    (void)context;
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, size);
}

/* Keep libcyaml's last complaint. */
AR_PRINTF(3, 0)
static void keep_message(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    ar_error *kept = context;
    if (level >= CYAML_LOG_ERROR && kept->message[0] == '\0') {
        vsnprintf(kept->message, sizeof kept->message, format, arguments);
    }
}

static void release_names(char **names, int64_t count)
{
    for (int64_t i = 0; names && i < count; i++) {
        ar_free(names[i]);
    }
    ar_free(names);
}

static void release_field(ar_field_configuration *field)
{
    ar_free(field->name);
    ar_free(field->variable);
    release_names(field->derived_from, field->derived_from_count);
    ar_free(field->levels);
    ar_free(field->stream_of);
    release_names(field->coupled, field->coupled_count);
    ar_free(field->coupling_heads);
}

void ar_configuration_release(ar_configuration *configuration)
{
    for (int64_t i = 0; configuration->fields && i < configuration->field_count; i++) {
        release_field(&configuration->fields[i]);
    }
    ar_free(configuration->fields);
    release_names(configuration->paths, configuration->path_count);
    release_names(configuration->training.freeze, configuration->training.freeze_count);
    ar_free(configuration->sampling.region);
    ar_free(configuration->sampling.location);
    ar_free(configuration->sampling.months);
    ar_free(configuration->sampling.hours);
    ar_free(configuration->tau.hours);
    ar_free(configuration->tau.strides);
    ar_free(configuration->file);
    ar_free(configuration->training_start);
    ar_free(configuration->training_end);
    ar_free(configuration->validation_start);
    ar_free(configuration->validation_end);
    *configuration = (ar_configuration){0};
}

int64_t ar_configuration_find_field(const ar_configuration *configuration, const char *name)
{
    for (int64_t i = 0; i < configuration->field_count; i++) {
        if (strcmp(configuration->fields[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static void drop_coupling(ar_field_configuration *field, const char *name)
{
    int64_t kept = 0;
    for (int64_t k = 0; k < field->coupled_count; k++) {
        if (strcmp(field->coupled[k], name) == 0) {
            ar_free(field->coupled[k]);
            continue;
        }
        field->coupled[kept] = field->coupled[k];
        if (field->coupling_heads_count > 0) {
            field->coupling_heads[kept] = field->coupling_heads[k];
        }
        kept++;
    }
    field->coupled_count = kept;
    field->coupling_heads_count = field->coupling_heads_count > 0 ? kept : 0;
}

bool ar_configuration_drop_field(ar_configuration *configuration, const char *name)
{
    const int64_t dropped = ar_configuration_find_field(configuration, name);
    int64_t kept = 0;
    if (dropped < 0) {
        return false;
    }
    for (int64_t k = 0; k < configuration->prediction_count; k++) {
        const int64_t field = configuration->prediction_order[k];
        if (field != dropped) {
            configuration->prediction_order[kept++] = field - (field > dropped);
        }
    }
    configuration->prediction_count = kept;
    for (int64_t i = 0; i < configuration->field_count; i++) {
        drop_coupling(&configuration->fields[i], name);
    }
    release_field(&configuration->fields[dropped]);
    configuration->field_count--;
    memmove(configuration->fields + dropped, configuration->fields + dropped + 1,
            (size_t)(configuration->field_count - dropped) * sizeof *configuration->fields);
    return true;
}

/* The checked tree as values. */
static ar_status load_values(ar_configuration_raw *raw, ar_yaml_document *document, ar_error *err)
{
    char *text = NULL;
    size_t length = 0;
    ar_error complaint = {""};
    cyaml_data_t *loaded = NULL;
    const cyaml_config_t options = {.log_fn = keep_message,
                                    .log_ctx = &complaint,
                                    .mem_fn = allocate_for_cyaml,
                                    .log_level = CYAML_LOG_ERROR};
    ar_status status = ar_yaml_document_emit(document, &text, &length, err);
    if (status != AR_OK) {
        return status;
    }
    cyaml_err_t failure = cyaml_load_data((const uint8_t *)text, length, &options,
                                          &ar_configuration_schema, &loaded, NULL);
    if (failure == CYAML_ERR_OOM) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for a configuration");
    } else if (failure != CYAML_OK || !loaded) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: %s: %s", document->file, cyaml_strerror(failure),
                         complaint.message);
    } else {
        *raw = *(ar_configuration_raw *)loaded;
        free(loaded);
    }
    ar_free(text);
    return status;
}

static void take_losses(ar_configuration_raw *raw)
{
    ar_training_configuration *training = &raw->configuration.training;
    for (int kind = 0; kind < AR_LOSS_KIND_COUNT; kind++) {
        if (raw->loss_weights[kind] != 0) {
            training->losses[training->loss_count++] =
                (ar_loss_term){(ar_loss_kind)kind, raw->loss_weights[kind]};
        }
    }
}

/* Names in prediction_order to indices of fields; −1, which the check refuses, for what is no
 * field. */
static void take_prediction_order(ar_configuration_raw *raw)
{
    ar_configuration *configuration = &raw->configuration;
    configuration->prediction_count = raw->prediction_name_count;
    for (int64_t k = 0; k < raw->prediction_name_count; k++) {
        configuration->prediction_order[k] =
            ar_configuration_find_field(configuration, raw->prediction_names[k]);
    }
}

/* Where a text to parse comes from. */
typedef enum {
    OF_RUN,    /* a file that a run is asked for with: it must name its data */
    OF_TEXT,   /* a file's or checkpoint's */
    OF_VALUES, /* written from values: it has no lines that a user would know */
} text_origin;

static ar_status parse(ar_configuration *configuration, const char *text, const char *name,
                       const char *const *settings, int64_t setting_count, text_origin origin,
                       ar_error *err)
{
    ar_status status = AR_OK;
    ar_yaml_document document = {0};
    ar_configuration_raw raw = {0};
    ar_configuration_fault fault;
    char place[1024];
    *configuration = (ar_configuration){0};
    AR_TRY(ar_yaml_document_load(&document, text, name, err));
    if (origin == OF_VALUES) {
        ar_yaml_document_forget_lines(&document);
    }
    for (int64_t i = 0; i < setting_count; i++) {
        AR_TRY(ar_configuration_document_set(&document, settings[i], err));
    }
    AR_TRY(ar_configuration_document_complete(&document, err));
    AR_TRY(ar_yaml_document_check(&document, &ar_configuration_schema, err));
    AR_TRY(load_values(&raw, &document, err));
    AR_TRY(ar_copy_string(&raw.configuration.file, name, err));
    take_losses(&raw);
    take_prediction_order(&raw);
    if (origin == OF_RUN && raw.configuration.path_count == 0) {
        ar_yaml_document_locate(&document, "data.paths", place, sizeof place);
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: data.paths has no entries; should be a list of files, stores or glob "
                         "patterns: [...]",
                         place);
        goto cleanup;
    }
    status = ar_configuration_find_fault(&raw.configuration, &fault);
    if (status != AR_OK) {
        ar_yaml_document_locate(&document, fault.key, place, sizeof place);
        status = ar_fail(err, status, "%s: %s %s", place, fault.key, fault.message);
        goto cleanup;
    }
    *configuration = raw.configuration;
    raw.configuration = (ar_configuration){0};

cleanup:
    release_names(raw.prediction_names, raw.prediction_name_count);
    ar_configuration_release(&raw.configuration);
    ar_yaml_document_release(&document);
    return status;
}

ar_status ar_configuration_parse(ar_configuration *configuration, const char *text,
                                 const char *name, const char *const *settings,
                                 int64_t setting_count, ar_error *err)
{
    return parse(configuration, text, name, settings, setting_count, OF_TEXT, err);
}

ar_status ar_configuration_override(ar_configuration *changed,
                                    const ar_configuration *configuration,
                                    const char *const *settings, int64_t setting_count,
                                    ar_error *err)
{
    char *text = NULL;
    *changed = (ar_configuration){0};
    ar_status status = ar_configuration_write(configuration, &text, err);
    if (status == AR_OK) {
        status = parse(changed, text, configuration->file, settings, setting_count, OF_VALUES, err);
    }
    ar_free(text);
    return status;
}

ar_status ar_configuration_read(ar_configuration *configuration, const char *path,
                                const char *const *settings, int64_t setting_count, ar_error *err)
{
    *configuration = (ar_configuration){0};
    char *text = NULL;
    ar_status status = ar_yaml_text_read(path, LARGEST_FILE, &text, err);
    if (status == AR_OK) {
        status = parse(configuration, text, path, settings, setting_count, OF_RUN, err);
    }
    ar_free(text);
    return status;
}

ar_status ar_configuration_check(ar_configuration *configuration, ar_error *err)
{
    ar_configuration_fault fault;
    ar_status status = ar_configuration_find_fault(configuration, &fault);
    if (status != AR_OK) {
        return ar_fail(err, status, "%s: %s %s",
                       configuration->file ? configuration->file : "configuration", fault.key,
                       fault.message);
    }
    return AR_OK;
}

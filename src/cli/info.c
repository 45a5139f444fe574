/* One description of a thing as a tree of JSON, printed as JSON or as indented lines. */
#include "cli/cli.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "field/time.h"
#include "io/safetensors.h"
#include "io/source.h"
#include "io/torch_file.h"
#include "model/freeze.h"
#include "model/model.h"
#include "model/released_configuration.h"
#include "train/checkpoint.h"

/* ---- files and stores ------------------------------------------------------------------------ */

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

static cJSON *describe_variable(const ar_variable *variable, bool attributes)
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

static ar_status describe_source(cJSON *tree, const char *path, bool attributes, ar_error *err)
{
    ar_source *source = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_source_open(&source, path, err));
    cJSON_AddStringToObject(tree, "format", ar_source_format(source));
    cJSON *variables = cJSON_AddObjectToObject(tree, "variables");
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *variable = ar_source_variable(source, i);
        cJSON *entry = describe_variable(variable, attributes);
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

/* ---- configurations and checkpoints ---------------------------------------------------------- */

static void describe_fields(cJSON *tree, const ar_configuration *configuration)
{
    cJSON *fields = cJSON_AddObjectToObject(tree, "fields");
    for (int64_t f = 0; f < configuration->field_count; f++) {
        const ar_field_configuration *field = &configuration->fields[f];
        const int64_t *tokens = field->tokens.tokens, *size = field->tokens.token_size;
        char text[96];
        cJSON *entry = cJSON_AddObjectToObject(fields, field->name);
        if (field->level_count == 1 && field->levels[0] == 0) {
            cJSON_AddStringToObject(entry, "levels", "one, without a level");
        } else if (field->level_count > 0) {
            cJSON_AddItemToObject(entry, "levels",
                                  cJSON_CreateDoubleArray(field->levels, (int)field->level_count));
        } else {
            cJSON_AddStringToObject(entry, "levels", "all of the data (one is assumed here)");
        }
        snprintf(text, sizeof text, "%lld x %lld x %lld of %lld x %lld x %lld points",
                 (long long)tokens[0], (long long)tokens[1], (long long)tokens[2],
                 (long long)size[0], (long long)size[1], (long long)size[2]);
        cJSON_AddStringToObject(entry, "tokens", text);
        cJSON_AddNumberToObject(entry, "embedding", (double)field->embedding);
        cJSON *coupled = cJSON_AddArrayToObject(entry, "coupled");
        for (int64_t i = 0; i < field->coupled_count; i++) {
            cJSON_AddItemToArray(coupled, cJSON_CreateString(field->coupled[i]));
        }
        if (field->stream_of) {
            cJSON_AddStringToObject(entry, "stream of", field->stream_of);
        }
        if (field->is_static) {
            cJSON_AddBoolToObject(entry, "static", true);
        }
        cJSON_AddBoolToObject(entry, "predicted", field->predicted);
    }
}

/* All keys with their values, defaults too, as YAML. */
static ar_status describe_settings(cJSON *tree, const ar_configuration *configuration,
                                   ar_error *err)
{
    char *yaml = NULL;
    ar_status status = ar_configuration_write(configuration, &yaml, err);
    if (status == AR_OK) {
        cJSON_AddStringToObject(tree, "configuration", yaml);
    }
    ar_free(yaml);
    return status;
}

/* Sizes of a plan that is not run: `loss` for training, AR_NO_TENSOR for a forward pass only. */
static ar_status measure(const ar_model *model, ar_tensor loss, ar_recompute recompute,
                         double *bytes, double *operations, ar_error *err)
{
    ar_plan *plan = NULL;
    const ar_plan_options options = {.backend = ar_backend_find("cpu"),
                                     .loss = loss,
                                     .recompute = recompute,
                                     .only_sizes = true};
    ar_status status = ar_plan_create(&plan, model->graph, &options, NULL, NULL, err);
    if (status == AR_OK) {
        *bytes = (double)ar_plan_bytes(plan);
        *operations = ar_plan_operations(plan, ar_tensor_exists(loss));
    }
    ar_plan_destroy(&plan);
    return status;
}

/* What a training step costs with each way to compute activations again instead of keeping them. */
static ar_status add_recompute(cJSON *cost, const ar_model *model, ar_error *err)
{
    cJSON *list = cJSON_AddObjectToObject(cost, "with training.recompute");
    ar_status status = AR_OK;
    for (int mode = 0; status == AR_OK && mode < AR_RECOMPUTE_COUNT; mode++) {
        double bytes = 0, operations = 0;
        status = measure(model, model->loss, (ar_recompute)mode, &bytes, &operations, err);
        cJSON *entry = cJSON_AddObjectToObject(list, ar_recompute_name((ar_recompute)mode));
        cJSON_AddNumberToObject(entry, "GFLOP a training step, executed", 1e-9 * operations);
        cJSON_AddNumberToObject(entry, "GiB for activations, training", bytes / (1 << 30));
    }
    return status;
}

/* Parameters of each part, of all fields together; embeds have those of the token information. */
static void add_parts(cJSON *cost, const ar_model *model)
{
    static const char *const parts[] = {"embeds", "positions", "encoders", "decoders", "tails"};
    cJSON *list = cJSON_AddObjectToObject(cost, "parameters of");
    const ar_graph *graph = model->graph;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double count = 0;
        for (size_t p = 0; p < graph->parameter_count; p++) {
            const ar_parameter *parameter = &graph->parameters[p];
            if (strncmp(parameter->name, parts[i], strlen(parts[i])) == 0) {
                count += (double)(parameter->rows * parameter->columns);
            }
        }
        if (count > 0) {
            cJSON_AddNumberToObject(list, parts[i], count);
        }
    }
}

/* Parameters, operations and memory, before anything runs or is allocated. */
static ar_status describe_cost(cJSON *tree, ar_configuration *configuration, ar_error *err)
{
    ar_model *model = NULL;
    ar_status status = AR_OK;
    double forward[2], training[2]; /* bytes, operations */
    for (int64_t f = 0; f < configuration->field_count; f++) {
        if (configuration->fields[f].level_count == 0) {
            configuration->fields[f].level_count = 1;
        }
    }
    const int64_t batch = configuration->training.batch;
    AR_TRY(ar_model_create(&model, configuration,
                           &(ar_model_options){.batch = batch,
                                               .losses = true,
                                               .forget_predictions = true,
                                               .dropout = true,
                                               .type = AR_TYPE_FLOAT32},
                           err));
    int64_t frozen, frozen_numbers;
    AR_TRY(ar_model_freeze(model, &frozen, &frozen_numbers, err));
    AR_TRY(measure(model, AR_NO_TENSOR, AR_RECOMPUTE_NONE, &forward[0], &forward[1], err));
    AR_TRY(measure(model, model->loss, configuration->training.recompute, &training[0],
                   &training[1], err));
    const double gib = 1.0 / (1 << 30), giga = 1e-9;
    const double block = gib * sizeof(float) * (double)model->graph->parameter_values;
    cJSON *cost = cJSON_AddObjectToObject(tree, "cost");
    cJSON_AddNumberToObject(cost, "parameters", (double)ar_model_parameter_count(model));
    cJSON_AddNumberToObject(cost, "of these frozen", (double)frozen_numbers);
    add_parts(cost, model);
    cJSON_AddNumberToObject(cost, "samples a step", (double)batch);
    cJSON_AddNumberToObject(cost, "GFLOP a sample, forward", giga * forward[1] / (double)batch);
    cJSON_AddNumberToObject(cost, "GFLOP a sample, training, executed",
                            giga * training[1] / (double)batch);
    cJSON_AddNumberToObject(cost, "GFLOP a training step, executed", giga * training[1]);
    cJSON_AddNumberToObject(cost, "GFLOP a training step, nominal (3 times forward)",
                            3 * giga * forward[1]);
    cJSON_AddNumberToObject(cost, "GiB for parameters", block);
    cJSON_AddNumberToObject(cost, "GiB for gradients", block);
    cJSON_AddNumberToObject(cost, "GiB for the optimiser's moments", 2 * block);
    cJSON_AddNumberToObject(cost, "GiB for activations, forward", gib * forward[0]);
    cJSON_AddNumberToObject(cost, "GiB for activations, training", gib * training[0]);
    AR_TRY(add_recompute(cost, model, err));
cleanup:
    ar_model_destroy(&model);
    return status;
}

/* A YAML configuration of ours, or the JSON of a released model. */
static ar_status describe_configuration(cJSON *tree, const char *path, bool released, ar_error *err)
{
    ar_configuration configuration = {0};
    ar_status status = AR_OK;
    if (released) {
        AR_TRY(ar_released_configuration(&configuration, path, err));
    } else {
        AR_TRY(ar_configuration_read(&configuration, path, NULL, 0, err));
    }
    cJSON_AddStringToObject(tree, "format",
                            released ? "configuration of a released model" : "configuration");
    describe_fields(tree, &configuration);
    AR_TRY(describe_settings(tree, &configuration, err));
    AR_TRY(describe_cost(tree, &configuration, err));
cleanup:
    ar_configuration_release(&configuration);
    return status;
}

static ar_status describe_checkpoint(cJSON *tree, const char *path, ar_error *err)
{
    ar_checkpoint checkpoint = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_checkpoint_open(&checkpoint, path, err));
    ar_configuration *c = &checkpoint.configuration;
    cJSON_AddStringToObject(tree, "format", "atmorep checkpoint");
    cJSON_AddStringToObject(tree, "file", checkpoint.path);
    cJSON_AddNumberToObject(tree, "step", (double)checkpoint.step);
    cJSON_AddNumberToObject(tree, "steps wanted", (double)c->training.steps);
    if (ar_checkpoint_origin(&checkpoint)) {
        cJSON_AddStringToObject(tree, "started from", ar_checkpoint_origin(&checkpoint));
    }
    cJSON_AddStringToObject(tree, "training start", c->training_start ? c->training_start : "");
    cJSON_AddStringToObject(tree, "training end", c->training_end ? c->training_end : "");
    describe_fields(tree, c);
    AR_TRY(describe_settings(tree, c, err));
    AR_TRY(describe_cost(tree, c, err));
cleanup:
    ar_checkpoint_close(&checkpoint);
    return status;
}

/* "F32 48 x 108" */
static void describe_tensor(cJSON *tensors, const char *name, ar_dtype dtype, int rank,
                            const int64_t *shape)
{
    static const char *const types[] = {"F32", "F64", "I32", "I64", "U8", "BF16", "F16"};
    char text[256];
    int used = snprintf(text, sizeof text, "%s", types[dtype]);
    for (int d = 0; d < rank; d++) {
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%lld", d ? " x " : " ",
                         (long long)shape[d]);
    }
    cJSON_AddStringToObject(tensors, name, text);
}

static ar_status describe_torch(cJSON *tree, const char *path, ar_error *err)
{
    ar_torch_file *file = NULL;
    ar_status status = ar_torch_open(&file, path, err);
    if (status == AR_OK) {
        cJSON_AddStringToObject(tree, "format", "torch checkpoint");
        cJSON *tensors = cJSON_AddObjectToObject(tree, "tensors");
        for (int64_t i = 0; i < ar_torch_count(file); i++) {
            const ar_torch_tensor *tensor = ar_torch_get(file, i);
            describe_tensor(tensors, tensor->name, tensor->dtype, tensor->rank, tensor->shape);
        }
    }
    ar_torch_close(&file);
    return status;
}

static ar_status describe_safetensors(cJSON *tree, const char *path, ar_error *err)
{
    ar_safetensors *file = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_safetensors_open(&file, path, err));
    if (ar_safetensors_metadata(file, "step")) {
        status = describe_checkpoint(tree, path, err);
        goto cleanup;
    }
    cJSON_AddStringToObject(tree, "format", "safetensors");
    cJSON *tensors = cJSON_AddObjectToObject(tree, "tensors");
    for (int64_t i = 0; i < ar_safetensors_count(file); i++) {
        const ar_safetensor *tensor = ar_safetensors_get(file, i);
        describe_tensor(tensors, tensor->name, tensor->dtype, tensor->rank, tensor->shape);
    }
cleanup:
    ar_safetensors_close(&file);
    return status;
}

/* ---- output ---------------------------------------------------------------------------------- */

static void print_scalar(const cJSON *item)
{
    if (cJSON_IsString(item)) {
        printf("%s", item->valuestring);
    } else if (cJSON_IsBool(item)) {
        printf("%s", cJSON_IsTrue(item) ? "yes" : "no");
    } else if (cJSON_IsNumber(item) && item->valuedouble == floor(item->valuedouble) &&
               fabs(item->valuedouble) < 1e15) {
        printf("%.0f", item->valuedouble);
    } else {
        printf("%.4g", item->valuedouble);
    }
}

/* A text of several lines stands indented below its name. */
static void print_lines(const char *text, int depth)
{
    for (const char *line = text; *line; line += *line == '\n') {
        int length = (int)strcspn(line, "\n");
        printf("\n%*s%.*s", 2 * depth, "", length, line);
        line += length;
    }
    printf("\n");
}

static void print_tree(const cJSON *tree, int depth)
{
    for (const cJSON *item = tree->child; item; item = item->next) {
        printf("%*s%s:", 2 * depth, "", item->string);
        if (cJSON_IsObject(item)) {
            printf("\n");
            print_tree(item, depth + 1);
            continue;
        }
        if (cJSON_IsArray(item)) {
            for (const cJSON *element = item->child; element; element = element->next) {
                printf(element == item->child ? " " : ", ");
                print_scalar(element);
            }
            printf(item->child ? "\n" : " none\n");
            continue;
        }
        if (cJSON_IsString(item) && strchr(item->valuestring, '\n')) {
            print_lines(item->valuestring, depth + 1);
            continue;
        }
        printf(" ");
        print_scalar(item);
        printf("\n");
    }
}

static ar_status describe(cJSON *tree, const char *path, bool attributes, ar_error *err)
{
    char *checkpoint = NULL;
    ar_status status = AR_OK;
    if (!ar_path_exists(path)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: there is no such file or folder", path);
    }
    if (ar_text_ends_with(path, ".yaml") || ar_text_ends_with(path, ".yml") ||
        ar_text_ends_with(path, ".json")) {
        return describe_configuration(tree, path, ar_text_ends_with(path, ".json"), err);
    }
    if (ar_text_ends_with(path, ".safetensors")) {
        return describe_safetensors(tree, path, err);
    }
    if (ar_text_ends_with(path, ".mod")) {
        return describe_torch(tree, path, err);
    }
    if (ar_path_is_folder(path)) {
        AR_TRY(ar_checkpoint_find(path, &checkpoint, err));
        if (checkpoint) {
            status = describe_checkpoint(tree, path, err);
            goto cleanup;
        }
    }
    status = describe_source(tree, path, attributes, err);
cleanup:
    ar_free(checkpoint);
    return status;
}

int ar_command_info(int argc, char **argv)
{
    bool json = false, attributes = false;
    ar_text_list paths = {0};
    const ar_option options[] = {{"json", NULL, "print JSON", AR_OPTION_FLAG, &json, false},
                                 {"attributes", NULL, "all attributes of every variable",
                                  AR_OPTION_FLAG, &attributes, false},
                                 {0}};
    const ar_command_line line = {
        .command = "info",
        .description = "Tell what a file, store, checkpoint or configuration holds, and what a "
                       "configuration costs.",
        .options = options,
        .operand = "PATH",
        .operand_help = "a netCDF file, Zarr store, run folder, .safetensors, .yaml, or a released "
                        "model's .json or .mod",
        .operands = &paths,
        .fewest_operands = 1,
        .most_operands = 1,
        .example = "atmorep info configs/era5-djf.yaml"};
    ar_error err = {""};
    int exit_code;
    cJSON *tree = NULL;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    tree = cJSON_CreateObject();
    AR_TRY(describe(tree, paths.items[0], attributes, &err));
    if (json) {
        char *text = cJSON_Print(tree);
        printf("%s\n", text ? text : "{}");
        free(text);
    } else {
        print_tree(tree, 0);
    }
cleanup:
    exit_code = ar_command_end("info", status, &err);
release:
    cJSON_Delete(tree);
    ar_text_list_release(&paths);
    return exit_code;
}

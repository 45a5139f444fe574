#include "nature/run_configuration.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/yaml_document.h"
#include "io/yaml_text.h"

enum { LARGEST_FILE = 1 << 20, MOST_LEVELS = 1000 };

/* ---- keys ------------------------------------------------------------------------------------ */

/* Every key may be absent: the option then stays as it was. A mapping groups keys and has offset 0;
 * the members are addressed from the whole. */
#define OPTIONS ar_nature_run_options
#define GROUP(word, members)                                                                       \
    {                                                                                              \
        .key = (word), .data_offset = 0, .value = {                                                \
            .type = CYAML_MAPPING,                                                                 \
            .flags = CYAML_FLAG_OPTIONAL,                                                          \
            .data_size = sizeof(OPTIONS),                                                          \
            .mapping = {.fields = (members)},                                                      \
        }                                                                                          \
    }
#define INTEGER(key, member) CYAML_FIELD_INT(key, CYAML_FLAG_OPTIONAL, OPTIONS, member)
#define NUMBER(key, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_OPTIONAL, OPTIONS, member)
#define TRUTH(key, member) CYAML_FIELD_BOOL(key, CYAML_FLAG_OPTIONAL, OPTIONS, member)
#define TEXT(key, member)                                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, OPTIONS, member, 1,      \
                           CYAML_UNLIMITED)
#define LIST(key, member, count, entry)                                                            \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER, OPTIONS, member,     \
                               count, entry, 1, MOST_LEVELS)

static const cyaml_schema_value_t number_entry = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
static const cyaml_schema_value_t text_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED)};
static const cyaml_strval_t grid_names[] = {{"regular", AR_NATURE_GRID_REGULAR},
                                            {"gaussian", AR_NATURE_GRID_GAUSSIAN}};

static const cyaml_schema_field_t diffusion_keys[] = {INTEGER("order", model.diffusion_order),
                                                      NUMBER("hours", model.diffusion_hours),
                                                      CYAML_FIELD_END};

static const cyaml_schema_field_t filter_keys[] = {NUMBER("strength", model.filter_strength),
                                                   NUMBER("alpha", model.filter_alpha),
                                                   CYAML_FIELD_END};

static const cyaml_schema_field_t model_keys[] = {
    INTEGER("truncation", model.truncation), /* levels: a number or a list */
    CYAML_FIELD_IGNORE("levels", CYAML_FLAG_OPTIONAL),
    INTEGER("steps_per_hour", model.steps_per_hour),
    GROUP("diffusion", diffusion_keys),
    GROUP("time_filter", filter_keys),
    CYAML_FIELD_END};

static const cyaml_schema_field_t forcing_keys[] = {
    TRUTH("held_suarez", model.held_suarez),       TRUTH("water_cycle", model.water_cycle),
    TRUTH("seasonal_cycle", model.seasonal_cycle), TRUTH("land", model.land),
    NUMBER("orography", model.orography),          CYAML_FIELD_END};

static const cyaml_schema_field_t output_keys[] = {
    INTEGER("every_hours", output.every_hours),
    CYAML_FIELD_ENUM("grid", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, OPTIONS, output.grid,
                     grid_names, CYAML_ARRAY_LEN(grid_names)),
    INTEGER("longitudes", output.longitudes),
    LIST("pressure_levels", output.levels, output.level_count, &number_entry),
    CYAML_FIELD_IGNORE("sigma_levels", CYAML_FLAG_OPTIONAL), /* a list or `model` */
    LIST("variables", output.variables, output.variable_count, &text_entry),
    CYAML_FIELD_END};

static const cyaml_schema_field_t whole_keys[] = {TEXT("out", out),
                                                  INTEGER("zarr_format", zarr_format),
                                                  TEXT("start", start),
                                                  INTEGER("days", days),
                                                  INTEGER("spin_up_days", spin_up_days),
                                                  INTEGER("seed", seed),
                                                  TEXT("state", state),
                                                  TEXT("from", from),
                                                  NUMBER("perturb", perturb),
                                                  INTEGER("ensemble", ensemble),
                                                  INTEGER("member", member),
                                                  INTEGER("checkpoint_days", checkpoint_days),
                                                  INTEGER("threads", threads),
                                                  GROUP("model", model_keys),
                                                  GROUP("forcing", forcing_keys),
                                                  GROUP("output", output_keys),
                                                  CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, OPTIONS, whole_keys)};

/* ---- reading --------------------------------------------------------------------------------- */

struct ar_nature_configuration {
    char *file;
    ar_yaml_document document;
    double *interfaces, *levels;
    const char **variables;
};

static const yaml_node_t *find(ar_nature_configuration *c, const char *key)
{
    int node = ar_yaml_document_get(&c->document, key);
    return node ? yaml_document_get_node(&c->document.yaml, node) : NULL;
}

static int64_t count_entries(const yaml_node_t *list)
{
    return list->data.sequence.items.top - list->data.sequence.items.start;
}

/* The text of an entry, NULL where it is none. */
static const char *entry_text(ar_nature_configuration *c, const yaml_node_t *list, int64_t i)
{
    const yaml_node_t *entry =
        yaml_document_get_node(&c->document.yaml, list->data.sequence.items.start[i]);
    return entry->type == YAML_SCALAR_NODE ? (const char *)entry->data.scalar.value : NULL;
}

/* A list of numbers into *numbers. */
static ar_status take_numbers(ar_nature_configuration *c, const char *key, const char *right,
                              double **numbers, ar_error *err)
{
    const yaml_node_t *list = find(c, key);
    if (list->type != YAML_SEQUENCE_NODE || count_entries(list) > MOST_LEVELS) {
        return ar_yaml_document_refuse(&c->document, key, right, err);
    }
    ar_status status = ar_allocate(numbers, count_entries(list), sizeof **numbers, key, err);
    for (int64_t i = 0; status == AR_OK && i < count_entries(list); i++) {
        const char *text = entry_text(c, list, i);
        char *end = NULL;
        (*numbers)[i] = text ? strtod(text, &end) : 0;
        if (!text || end == text || *end) {
            status = ar_yaml_document_refuse(&c->document, key, right, err);
        }
    }
    return status;
}

static ar_status take_layers(ar_nature_configuration *c, ar_nature_model_options *model,
                             ar_error *err)
{
    static const char key[] = "model.levels";
    static const char right[] = "a whole number, or a list of the interfaces from 0 to 1: [...]";
    const yaml_node_t *node = find(c, key);
    if (!node) {
        return AR_OK;
    }
    if (node->type == YAML_SCALAR_NODE) {
        char *end = NULL;
        const char *text = (const char *)node->data.scalar.value;
        model->nlev = strtoll(text, &end, 10);
        model->sigma_interfaces = NULL;
        return end != text && *end == '\0' ? AR_OK
                                           : ar_yaml_document_refuse(&c->document, key, right, err);
    }
    ar_status status = take_numbers(c, key, right, &c->interfaces, err);
    if (status == AR_OK && count_entries(node) < 2) {
        status = ar_yaml_document_refuse(&c->document, key, right, err);
    } else if (status == AR_OK) {
        model->nlev = count_entries(node) - 1;
        model->sigma_interfaces = c->interfaces;
    }
    return status;
}

static ar_status take_levels(ar_nature_configuration *c, ar_nature_output_options *output,
                             ar_error *err)
{
    static const char pressure[] = "output.pressure_levels", sigma[] = "output.sigma_levels";
    const yaml_node_t *pressures = find(c, pressure), *sigmas = find(c, sigma);
    ar_status status = AR_OK;
    if (pressures && sigmas) {
        return ar_yaml_document_refuse(&c->document, sigma,
                                       "absent where there are pressure_levels", err);
    }
    if (sigmas && sigmas->type == YAML_SCALAR_NODE &&
        strcmp((const char *)sigmas->data.scalar.value, "model") == 0) {
        output->level_kind = AR_NATURE_MODEL_LEVELS;
    } else if (pressures) {
        AR_TRY(take_numbers(c, pressure, "a list of numbers: [...]", &c->levels, err));
        output->level_kind = AR_NATURE_PRESSURE_LEVELS;
    } else if (sigmas) {
        AR_TRY(take_numbers(c, sigma, "a list of numbers: [...], or model", &c->levels, err));
        output->level_kind = AR_NATURE_SIGMA_LEVELS;
    }
    if (c->levels) {
        output->levels = c->levels;
        output->level_count = count_entries(pressures ? pressures : sigmas);
    }
cleanup:
    return status;
}

static ar_status take_variables(ar_nature_configuration *c, ar_nature_output_options *output,
                                ar_error *err)
{
    const yaml_node_t *list = find(c, "output.variables");
    if (!list) {
        return AR_OK;
    }
    ar_status status =
        ar_allocate(&c->variables, count_entries(list), sizeof *c->variables, "variables", err);
    for (int64_t i = 0; status == AR_OK && i < count_entries(list); i++) {
        c->variables[i] = entry_text(c, list, i);
    }
    output->variables = c->variables;
    output->variable_count = count_entries(list);
    return status;
}

/* Into a copy: a file that is wrong changes nothing. */
static ar_status parse(ar_nature_configuration *c, const char *text, ar_nature_run_options *options,
                       ar_error *err)
{
    ar_status status = AR_OK;
    ar_nature_run_options o = *options;
    AR_TRY(ar_yaml_document_load(&c->document, text, c->file, err));
    AR_TRY(ar_yaml_document_check(&c->document, &schema, err));
    ar_yaml_document_read(&c->document, &schema, &o);
    AR_TRY(take_layers(c, &o.model, err));
    AR_TRY(take_levels(c, &o.output, err));
    AR_TRY(take_variables(c, &o.output, err));
    *options = o;
cleanup:
    return status;
}

ar_status ar_nature_configuration_read(ar_nature_configuration **configuration, const char *path,
                                       ar_nature_run_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    ar_nature_configuration *c = NULL;
    char *text = NULL;
    *configuration = NULL;
    AR_TRY(ar_yaml_text_read(path, LARGEST_FILE, &text, err));
    AR_TRY(ar_allocate(&c, 1, sizeof *c, "a configuration", err));
    AR_TRY(ar_copy_string(&c->file, path, err));
    AR_TRY(parse(c, text, options, err));
    *configuration = c;
    c = NULL;
cleanup:
    ar_free(text);
    ar_nature_configuration_destroy(&c);
    return status;
}

void ar_nature_configuration_destroy(ar_nature_configuration **configuration)
{
    ar_nature_configuration *c = *configuration;
    if (c) {
        ar_yaml_document_release(&c->document);
        ar_free(c->file);
        ar_free(c->interfaces);
        ar_free(c->levels);
        ar_free(c->variables);
        ar_free(c);
    }
    *configuration = NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void add_model(ar_growing_text *out, const ar_nature_model_options *model)
{
    ar_yaml_add_integer(out, "model:\n  truncation", model->truncation);
    if (model->sigma_interfaces) {
        ar_text_add(out, "\n");
        ar_yaml_add_values(out, "  levels", model->sigma_interfaces, model->nlev + 1);
    } else {
        ar_yaml_add_integer(out, "\n  levels", model->nlev);
        ar_text_add(out, "\n");
    }
    if (model->steps_per_hour != 0) {
        ar_yaml_add_integer(out, "  steps_per_hour", model->steps_per_hour);
        ar_text_add(out, "\n");
    }
    ar_yaml_add_integer(out, "  diffusion: {order", model->diffusion_order);
    ar_yaml_add_number(out, ", hours", model->diffusion_hours);
    ar_yaml_add_number(out, "}\n  time_filter: {strength", model->filter_strength);
    ar_yaml_add_number(out, ", alpha", model->filter_alpha);
    ar_yaml_add_truth(out, "}\nforcing:\n  held_suarez", model->held_suarez);
    ar_yaml_add_truth(out, "\n  water_cycle", model->water_cycle);
    ar_yaml_add_truth(out, "\n  seasonal_cycle", model->seasonal_cycle);
    ar_yaml_add_truth(out, "\n  land", model->land);
    ar_yaml_add_number(out, "\n  orography", model->orography);
    ar_text_add(out, "\n");
}

static void add_output(ar_growing_text *out, const ar_nature_output_options *output)
{
    bool pressure = output->level_kind == AR_NATURE_PRESSURE_LEVELS;
    ar_yaml_add_integer(out, "output:\n  every_hours", output->every_hours);
    ar_text_add(out, "\n  grid: %s\n",
                output->grid == AR_NATURE_GRID_GAUSSIAN ? "gaussian" : "regular");
    if (output->longitudes != 0) {
        ar_yaml_add_integer(out, "  longitudes", output->longitudes);
        ar_text_add(out, "\n");
    }
    if (output->level_kind == AR_NATURE_MODEL_LEVELS) {
        ar_text_add(out, "  sigma_levels: model\n");
    } else {
        ar_yaml_add_values(out, pressure ? "  pressure_levels" : "  sigma_levels", output->levels,
                           output->level_count);
    }
    if (output->variable_count > 0) {
        ar_yaml_add_texts(out, "  variables", output->variables, output->variable_count);
    }
}

ar_status ar_nature_run_describe(const ar_nature_run_options *o, char **text, ar_error *err)
{
    ar_growing_text out = {.err = err};
    ar_text_add(&out, "start: ");
    ar_yaml_add_quoted(&out, o->start);
    ar_yaml_add_integer(&out, "\ndays", o->days);
    ar_yaml_add_integer(&out, "\nspin_up_days", o->spin_up_days);
    ar_yaml_add_integer(&out, "\nseed", (int64_t)o->seed);
    ar_text_add(&out, "\n");
    if (o->from) {
        ar_text_add(&out, "from: ");
        ar_yaml_add_quoted(&out, o->from);
        ar_yaml_add_number(&out, "\nperturb", o->perturb);
        ar_yaml_add_integer(&out, "\nensemble", o->ensemble);
        ar_yaml_add_integer(&out, "\nmember", o->member);
        ar_text_add(&out, "\n");
    }
    add_model(&out, &o->model);
    add_output(&out, &o->output);
    if (out.status != AR_OK) {
        ar_free(out.text);
        out.text = NULL;
    }
    *text = out.text;
    return out.status;
}

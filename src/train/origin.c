#include "train/origin.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/transplant.h"
#include "train/released_model.h"

/* ---- opening --------------------------------------------------------------------------------- */

static ar_status open_donor(ar_origin *origin, const char *path,
                            const ar_configuration *configuration, ar_error *err)
{
    ar_checkpoint *donor = &origin->donors[origin->donor_count];
    const bool json = ar_text_ends_with(configuration->file, ".json");
    ar_status status =
        ar_text_ends_with(path, ".mod")
            ? ar_released_open(donor, path, NULL, json ? configuration->file : NULL, err)
            : ar_checkpoint_open_weights(donor, path, err);
    origin->donor_count += status == AR_OK;
    return status;
}

/* "vorticity, msl" for messages. */
static void list_fields(const ar_configuration *configuration, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t f = 0; f < configuration->field_count && used < size; f++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", f ? ", " : "",
                                 configuration->fields[f].name);
    }
}

static ar_status fail_without_field(const char *option, const char *field, const char *file,
                                    const ar_configuration *configuration, ar_error *err)
{
    char names[400];
    list_fields(configuration, names, sizeof names);
    return ar_fail(err, AR_ERROR_USAGE, "%s: %s has no field %s; it has %s", option, file, field,
                   names);
}

static bool is_dropped(const ar_train_options *options, const char *field)
{
    for (int64_t i = 0; i < options->drop_field_count; i++) {
        if (strcmp(options->drop_fields[i], field) == 0) {
            return true;
        }
    }
    return false;
}

/* Fields by --from: all that both have. */
static ar_status take_from(ar_origin *origin, const ar_configuration *configuration, ar_error *err)
{
    ar_status status = open_donor(origin, origin->options->from, configuration, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_checkpoint *donor = &origin->donors[0];
    for (int64_t f = 0; f < donor->configuration.field_count; f++) {
        const char *name = donor->configuration.fields[f].name;
        const int64_t field = ar_configuration_find_field(configuration, name);
        if (field >= 0) {
            origin->donor_of_field[field] = 0;
        } else if (!is_dropped(origin->options, name)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: has a field %s, which %s does not; --drop-field %s leaves it out",
                           donor->path, name, configuration->file, name);
        }
    }
    return AR_OK;
}

/* A field by --field name=RUN. */
static ar_status take_field(ar_origin *origin, const ar_configuration *configuration,
                            const char *source, ar_error *err)
{
    const size_t length = strcspn(source, "=");
    char name[64], option[160];
    if (length == 0 || length >= sizeof name || source[length] == '\0' ||
        source[length + 1] == '\0') {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--field %s: should be name=RUN, such as temperature=runs/temperature",
                       source);
    }
    snprintf(name, sizeof name, "%.*s", (int)length, source);
    snprintf(option, sizeof option, "--field %.140s", source);
    const int64_t field = ar_configuration_find_field(configuration, name);
    if (field < 0) {
        return fail_without_field(option, name, configuration->file, configuration, err);
    }
    if (origin->donor_of_field[field] > 0) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: this field is there twice; should be there once",
                       option);
    }
    ar_status status = open_donor(origin, source + length + 1, configuration, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_checkpoint *donor = &origin->donors[origin->donor_count - 1];
    if (ar_configuration_find_field(&donor->configuration, name) < 0) {
        return fail_without_field(option, name, donor->path, &donor->configuration, err);
    }
    origin->donor_of_field[field] = origin->donor_count - 1;
    return AR_OK;
}

/* Take the fields out; *dropped tells of each whether the configuration had it. */
static ar_status drop_fields(const ar_train_options *options, ar_configuration *configuration,
                             bool dropped[AR_FIELD_MAX], ar_error *err)
{
    for (int64_t i = 0; i < options->drop_field_count; i++) {
        dropped[i] = ar_configuration_drop_field(configuration, options->drop_fields[i]);
    }
    return options->drop_field_count > 0 ? ar_configuration_check(configuration, err) : AR_OK;
}

/* A name that neither the configuration nor a model has is a mistake. */
static ar_status check_dropped(const ar_origin *origin, const ar_configuration *configuration,
                               const bool dropped[AR_FIELD_MAX], ar_error *err)
{
    for (int64_t i = 0; i < origin->options->drop_field_count; i++) {
        const char *name = origin->options->drop_fields[i];
        bool known = dropped[i];
        for (int64_t d = 0; d < origin->donor_count; d++) {
            known |= ar_configuration_find_field(&origin->donors[d].configuration, name) >= 0;
        }
        if (!known) {
            return fail_without_field("--drop-field", name, configuration->file, configuration,
                                      err);
        }
    }
    return AR_OK;
}

static ar_status check_options(const ar_train_options *options, ar_error *err)
{
    if (options->field_source_count > AR_FIELD_MAX || options->drop_field_count > AR_FIELD_MAX) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: there are %lld of them; should be at most %d",
                       options->drop_field_count > AR_FIELD_MAX ? "--drop-field" : "--field",
                       (long long)(options->drop_field_count > AR_FIELD_MAX
                                       ? options->drop_field_count
                                       : options->field_source_count),
                       AR_FIELD_MAX);
    }
    if (options->allow_missing_count > 0 && !options->from && options->field_source_count == 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--allow-missing %s: no model is read that could miss it; should come with "
                       "--from or --field",
                       options->allow_missing[0]);
    }
    return AR_OK;
}

ar_status ar_origin_open(ar_origin *origin, const ar_train_options *options,
                         ar_configuration *configuration, bool new_run, ar_error *err)
{
    ar_status status = AR_OK;
    bool dropped[AR_FIELD_MAX] = {false};
    *origin = (ar_origin){.options = options};
    for (int64_t f = 0; f < AR_FIELD_MAX; f++) {
        origin->donor_of_field[f] = -1;
    }
    AR_TRY(check_options(options, err));
    AR_TRY(drop_fields(options, configuration, dropped, err));
    if (!new_run) {
        return AR_OK;
    }
    if (options->from) {
        AR_TRY(take_from(origin, configuration, err));
    }
    for (int64_t i = 0; i < options->field_source_count; i++) {
        AR_TRY(take_field(origin, configuration, options->field_sources[i], err));
    }
    AR_TRY(check_dropped(origin, configuration, dropped, err));
cleanup:
    return status;
}

/* ---- filling --------------------------------------------------------------------------------- */

/* "geopotential, msl" of the fields that come from one donor, or (-1) from none. */
static void print_fields(ar_growing_text *text, const ar_origin *origin,
                         const ar_configuration *configuration, int64_t donor)
{
    const char *separator = "";
    for (int64_t f = 0; f < configuration->field_count; f++) {
        if (origin->donor_of_field[f] == donor) {
            ar_text_add(text, "%s%s", separator, configuration->fields[f].name);
            separator = ", ";
        }
    }
    ar_text_add(text, "\n");
}

/* What the donor itself started from, indented below it. */
static void print_earlier(ar_growing_text *text, const ar_checkpoint *donor)
{
    const char *line = ar_checkpoint_origin(donor);
    while (line && *line) {
        const int length = (int)strcspn(line, "\n");
        ar_text_add(text, "  %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

/* Couplings of fields that a donor has not had. */
static void print_new_couplings(ar_growing_text *text, const ar_origin *origin,
                                const ar_configuration *configuration)
{
    for (int64_t f = 0; f < configuration->field_count; f++) {
        const ar_field_configuration *now = &configuration->fields[f];
        if (origin->donor_of_field[f] < 0) {
            continue;
        }
        const ar_configuration *donor = &origin->donors[origin->donor_of_field[f]].configuration;
        const ar_field_configuration *then =
            &donor->fields[ar_configuration_find_field(donor, now->name)];
        for (int64_t k = 0; k < now->coupled_count; k++) {
            bool known = false;
            for (int64_t l = 0; l < then->coupled_count; l++) {
                known |= strcmp(then->coupled[l], now->coupled[k]) == 0;
            }
            if (!known) {
                ar_text_add(text, "new coupling: %s to %s\n", now->name, now->coupled[k]);
            }
        }
    }
}

static ar_status describe(ar_origin *origin, const ar_configuration *configuration, ar_error *err)
{
    ar_growing_text grown = {.err = err}, *text = &grown;
    bool any_new = false;
    for (int64_t f = 0; f < configuration->field_count; f++) {
        any_new |= origin->donor_of_field[f] < 0;
    }
    for (int64_t d = 0; d < origin->donor_count; d++) {
        const ar_checkpoint *donor = &origin->donors[d];
        ar_text_add(text, "%s, step %lld: ", donor->path, (long long)donor->step);
        print_fields(text, origin, configuration, d);
        print_earlier(text, donor);
    }
    if (any_new) {
        ar_text_add(text, "starting values: ");
        print_fields(text, origin, configuration, -1);
    }
    print_new_couplings(text, origin, configuration);
    origin->text = grown.text;
    return grown.status;
}

static void tell(const ar_origin *origin, const ar_transplant_counts *counts)
{
    for (const char *line = origin->text; *line;) {
        const int length = (int)strcspn(line, "\n");
        ar_log(AR_LOG_INFO, "from %.*s", length, line);
        line += length + (line[length] == '\n');
    }
    ar_log(
        AR_LOG_INFO,
        "%lld parameters as they were, %lld widened for new couplings, %lld with starting values",
        (long long)counts->copied, (long long)counts->widened, (long long)counts->started);
}

static void close_donors(ar_origin *origin)
{
    for (int64_t d = 0; d < origin->donor_count; d++) {
        ar_checkpoint_close(&origin->donors[d]);
    }
    origin->donor_count = 0;
}

ar_status ar_origin_fill(ar_origin *origin, const ar_model *model, float *parameters, ar_error *err)
{
    const ar_train_options *options = origin->options;
    ar_donor donors[AR_ORIGIN_DONORS];
    ar_transplant_counts counts;
    ar_status status = AR_OK;
    if (origin->donor_count == 0) {
        return AR_OK;
    }
    for (int64_t d = 0; d < origin->donor_count; d++) {
        donors[d] = (ar_donor){origin->donors[d].file, &origin->donors[d].configuration};
    }
    ar_transplant transplant = {.donors = donors,
                                .donor_count = origin->donor_count,
                                .dropped = options->drop_fields,
                                .dropped_count = options->drop_field_count,
                                .allow_missing = options->allow_missing,
                                .allow_missing_count = options->allow_missing_count};
    memcpy(transplant.donor_of_field, origin->donor_of_field, sizeof origin->donor_of_field);
    AR_TRY(ar_transplant_parameters(&transplant, model, parameters, &counts, err));
    AR_TRY(describe(origin, model->configuration, err));
    tell(origin, &counts);
    close_donors(origin);
cleanup:
    return status;
}

ar_status ar_origin_keep(ar_origin *origin, const ar_checkpoint *checkpoint, ar_error *err)
{
    const char *text = ar_checkpoint_origin(checkpoint);
    return text ? ar_copy_string(&origin->text, text, err) : AR_OK;
}

void ar_origin_release(ar_origin *origin)
{
    close_donors(origin);
    ar_free(origin->text);
    *origin = (ar_origin){0};
}

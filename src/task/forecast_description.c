#include "task/forecast_description.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "field/time.h"
#include "task/forecast_provenance.h"

static const char *or_default(const char *word, const char *other)
{
    return word ? word : other;
}

/* All values and times of a field that were loaded for this forecast. */
static uint64_t hash_field(const ar_field_data *field)
{
    const size_t times = (size_t)field->time_count;
    const size_t points =
        (size_t)field->level_count * (size_t)(field->grid.nlat * field->grid.nlon);
    uint64_t hash = ar_hash(field->times, times * sizeof *field->times, 0);
    hash = ar_hash(field->levels, (size_t)field->level_count * sizeof *field->levels, hash);
    return field->values ? ar_hash(field->values, times * points * sizeof *field->values, hash)
                         : hash;
}

static void add_data(ar_growing_text *out, const ar_forecast_outline *outline)
{
    for (int64_t f = 0; f < outline->dataset->field_count; f++) {
        const ar_field_data *field = &outline->dataset->fields[f];
        ar_text_add(out, "data of %s: %s, %lld times, XXH3 %016llx\n", field->name, field->variable,
                    (long long)field->time_count, (unsigned long long)hash_field(field));
    }
}

static void add_times(ar_growing_text *out, const ar_forecast_outline *outline)
{
    const ar_calendar calendar = outline->dataset->fields[0].calendar;
    const int64_t count = outline->time_count;
    char first[32], last[32];
    ar_time_format(outline->valid_times[0], calendar, first);
    ar_time_format(outline->valid_times[count - 1], calendar, last);
    ar_text_add(out, "valid times: %lld from %s to %s, XXH3 %016llx\n", (long long)count, first,
                last,
                (unsigned long long)ar_hash(outline->valid_times,
                                            (size_t)count * sizeof *outline->valid_times, 0));
}

static void add_options(ar_growing_text *out, const ar_forecast_options *o, const char *backend)
{
    ar_text_add(out, "lead hours: %lld, next hours: %lld\n", (long long)o->lead_hours,
                (long long)o->next_hours);
    ar_text_add(out, "steps: %lld of a roll-out from %s\n",
                (long long)(o->gaps ? 1 : ar_forecast_steps(o)),
                o->feed_draws     ? "draws"
                : o->feed_members ? "each member"
                                  : "the mean");
    ar_text_add(out, "gaps: %s\n", or_default(o->gaps, "none"));
    ar_text_add(out, "tau: %s\n", or_default(o->tau, "none"));
    ar_text_add(out, "alpha: %s\n", or_default(o->alpha, "none"));
    if (o->place) {
        ar_text_add(out, "place: %.17g,%.17g\n", o->place[0], o->place[1]);
    }
    ar_text_add(out, "overlap: %.17g\n", o->overlap);
    ar_text_add(out, "layout: %s\n", or_default(o->layout, "cf"));
    ar_text_add(out, "zarr format: %d\n", o->zarr_format == 3 ? 3 : 2);
    ar_text_add(out, "precision: %s\n", or_default(o->precision, "float32"));
    ar_text_add(out, "backend: %s\n", backend);
    ar_text_add(out, "normalised from %s to %s\n", or_default(o->normalise_start, "the first"),
                or_default(o->normalise_end, "the last"));
}

ar_status ar_forecast_describe(const ar_forecast_outline *outline, char **text, ar_error *err)
{
    ar_growing_text out = {.err = err};
    const ar_backend *backend;
    char *yaml = NULL;
    ar_status status = AR_OK;
    *text = NULL;
    AR_TRY(ar_backend_choose(&backend, outline->options->backend, err));
    AR_TRY(ar_configuration_write(&outline->checkpoint->configuration, &yaml, err));
    ar_text_add(&out, "atmorep " ATMOREP_VERSION " %s\n",
                ar_forecast_task_of(outline->options)->command);
    ar_text_add(&out, "model: XXH3 %016llx of the parameters\n",
                (unsigned long long)outline->model_hash);
    add_data(&out, outline);
    add_times(&out, outline);
    add_options(&out, outline->options, backend->name);
    ar_text_add(&out, "%s", yaml);
    AR_TRY(out.status);
    *text = out.text;
    out.text = NULL;
cleanup:
    ar_free(yaml);
    ar_free(out.text);
    return status;
}

/* The texts of a plan. */
#include <string.h>

#include "base/text.h"
#include "base/memory.h"
#include "data/regrid_names.h"
#include "data/store_plan.h"
#include "io/yaml_text.h"

static ar_status finish(ar_growing_text *out, char **text)
{
    if (out->status != AR_OK) {
        ar_free(out->text);
        out->text = NULL;
    }
    *text = out->text;
    return out->status;
}

static void add_field(ar_growing_text *out, const ar_store_field *wanted, const ar_field_data *data)
{
    ar_text_add(out, "field: {name: ");
    ar_yaml_add_quoted(out, data->name);
    ar_text_add(out, ", variable: ");
    ar_yaml_add_quoted(out, data->variable);
    if (wanted->from[0]) {
        ar_text_add(out, ", derived_from: [%s, %s]", wanted->from[0], wanted->from[1]);
    }
    ar_text_add(out, ", units: ");
    ar_yaml_add_quoted(out, data->units);
    ar_yaml_add_truth(out, ", static", data->is_static);
    ar_text_add(out, ", level_units: ");
    ar_yaml_add_quoted(out, data->level_units);
    ar_text_add(out, ", levels: [");
    for (int64_t l = 0; l < data->level_count; l++) {
        ar_text_add(out, l > 0 ? ", " : "");
        ar_yaml_add_value(out, data->levels[l]);
    }
    ar_text_add(out, "]}\n");
}

ar_status ar_store_plan_describe(const ar_store_plan *plan, char **text, ar_error *err)
{
    ar_growing_text out = {.err = err};
    const ar_store_request *r = &plan->request;
    const ar_field_data *timed = plan->fields[plan->timed_field].data;
    char first[32], last[32];
    ar_time_format(plan->times[0], timed->calendar, first);
    ar_time_format(plan->times[plan->time_count - 1], timed->calendar, last);
    ar_text_add(&out, "store: {type: %s, compression: %s", ar_store_type_name(r->type),
                r->compress ? "zstd" : "none");
    if (r->compress) {
        ar_yaml_add_integer(&out, ", compression_level", r->compression_level);
    }
    ar_yaml_add_integer(&out, ", chunk_times", plan->chunk_times);
    ar_yaml_add_integer(&out, ", zarr_format", r->zarr_format);
    ar_text_add(&out, "}\ngrid: %lld x %lld from %g N, %g E", (long long)timed->grid.nlat,
                (long long)timed->grid.nlon, timed->grid.latitude[0], timed->grid.longitude[0]);
    if (r->grid.step != 0) {
        ar_text_add(&out, ", by %s", ar_field_regrid_way_name(r->grid.way));
    }
    ar_text_add(&out, "\n");
    if (r->member >= 0) {
        ar_text_add(&out, "member: %lld\n", (long long)r->member);
    }
    ar_text_add(&out, "times: %lld from %s to %s (%s)\n", (long long)plan->time_count, first, last,
                ar_calendar_name(timed->calendar));
    for (int64_t f = 0; f < plan->field_count; f++) {
        add_field(&out, &r->fields[f], plan->fields[f].data);
    }
    for (size_t i = 0; i < plan->source_count; i++) {
        ar_text_add(&out, "source: %s", plan->sources[i].path);
        if (plan->sources[i].bytes >= 0) {
            ar_text_add(&out, ", %lld bytes", (long long)plan->sources[i].bytes);
        }
        ar_text_add(&out, "\n");
    }
    return finish(&out, text);
}

ar_status ar_store_plan_gaps(const ar_store_plan *plan, char **text, ar_error *err)
{
    ar_growing_text out = {.err = err};
    const ar_calendar calendar = plan->fields[plan->timed_field].data->calendar;
    for (int64_t t = 1; t < plan->time_count; t++) {
        if (plan->times[t] - plan->times[t - 1] > plan->time_step) {
            char first[32], last[32];
            ar_time_format(plan->times[t - 1] + plan->time_step, calendar, first);
            ar_time_format(plan->times[t] - plan->time_step, calendar, last);
            ar_text_add(&out, "%s%s/%s", out.length > 0 ? ", " : "", first, last);
        }
    }
    return finish(&out, text);
}

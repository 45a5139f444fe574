#include "data/store_estimate.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/moments.h"
#include "data/store_work.h"

/* Of all sample chunks together. */
typedef struct {
    double values, encoded;             /* numbers; bytes */
    double reading, packing, verifying; /* seconds of one thread */
    double hashing;                     /* seconds a byte */
} measured;

/* ---- measuring ------------------------------------------------------------------------------- */

/* Pack, compress and sum up one level of a sample; `values` are changed. */
static ar_status measure_level(const ar_store_plan *plan, const ar_store_packing *packing,
                               float *values, int64_t times, void *packed, ar_moments *moments,
                               measured *m, ar_error *err)
{
    const int64_t points = ar_store_plan_points(plan), count = times * points;
    const int64_t bytes = ar_store_type_bytes(packing->type);
    ar_store_error ignored = {0};
    size_t encoded = (size_t)(count * bytes);
    const double begun = ar_clock_seconds();
    ar_store_pack(packing, values, count, packed, &ignored);
    if (plan->request.compress) {
        ar_status status =
            ar_writer_encoded_size(AR_WRITER_BLOSC_ZSTD, (int)plan->request.compression_level,
                                   (size_t)bytes, packed, (size_t)(count * bytes), &encoded, err);
        if (status != AR_OK) {
            return status;
        }
    }
    const double packed_at = ar_clock_seconds();
    for (int64_t t = 0; t < times; t++) {
        ar_moments_add(moments, values + t * points);
    }
    m->packing += packed_at - begun;
    m->verifying += ar_clock_seconds() - packed_at;
    m->encoded += (double)encoded;
    m->values += (double)count;
    return AR_OK;
}

static void find_range(const float *values, int64_t count, float range[2])
{
    range[0] = HUGE_VALF;
    range[1] = -HUGE_VALF;
    for (int64_t i = 0; i < count; i++) {
        range[0] = fminf(range[0], values[i]);
        range[1] = fmaxf(range[1], values[i]);
    }
}

/* One chunk's times from the middle of the data. */
static ar_status measure_field(const ar_store_plan *plan, int64_t f, measured *m, ar_error *err)
{
    ar_status status;
    const int64_t points = ar_store_plan_points(plan), times = plan->chunk_times;
    const int64_t levels = plan->fields[f].data->level_count;
    const ar_store_unit unit = {.field = f, .first = (plan->time_count - times) / 2, times};
    float *values = NULL, *line = NULL, range[2];
    void *packed = NULL;
    ar_moments moments = {0};
    AR_TRY(
        ar_allocate(&values, (size_t)(times * levels * points), sizeof *values, "a sample", err));
    AR_TRY(ar_allocate(&line, (size_t)(times * points), sizeof *line, "a sample", err));
    AR_TRY(ar_allocate(&packed, (size_t)(times * points), sizeof *line, "a sample", err));
    AR_TRY(ar_moments_init(&moments, points, err));
    const double begun = ar_clock_seconds();
    AR_TRY(ar_store_read_unit(plan, &unit, values, err));
    m->reading += ar_clock_seconds() - begun;
    find_range(values, times * levels * points, range);
    const ar_store_packing packing =
        ar_store_packing_choose(plan->request.type, range[0], range[1]);
    for (int64_t l = 0; l < levels; l++) {
        for (int64_t t = 0; t < times; t++) {
            memcpy(line + t * points, values + (t * levels + l) * points,
                   (size_t)points * sizeof *line);
        }
        AR_TRY(measure_level(plan, &packing, line, times, packed, &moments, m, err));
    }
cleanup:
    ar_free(values);
    ar_free(line);
    ar_free(packed);
    ar_moments_release(&moments);
    return status;
}

/* On the smallest source. */
static ar_status measure_hash(const ar_store_plan *plan, measured *m, ar_error *err)
{
    const ar_store_source *smallest = NULL;
    for (size_t i = 0; i < plan->source_count; i++) {
        const ar_store_source *source = &plan->sources[i];
        if (source->bytes > 0 && (!smallest || source->bytes < smallest->bytes)) {
            smallest = source;
        }
    }
    if (!smallest) {
        return AR_OK;
    }
    uint64_t hash;
    const double begun = ar_clock_seconds();
    ar_status status = ar_hash_path(smallest->path, &hash, NULL, err);
    m->hashing = (ar_clock_seconds() - begun) / (double)smallest->bytes;
    return status;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void add_bytes(ar_growing_text *out, double bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    int unit = 0;
    while (bytes >= 1000 && unit < 5) {
        bytes /= 1000;
        unit++;
    }
    ar_text_add(out, unit > 0 && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static double source_bytes(const ar_store_plan *plan)
{
    double bytes = 0;
    for (size_t i = 0; i < plan->source_count; i++) {
        bytes += plan->sources[i].bytes > 0 ? (double)plan->sources[i].bytes : 0;
    }
    return bytes;
}

static void add_fields(ar_growing_text *out, const ar_store_plan *plan)
{
    for (int64_t f = 0; f < plan->field_count; f++) {
        const ar_field_data *data = plan->fields[f].data;
        ar_text_add(out, "%s%s (%s, %s)", f > 0 ? "\n            " : "fields      ", data->name,
                    data->variable, data->units[0] ? data->units : "no units");
        if (data->is_static) {
            ar_text_add(out, ", static");
        }
        for (int64_t l = 0; data->level_units[0] && l < data->level_count; l++) {
            ar_text_add(out, "%s%g", l > 0 ? ", " : ": ", data->levels[l]);
        }
        ar_text_add(out, "%s%s", data->level_units[0] ? " " : "", data->level_units);
    }
}

static ar_status add_times(ar_growing_text *out, const ar_store_plan *plan, ar_error *err)
{
    const ar_calendar calendar = plan->fields[plan->timed_field].data->calendar;
    char first[32], last[32], *gaps = NULL;
    ar_status status = ar_store_plan_gaps(plan, &gaps, err);
    ar_time_format(plan->times[0], calendar, first);
    ar_time_format(plan->times[plan->time_count - 1], calendar, last);
    ar_text_add(out, "\ntimes       %lld from %s to %s, every %g h\n", (long long)plan->time_count,
                first, last, (double)plan->time_step / 3600);
    if (plan->times_left_out > 0) {
        ar_text_add(out, "left out    %lld times that only some of the fields have\n",
                    (long long)plan->times_left_out);
    }
    ar_text_add(out, "gaps        %s\n", gaps ? gaps : "none");
    ar_free(gaps);
    return status;
}

static double most_levels(const ar_store_plan *plan)
{
    int64_t most = 1;
    for (int64_t f = 0; f < plan->field_count; f++) {
        const int64_t levels = plan->fields[f].data->level_count;
        most = levels > most ? levels : most;
    }
    return (double)most;
}

static void add_costs(ar_growing_text *out, const ar_store_plan *plan, const measured *m,
                      int workers)
{
    const double points = (double)ar_store_plan_points(plan);
    const double values = (double)plan->slice_count * points;
    const double raw = values * (double)ar_store_type_bytes(plan->request.type);
    const double times = values / m->values; /* as much as the sample */
    const int passes = plan->request.type == AR_STORE_INT16 ? 2 : 1;
    const double seconds = times * (passes * m->reading + (m->packing + m->verifying) / workers) +
                           m->hashing * source_bytes(plan);
    const ar_grid *grid = &plan->fields[0].data->grid;
    double statistics = 0;
    char duration[16];
    for (int64_t f = 0; f < plan->field_count; f++) {
        const ar_field_data *data = plan->fields[f].data;
        statistics += data->is_static ? 0 : 20.0 * points * (double)data->level_count;
    }
    ar_text_add(out, "chunks      %lld times x 1 level x %lld x %lld points, ",
                (long long)plan->chunk_times, (long long)grid->nlat, (long long)grid->nlon);
    add_bytes(out, (double)(plan->chunk_times * ar_store_type_bytes(plan->request.type)) * points);
    ar_text_add(out, "\nreads       %zu files or stores, ", plan->source_count);
    add_bytes(out, source_bytes(plan));
    ar_text_add(out, "%s\nresult      ", passes > 1 ? ", twice" : "");
    add_bytes(out, raw);
    ar_text_add(out, " of %s", ar_store_type_name(plan->request.type));
    if (plan->request.compress) {
        ar_text_add(out, ", about ");
        add_bytes(out, times * m->encoded);
        ar_text_add(out, " compressed");
    }
    ar_text_add(out, ", and at most ");
    add_bytes(out, statistics * (double)plan->month_count);
    ar_format_duration(seconds, duration);
    ar_text_add(out, " of statistics\ntakes       about %s on %d threads\nmemory      about ",
                duration, workers);
    add_bytes(out, workers * points *
                       ((double)plan->unit_times * most_levels(plan) * 4 +
                        (double)plan->chunk_times * 12));
    ar_text_add(out, "\n");
}

ar_status ar_store_estimate(const ar_store_plan *plan, int workers, char **text, ar_error *err)
{
    ar_growing_text out = {.err = err};
    ar_status status;
    measured m = {0};
    *text = NULL;
    for (int64_t f = 0; f < plan->field_count; f++) {
        if (!plan->fields[f].data->is_static) {
            AR_TRY(measure_field(plan, f, &m, err));
        }
    }
    AR_TRY(measure_hash(plan, &m, err));
    add_fields(&out, plan);
    AR_TRY(add_times(&out, plan, err));
    add_costs(&out, plan, &m, workers);
    status = out.status;
cleanup:
    if (status == AR_OK) {
        *text = out.text;
    } else {
        ar_free(out.text);
    }
    return status;
}

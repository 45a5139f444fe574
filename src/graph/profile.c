#include "graph/profile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "graph/op.h"
#include "graph/profile_private.h"

static const double seconds_of_peak = 0.05;

ar_status ar_profile_create(ar_profile **out, ar_error *err)
{
    ar_status status = AR_OK;
    ar_profile *profile = NULL;
    AR_TRY(ar_allocate(&profile, 1, sizeof *profile, "a profile", err));
    AR_TRY(
        ar_allocate(&profile->first, AR_PROFILE_EVENTS, sizeof *profile->first, "a profile", err));
    AR_TRY(ar_allocate(&profile->last, AR_PROFILE_EVENTS, sizeof *profile->last, "a profile", err));
cleanup:
    if (status != AR_OK) {
        ar_profile_destroy(&profile);
    }
    *out = profile;
    return status;
}

static void forget_nodes(ar_profile *profile)
{
    for (size_t i = 0; profile->names && i < profile->node_count; i++) {
        ar_free(profile->names[i]);
    }
    ar_free(profile->names);
    ar_free(profile->kinds);
    profile->names = NULL;
    profile->kinds = NULL;
    profile->node_count = 0;
}

void ar_profile_destroy(ar_profile **out)
{
    ar_profile *profile = *out;
    if (profile) {
        forget_nodes(profile);
        ar_free(profile->first);
        ar_free(profile->last);
        ar_free(profile);
    }
    *out = NULL;
}

/* ---- telling --------------------------------------------------------------------------------- */

/* Another program may disturb one measurement: the best of all counts. */
static void measure_peaks(ar_profile *profile)
{
    const ar_backend *backend = profile->backend;
    const int threads = profile->threads;
    const double peak =
        backend->peak ? backend->peak(profile->precision, threads, seconds_of_peak) : 0;
    const double bandwidth = backend->bandwidth ? backend->bandwidth(threads) : 0;
    profile->peak = peak > profile->peak ? peak : profile->peak;
    profile->bandwidth = bandwidth > profile->bandwidth ? bandwidth : profile->bandwidth;
}

void ar_profile_start(ar_profile *profile, const ar_backend *backend, ar_type precision,
                      int threads)
{
    if (profile) {
        profile->backend = backend;
        profile->precision = precision;
        profile->threads = threads;
        measure_peaks(profile);
        profile->started = profile->stopped = ar_clock_seconds();
    }
}

void ar_profile_stop(ar_profile *profile)
{
    if (profile && profile->backend) {
        profile->stopped = ar_clock_seconds();
        measure_peaks(profile);
    }
}

ar_status ar_profile_attach(ar_profile *profile, const ar_graph *graph, double forward,
                            double counted, ar_error *err)
{
    ar_status status = AR_OK;
    if (!profile) {
        return AR_OK;
    }
    forget_nodes(profile);
    profile->forward_operations = forward;
    profile->counted_operations = counted;
    profile->node_count = graph->node_count;
    AR_TRY(
        ar_allocate(&profile->names, graph->node_count, sizeof *profile->names, "a profile", err));
    AR_TRY(
        ar_allocate(&profile->kinds, graph->node_count, sizeof *profile->kinds, "a profile", err));
    for (size_t i = 0; i < graph->node_count; i++) {
        profile->kinds[i] = graph->nodes[i].kind;
        AR_TRY(ar_copy_string(&profile->names[i], graph->nodes[i].name, err));
    }
cleanup:
    return status;
}

static void keep_event(ar_profile *profile, const ar_profile_event *event)
{
    if (event->step > AR_PROFILE_STEPS) {
        profile->last[profile->last_count++ % AR_PROFILE_EVENTS] = *event;
    } else if (profile->first_count < AR_PROFILE_EVENTS) {
        profile->first[profile->first_count++] = *event;
    }
}

static void add(ar_profile_row *row, double seconds, double operations, double bytes)
{
    row->calls++;
    row->seconds += seconds;
    row->operations += operations;
    row->bytes += bytes;
}

void ar_profile_begin(ar_profile *profile)
{
    if (profile && profile->depth++ == 0) {
        profile->begun = ar_clock_seconds();
    }
}

/* Is this the end of the outermost? Then these are its seconds. */
static bool ends(ar_profile *profile, double *seconds)
{
    assert(profile->depth > 0);
    *seconds = profile->depth == 1 ? ar_clock_seconds() - profile->begun : 0;
    return --profile->depth == 0;
}

/* A part is known by where its name stands or, if that is elsewhere, by what it says. */
static ar_profile_row *row_of_part(ar_profile *profile, const char *part)
{
    int at = 0;
    while (profile->parts[at].name && strcmp(profile->parts[at].name, part) != 0) {
        at++;
        assert(at < AR_PROFILE_PARTS);
    }
    profile->parts[at].name = part;
    profile->parts[at].direction = "";
    return &profile->parts[at];
}

void ar_profile_end(ar_profile *profile, const char *part, double bytes)
{
    double seconds;
    if (!profile || !ends(profile, &seconds)) {
        return;
    }
    add(row_of_part(profile, part), seconds, 0, bytes);
    keep_event(profile, &(ar_profile_event){.start = profile->begun - profile->started,
                                            .seconds = seconds,
                                            .part = part,
                                            .op.bytes = bytes,
                                            .step = profile->steps});
}

void ar_profile_end_op(ar_profile *profile, const ar_profile_op *op)
{
    double seconds;
    if (!profile || !ends(profile, &seconds)) {
        return;
    }
    add(&profile->ops[profile->kinds[op->node]][op->direction], seconds, op->operations, op->bytes);
    profile->step_operations += profile->in_step ? op->operations : 0;
    keep_event(profile, &(ar_profile_event){.start = profile->begun - profile->started,
                                            .seconds = seconds,
                                            .op = *op,
                                            .step = profile->steps});
}

void ar_profile_begin_step(ar_profile *profile)
{
    if (profile) {
        profile->steps++;
        profile->in_step = true;
        profile->step_begun = ar_clock_seconds();
    }
}

void ar_profile_end_step(ar_profile *profile)
{
    if (profile) {
        const double seconds = ar_clock_seconds() - profile->step_begun;
        profile->in_step = false;
        profile->step_seconds += seconds;
        keep_event(profile, &(ar_profile_event){.start = profile->step_begun - profile->started,
                                                .seconds = seconds,
                                                .part = "step",
                                                .step = profile->steps});
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

const char *ar_profile_direction_name(ar_step_kind direction)
{
    static const char *const names[AR_PROFILE_DIRECTIONS] = {
        [AR_STEP_FORWARD] = "forward", [AR_STEP_AGAIN] = "again", [AR_STEP_ADJOINT] = "adjoint"};
    return names[direction];
}

static int longest_first(const void *left, const void *right)
{
    const double a = ((const ar_profile_row *)left)->seconds;
    const double b = ((const ar_profile_row *)right)->seconds;
    return (a < b) - (a > b);
}

/* Append the rows that were called at all, and sort them. */
static int64_t collect(ar_profile_row *to, const ar_profile_row *rows, int64_t count)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        if (rows[i].calls > 0) {
            to[kept++] = rows[i];
        }
    }
    qsort(to, (size_t)kept, sizeof *to, longest_first);
    return kept;
}

ar_profile_summary ar_profile_summarise(ar_profile *profile)
{
    for (int kind = 0; kind < AR_OP_COUNT; kind++) {
        for (int direction = 0; direction < AR_PROFILE_DIRECTIONS; direction++) {
            profile->ops[kind][direction].name = ar_op_find((ar_op_kind)kind)->name;
            profile->ops[kind][direction].direction =
                ar_profile_direction_name((ar_step_kind)direction);
        }
    }
    const double seconds = profile->stopped - profile->started;
    double rest = seconds;
    int64_t count = collect(profile->rows, profile->ops[0], AR_OP_COUNT * AR_PROFILE_DIRECTIONS);
    count += collect(profile->rows + count, profile->parts, AR_PROFILE_PARTS);
    for (int64_t i = 0; i < count; i++) {
        rest -= profile->rows[i].seconds;
    }
    if (count > 0) {
        profile->rows[count++] =
            (ar_profile_row){.name = "in none of these", .direction = "", .seconds = rest};
    }
    return (ar_profile_summary){.rows = profile->rows,
                                .row_count = count,
                                .seconds = seconds,
                                .steps = profile->steps,
                                .step_seconds = profile->step_seconds,
                                .step_operations = profile->step_operations,
                                .forward_operations = profile->forward_operations,
                                .counted_operations = profile->counted_operations,
                                .backend = profile->backend ? profile->backend->name : "",
                                .precision =
                                    profile->precision == AR_TYPE_BFLOAT16 ? "bf16" : "float32",
                                .threads = profile->threads,
                                .peak = profile->peak,
                                .bandwidth = profile->bandwidth};
}

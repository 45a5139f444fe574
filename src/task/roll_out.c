#include "task/roll_out.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"

static int64_t points_of(const ar_roll_out *roll)
{
    const ar_grid *grid = &roll->dataset->fields[0].grid;
    return grid->nlat * grid->nlon;
}

/* Values of one time of a field. */
static int64_t time_values(const ar_roll_out *roll, int64_t f)
{
    return roll->dataset->fields[f].level_count * points_of(roll);
}

static int64_t lead_steps(const ar_roll_out *roll)
{
    return roll->times->valid_step + 1;
}

static ar_status allocate_values(float **values, const ar_roll_out *roll, int64_t f, int64_t times,
                                 ar_error *err)
{
    size_t count;
    if (!ar_size_product((size_t)time_values(roll, f), (size_t)times, &count) ||
        !ar_size_product(count, (size_t)roll->trajectory_count, &count)) {
        count = SIZE_MAX; /* is refused by ar_allocate */
    }
    return ar_allocate(values, count, sizeof **values, "the trajectories of a roll-out", err);
}

static ar_status init_draws(ar_roll_out *roll, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_perturbation_init(&roll->perturbation, &roll->dataset->fields[0].grid, err));
    for (int64_t f = 0; f < roll->dataset->field_count; f++) {
        const int64_t levels = roll->dataset->fields[f].level_count;
        if (roll->predicted[f]) {
            AR_TRY(ar_allocate(&roll->analysis_power[f],
                               (size_t)roll->perturbation.wavenumbers * (size_t)levels,
                               sizeof(double), "spectra of the analyses", err));
        }
    }
cleanup:
    return status;
}

ar_status ar_roll_out_init(ar_roll_out *roll, const ar_forecast_options *options,
                           const ar_configuration *configuration, const ar_dataset *dataset,
                           const ar_forecast_times *times, ar_error *err)
{
    ar_status status = AR_OK;
    *roll = (ar_roll_out){.dataset = dataset,
                          .times = times,
                          .member_count = configuration->model.tails,
                          .space = dataset->space};
    const bool members = options->feed_members || options->feed_draws;
    roll->draws = options->feed_draws;
    roll->trajectory_count = members ? roll->member_count : 1;
    roll->space.fields = roll->fields;
    AR_TRY(ar_allocate(&roll->known_times, (size_t)times->known_before, sizeof(int64_t),
                       "known times", err));
    AR_TRY(ar_allocate(&roll->tails, (size_t)roll->member_count, sizeof(int64_t), "tails", err));
    for (int64_t f = 0; f < dataset->field_count; f++) {
        roll->fields[f] = dataset->field_pointers[f];
        roll->predicted[f] = configuration->fields[f].predicted;
        if (!roll->predicted[f]) {
            continue;
        }
        AR_TRY(allocate_values(&roll->known[f], roll, f, times->known_before, err));
        if (members) {
            AR_TRY(allocate_values(&roll->members[f], roll, f, 1, err));
        }
        roll->windows[f] = dataset->fields[f];
        roll->windows[f].time_count = times->known_before;
        roll->windows[f].times = roll->known_times;
        roll->windows[f].resident_count = 0;
        roll->fields[f] = &roll->windows[f];
    }
    if (roll->draws) {
        AR_TRY(init_draws(roll, err));
    }
cleanup:
    return status;
}

void ar_roll_out_release(ar_roll_out *roll)
{
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        ar_free(roll->known[f]);
        ar_free(roll->members[f]);
        ar_free(roll->analysis_power[f]);
    }
    ar_perturbation_release(&roll->perturbation);
    ar_free(roll->known_times);
    ar_free(roll->tails);
    *roll = (ar_roll_out){0};
}

/* The known times [known_before][level][nlat][nlon] of a trajectory. */
static float *known_of(const ar_roll_out *roll, int64_t f, int64_t trajectory)
{
    return roll->known[f] + trajectory * roll->times->known_before * time_values(roll, f);
}

/* Mean over the known times of the spectra of all predicted fields. */
static ar_status measure_analyses(ar_roll_out *roll, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t f = 0; f < roll->dataset->field_count; f++) {
        const ar_field_data *field = &roll->dataset->fields[f];
        for (int64_t l = 0; roll->predicted[f] && l < field->level_count; l++) {
            double *power = roll->analysis_power[f] + l * roll->perturbation.wavenumbers;
            AR_TRY(ar_perturbation_measure(
                &roll->perturbation, known_of(roll, f, 0) + l * points_of(roll),
                roll->times->known_before, time_values(roll, f), power, err));
            if (!isfinite(power[0])) {
                return ar_fail(err, AR_ERROR_INPUT,
                               "--feed-draws: %s has missing values; states are drawn of whole "
                               "fields; --feed-members would be right",
                               field->name);
            }
        }
    }
cleanup:
    return status;
}

ar_status ar_roll_out_begin(ar_roll_out *roll, int64_t first_time, ar_error *err)
{
    roll->first_time = first_time;
    for (int64_t n = 0; n < roll->member_count; n++) {
        roll->tails[n] = n;
    }
    for (int64_t t = 0; t < roll->times->known_before; t++) {
        roll->known_times[t] = first_time + t * roll->times->time_step;
        for (int64_t f = 0; f < roll->dataset->field_count; f++) {
            const ar_field_data *field = &roll->dataset->fields[f];
            const int64_t count = time_values(roll, f);
            for (int64_t n = 0; roll->predicted[f] && n < roll->trajectory_count; n++) {
                const int64_t index = ar_field_data_find_time(field, roll->known_times[t]);
                memcpy(known_of(roll, f, n) + t * count, ar_field_data_slice(field, index, 0),
                       (size_t)count * sizeof(float));
            }
        }
    }
    return roll->draws ? measure_analyses(roll, err) : AR_OK;
}

const ar_cube_space *ar_roll_out_select(ar_roll_out *roll, int64_t trajectory)
{
    for (int64_t f = 0; f < roll->dataset->field_count; f++) {
        if (roll->predicted[f]) {
            roll->windows[f].values = known_of(roll, f, trajectory);
        }
    }
    return &roll->space;
}

static void copy_tail(const ar_roll_out *roll, const ar_blend *blend, int64_t tail, float *values)
{
    const int64_t points = points_of(roll);
    for (int64_t l = 0; l < blend->level_count; l++) {
        memcpy(values + l * points, blend->members + (l * blend->member_count + tail) * points,
               (size_t)points * sizeof(float));
    }
}

static void copy_mean(const ar_roll_out *roll, const ar_blend *blend, float *values)
{
    const int64_t points = points_of(roll);
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < blend->level_count * points; at++) {
        const float *first =
            blend->members + at / points * blend->member_count * points + at % points;
        double mean;
        (void)ar_members_sum_of_squares(first, blend->member_count, points, &mean);
        values[at] = (float)mean;
    }
}

/* The newest values of a trajectory, among those of all. */
static void keep_member(ar_roll_out *roll, int64_t f, int64_t trajectory, const float *values)
{
    const int64_t points = points_of(roll);
    for (int64_t l = 0; l < roll->dataset->fields[f].level_count; l++) {
        memcpy(roll->members[f] + (l * roll->trajectory_count + trajectory) * points,
               values + l * points, (size_t)points * sizeof(float));
    }
}

/* Of this step of this start: forecasts of one time from several starts draw apart. */
static uint64_t seed_of(const ar_roll_out *roll)
{
    return ar_hash(roll->known_times, sizeof roll->known_times[0], (uint64_t)roll->first_time);
}

/* `values` hold the mean. The times of a step have the same random numbers. */
static ar_status draw_state(ar_roll_out *roll, int64_t f, int64_t trajectory, const ar_blend *blend,
                            float *values, ar_error *err)
{
    const int64_t points = points_of(roll);
    ar_status status = AR_OK;
    for (int64_t l = 0; status == AR_OK && l < blend->level_count; l++) {
        ar_random stream = {.seed = seed_of(roll),
                            .step = (uint32_t)l,
                            .sample = (uint32_t)trajectory,
                            .purpose = (uint32_t)AR_RANDOM_TAIL + 256 * (uint32_t)(f + 1)};
        status = ar_perturbation_add(&roll->perturbation,
                                     roll->analysis_power[f] + l * roll->perturbation.wavenumbers,
                                     blend->members + l * blend->member_count * points,
                                     blend->member_count, &stream, values + l * points, err);
    }
    return status;
}

static ar_status next_state(ar_roll_out *roll, int64_t f, int64_t trajectory, const ar_blend *blend,
                            float *values, ar_error *err)
{
    if (roll->members[f] && !roll->draws) {
        copy_tail(roll, blend, roll->tails[trajectory], values);
        return AR_OK;
    }
    copy_mean(roll, blend, values);
    return roll->draws ? draw_state(roll, f, trajectory, blend, values, err) : AR_OK;
}

ar_status ar_roll_out_feed(ar_roll_out *roll, int64_t trajectory, const ar_blend *blends,
                           ar_error *err)
{
    const int64_t known = roll->times->known_before, fed = lead_steps(roll);
    const int64_t kept = known > fed ? known - fed : 0;
    ar_status status = AR_OK;
    for (int64_t f = 0; f < roll->dataset->field_count; f++) {
        if (!roll->predicted[f]) {
            continue;
        }
        const int64_t count = time_values(roll, f);
        float *values = known_of(roll, f, trajectory);
        memmove(values, values + (known - kept) * count, (size_t)(kept * count) * sizeof(float));
        for (int64_t t = kept; t < known; t++) {
            const ar_blend *blend = &blends[(fed - (known - t)) * AR_FIELD_MAX + f];
            AR_TRY(next_state(roll, f, trajectory, blend, values + t * count, err));
        }
        if (roll->members[f]) {
            keep_member(roll, f, trajectory, values + (known - 1) * count);
        }
    }
cleanup:
    return status;
}

/* A tail is often a certain quantile: whoever kept it would drift away, and whoever went through
 * all of them by turns would come back to the middle. (Shuffle of Fisher and Yates; Durstenfeld
 * 1964.) */
static void deal_tails(ar_roll_out *roll)
{
    ar_random stream = {.seed = seed_of(roll), .purpose = AR_RANDOM_TAIL};
    for (int64_t n = roll->member_count - 1; n > 0; n--) {
        const int64_t other = ar_random_below(&stream, n + 1), tail = roll->tails[n];
        roll->tails[n] = roll->tails[other];
        roll->tails[other] = tail;
    }
}

void ar_roll_out_advance(ar_roll_out *roll)
{
    for (int64_t t = 0; t < roll->times->known_before; t++) {
        roll->known_times[t] += lead_steps(roll) * roll->times->time_step;
    }
    deal_tails(roll);
}

int ar_roll_out_arrays(const ar_roll_out *roll, ar_forecast_array *arrays)
{
    int count = 0;
    for (int64_t f = 0; f < roll->dataset->field_count; f++) {
        if (roll->predicted[f]) {
            arrays[count++] = (ar_forecast_array){
                .values = roll->known[f],
                .count = (size_t)(roll->trajectory_count * roll->times->known_before *
                                  time_values(roll, f))};
        }
    }
    return count;
}

/* Times, tails and random numbers follow from how many steps there were. */
ar_status ar_roll_out_go_on(ar_roll_out *roll, int64_t first_time, int64_t steps, ar_error *err)
{
    ar_status status = ar_roll_out_begin(roll, first_time, err);
    for (int64_t i = 0; status == AR_OK && i < steps; i++) {
        ar_roll_out_advance(roll);
    }
    return status;
}

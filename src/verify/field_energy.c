#include <string.h>

#include "base/memory.h"
#include "verify/scores.h"
#include "verify/truth.h"
#include "verify/verification.h"

/* Of the same level, lead time and number of times; NULL when there is none. */
static const ar_field_spectra *find_divergence(const ar_verification *run,
                                               const ar_field_spectra *vorticity)
{
    for (size_t i = 0; i < run->spectra_count; i++) {
        const ar_field_spectra *it = &run->spectra[i];
        if (strcmp(it->standard_name, "divergence_of_wind") == 0 &&
            strcmp(it->level, vorticity->level) == 0 && it->lead_hours == vorticity->lead_hours &&
            it->spectra.times == vorticity->spectra.times) {
            return it;
        }
    }
    return NULL;
}

static ar_status add_energy_of_rotation(ar_verification *run, ar_error *err)
{
    size_t count = run->spectra_count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(run->spectra[i].standard_name, "atmosphere_relative_vorticity") != 0) {
            continue;
        }
        ar_status status = ar_grow(&run->spectra, &run->spectra_capacity, run->spectra_count + 1,
                                   sizeof *run->spectra, "the spectra", err);
        if (status != AR_OK) {
            return status;
        }
        const ar_field_spectra *vorticity = &run->spectra[i];
        const ar_field_spectra *divergence = find_divergence(run, vorticity);
        ar_field_spectra *energy = &run->spectra[run->spectra_count];
        *energy = *vorticity;
        energy->variable = divergence ? "kinetic_energy" : "rotational_kinetic_energy";
        energy->standard_name = "";
        energy->units = "m2 s-2";
        status = ar_mean_spectra_init(&energy->spectra, vorticity->spectra.truncation, err);
        if (status != AR_OK) {
            return status;
        }
        run->spectra_count++;
        ar_mean_spectra_kinetic_energy(&energy->spectra, &vorticity->spectra,
                                       divergence ? &divergence->spectra : NULL);
    }
    return AR_OK;
}

/* The two parts of a wind at work. */
typedef struct {
    const ar_forecast_field *field;
    ar_truth truth;
    float *members, *mean, *spread; /* [member_count][points], [points], [points] */
} wind_part;

typedef struct {
    wind_part parts[2]; /* eastward, northward */
    int64_t points;
    ar_mean_spectra *spectra; /* [level_count][lead_count] */
} wind_work;

static void wind_work_release(wind_work *work, const ar_verification *run)
{
    const int64_t spectra = work->spectra ? work->parts[0].field->level_count * run->lead_count : 0;
    for (int64_t i = 0; i < spectra; i++) {
        ar_mean_spectra_release(&work->spectra[i]);
    }
    ar_free(work->spectra);
    for (int i = 0; i < 2; i++) {
        ar_truth_close(&work->parts[i].truth);
        ar_free(work->parts[i].members);
        ar_free(work->parts[i].mean);
        ar_free(work->parts[i].spread);
    }
}

static ar_status open_part(wind_part *part, const ar_verification *run, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    size_t points = (size_t)(file->grid.nlat * file->grid.nlon);
    ar_truth_settings settings = {.paths = run->options->truth_paths,
                                  .path_count = run->options->truth_count,
                                  .regrid = run->regrid,
                                  .start = run->first_time,
                                  .end = run->first_time};
    for (int64_t t = 0; t < file->time_count; t++) {
        settings.end = file->valid_times[t] > settings.end ? file->valid_times[t] : settings.end;
    }
    ar_status status = AR_OK;
    AR_TRY(ar_truth_open(&part->truth, &settings, file, part->field, err));
    AR_TRY(ar_allocate(&part->members, points * (size_t)part->field->member_count, sizeof(float),
                       "members of a wind", err));
    AR_TRY(ar_allocate(&part->mean, points, sizeof(float), "the mean of a wind", err));
    AR_TRY(ar_allocate(&part->spread, points, sizeof(float), "the spread of a wind", err));
cleanup:
    return status;
}

static ar_status allocate_spectra(wind_work *work, const ar_verification *run, ar_error *err)
{
    const int64_t count = work->parts[0].field->level_count * run->lead_count;
    const int64_t truncation = ar_harmonics_get_settings(run->harmonics)->truncation;
    ar_status status = ar_allocate(&work->spectra, (size_t)count, sizeof *work->spectra,
                                   "the spectra of a wind", err);
    for (int64_t i = 0; status == AR_OK && i < count; i++) {
        status = ar_mean_spectra_init(&work->spectra[i], truncation, err);
    }
    return status;
}

/* Add the energy of a level at a time at which both parts have truth. */
static ar_status add_level(wind_work *work, ar_verification *run, int64_t t, int64_t level,
                           const float *const *truth, ar_error *err)
{
    ar_spectra_fields fields[2];
    const int64_t members = work->parts[0].field->member_count;
    const int64_t lead = ar_verification_find_lead(run, run->forecast.lead_times[t]);
    for (int i = 0; i < 2; i++) {
        wind_part *part = &work->parts[i];
        ar_status status =
            ar_forecast_file_read(&run->forecast, part->field, t, level, part->members, err);
        if (status != AR_OK) {
            return status;
        }
        ar_ensemble_mean_spread(part->members, members, work->points, part->mean, part->spread);
        fields[i] = (ar_spectra_fields){part->members, part->mean, truth[i] + level * work->points};
    }
    return ar_mean_spectra_add(&work->spectra[level * run->lead_count + lead], run->harmonics,
                               members, &fields[0], &fields[1], err);
}

/* A time that the truth lacks is left out, and one that is not to be scored. */
static ar_status add_time(wind_work *work, ar_verification *run, int64_t t, ar_error *err)
{
    const float *truth[2];
    ar_status status = AR_OK;
    if (ar_verification_find_lead(run, run->forecast.lead_times[t]) < 0) {
        return AR_OK;
    }
    for (int i = 0; i < 2; i++) {
        ar_truth *source = &work->parts[i].truth;
        const int64_t at = ar_truth_find_time(source, run->forecast.valid_times[t]);
        if (at < 0) {
            return AR_OK;
        }
        AR_TRY(ar_truth_read(source, at, &truth[i], err));
    }
    for (int64_t level = 0; level < work->parts[0].field->level_count; level++) {
        AR_TRY(add_level(work, run, t, level, truth, err));
    }
cleanup:
    return status;
}

static ar_status append_energy(wind_work *work, ar_verification *run, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t i = 0; i < work->parts[0].field->level_count * run->lead_count; i++) {
        const size_t before = run->spectra_count;
        AR_TRY(ar_verification_append_spectra(run, work->parts[0].field, i / run->lead_count,
                                              i % run->lead_count, &work->spectra[i], err));
        if (run->spectra_count > before) {
            ar_field_spectra *energy = &run->spectra[before];
            energy->variable = "kinetic_energy";
            energy->standard_name = "";
            energy->units = "m2 s-2";
        }
    }
cleanup:
    return status;
}

/* The first field of a standard name. */
static const ar_forecast_field *find_field(const ar_forecast_file *file, const char *standard_name)
{
    for (int64_t i = 0; i < file->field_count; i++) {
        if (strcmp(file->fields[i].standard_name, standard_name) == 0) {
            return &file->fields[i];
        }
    }
    return NULL;
}

static bool same_levels(const ar_forecast_field *a, const ar_forecast_field *b)
{
    bool same = a->level_count == b->level_count && !a->levels == !b->levels;
    for (int64_t i = 0; same && a->levels && i < a->level_count; i++) {
        same = a->levels[i] == b->levels[i];
    }
    return same && a->member_count == b->member_count;
}

static ar_status add_energy_of_winds(ar_verification *run, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    wind_work work = {.parts = {{.field = find_field(file, "eastward_wind")},
                                {.field = find_field(file, "northward_wind")}},
                      .points = file->grid.nlat * file->grid.nlon};
    ar_status status = AR_OK;
    if (!run->harmonics || !work.parts[0].field || !work.parts[1].field ||
        !same_levels(work.parts[0].field, work.parts[1].field)) {
        return AR_OK;
    }
    AR_TRY(open_part(&work.parts[0], run, err));
    AR_TRY(open_part(&work.parts[1], run, err));
    AR_TRY(allocate_spectra(&work, run, err));
    for (int64_t t = 0; t < file->time_count; t++) {
        AR_TRY(add_time(&work, run, t, err));
    }
    AR_TRY(append_energy(&work, run, err));
cleanup:
    wind_work_release(&work, run);
    return status;
}

ar_status ar_verification_add_energy(ar_verification *run, ar_error *err)
{
    return find_field(&run->forecast, "atmosphere_relative_vorticity")
               ? add_energy_of_rotation(run, err)
               : add_energy_of_winds(run, err);
}

#include "verify/wind_energy.h"

#include <string.h>

#include "base/memory.h"
#include "verify/scores.h"
#include "verify/truth.h"

/* One of the two. */
typedef struct {
    ar_truth truth;
    float *mean, *spread; /* [points] over members */
} wind_part;

struct ar_wind_energy {
    ar_verification *run;
    const ar_forecast_field *fields[2]; /* eastward, northward */
    wind_part parts[2];
    int64_t points;
    ar_mean_spectra *spectra; /* [level_count][lead_count] */
};

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

static ar_status open_part(wind_part *part, const ar_verification *run,
                           const ar_forecast_field *field, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    const size_t points = (size_t)(file->grid.nlat * file->grid.nlon);
    ar_truth_settings settings = {.paths = run->options->truth_paths,
                                  .path_count = run->options->truth_count,
                                  .regrid = run->regrid,
                                  .start = run->first_time,
                                  .end = run->first_time};
    for (int64_t t = 0; t < file->time_count; t++) {
        settings.end = file->valid_times[t] > settings.end ? file->valid_times[t] : settings.end;
    }
    ar_status status = AR_OK;
    AR_TRY(ar_truth_open(&part->truth, &settings, file, field, err));
    AR_TRY(ar_allocate(&part->mean, points, sizeof(float), "the mean of a wind", err));
    AR_TRY(ar_allocate(&part->spread, points, sizeof(float), "the spread of a wind", err));
cleanup:
    return status;
}

static ar_status allocate_spectra(ar_wind_energy *energy, ar_error *err)
{
    const ar_verification *run = energy->run;
    const int64_t count = energy->fields[0]->level_count * run->lead_count;
    const int64_t truncation = ar_harmonics_get_settings(run->harmonics)->truncation;
    ar_status status = ar_allocate(&energy->spectra, (size_t)count, sizeof *energy->spectra,
                                   "the spectra of a wind", err);
    for (int64_t i = 0; status == AR_OK && i < count; i++) {
        status = ar_mean_spectra_init(&energy->spectra[i], truncation, err);
    }
    return status;
}

ar_status ar_wind_energy_create(ar_wind_energy **out, ar_verification *run, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    const ar_forecast_field *eastward = find_field(file, "eastward_wind");
    const ar_forecast_field *northward = find_field(file, "northward_wind");
    ar_wind_energy *energy = NULL;
    ar_status status = AR_OK;
    *out = NULL;
    if (!run->harmonics || find_field(file, "atmosphere_relative_vorticity") || !eastward ||
        !northward || !same_levels(eastward, northward)) {
        return AR_OK;
    }
    AR_TRY(ar_allocate(&energy, 1, sizeof *energy, "spectra of a wind", err));
    energy->run = run;
    energy->fields[0] = eastward;
    energy->fields[1] = northward;
    energy->points = file->grid.nlat * file->grid.nlon;
    AR_TRY(open_part(&energy->parts[0], run, eastward, err));
    AR_TRY(open_part(&energy->parts[1], run, northward, err));
    AR_TRY(allocate_spectra(energy, err));
    *out = energy;
    energy = NULL;
cleanup:
    ar_wind_energy_destroy(&energy);
    return status;
}

void ar_wind_energy_destroy(ar_wind_energy **out)
{
    ar_wind_energy *energy = *out;
    if (!energy) {
        return;
    }
    const int64_t count = energy->fields[0]->level_count * energy->run->lead_count;
    for (int64_t i = 0; energy->spectra && i < count; i++) {
        ar_mean_spectra_release(&energy->spectra[i]);
    }
    ar_free(energy->spectra);
    for (int i = 0; i < 2; i++) {
        ar_truth_close(&energy->parts[i].truth);
        ar_free(energy->parts[i].mean);
        ar_free(energy->parts[i].spread);
    }
    ar_free(energy);
    *out = NULL;
}

const ar_forecast_field *const *ar_wind_energy_parts(const ar_wind_energy *energy)
{
    return energy->fields;
}

bool ar_wind_energy_wants(const ar_wind_energy *energy, int64_t t)
{
    const ar_forecast_file *file = &energy->run->forecast;
    const int64_t valid = file->valid_times[t];
    return ar_verification_find_lead(energy->run, file->lead_times[t]) >= 0 &&
           ar_truth_find_time(&energy->parts[0].truth, valid) >= 0 &&
           ar_truth_find_time(&energy->parts[1].truth, valid) >= 0;
}

ar_status ar_wind_energy_add(ar_wind_energy *energy, int64_t t, int64_t level,
                             const float *const *members, ar_error *err)
{
    const ar_verification *run = energy->run;
    const int64_t lead = ar_verification_find_lead(run, run->forecast.lead_times[t]);
    const int64_t count = energy->fields[0]->member_count, points = energy->points;
    ar_spectra_fields fields[2];
    ar_status status = AR_OK;
    for (int i = 0; i < 2; i++) {
        wind_part *part = &energy->parts[i];
        const float *truth;
        AR_TRY(ar_truth_read(&part->truth,
                             ar_truth_find_time(&part->truth, run->forecast.valid_times[t]), &truth,
                             err));
        ar_ensemble_mean_spread(members[i], count, points, part->mean, part->spread);
        fields[i] = (ar_spectra_fields){members[i], part->mean, truth + level * points};
    }
    AR_TRY(ar_mean_spectra_add(&energy->spectra[level * run->lead_count + lead], run->harmonics,
                               count, &fields[0], &fields[1], err));
cleanup:
    return status;
}

ar_status ar_wind_energy_finish(ar_wind_energy *energy, ar_error *err)
{
    ar_verification *run = energy->run;
    ar_status status = AR_OK;
    for (int64_t i = 0; i < energy->fields[0]->level_count * run->lead_count; i++) {
        const size_t before = run->spectra_count;
        AR_TRY(ar_verification_append_spectra(run, energy->fields[0], i / run->lead_count,
                                              i % run->lead_count, &energy->spectra[i], err));
        if (run->spectra_count > before) {
            ar_field_spectra *appended = &run->spectra[before];
            appended->energy = true;
            appended->variable = "kinetic_energy";
            appended->standard_name = "";
            appended->units = "m2 s-2";
        }
    }
cleanup:
    return status;
}

#include <string.h>

#include "base/memory.h"
#include "verify/wind_energy.h"

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

ar_status ar_verification_add_energy_of_rotation(ar_verification *run, ar_error *err)
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
        energy->energy = true;
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

/* The winds of a file, time by time. */
static ar_status add_energy_of_winds(ar_verification *run, ar_wind_energy *energy, ar_error *err)
{
    ar_forecast_file *file = &run->forecast;
    const ar_forecast_field *const *parts = ar_wind_energy_parts(energy);
    const int64_t values = parts[0]->member_count * file->grid.nlat * file->grid.nlon;
    float *members = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&members, 2 * (size_t)values, sizeof *members, "members of a wind", err));
    const float *const both[] = {members, members + values};
    for (int64_t t = 0; t < file->time_count; t++) {
        for (int64_t level = 0; ar_wind_energy_wants(energy, t) && level < parts[0]->level_count;
             level++) {
            AR_TRY(ar_forecast_file_read(file, parts[0], t, level, members, err));
            AR_TRY(ar_forecast_file_read(file, parts[1], t, level, members + values, err));
            AR_TRY(ar_wind_energy_add(energy, t, level, both, err));
        }
    }
    AR_TRY(ar_wind_energy_finish(energy, err));
cleanup:
    ar_free(members);
    return status;
}

ar_status ar_verification_add_energy(ar_verification *run, ar_error *err)
{
    ar_wind_energy *winds = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_wind_energy_create(&winds, run, err));
    if (winds) {
        AR_TRY(add_energy_of_winds(run, winds, err));
    } else {
        AR_TRY(ar_verification_add_energy_of_rotation(run, err));
    }
cleanup:
    ar_wind_energy_destroy(&winds);
    return status;
}

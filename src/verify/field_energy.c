#include <string.h>

#include "base/memory.h"
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

ar_status ar_verification_add_energy(ar_verification *run, ar_error *err)
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

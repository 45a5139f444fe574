/* Spectra of kinetic energy of a forecast that has winds and no vorticity. */
#ifndef AR_VERIFY_WIND_ENERGY_H
#define AR_VERIFY_WIND_ENERGY_H

#include "verify/verification.h"

typedef struct ar_wind_energy ar_wind_energy;

/* Find the winds and their truth; *energy is NULL where there is nothing to do: the grid has no
 * spectra, the forecast has vorticity, or not both winds with the same levels and members. Borrows
 * run. Destroy with ar_wind_energy_destroy. */
AR_USE_RESULT ar_status ar_wind_energy_create(ar_wind_energy **energy, ar_verification *run,
                                              ar_error *err);
void ar_wind_energy_destroy(ar_wind_energy **energy); /* NULL-safe, sets NULL */

/* The eastward and the northward wind, [2]. Borrowed. */
const ar_forecast_field *const *ar_wind_energy_parts(const ar_wind_energy *energy);

/* Is time number t scored, and is there truth of both? */
bool ar_wind_energy_wants(const ar_wind_energy *energy, int64_t t);
/* Add a level of a time that is wanted: members[2] of the parts,
 * [member_count][nlat][nlon]. */
AR_USE_RESULT ar_status ar_wind_energy_add(ar_wind_energy *energy, int64_t t, int64_t level,
                                           const float *const *members, ar_error *err);

/* Append the spectra to run->spectra. */
AR_USE_RESULT ar_status ar_wind_energy_finish(ar_wind_energy *energy, ar_error *err);

#endif

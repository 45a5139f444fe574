/* What drives the atmosphere besides its own dynamics: the relaxation of Held & Suarez with seasons
 * and land–sea contrast, and the cycle of water. It is computed from the state of one step and
 * applied over the next leapfrog step from that state, so that its damping is stable (physics of
 * the older time level, as in spectral models since the 1970s). */
#ifndef AR_NATURE_FORCING_H
#define AR_NATURE_FORCING_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"
#include "nature/sigma.h"

typedef struct {
    bool water_cycle, seasonal_cycle, land;
    double interval; /* s, what the tendencies are applied over */
} ar_forcing_settings;

typedef struct {
    ar_forcing_settings settings;
    int64_t nlev, nlat, nlon;
    const double *colatitude; /* [nlat], borrowed */
    double *land;             /* [nlat][nlon] share of land; 0 without it */
    double *heating;          /* [nlev][nlat][nlon] K/s */
    double *moistening;       /* [nlev][nlat][nlon] s⁻¹; NULL without the cycle of water */
    double *rain;             /* [nlat][nlon] precipitation flux, kg m⁻² s⁻¹; NULL likewise */
    double *scratch;          /* [nlat][…] of the rows */
} ar_forcing;

/* Release in any case. `colatitude` [nlat] in radians has to outlive it. */
AR_USE_RESULT ar_status ar_forcing_init(ar_forcing *forcing, const ar_forcing_settings *settings,
                                        int64_t nlev, int64_t nlat, int64_t nlon,
                                        const double *colatitude, ar_error *err);
void ar_forcing_release(ar_forcing *forcing);

/* Fields on the whole grid, [nlev][nlat][nlon] or [nlat][nlon]; humidity may be NULL without the
 * cycle of water. */
typedef struct {
    const double *temperature, *humidity, *eastward, *northward, *log_pressure;
} ar_forcing_fields;

/* Fill row i of heating, moistening and rain at `seconds` since 1970 (UTC). Rows may be done at
 * once by many threads. */
void ar_forcing_row(ar_forcing *forcing, const ar_sigma *sigma, double seconds,
                    const ar_forcing_fields *fields, int64_t i);

#endif

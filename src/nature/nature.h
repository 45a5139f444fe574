/* The nature run: a small honest atmosphere that makes reanalysis-like data on any machine.
 * Hydrostatic primitive equations in vorticity–divergence form on σ levels (Hoskins & Simmons 1975;
 * Simmons & Burridge 1981), spectral in the horizontal, semi-implicit leapfrog with the filter of
 * Robert, Asselin and Williams (2009, Mon. Wea. Rev. 137, 2538), driven by Held & Suarez (1994)
 * or, with water, Thatcher & Jablonowski (2016), if wanted with seasons, continents and mountains.
 *
 * The same settings and seed give the same bits on any number of threads, through a restart too.
 * One ar_nature is used by one thread at a time; it uses all OpenMP threads itself. */
#ifndef AR_NATURE_NATURE_H
#define AR_NATURE_NATURE_H

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"
#include "field/spherical_harmonics.h"
#include "nature/sigma.h"
#include "nature/spectral_state.h"

typedef struct {
    int64_t truncation, nlev;
    const double *sigma_half; /* [nlev + 1] or NULL, as in ar_sigma_init; read on creation only */
    int64_t steps_per_hour;   /* so that whole hours are reached exactly */
    int64_t diffusion_order;  /* 4 or 8: −ν(−∇²)^(order/2) on all but surface pressure */
    double diffusion_time;    /* s, e-folding time of the largest wavenumber; 0: no diffusion */
    double filter;            /* ν/2 of Williams (2009) */
    double filter_alpha;      /* α of Williams (2009); 1 is Robert and Asselin's */
    bool held_suarez;         /* force; otherwise adiabatic and without friction */
    bool humidity;            /* carry specific humidity: a passive tracer, unless: */
    bool water_cycle;      /* evaporation, mixing, condensation, rain (needs both of the above) */
    bool seasonal_cycle;   /* equilibrium temperature and the sea's follow the sun */
    bool land;             /* continents: drier, with more of a season */
    double orography;      /* factor on the mountains of nature/surface.h, 0 … 3; 0: flat */
    int64_t start_seconds; /* UTC since 1970, of hour 0: the season */
} ar_nature_settings;

typedef struct ar_nature ar_nature;

/* Dry Held & Suarez, equal layers, and time step and diffusion that suit the truncation. */
ar_nature_settings ar_nature_default_settings(int64_t truncation, int64_t nlev);

/* AR_ERROR_USAGE names the setting that is wrong. The state is dry, at rest, 280 K, 1000 hPa at sea
 * level. */
AR_USE_RESULT ar_status ar_nature_create(ar_nature **nature, const ar_nature_settings *settings,
                                         ar_error *err);
void ar_nature_destroy(ar_nature **nature);

/* Add a random vorticity of large scales (total wavenumbers 2 to 12, alike on all levels) with
 * winds of about `speed` m/s (rms) to the state: from it weather grows, or an ensemble spreads.
 * Each seed is another draw. */
void ar_nature_perturb(ar_nature *nature, double speed, uint64_t seed);

/* A state on the model's own Gaussian grid, [nlat][nlon] or [nlev][nlat][nlon], north to south, top
 * to ground. */
typedef struct {
    double *eastward, *northward; /* m/s */
    double *temperature;          /* K */
    double *surface_pressure;     /* Pa */
    double *surface_geopotential; /* m² s⁻² */
    double *humidity;             /* kg/kg */
} ar_nature_fields;

/* Start from given fields at hour 0; they are projected on the truncation. Without humidity it is
 * dry, without a surface geopotential that stays as it is. */
AR_USE_RESULT ar_status ar_nature_set_fields(ar_nature *nature, const ar_nature_fields *fields,
                                             ar_error *err);
/* Synthesise the state into the caller's fields; any pointer may be NULL. */
AR_USE_RESULT ar_status ar_nature_get_fields(const ar_nature *nature, ar_nature_fields *fields,
                                             ar_error *err);

/* Integrate over whole hours. AR_ERROR_NUMERIC names hour, level and place when a wind is not
 * finite or faster than 250 m/s; the state is then not to be used. */
AR_USE_RESULT ar_status ar_nature_advance(ar_nature *nature, int64_t hours, ar_error *err);

/* AR_ERROR_NUMERIC if a wind of the state is such that the next step would fail: before a state is
 * kept or written. */
AR_USE_RESULT ar_status ar_nature_check(ar_nature *nature, ar_error *err);

/* Mean precipitation flux in kg m⁻² s⁻¹ on the model's own grid [nlat][nlon] since this was last
 * called or the start, and begin a new mean; 0 when no time has passed or nothing can rain. Returns
 * the seconds that it is the mean of. */
double ar_nature_take_precipitation(ar_nature *nature, double *flux);

const ar_nature_settings *ar_nature_get_settings(const ar_nature *nature);
/* Hours since the start. */
int64_t ar_nature_get_hour(const ar_nature *nature);
const ar_harmonics *ar_nature_get_harmonics(const ar_nature *nature);
const ar_sigma *ar_nature_get_sigma(const ar_nature *nature);
/* Borrowed, until the next call that changes the state. */
const ar_spectral_state *ar_nature_get_state(const ar_nature *nature);
const double complex *ar_nature_get_surface_geopotential(const ar_nature *nature);

/* Mean surface pressure in Pa, which stands for the mass of air. ln ps is stepped, so the scheme
 * itself conserves it to its truncation error only; a uniform factor after each step restores it to
 * rounding. mass_correction is the sum of the logarithms of these factors. */
AR_USE_RESULT ar_status ar_nature_mean_pressure(ar_nature *nature, double *pressure, ar_error *err);
double ar_nature_get_mass_correction(const ar_nature *nature);
/* Mean total energy in J m⁻² (kinetic, internal and potential: enthalpy plus surface geopotential).
 */
AR_USE_RESULT ar_status ar_nature_mean_energy(ar_nature *nature, double *energy, ar_error *err);

/* Write all that a run needs to go on with the same bits, atomically; read it into a nature of the
 * same settings (AR_ERROR_INPUT names the file and what differs or is damaged; the state is then
 * unchanged). */
AR_USE_RESULT ar_status ar_nature_save(const ar_nature *nature, const char *path, ar_error *err);
AR_USE_RESULT ar_status ar_nature_restore(ar_nature *nature, const char *path, ar_error *err);

#endif

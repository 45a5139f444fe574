/* The state as a reanalysis would have it: on a regular latitude–longitude grid with the poles and
 * on pressure levels. Values are interpolated linearly in ln p between the model's levels; above
 * the highest and below the lowest one they are continued as they are (geopotential
 * hydrostatically), below the ground too, so that there are no missing values. */
#ifndef AR_NATURE_PRESSURE_LEVELS_H
#define AR_NATURE_PRESSURE_LEVELS_H

#include <stdint.h>

#include "atmorep/status.h"
#include "nature/nature.h"

typedef enum {
    AR_NATURE_VORTICITY,         /* s⁻¹, along the model's σ levels */
    AR_NATURE_DIVERGENCE,        /* s⁻¹, the same */
    AR_NATURE_EASTWARD_WIND,     /* m/s */
    AR_NATURE_NORTHWARD_WIND,    /* m/s */
    AR_NATURE_AIR_TEMPERATURE,   /* K */
    AR_NATURE_GEOPOTENTIAL,      /* m² s⁻² */
    AR_NATURE_PRESSURE_TENDENCY, /* ω = dp/dt, Pa/s */
    AR_NATURE_VARIABLES,
} ar_nature_variable;

typedef struct {
    ar_harmonics *grid; /* regular, with the poles */
    int64_t level_count;
    double *levels;                     /* [level_count] Pa */
    double *model[AR_NATURE_VARIABLES]; /* [nlev][nlat][nlon] on the model's levels */
    double *log_pressure, *slope_east, *slope_north, *ground; /* [nlat][nlon] */
    float *values[AR_NATURE_VARIABLES];                       /* [level_count][nlat][nlon] */
    float *surface_pressure;                                  /* [nlat][nlon] Pa */
} ar_pressure_levels;

/* nlon longitudes (even) and nlon/2 + 1 latitudes; levels[level_count] in Pa, positive. Release in
 * any case. */
AR_USE_RESULT ar_status ar_pressure_levels_init(ar_pressure_levels *output, const ar_nature *nature,
                                                int64_t nlon, const double *levels,
                                                int64_t level_count, ar_error *err);
void ar_pressure_levels_release(ar_pressure_levels *output);
/* Fill values and surface_pressure with the state of `nature`, which has the shape that was given
 * to ar_pressure_levels_init. */
AR_USE_RESULT ar_status ar_pressure_levels_sample(ar_pressure_levels *output,
                                                  const ar_nature *nature, ar_error *err);

#endif

/* The state as a reanalysis would have it: on a regular latitude–longitude grid with the poles or
 * on the model's own Gaussian one, at pressure or σ levels. Between the model's levels values are
 * interpolated linearly in ln p (which at one place is ln σ); above the highest and below the
 * lowest one they are continued as they are (geopotential hydrostatically), below the ground too,
 * so that there are no missing values. */
#ifndef AR_NATURE_SNAPSHOT_H
#define AR_NATURE_SNAPSHOT_H

#include <stdint.h>

#include "atmorep/atmorep.h"
#include "nature/nature.h"

typedef enum {
    AR_NATURE_VORTICITY,         /* s⁻¹, along the model's σ levels */
    AR_NATURE_DIVERGENCE,        /* s⁻¹, the same */
    AR_NATURE_EASTWARD_WIND,     /* m/s */
    AR_NATURE_NORTHWARD_WIND,    /* m/s */
    AR_NATURE_AIR_TEMPERATURE,   /* K */
    AR_NATURE_GEOPOTENTIAL,      /* m² s⁻² */
    AR_NATURE_PRESSURE_TENDENCY, /* ω = dp/dt, Pa/s */
    AR_NATURE_SPECIFIC_HUMIDITY, /* kg/kg; 0 where the spectrum rings below */
    AR_NATURE_LEVEL_VARIABLES,   /* so many have levels */
    AR_NATURE_SURFACE_PRESSURE = AR_NATURE_LEVEL_VARIABLES, /* Pa */
    AR_NATURE_PRECIPITATION_FLUX, /* kg m⁻² s⁻¹, mean over the time before */
    AR_NATURE_TIME_VARIABLES,     /* so many change with time */
    AR_NATURE_SURFACE_ALTITUDE = AR_NATURE_TIME_VARIABLES, /* m, as the truncation has it */
    AR_NATURE_LAND_AREA_FRACTION,                          /* 0 … 1 */
    AR_NATURE_VARIABLES,
} ar_nature_variable;

typedef struct {
    ar_harmonics *grid;
    ar_nature_level_kind level_kind;
    int64_t level_count;
    double *levels;                           /* [level_count] Pa or σ */
    double *model[AR_NATURE_LEVEL_VARIABLES]; /* [nlev][nlat][nlon] on the model's levels */
    double *log_pressure, *slope_east, *slope_north, *ground; /* [nlat][nlon] */
    double *rain; /* [nlat][nlon] of the model's own grid; NULL: there is none */
    /* [level_count][nlat][nlon], or [nlat][nlon]; NULL: the model does not have it */
    float *values[AR_NATURE_VARIABLES];
} ar_snapshot;

/* For states of `nature`; sets what does not change with time. AR_ERROR_USAGE names what of the
 * grid or the levels is wrong. Release in any case. */
AR_USE_RESULT ar_status ar_snapshot_init(ar_snapshot *snapshot, const ar_nature *nature,
                                         const ar_nature_output_options *options, ar_error *err);
void ar_snapshot_release(ar_snapshot *snapshot);
/* Fill the other values but precipitation with the state of `nature`, which has the shape that was
 * given to ar_snapshot_init. Same bits on any number of threads. */
AR_USE_RESULT ar_status ar_snapshot_take(ar_snapshot *snapshot, const ar_nature *nature,
                                         ar_error *err);
/* Fill in the mean precipitation since this was last called, `seconds` ago, and begin a new mean;
 * missing where it is the mean of another time. On the regular
 * grid it is bilinear in latitude and longitude, and at a pole the mean of the row next to it. */
void ar_snapshot_take_precipitation(ar_snapshot *snapshot, ar_nature *nature, double seconds);
/* Used by ar_snapshot_init. */
AR_USE_RESULT ar_status ar_snapshot_set_ground(ar_snapshot *snapshot, const ar_nature *nature,
                                               ar_error *err);

#endif

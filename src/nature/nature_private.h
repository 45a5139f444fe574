/* What an ar_nature is made of; private to this room. */
#ifndef AR_NATURE_NATURE_PRIVATE_H
#define AR_NATURE_NATURE_PRIVATE_H

#include "nature/dynamics.h"
#include "nature/forcing.h"
#include "nature/nature.h"
#include "nature/semi_implicit.h"

struct ar_nature {
    ar_nature_settings settings; /* sigma_half is NULL: see dynamics.sigma */
    ar_dynamics dynamics;
    ar_forcing forcing; /* empty when there is none */
    ar_semi_implicit first_step, leapfrog;
    ar_spectral_state before, now, after, tendency;
    int64_t step;           /* taken since the start */
    double mean_pressure;   /* Pa, to be kept */
    double mass_correction; /* sum of ln(factor) so far */
    double *precipitation;  /* [nlat][nlon] kg m⁻² since it was last taken; NULL without it */
    double precipitation_seconds;
};

/* In seconds. */
static inline double ar_nature_time_step(const ar_nature *nature)
{
    return 3600.0 / nature->settings.steps_per_hour;
}

#endif

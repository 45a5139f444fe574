/* σ = p/ps levels and what the vertical scheme of Simmons & Burridge (1981, Mon. Wea. Rev. 109,
 * 758) makes of them: it conserves angular momentum and energy. Levels run from the top down. */
#ifndef AR_NATURE_SIGMA_H
#define AR_NATURE_SIGMA_H

#include <stdint.h>

#include "atmorep/status.h"

enum { AR_SIGMA_MOST_LEVELS = 128 };

typedef struct {
    int64_t nlev;
    double *half; /* [nlev + 1] interfaces, 0 … 1 */
    double *full; /* [nlev] midpoints in the sense of ln p: exp of the mean the scheme implies */
    double *log_full;  /* [nlev] ln of full */
    double *thickness; /* [nlev] Δσ */
    double *log_ratio; /* [nlev] ln(σ_{k+1/2}/σ_{k−1/2}), 0 for the top one, which never uses it */
    double *alpha;     /* [nlev] eq. 3.17–3.19; ln 2 at the top */
} ar_sigma;

/* half[nlev + 1] strictly increasing from 0 to 1, NULL: equally spaced. 1 ≤ nlev ≤
 * AR_SIGMA_MOST_LEVELS. */
AR_USE_RESULT ar_status ar_sigma_init(ar_sigma *sigma, int64_t nlev, const double *half,
                                      ar_error *err);
void ar_sigma_release(ar_sigma *sigma);

/* Geopotential above the surface of temperatures, φ_k − φ_s = Σ_j matrix[k][j] T_j in m² s⁻²:
 * hydrostatic balance, eq. 3.5 and 3.6. matrix [nlev][nlev]. */
void ar_sigma_hydrostatic_matrix(const ar_sigma *sigma, double *matrix);
/* Cooling of a resting atmosphere at `temperature` K by divergence, Σ_j matrix[k][j] D_j in K/s
 * (adiabatic: the negative of κTω/p, eq. 3.18). matrix [nlev][nlev]. */
void ar_sigma_expansion_matrix(const ar_sigma *sigma, double temperature, double *matrix);

#endif

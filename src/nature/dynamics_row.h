/* The products of ar_dynamics_tendency on one row of the grid; private to this room. */
#ifndef AR_NATURE_DYNAMICS_ROW_H
#define AR_NATURE_DYNAMICS_ROW_H

#include "nature/dynamics.h"

enum { AR_DYNAMICS_ROW_SCRATCH = 7 }; /* planes */

/* Replace on row i, on all levels: vorticity by the eastward and warming_east by the northward
 * component of A = (ζ + f) v × k − σ̇ ∂v/∂σ − R (T − T₀) ∇ ln ps, divergence by v²/2, warming_north
 * by the heating −v·∇T − σ̇ ∂T/∂σ + κTω/p less its linear part, moistening_north by −v·∇q − σ̇ ∂q/∂σ,
 * both with the forcing's share, pressure_east by −Σ v·∇ln ps Δσ. Sets row_fault[i]. Then makes the
 * row's forcing that of `seconds`, on the first step before. Rows may be done at once by many
 * threads. */
void ar_dynamics_row(ar_dynamics *dynamics, double seconds, bool first_step, int64_t i);

/* Set row_fault[i] by the row's winds: to the first that is not finite or faster than
 * AR_DYNAMICS_FASTEST_WIND. ar_dynamics_row does so too. */
void ar_dynamics_find_fault(ar_dynamics *dynamics, int64_t i);

#endif

/* Latitudes and weights that integrate over the sphere from pole to pole: ∫ f dμ ≈ Σ w_j f(μ_j)
 * with μ = sin(latitude) in [−1, 1], Σ w_j = 2. Rows run from north to south. Pure and thread-safe.
 */
#ifndef AR_FIELD_QUADRATURE_H
#define AR_FIELD_QUADRATURE_H

#include <stdint.h>

/* Gauss–Legendre: colatitude[n] in radians and weight[n], exact for polynomials in μ of degree
 * 2n − 1; the zeros of P_n by Newton's iteration in the colatitude, to rounding. n ≥ 1. */
void ar_gaussian_quadrature(int64_t n, double *colatitude, double *weight);

/* Clenshaw–Curtis on n ≥ 2 equally spaced colatitudes, both poles included, exact for degree n − 1
 * (Waldvogel 2006, BIT 46, eq. 2.4). */
void ar_clenshaw_curtis_quadrature(int64_t n, double *colatitude, double *weight);

#endif

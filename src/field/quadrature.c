#include "field/quadrature.h"

#include <math.h>

#include "field/constants.h"

/* P_n(cos θ) and its derivative by θ, by the three-term recurrence. */
static void legendre(int64_t n, double theta, double *value, double *derivative)
{
    double mu = cos(theta), before = 1, now = mu;
    for (int64_t k = 2; k <= n; k++) {
        double next = ((2 * k - 1) * mu * now - (k - 1) * before) / k;
        before = now;
        now = next;
    }
    *value = now;
    *derivative = n * (mu * now - before) / sin(theta);
}

void ar_gaussian_quadrature(int64_t n, double *colatitude, double *weight)
{
    if (n == 1) {
        colatitude[0] = AR_PI / 2;
        weight[0] = 2;
        return;
    }
    for (int64_t j = 0; j < (n + 1) / 2; j++) {
        double theta = AR_PI * (4 * j + 3) / (4 * n + 2), value, derivative;
        /* Quadratic convergence from an error of O(n⁻²): three steps reach rounding, and two more
         * cost nothing. */
        for (int step = 0; step < 5; step++) {
            legendre(n, theta, &value, &derivative);
            theta -= value / derivative;
        }
        legendre(n, theta, &value, &derivative);
        colatitude[j] = theta;
        colatitude[n - 1 - j] = AR_PI - theta;
        weight[j] = weight[n - 1 - j] = 2 / (derivative * derivative);
    }
    if (n % 2 == 1) {
        colatitude[n / 2] = AR_PI / 2;
    }
}

void ar_clenshaw_curtis_quadrature(int64_t n, double *colatitude, double *weight)
{
    int64_t intervals = n - 1;
    for (int64_t j = 0; j < n; j++) {
        double sum = 1;
        for (int64_t k = 1; 2 * k <= intervals; k++) {
            double factor = 2 * k == intervals ? 1 : 2;
            /* The angle is reduced modulo 2π in whole numbers: cos loses nothing for large n. */
            int64_t turn = 2 * k * j % (2 * intervals);
            sum -= factor / (4.0 * k * k - 1) * cos(turn * AR_PI / intervals);
        }
        colatitude[j] = j * AR_PI / intervals;
        weight[j] = (j == 0 || j == intervals ? 1 : 2) * sum / intervals;
    }
}

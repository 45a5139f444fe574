/* χ² of what was counted against what was expected. */
#ifndef TESTS_DATA_CHI_SQUARE_H
#define TESTS_DATA_CHI_SQUARE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What chance exceeds with probability 1e-6 (Wilson and Hilferty 1931). */
static inline double chi_square_bound(double freedom)
{
    double root = 1 - 2 / (9 * freedom) + 4.753 * sqrt(2 / (9 * freedom));
    return freedom * root * root * root;
}

/* Counts of independent draws against probabilities. */
static inline void check_distribution(const double *counts, const double *probabilities,
                                      int64_t count, double draws)
{
    double chi = 0;
    for (int64_t i = 0; i < count; i++) {
        double expected = probabilities[i] * draws;
        assert_true(expected > 20); /* enough for χ² to be what it is called */
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    assert_true(chi < chi_square_bound((double)count - 1));
}

#endif

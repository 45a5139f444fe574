/* Student's t distribution, for what few samples can tell. */
#ifndef AR_VERIFY_STUDENT_T_H
#define AR_VERIFY_STUDENT_T_H

#include <stdint.h>

/* P(|T| ≤ t) for t ≥ 0 and `freedom` ≥ 1 degrees of freedom (Abramowitz and Stegun 1964, 26.7.3
 * and 26.7.4: finite sums, exact). Pure. */
double ar_student_t_within(double t, int64_t freedom);

/* The t ≥ 0 with ar_student_t_within(t, freedom) = probability, 0 ≤ probability < 1. Pure. */
double ar_student_t_quantile(double probability, int64_t freedom);

#endif

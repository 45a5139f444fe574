/* Sums over the rows of a grid that are many numbers, such as a histogram: rows are gathered in
 * bands side by side and the bands then added up in order, so that the result does not depend on
 * the number of threads, with room for the bands only. */
#ifndef AR_VERIFY_BAND_SUMS_H
#define AR_VERIFY_BAND_SUMS_H

#include <stdint.h>

#include "atmorep/status.h"

/* Add one row to numbers[number_count]. */
typedef void ar_row_adder(const void *work, int64_t row, double *numbers);

/* Add rows 0 … row_count − 1 to numbers[number_count]. Parallel over bands. */
AR_USE_RESULT ar_status ar_band_sums_add(double *numbers, int64_t number_count, int64_t row_count,
                                         ar_row_adder *add_row, const void *work, ar_error *err);

#endif

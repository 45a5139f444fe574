#include "verify/band_sums.h"

#include "base/memory.h"

ar_status ar_band_sums_add(double *numbers, int64_t number_count, int64_t row_count,
                           ar_row_adder *add_row, const void *work, ar_error *err)
{
    enum { MOST_BANDS = 32 };
    int64_t bands = row_count < MOST_BANDS ? row_count : MOST_BANDS;
    double *sums = NULL;
    ar_status status =
        ar_allocate(&sums, (size_t)(bands * number_count), sizeof *sums, "sums of rows", err);
    if (status != AR_OK) {
        return status;
    }
#pragma omp parallel for schedule(static)
    for (int64_t band = 0; band < bands; band++) {
        int64_t end = (band + 1) * row_count / bands;
        for (int64_t row = band * row_count / bands; row < end; row++) {
            add_row(work, row, sums + band * number_count);
        }
    }
    for (int64_t band = 0; band < bands; band++) {
        for (int64_t c = 0; c < number_count; c++) {
            numbers[c] += sums[band * number_count + c];
        }
    }
    ar_free(sums);
    return AR_OK;
}

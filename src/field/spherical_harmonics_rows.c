/* What rows of a grid allow, before any transform is made. */
#include <math.h>

#include "field/constants.h"
#include "field/spherical_harmonics.h"

int64_t ar_harmonics_largest_truncation(ar_harmonics_rows rows, int64_t nlat, int64_t nlon)
{
    int64_t by_rows = nlat - (rows == AR_HARMONICS_REGULAR ? 2 : 1);
    int64_t by_columns = (nlon - 1) / 2;
    return by_rows < by_columns ? by_rows : by_columns;
}

/* Degrees from the north pole; Gaussian ones by an asymptotic formula (Tricomi 1950, first two
 * terms), right to 0.002 of a step. */
static double colatitude(ar_harmonics_rows rows, int64_t nlat, int64_t i)
{
    switch (rows) {
    case AR_HARMONICS_REGULAR:
        return 180.0 * (double)i / (double)(nlat - 1);
    case AR_HARMONICS_BETWEEN_POLES:
        return 180.0 * ((double)i + 0.5) / (double)nlat;
    default: {
        double first = AR_PI * (4 * (double)i + 3) / (4 * (double)nlat + 2), n = (double)nlat;
        return (first + (n - 1) / (8 * n * n * n * tan(first))) * 180 / AR_PI;
    }
    }
}

bool ar_harmonics_recognise_rows(int64_t nlat, const double *latitude, ar_harmonics_rows *rows)
{
    const ar_harmonics_rows sorts[] = {AR_HARMONICS_REGULAR, AR_HARMONICS_BETWEEN_POLES,
                                       AR_HARMONICS_GAUSSIAN};
    for (int s = 0; s < 3 && nlat >= 3; s++) {
        int64_t i = 0;
        while (i < nlat &&
               fabs(90 - latitude[i] - colatitude(sorts[s], nlat, i)) < 0.01 * 180 / (double)nlat) {
            i++;
        }
        if (i == nlat) {
            *rows = sorts[s];
            return true;
        }
    }
    return false;
}

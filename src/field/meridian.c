#include "field/meridian.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"

/* A field is the sum of four parts, each of half its size in both directions: equal or opposite on
 * opposite meridians, which decides what is seen beyond a pole, and equal or opposite on both sides
 * of the equator. Each has weights of its own, and they are a quarter of the work of the field's.
 */
enum { EQUAL, OPPOSITE };

/* Columns that are worked on together, as wide as a cache line. */
enum { WIDTH = 8 };
/* What every processor here adds at once. */
typedef double pair __attribute__((vector_size(2 * sizeof(double)), may_alias));

static int64_t half_up(int64_t n)
{
    return (n + 1) / 2;
}

/* Places half-way between rows: north to south, 2 intervals + 1 fine rows less those that are. */
static int64_t place_count(const ar_meridian *meridian)
{
    return 2 * meridian->intervals + 1 - meridian->nlat;
}

static double *weights_of(const ar_meridian *meridian, int beyond_pole, int across_equator)
{
    int64_t size = half_up(place_count(meridian)) * half_up(meridian->nlat);
    return meridian->weight + (2 * beyond_pole + across_equator) * size;
}

/* Of 2 intervals values around a great circle, by their distance from the one before the place
 * half-way: Dirichlet's (−1)^k/(2 intervals) cot(x/2). */
static void fill_kernel(int64_t circle, double *kernel)
{
    for (int64_t k = 0; k < circle; k++) {
        double half_distance = (0.5 - (double)k) * AR_PI / (double)circle;
        kernel[k] = (k % 2 == 0 ? 1 : -1) / ((double)circle * tan(half_distance));
    }
}

/* Weights [nlat] of the rows for place q where values beyond a pole are those of their rows times
 * `sign`. */
static void weigh_rows(const ar_meridian *meridian, int64_t q, double sign, const double *kernel,
                       double *weight)
{
    const int64_t nlat = meridian->nlat, circle = 2 * meridian->intervals;
    const int64_t offset = meridian->between_poles ? 1 : 0;
    memset(weight, 0, (size_t)nlat * sizeof *weight);
    for (int64_t k = 0; k < circle; k++) {
        /* on the circle row 0 is place 0, and the mirror of row 0 between the poles is the last */
        int64_t place = (q - offset + k + circle) % circle;
        int64_t row = place < nlat ? place : circle - offset - place;
        /* A polar row is seen from both sides: the mean of both is free of what no smooth field has
         * there, such as a zonal mean of the northward wind. */
        bool pole = offset == 0 && (row == 0 || row == nlat - 1);
        weight[row] += kernel[k] * (pole ? (1 + sign) / 2 : place < nlat ? 1 : sign);
    }
}

ar_status ar_meridian_init(ar_meridian *meridian, int64_t nlat, bool between_poles, ar_error *err)
{
    ar_status status = AR_OK;
    double *row = NULL, *kernel = NULL;
    *meridian = (ar_meridian){
        .nlat = nlat, .between_poles = between_poles, .intervals = nlat - (between_poles ? 0 : 1)};
    const int64_t places = half_up(place_count(meridian)), rows = half_up(nlat);
    AR_TRY(ar_allocate(&row, (size_t)nlat, sizeof *row, "weights of rows", err));
    AR_TRY(ar_allocate(&kernel, (size_t)(2 * meridian->intervals), sizeof *kernel, "kernel", err));
    AR_TRY(ar_allocate(&meridian->weight, (size_t)(4 * places * rows), sizeof *row,
                       "weights along meridians", err));
    fill_kernel(2 * meridian->intervals, kernel);
    for (int beyond = EQUAL; beyond <= OPPOSITE; beyond++) {
        for (int64_t q = 0; q < places; q++) {
            weigh_rows(meridian, q, beyond == EQUAL ? 1 : -1, kernel, row);
            for (int64_t i = 0; i < rows; i++) {
                int64_t mirror = nlat - 1 - i;
                double other = mirror == i ? 0 : row[mirror];
                weights_of(meridian, beyond, EQUAL)[q * rows + i] = row[i] + other;
                weights_of(meridian, beyond, OPPOSITE)[q * rows + i] = row[i] - other;
            }
        }
    }
cleanup:
    ar_free(row);
    ar_free(kernel);
    if (status != AR_OK) {
        ar_meridian_release(meridian);
    }
    return status;
}

void ar_meridian_release(ar_meridian *meridian)
{
    ar_free(meridian->weight);
    *meridian = (ar_meridian){0};
}

/* Take columns j … and those opposite apart: part[2 meridians][2 equator][rows][WIDTH]. */
static void take_apart(const ar_meridian *meridian, int64_t nlon, int64_t j, const double *field,
                       double *part)
{
    const int64_t rows = half_up(meridian->nlat), half = nlon / 2;
    for (int64_t i = 0; i < rows; i++) {
        const double *north = field + i * nlon + j;
        const double *south = field + (meridian->nlat - 1 - i) * nlon + j;
        for (int64_t c = 0; c < WIDTH; c++) {
            bool inside = j + c < half;
            double n = inside ? north[c] : 0, n_opposite = inside ? north[c + half] : 0;
            double s = inside ? south[c] : 0, s_opposite = inside ? south[c + half] : 0;
            part[i * WIDTH + c] = ((n + n_opposite) + (s + s_opposite)) / 4;
            part[(rows + i) * WIDTH + c] = ((n + n_opposite) - (s + s_opposite)) / 4;
            part[(2 * rows + i) * WIDTH + c] = ((n - n_opposite) + (s - s_opposite)) / 4;
            part[(3 * rows + i) * WIDTH + c] = ((n - n_opposite) - (s - s_opposite)) / 4;
        }
    }
}

/* value[WIDTH] = Σ weight[i] part[i][WIDTH], in four sums, so that none waits for another. */
static void weigh(int64_t rows, const double *weight, const double *part, double *value)
{
    const pair *from = (const pair *)part;
    pair sum[WIDTH / 2] = {{0}};
    for (int64_t i = 0; i < rows; i++) {
        pair factor = {weight[i], weight[i]};
        sum[0] += factor * from[4 * i];
        sum[1] += factor * from[4 * i + 1];
        sum[2] += factor * from[4 * i + 2];
        sum[3] += factor * from[4 * i + 3];
    }
    memcpy(value, sum, sizeof sum);
}

/* The values half-way of columns j … and those opposite. */
static void interpolate(const ar_meridian *meridian, int64_t nlon, int64_t j, int sign_beyond_pole,
                        const double *part, double *fine)
{
    const int64_t rows = half_up(meridian->nlat), places = place_count(meridian), half = nlon / 2;
    const int64_t first = meridian->between_poles ? 0 : 1;
    for (int64_t q = 0; q < half_up(places); q++) {
        double value[2][2][WIDTH];
        for (int meridians = EQUAL; meridians <= OPPOSITE; meridians++) {
            /* what opposite meridians differ by changes its sign once more beyond a pole */
            int beyond = (meridians == OPPOSITE) == (sign_beyond_pole > 0) ? OPPOSITE : EQUAL;
            for (int equator = EQUAL; equator <= OPPOSITE; equator++) {
                weigh(rows, weights_of(meridian, beyond, equator) + q * rows,
                      part + (2 * meridians + equator) * rows * WIDTH, value[meridians][equator]);
            }
        }
        double *north = fine + (2 * q + first) * nlon + j;
        double *south = fine + (2 * (places - 1 - q) + first) * nlon + j;
        for (int64_t c = 0; c < WIDTH && j + c < half; c++) {
            double equal = value[EQUAL][EQUAL][c], equal_turned = value[EQUAL][OPPOSITE][c];
            double opposite = value[OPPOSITE][EQUAL][c];
            double opposite_turned = value[OPPOSITE][OPPOSITE][c];
            south[c] = (equal - equal_turned) + (opposite - opposite_turned);
            south[c + half] = (equal - equal_turned) - (opposite - opposite_turned);
            north[c] = (equal + equal_turned) + (opposite + opposite_turned);
            north[c + half] = (equal + equal_turned) - (opposite + opposite_turned);
        }
    }
}

ar_status ar_meridian_refine(const ar_meridian *meridian, int64_t nlon, const double *field,
                             int sign_beyond_pole, double *fine, ar_error *err)
{
    double *part = NULL;
    const int64_t first = meridian->between_poles ? 1 : 0;
    ar_status status = ar_allocate(&part, (size_t)(4 * WIDTH * half_up(meridian->nlat)),
                                   sizeof *part, "columns of a field", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i < meridian->nlat; i++) {
        memcpy(fine + (2 * i + first) * nlon, field + i * nlon, (size_t)nlon * sizeof *fine);
    }
    for (int64_t j = 0; j < nlon / 2; j += WIDTH) {
        take_apart(meridian, nlon, j, field, part);
        interpolate(meridian, nlon, j, sign_beyond_pole, part, fine);
    }
    ar_free(part);
    return AR_OK;
}

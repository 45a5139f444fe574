/* Regridding against what is known of each method: areas keep integrals, linear interpolation keeps
 * linear fields, harmonics keep polynomials of the coordinates on any grid. */
#include "field/regrid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "field/constants.h"
#include "field/quadrature.h"
#include "grids.h"

static const double radian = AR_PI / 180;
static bool have_harmonics;

static ar_regrid *make(const ar_source_grid *source, const ar_grid *target,
                       const ar_regrid_settings *settings)
{
    ar_regrid *regrid = NULL;
    ar_error err = {""};
    if (ar_regrid_create(&regrid, source, target, settings, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return regrid;
}

static double *numbers(int64_t count)
{
    double *x = calloc((size_t)count, sizeof *x);
    assert_non_null(x);
    return x;
}

static double *random_numbers(int64_t count)
{
    ar_random stream = {.seed = 11, .purpose = AR_RANDOM_TEST};
    double *x = numbers(count);
    for (int64_t i = 0; i < count; i++) {
        x[i] = ar_random_normal(&stream);
    }
    return x;
}

/* Once, without keeping what it is made with. */
static double *regridded(const ar_source_grid *source, const ar_grid *target,
                         ar_regrid_settings settings, const double *values)
{
    ar_regrid *regrid = make(source, target, &settings);
    double *result = numbers(target->nlat * target->nlon);
    ar_error err = {""};
    if (ar_regrid_apply(regrid, values, result, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    ar_regrid_destroy(&regrid);
    assert_null(regrid);
    return result;
}

/* The area mean; weights have mean 1. */
static double mean_of(const ar_grid *grid, const double *values)
{
    double *weight = numbers(grid->nlat), sum = 0;
    ar_grid_area_weights(grid, weight);
    for (int64_t p = 0; p < grid->nlat * grid->nlon; p++) {
        sum += weight[p / grid->nlon] * values[p];
    }
    free(weight);
    return sum / (double)(grid->nlat * grid->nlon);
}

/* Rows of a reduced grid of 2N Gaussian latitudes: octahedral, or like the classic ones with an
 * even number of points that shrinks with cos φ. */
static int64_t *reduced_points(int64_t N, bool octahedral, int64_t *total)
{
    int64_t *points = calloc((size_t)(2 * N), sizeof *points);
    assert_non_null(points);
    double *theta = numbers(2 * N), *weight = numbers(2 * N);
    ar_gaussian_quadrature(2 * N, theta, weight);
    *total = 0;
    for (int64_t i = 0; i < N; i++) {
        int64_t classic = 4 * (int64_t)ceil((double)N * sin(theta[i])) + 12;
        classic = classic > 4 * N ? 4 * N : classic;
        points[i] = points[2 * N - 1 - i] = octahedral ? 20 + 4 * i : classic;
        *total += 2 * points[i];
    }
    free(theta);
    free(weight);
    return points;
}

/* The global area integral of any field stays, to the rounding of sums of 1e4 terms of order one:
 * as the source's cells weigh it, which for Gaussian rows is their quadrature. */
static void areas_keep_the_integral(void **state)
{
    (void)state;
    const ar_grid sources[] = {make_grid(90, 2.5, 73, 0, 2.5, 144),
                               make_grid(88.75, 2.5, 72, 1.25, 2.5, 144)};
    const ar_grid targets[] = {make_grid(90, 10, 19, 0, 10, 36), make_grid(85, 10, 18, 5, 10, 36),
                               make_grid(90, 7.5, 25, -180, 8, 45),
                               make_grid(90, 2, 91, 0, 1.5, 240)};
    double *values = random_numbers(73 * 144);
    for (int t = 0; t < 4; t++) {
        for (int s = 0; s < 2; s++) {
            ar_source_grid source = ar_source_of_grid(&sources[s]);
            double *result = regridded(&source, &targets[t], (ar_regrid_settings){0}, values);
            double error = mean_of(&targets[t], result) - mean_of(&sources[s], values);
            assert_true(fabs(error) < 1e-12);
            free(result);
        }
        for (int octahedral = 0; octahedral < 3; octahedral++) {
            const int64_t N = 16;
            int64_t total, *points = reduced_points(N, octahedral == 1, &total);
            ar_source_grid source = {.kind = AR_SOURCE_GAUSSIAN, .nlat = 2 * N, .points = points};
            if (octahedral == 2) {
                source.points = NULL;
                source.nlon = 4 * N;
            }
            double *theta = numbers(2 * N), *weight = numbers(2 * N), mean = 0;
            ar_gaussian_quadrature(2 * N, theta, weight);
            for (int64_t i = 0, p = 0; i < 2 * N; i++) {
                int64_t row = source.points ? points[i] : source.nlon;
                for (int64_t k = 0; k < row; k++) {
                    mean += weight[i] / 2 * values[p++] / (double)row;
                }
            }
            double *result = regridded(&source, &targets[t], (ar_regrid_settings){0}, values);
            assert_true(fabs(mean_of(&targets[t], result) - mean) < 1e-12);
            free(result);
            free(points);
            free(theta);
            free(weight);
        }
    }
    free(values);
    for (int t = 0; t < 4; t++) {
        ar_grid grid = targets[t];
        ar_grid_release(&grid);
    }
    for (int s = 0; s < 2; s++) {
        ar_grid grid = sources[s];
        ar_grid_release(&grid);
    }
}

/* A cell that holds whole cells is their mean by sin φ: 2 × 2 cells of 10 degrees in one of 20, in
 * a region with edges at 0, 10, 20 north; a missing cell is left out as long as half of the area is
 * there, and what lies outside of the source is missing. */
static void areas_by_hand(void **state)
{
    (void)state;
    ar_grid fine = make_grid(15, 10, 2, 5, 10, 4), coarse = make_grid(10, 20, 1, 10, 20, 3);
    /* a single row takes its step from the longitudes: 0 to 20 north */
    ar_source_grid source = ar_source_of_grid(&fine);
    double values[8] = {1, 2, NAN, 7, 3, 4, 5, 6};
    double north = sin(20 * radian) - sin(10 * radian), south = sin(10 * radian);
    double *result = regridded(&source, &coarse, (ar_regrid_settings){0}, values);
    double west = (north * (1 + 2) / 2 + south * (3 + 4) / 2) / (north + south);
    double east = (north * 7 / 2 + south * (5 + 6) / 2) / (north / 2 + south);
    assert_true(fabs(result[0] - west) < 1e-14);
    assert_true(fabs(result[1] - east) < 1e-14);
    assert_true(isnan(result[2]));
    free(result);
    result = regridded(&source, &coarse, (ar_regrid_settings){.minimum_share = 1}, values);
    assert_true(fabs(result[0] - west) < 1e-14 && isnan(result[1]));
    free(result);
    /* the same turned by a circle */
    ar_grid turned = make_grid(10, 20, 1, -350, 20, 2);
    result = regridded(&source, &turned, (ar_regrid_settings){0}, values);
    assert_true(fabs(result[0] - west) < 1e-14 && fabs(result[1] - east) < 1e-14);
    free(result);
    ar_grid_release(&fine);
    ar_grid_release(&coarse);
    ar_grid_release(&turned);
}

/* Onto itself every method by points is the identity to the bit, missing values included. */
static void identity(void **state)
{
    (void)state;
    ar_grid grid = make_grid(88.75, 2.5, 72, -180, 2.5, 144);
    const int64_t count = grid.nlat * grid.nlon;
    ar_source_grid source = ar_source_of_grid(&grid);
    double *values = random_numbers(count);
    values[77] = NAN;
    double *result =
        regridded(&source, &grid, (ar_regrid_settings){.method = AR_REGRID_BILINEAR}, values);
    assert_memory_equal(values, result, (size_t)count * sizeof *values);
    free(result);
    result = regridded(&source, &grid, (ar_regrid_settings){.method = AR_REGRID_AREA}, values);
    for (int64_t p = 0; p < count; p++) {
        assert_true(isnan(values[p]) ? isnan(result[p]) : fabs(values[p] - result[p]) < 1e-12);
    }
    free(result);
    free(values);
    ar_grid_release(&grid);
}

/* f = (2 + 3λ)(5 − φ) is linear in each direction, and stays from any rows with any spacing;
 * nothing is extrapolated. Values up to 3e4, rounding 1e-11. */
static void bilinear_keeps_linear_fields(void **state)
{
    (void)state;
    const double latitude[5] = {61, 50, 44.5, 40, 33}, longitude[4] = {-20, -13, -1, 6};
    double values[20];
    for (int p = 0; p < 20; p++) {
        values[p] = (2 + 3 * longitude[p % 4]) * (5 - latitude[p / 4]);
    }
    ar_source_grid source = {
        .kind = AR_SOURCE_ROWS, .nlat = 5, .nlon = 4, .latitude = latitude, .longitude = longitude};
    for (int turn = 0; turn < 2; turn++) {
        ar_grid target = make_grid(64, 1, 40, turn ? 330 : -30, 1, 30);
        double *result =
            regridded(&source, &target, (ar_regrid_settings){.method = AR_REGRID_BILINEAR}, values);
        int64_t inside = 0;
        for (int64_t p = 0; p < 40 * 30; p++) {
            double y = target.latitude[p / 30], x = target.longitude[p % 30] - (turn ? 360 : 0);
            bool in = y <= 61 && y >= 33 && x >= -20 && x <= 6;
            double expected = (2 + 3 * x) * (5 - y);
            assert_true(in ? fabs(result[p] - expected) < 1e-11 : isnan(result[p]));
            inside += in ? 1 : 0;
        }
        assert_int_equal(inside, 29 * 20);
        free(result);
        ar_grid_release(&target);
    }
}

/* Of four neighbours with the weights 0.1, 0.3, 0.15, 0.45 the missing ones are left out while the
 * share that is asked for is there. */
static void bilinear_and_missing_values(void **state)
{
    (void)state;
    const double latitude[2] = {10, 0}, longitude[2] = {0, 4};
    ar_source_grid source = {
        .kind = AR_SOURCE_ROWS, .nlat = 2, .nlon = 2, .latitude = latitude, .longitude = longitude};
    ar_grid target = make_grid(4, 1, 1, 3, 1, 1);
    const struct {
        double values[4], share, expected;
    } cases[] = {{{1, 2, 3, 4}, 1, 0.1 + 0.6 + 0.45 + 1.8},
                 {{NAN, 2, 3, 4}, 0, (0.6 + 0.45 + 1.8) / 0.9},
                 {{NAN, 2, 3, 4}, 1, NAN},
                 {{1, 2, NAN, NAN}, 0.4, 0.7 / 0.4},
                 {{1, 2, NAN, NAN}, 0.41, NAN},
                 {{NAN, NAN, NAN, NAN}, 0.01, NAN}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double *result = regridded(
            &source, &target,
            (ar_regrid_settings){.method = AR_REGRID_BILINEAR, .minimum_share = cases[c].share},
            cases[c].values);
        assert_true(isnan(cases[c].expected) ? isnan(result[0])
                                             : fabs(result[0] - cases[c].expected) < 1e-14);
        free(result);
    }
    ar_grid_release(&target);
}

/* A polynomial of the coordinates on the sphere, of degree 9, and the wind of solid rotation tilted
 * by 1 radian with a divergent part of degree 2: all that any grid here determines. */
static double polynomial(double latitude, double longitude)
{
    double x = cos(latitude * radian) * cos(longitude * radian);
    double y = cos(latitude * radian) * sin(longitude * radian), z = sin(latitude * radian);
    return 1 + z - 2 * x * y + 3 * x * x * x * z * z - y * y * y * y * x * z * z * z * z;
}

static void wind_at(double latitude, double longitude, double *u, double *v)
{
    double s = sin(latitude * radian), c = cos(latitude * radian), x = longitude * radian;
    *u = 40 * (c * cos(1) + s * cos(x) * sin(1)) - 30 * s * sin(x);
    *v = -40 * sin(x) * sin(1) + 30 * cos(2 * latitude * radian) * cos(x);
}

enum { SOURCES = 6 };

/* Source number s with the field and wind on it; `points` and the fields are the caller's. */
typedef struct {
    ar_source_grid grid;
    ar_grid regular;
    int64_t *points;
    int64_t count;
    double *f, *u, *v;
} sampled;

static void sample(sampled *s, int64_t at, double latitude, double longitude)
{
    s->f[at] = polynomial(latitude, longitude);
    wind_at(latitude, longitude, &s->u[at], &s->v[at]);
}

static sampled make_sampled(int which)
{
    sampled s = {.count = 0};
    const int64_t N = which == 5 ? 48 : 16, nlat = 2 * N;
    double *theta = numbers(nlat), *weight = numbers(nlat);
    ar_gaussian_quadrature(nlat, theta, weight);
    if (which < 2) {
        s.regular =
            which == 0 ? make_grid(90, 5, 37, 0, 5, 72) : make_grid(87.5, 5, 36, 2.5, 5, 72);
        s.grid = ar_source_of_grid(&s.regular);
        s.count = s.regular.nlat * s.regular.nlon;
    } else if (which == 2) { /* Gaussian latitudes that a file gives as numbers */
        s.regular = make_grid(90, 6, nlat - 1, 0, 6, 60);
        s.grid = ar_source_of_grid(&s.regular);
        for (int64_t i = 0; i < nlat; i++) {
            weight[i] = 90 - theta[i] / radian;
        }
        s.grid.nlat = nlat;
        s.grid.latitude = weight;
        s.count = nlat * 60;
    } else {
        s.grid = (ar_source_grid){.kind = AR_SOURCE_GAUSSIAN, .nlat = nlat, .nlon = 4 * N};
        s.count = nlat * 4 * N;
        if (which > 3) {
            s.points = reduced_points(N, which == 4, &s.count);
            s.grid.points = s.points;
        }
    }
    s.f = numbers(s.count);
    s.u = numbers(s.count);
    s.v = numbers(s.count);
    for (int64_t i = 0, at = 0; i < s.grid.nlat; i++) {
        int64_t n = s.points ? s.points[i] : s.grid.nlon;
        for (int64_t k = 0; k < n; k++) {
            double latitude = s.grid.latitude ? s.grid.latitude[i] : 90 - theta[i] / radian;
            double longitude = s.grid.longitude ? s.grid.longitude[k] : 360.0 * k / n;
            sample(&s, at++, latitude, longitude);
        }
    }
    free(theta);
    if (which == 2) {
        return s; /* `weight` is its latitudes, which release_sampled frees */
    }
    free(weight);
    return s;
}

static void release_sampled(sampled *s)
{
    if (s->grid.kind == AR_SOURCE_ROWS && s->grid.latitude != s->regular.latitude) {
        free((double *)s->grid.latitude);
    }
    if (s->regular.latitude) {
        ar_grid_release(&s->regular);
    }
    free(s->points);
    free(s->f);
    free(s->u);
    free(s->v);
}

/* Largest differences of a scalar and a wind from what they are on the target. */
static void errors_at(const sampled *s, const ar_grid *target, ar_regrid_settings settings,
                      double error[2])
{
    const int64_t count = target->nlat * target->nlon;
    ar_regrid *regrid = make(&s->grid, target, &settings);
    double *f = numbers(count), *u = numbers(count), *v = numbers(count);
    assert_int_equal(ar_regrid_source_count(regrid), s->count);
    assert_int_equal(ar_regrid_apply(regrid, s->f, f, NULL), AR_OK);
    assert_int_equal(ar_regrid_apply_wind(regrid, s->u, s->v, u, v, NULL), AR_OK);
    error[0] = error[1] = 0;
    for (int64_t p = 0; p < count; p++) {
        double y = target->latitude[p / target->nlon], x = target->longitude[p % target->nlon];
        double eastward, northward;
        wind_at(y, x, &eastward, &northward);
        error[0] = fmax(error[0], fabs(f[p] - polynomial(y, x)));
        error[1] = fmax(error[1], fmax(fabs(u[p] - eastward), fabs(v[p] - northward)));
    }
    free(f);
    free(u);
    free(v);
    ar_regrid_destroy(&regrid);
}

/* Exact from every grid to every grid, the poles included: 1e-12 of values of 5 and 100. */
static void harmonics_keep_polynomials(void **state)
{
    (void)state;
    const ar_grid targets[] = {make_grid(90, 7.5, 25, 0, 7.5, 48),
                               make_grid(88.75, 2.5, 72, 1.25, 2.5, 144),
                               make_grid(60, 4, 9, -13, 3, 11)};
    const int64_t truncation[SOURCES] = {35, 35, 29, 31, 15, 95};
    for (int which = 0; which < SOURCES; which++) {
        sampled s = make_sampled(which);
        for (int t = 0; t < 3; t++) {
            double error[2];
            errors_at(&s, &targets[t], (ar_regrid_settings){.method = AR_REGRID_HARMONICS}, error);
            print_message("source %d target %d: scalar %.1e, wind %.1e\n", which, t, error[0],
                          error[1]);
            assert_true(error[0] < 5e-12 && error[1] < 1e-10);
        }
        ar_regrid_settings settings = {.method = AR_REGRID_HARMONICS};
        ar_regrid *regrid = make(&s.grid, &targets[1], &settings);
        int64_t expected = truncation[which] < 71 ? truncation[which] : 71;
        assert_int_equal(ar_regrid_get_truncation(regrid), expected);
        ar_regrid_destroy(&regrid);
        release_sampled(&s);
    }
    for (int t = 0; t < 3; t++) {
        ar_grid grid = targets[t];
        ar_grid_release(&grid);
    }
}

/* Up to truncation 2 nothing is left of the harmonic P_5 = (63 z⁵ − 70 z³ + 15 z)/8. */
static void truncation_leaves_out(void **state)
{
    (void)state;
    ar_grid from = make_grid(90, 5, 37, 0, 5, 72), to = make_grid(85, 10, 18, 5, 10, 36);
    ar_source_grid source = ar_source_of_grid(&from);
    double *values = numbers(37 * 72);
    for (int64_t p = 0; p < 37 * 72; p++) {
        double z = sin(from.latitude[p / 72] * radian);
        values[p] = 3 + z + (63 * pow(z, 5) - 70 * pow(z, 3) + 15 * z) / 8;
    }
    for (int kept = 0; kept < 2; kept++) {
        double *result = regridded(
            &source, &to,
            (ar_regrid_settings){.method = AR_REGRID_HARMONICS, .truncation = kept ? 5 : 2},
            values);
        for (int64_t p = 0; p < 18 * 36; p++) {
            double z = sin(to.latitude[p / 36] * radian);
            double fifth = (63 * pow(z, 5) - 70 * pow(z, 3) + 15 * z) / 8;
            assert_true(fabs(result[p] - 3 - z - (kept ? fifth : 0)) < 1e-13);
        }
        free(result);
    }
    free(values);
    ar_grid_release(&from);
    ar_grid_release(&to);
}

/* Errors of linear interpolation are at most (step²/8)(|f_λλ| + |f_φφ|), steps being longest along
 * the shortest rows; poles, where there are no rows, included. Second derivatives are below 20 of
 * the polynomial and below 200 m/s of the wind in either direction. */
static void bilinear_everywhere(void **state)
{
    (void)state;
    ar_grid target = make_grid(90, 1.5, 121, 0, 1.5, 240);
    for (int which = 0; which < SOURCES; which++) {
        sampled s = make_sampled(which);
        double error[2];
        int64_t shortest = s.points ? s.points[0] : s.grid.nlon;
        double step = 360.0 / (double)shortest * radian;
        errors_at(&s, &target, (ar_regrid_settings){.method = AR_REGRID_BILINEAR}, error);
        print_message("source %d: scalar %.1e, wind %.1e\n", which, error[0], error[1]);
        assert_true(error[0] < step * step / 8 * 40 && error[1] < step * step / 8 * 400);
        release_sampled(&s);
    }
    ar_grid_release(&target);
}

/* A spectrum of ECMWF's: f_0^0 is the mean, P_1^0 = √3 μ, P_1^1 = √(3/2) cos φ, P_2^1 = √(15/2) μ
 * cos φ (½∫P² dμ = 1), orders m > 0 twice their real part. */
static void spectrum_by_hand(void **state)
{
    (void)state;
    double s[12] = {2, 0, 3, 0, 0, 0, 5, 7, 11, -13, 0, 0};
    ar_source_grid source = {.kind = AR_SOURCE_SPECTRUM, .truncation = 2};
    ar_grid target = make_grid(80, 20, 9, 10, 20, 18);
    double *f = regridded(&source, &target, (ar_regrid_settings){.method = AR_REGRID_HARMONICS}, s);
    for (int64_t p = 0; p < 9 * 18; p++) {
        double y = target.latitude[p / 18] * radian, x = target.longitude[p % 18] * radian;
        double expected = 2 + 3 * sqrt(3) * sin(y) +
                          2 * sqrt(1.5) * cos(y) * (5 * cos(x) - 7 * sin(x)) +
                          2 * sqrt(7.5) * sin(y) * cos(y) * (11 * cos(x) + 13 * sin(x));
        assert_true(fabs(f[p] - expected) < 1e-13 * 50);
    }
    free(f);
    /* Solid rotation: ζ = 2U μ/a is f_1^0 = 2U/(a√3). The first order of divergence makes ∇χ with
     * χ = −a²/2 δ. A truncation of 1 leaves both as they are. */
    const double U = 30, a = AR_EARTH_RADIUS, D = 1e-6;
    double vorticity[12] = {0, 0, 2 * U / (a * sqrt(3)), 0}, divergence[12] = {0};
    divergence[6] = D;
    double u[9 * 18], v[9 * 18];
    ar_regrid *regrid = make(&source, &target,
                             &(ar_regrid_settings){.method = AR_REGRID_HARMONICS, .truncation = 1});
    assert_int_equal(ar_regrid_source_count(regrid), 12);
    assert_int_equal(ar_regrid_get_truncation(regrid), 1);
    assert_int_equal(ar_regrid_apply_wind(regrid, vorticity, divergence, u, v, NULL), AR_OK);
    for (int64_t p = 0; p < 9 * 18; p++) {
        double y = target.latitude[p / 18] * radian, x = target.longitude[p % 18] * radian;
        double chi = -a * D * sqrt(1.5); /* χ/a = chi cos φ cos λ */
        assert_true(fabs(u[p] - (U * cos(y) - chi * sin(x))) < 1e-11);
        assert_true(fabs(v[p] - (-chi * sin(y) * cos(x))) < 1e-11);
    }
    ar_regrid_destroy(&regrid);
    ar_grid_release(&target);
}

/* Single precision is the same, rounded. */
static void single_precision(void **state)
{
    (void)state;
    ar_grid target = make_grid(90, 7.5, 25, 0, 7.5, 48);
    const int64_t count = target.nlat * target.nlon;
    for (int method = 0; method < (have_harmonics ? 3 : 2); method++) {
        sampled s = make_sampled(4);
        ar_regrid_settings settings = {.method = (ar_regrid_method)method};
        ar_regrid *regrid = make(&s.grid, &target, &settings);
        float *in = calloc((size_t)s.count * 2, sizeof *in);
        float *out = calloc((size_t)count * 2, sizeof *out);
        double *result = numbers(2 * count);
        for (int64_t p = 0; p < s.count; p++) {
            in[p] = (float)s.u[p];
            in[s.count + p] = (float)s.v[p];
            s.u[p] = in[p];
            s.v[p] = in[s.count + p];
        }
        assert_int_equal(ar_regrid_apply(regrid, s.u, result, NULL), AR_OK);
        assert_int_equal(ar_regrid_apply_float(regrid, in, out, NULL), AR_OK);
        for (int64_t p = 0; p < count; p++) {
            assert_true(out[p] == (float)result[p]);
        }
        assert_int_equal(ar_regrid_apply_wind(regrid, s.u, s.v, result, result + count, NULL),
                         AR_OK);
        assert_int_equal(
            ar_regrid_apply_wind_float(regrid, in, in + s.count, out, out + count, NULL), AR_OK);
        for (int64_t p = 0; p < 2 * count; p++) {
            assert_true(out[p] == (float)result[p]);
        }
        free(in);
        free(out);
        free(result);
        ar_regrid_destroy(&regrid);
        release_sampled(&s);
    }
    ar_grid_release(&target);
}

static void expect_refusal(const ar_source_grid *source, const ar_grid *target,
                           ar_regrid_settings settings, const char *text)
{
    ar_regrid *regrid = NULL;
    ar_error err = {""};
    assert_int_equal(ar_regrid_create(&regrid, source, target, &settings, &err), AR_ERROR_USAGE);
    assert_null(regrid);
    if (!strstr(err.message, text)) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, text);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    const double up[3] = {0, 10, 20}, down[3] = {20, 10, 0}, beyond[3] = {91, 0, -10};
    const double around[3] = {0, 180, 360};
    const int64_t empty[3] = {20, 0, 20};
    ar_grid target = make_grid(90, 10, 19, 0, 10, 36), odd = make_grid(30, 7, 4, 0, 7, 5);
    ar_source_grid rows = {.kind = AR_SOURCE_ROWS, .nlat = 3, .nlon = 3, .longitude = up};
    ar_source_grid gaussian = {.kind = AR_SOURCE_GAUSSIAN, .nlat = 32, .nlon = 64};
    ar_source_grid spectrum = {.kind = AR_SOURCE_SPECTRUM, .truncation = 21};
    const ar_regrid_settings area = {0}, harmonics = {.method = AR_REGRID_HARMONICS};
    rows.latitude = up;
    expect_refusal(&rows, &target, area, "latitude[1] of the source is 10; should be");
    rows.latitude = beyond;
    expect_refusal(&rows, &target, area, "latitude[0] of the source is 91; should be");
    rows.latitude = down;
    expect_refusal(&rows, &target, harmonics, "not equally spaced around the globe");
    expect_refusal(&rows, &target, (ar_regrid_settings){.minimum_share = 2}, "should be in 0 to 1");
    rows.longitude = around;
    expect_refusal(&rows, &target, area, "longitude[2] of the source is 360; should be");
    rows.nlat = 1;
    expect_refusal(&rows, &target, area, "at least 2 x 2");
    expect_refusal(&(ar_source_grid){.kind = AR_SOURCE_GAUSSIAN, .nlat = 3, .points = empty},
                   &target, area, "row 1 of the source has 0 points");
    expect_refusal(&spectrum, &target, area, "have no grid points");
    expect_refusal(&(ar_source_grid){.kind = AR_SOURCE_SPECTRUM}, &target, harmonics,
                   "harmonics of truncation 0");
    expect_refusal(&spectrum, &odd, harmonics, "does not divide 360");
    expect_refusal(&spectrum, &target,
                   (ar_regrid_settings){.method = AR_REGRID_HARMONICS, .truncation = 22},
                   "should be 1 to 21");
    if (!have_harmonics) {
        expect_refusal(&gaussian, &target, harmonics, "-DATMOREP_SPECTRAL=ON");
    } else {
        expect_refusal(&gaussian, &target,
                       (ar_regrid_settings){.method = AR_REGRID_HARMONICS, .truncation = 32},
                       "the largest is 31");
        ar_regrid *regrid = make(&gaussian, &target, &harmonics);
        double *values = numbers(32 * 64), *result = numbers(19 * 36);
        ar_error err = {""};
        values[70] = NAN;
        assert_int_equal(ar_regrid_apply(regrid, values, result, &err), AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "value 70 of 2048 of the source is nan"));
        free(values);
        free(result);
        ar_regrid_destroy(&regrid);
    }
    ar_grid_release(&target);
    ar_grid_release(&odd);
}

/* Whichever allocation fails, the call fails with it and leaves nothing behind (the sanitizers
 * look). */
static void short_of_memory(void **state)
{
    (void)state;
    const int64_t points[4] = {8, 12, 12, 8};
    ar_source_grid source = {.kind = AR_SOURCE_GAUSSIAN, .nlat = 4, .points = points};
    ar_grid target = make_grid(60, 30, 3, 0, 30, 5);
    float values[40] = {1}, result[15];
    for (int method = 0; method < (have_harmonics ? 3 : 2); method++) {
        ar_regrid_settings settings = {.method = (ar_regrid_method)method};
        ar_status status = AR_ERROR_MEMORY;
        for (int64_t which = 0; status != AR_OK; which++) {
            ar_regrid *regrid = NULL;
            ar_fail_allocation_after(which);
            status = ar_regrid_create(&regrid, &source, &target, &settings, NULL);
            if (status == AR_OK) {
                status = ar_regrid_apply_float(regrid, values, result, NULL);
            }
            ar_fail_allocation_after(-1);
            ar_regrid_destroy(&regrid);
            assert_true(status == AR_ERROR_MEMORY || (status == AR_OK && which > 5));
        }
    }
    ar_grid_release(&target);
}

int main(void)
{
    const struct CMUnitTest by_points[] = {
        cmocka_unit_test(areas_keep_the_integral),
        cmocka_unit_test(areas_by_hand),
        cmocka_unit_test(identity),
        cmocka_unit_test(bilinear_keeps_linear_fields),
        cmocka_unit_test(bilinear_and_missing_values),
        cmocka_unit_test(bilinear_everywhere),
        cmocka_unit_test(single_precision),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(short_of_memory),
    };
    const struct CMUnitTest by_harmonics[] = {
        cmocka_unit_test(harmonics_keep_polynomials),
        cmocka_unit_test(truncation_leaves_out),
        cmocka_unit_test(spectrum_by_hand),
    };
    ar_source_grid source = {.kind = AR_SOURCE_SPECTRUM, .truncation = 2};
    ar_grid target = make_grid(90, 10, 19, 0, 10, 36);
    ar_regrid_settings settings = {.method = AR_REGRID_HARMONICS};
    ar_regrid *regrid = NULL;
    have_harmonics = ar_regrid_create(&regrid, &source, &target, &settings, NULL) == AR_OK;
    ar_regrid_destroy(&regrid);
    ar_grid_release(&target);
    int failed = cmocka_run_group_tests(by_points, NULL, NULL);
    if (!have_harmonics) {
        printf("no harmonics in this build: what needs them is not tested\n");
        return failed;
    }
    return failed + cmocka_run_group_tests(by_harmonics, NULL, NULL);
}

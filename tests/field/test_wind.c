/* Winds with known vorticity, divergence and potentials: by harmonics to the rounding of single
 * precision, by differences with errors of second order; round trips; the derived fields of an
 * independent program (SPHEREPACK by way of windspharm) where ../shared/data/spectral is there. */
#include "field/wind.h"

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
#include "grids.h"

static const double a = AR_EARTH_RADIUS;
static bool have_harmonics;

static ar_wind *make_wind(const ar_grid *grid, ar_wind_method method, int64_t truncation)
{
    ar_wind *wind = NULL;
    ar_error err = {""};
    if (ar_wind_create(&wind, grid, method, truncation, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return wind;
}

enum { U, V, ZETA, DELTA, PSI, CHI, FIELDS };

/* A flow at a point: all of FIELDS. */
typedef void flow(double latitude, double longitude, double value[FIELDS]);

/* Solid rotation about an axis tilted by 1 radian, 40 m/s (Williamson et al. 1992, eqs. 75, 76). */
static void rotation(double y, double x, double value[FIELDS])
{
    const double speed = 40, tilt = 1;
    value[U] = speed * (cos(y) * cos(tilt) + sin(y) * cos(x) * sin(tilt));
    value[V] = -speed * sin(x) * sin(tilt);
    value[PSI] = -a * speed * (sin(y) * cos(tilt) - cos(x) * cos(y) * sin(tilt));
    value[ZETA] = -2 / (a * a) * value[PSI];
    value[DELTA] = value[CHI] = 0;
}

/* Rossby–Haurwitz wave 4 (Williamson et al. 1992, eqs. 142–145). */
static void rossby_haurwitz(double y, double x, double value[FIELDS])
{
    const double w = 7.848e-6, K = 7.848e-6, R = 4, s = sin(y), c = cos(y);
    value[U] = a * w * c + a * K * pow(c, R - 1) * (R * s * s - c * c) * cos(R * x);
    value[V] = -a * K * R * pow(c, R - 1) * s * sin(R * x);
    value[ZETA] = 2 * w * s - K * s * pow(c, R) * (R * R + 3 * R + 2) * cos(R * x);
    value[PSI] = -a * a * w * s + a * a * K * pow(c, R) * s * cos(R * x);
    value[DELTA] = value[CHI] = 0;
}

/* χ of the single harmonic n = 2, m = 1: δ = −6 χ/a². */
static void divergent_harmonic(double y, double x, double value[FIELDS])
{
    const double A = 2e8;
    value[CHI] = A * sin(y) * cos(y) * cos(x);
    value[U] = -A / a * sin(y) * sin(x);
    value[V] = A / a * cos(2 * y) * cos(x);
    value[DELTA] = -6 / (a * a) * value[CHI];
    value[ZETA] = value[PSI] = 0;
}

/* All three at once. */
static void mixed(double y, double x, double value[FIELDS])
{
    double other[FIELDS];
    rotation(y, x, value);
    for (int part = 0; part < 2; part++) {
        (part == 0 ? rossby_haurwitz : divergent_harmonic)(y, x, other);
        for (int f = 0; f < FIELDS; f++) {
            value[f] += other[f];
        }
    }
}

typedef struct {
    int64_t count;
    float *field[FIELDS];
} fields;

static fields make_fields(const ar_grid *grid, flow *of)
{
    fields all = {.count = grid->nlat * grid->nlon};
    for (int f = 0; f < FIELDS; f++) {
        all.field[f] = calloc((size_t)all.count, sizeof(float));
    }
    for (int64_t p = 0; of && p < all.count; p++) {
        double value[FIELDS];
        of(grid->latitude[p / grid->nlon] * AR_PI / 180,
           grid->longitude[p % grid->nlon] * AR_PI / 180, value);
        for (int f = 0; f < FIELDS; f++) {
            all.field[f][p] = (float)value[f];
        }
    }
    return all;
}

static void release_fields(fields *all)
{
    for (int f = 0; f < FIELDS; f++) {
        free(all->field[f]);
    }
}

static double largest_difference(const float *x, const float *y, int64_t count)
{
    double largest = 0;
    for (int64_t p = 0; p < count; p++) {
        largest = fmax(largest, fabs((double)x[p] - (double)y[p]));
    }
    return largest;
}

/* Relative to the scale of the field. Winds of 100 m/s come rounded to 6e-8 of that; ζ and δ weigh
 * the rounding of all wavenumbers by up to N/a, which for N = 35 makes 2e-6 of 1e-4 s⁻¹. */
static void expect_near(const char *name, const float *x, const float *y, int64_t count,
                        double scale)
{
    double difference = largest_difference(x, y, count) / scale;
    print_message("  %s %.1e", name, difference);
    if (!(difference < 2e-6)) {
        fail_msg("%s differs by %g of %g", name, difference, scale);
    }
}

static void harmonics_are_exact(void **state)
{
    (void)state;
    flow *const flows[] = {rotation, rossby_haurwitz, divergent_harmonic, mixed};
    const ar_grid grids[] = {make_grid(90, 5, 37, 0, 5, 72), make_grid(87.5, 5, 36, 2.5, 5, 72),
                             make_grid(90, 2.5, 73, -180, 2.5, 144)};
    for (int g = 0; g < 3; g++) {
        ar_wind *wind = make_wind(&grids[g], AR_WIND_AUTOMATIC, g == 2 ? 42 : 0);
        assert_int_equal(ar_wind_get_method(wind), AR_WIND_HARMONICS);
        assert_int_equal(ar_wind_get_truncation(wind), g == 2 ? 42 : 35);
        for (int k = 0; k < 4; k++) {
            fields x = make_fields(&grids[g], flows[k]), y = make_fields(&grids[g], NULL);
            float **in = x.field, **out = y.field;
            int64_t n = x.count;
            print_message("grid %d flow %d:", g, k);
            assert_int_equal(
                ar_wind_vorticity_divergence(wind, in[U], in[V], out[ZETA], out[DELTA], NULL),
                AR_OK);
            expect_near("vorticity", in[ZETA], out[ZETA], n, 1e-4);
            expect_near("divergence", in[DELTA], out[DELTA], n, 1e-4);
            assert_int_equal(ar_wind_potentials(wind, in[U], in[V], out[PSI], out[CHI], NULL),
                             AR_OK);
            expect_near("psi", in[PSI], out[PSI], n, 2e8);
            expect_near("chi", in[CHI], out[CHI], n, 2e8);
            assert_int_equal(
                ar_wind_of_vorticity_divergence(wind, in[ZETA], in[DELTA], out[U], out[V], NULL),
                AR_OK);
            expect_near("u", in[U], out[U], n, 100);
            expect_near("v", in[V], out[V], n, 100);
            /* ψ and χ are rounded to 10 to 30 m² s⁻¹, whose gradient at N is 2e-4 m/s */
            assert_int_equal(ar_wind_of_potentials(wind, in[PSI], in[CHI], out[U], out[V], NULL),
                             AR_OK);
            expect_near("u", in[U], out[U], n, 100);
            expect_near("v", in[V], out[V], n, 100);
            print_message("\n");
            release_fields(&x);
            release_fields(&y);
        }
        ar_wind_destroy(&wind);
        assert_null(wind);
    }
    for (int g = 0; g < 3; g++) {
        ar_grid grid = grids[g];
        ar_grid_release(&grid);
    }
}

/* Without a divergence the wind is the rotational one, without a vorticity the divergent; in all
 * they are the wind. One result may be left out. Results may take the place of what is read. */
static void parts_and_places(void **state)
{
    (void)state;
    ar_grid grid = make_grid(90, 5, 37, 0, 5, 72);
    ar_wind *wind = make_wind(&grid, AR_WIND_HARMONICS, 21);
    fields x = make_fields(&grid, mixed), y = make_fields(&grid, NULL),
           z = make_fields(&grid, NULL);
    float **in = x.field, **first = y.field, **second = z.field;
    assert_int_equal(ar_wind_of_potentials(wind, in[PSI], NULL, first[U], first[V], NULL), AR_OK);
    assert_int_equal(
        ar_wind_of_vorticity_divergence(wind, NULL, in[DELTA], second[U], second[V], NULL), AR_OK);
    for (int64_t p = 0; p < x.count; p++) {
        first[U][p] += second[U][p];
        first[V][p] += second[V][p];
    }
    expect_near("u", in[U], first[U], x.count, 100);
    expect_near("v", in[V], first[V], x.count, 100);
    assert_int_equal(ar_wind_vorticity_divergence(wind, in[U], in[V], first[ZETA], NULL, NULL),
                     AR_OK);
    assert_int_equal(ar_wind_vorticity_divergence(wind, in[U], in[V], in[U], in[V], NULL), AR_OK);
    assert_memory_equal(in[U], first[ZETA], (size_t)x.count * sizeof(float));
    print_message("\n");
    release_fields(&x);
    release_fields(&y);
    release_fields(&z);
    ar_wind_destroy(&wind);
    ar_grid_release(&grid);
}

/* Any wind of the truncation comes back from its vorticity and divergence, and from ψ and χ. */
static void round_trips(void **state)
{
    (void)state;
    ar_grid grid = make_grid(88.75, 2.5, 72, 1.25, 2.5, 144);
    ar_wind *wind = make_wind(&grid, AR_WIND_HARMONICS, 0);
    fields x = make_fields(&grid, NULL), y = make_fields(&grid, NULL);
    float **in = x.field, **out = y.field;
    ar_random stream = {.seed = 3, .purpose = AR_RANDOM_TEST};
    for (int64_t p = 0; p < x.count; p++) {
        in[ZETA][p] = (float)(1e-4 * ar_random_normal(&stream));
        in[DELTA][p] = (float)(1e-5 * ar_random_normal(&stream));
    }
    assert_int_equal(ar_wind_of_vorticity_divergence(wind, in[ZETA], in[DELTA], in[U], in[V], NULL),
                     AR_OK);
    assert_int_equal(ar_wind_vorticity_divergence(wind, in[U], in[V], in[ZETA], in[DELTA], NULL),
                     AR_OK);
    assert_int_equal(
        ar_wind_of_vorticity_divergence(wind, in[ZETA], in[DELTA], out[U], out[V], NULL), AR_OK);
    expect_near("u", in[U], out[U], x.count, 100);
    expect_near("v", in[V], out[V], x.count, 100);
    assert_int_equal(ar_wind_potentials(wind, in[U], in[V], in[PSI], in[CHI], NULL), AR_OK);
    assert_int_equal(ar_wind_of_potentials(wind, in[PSI], in[CHI], out[U], out[V], NULL), AR_OK);
    expect_near("u", in[U], out[U], x.count, 100);
    expect_near("v", in[V], out[V], x.count, 100);
    print_message("\n");
    release_fields(&x);
    release_fields(&y);
    ar_wind_destroy(&wind);
    ar_grid_release(&grid);
}

/* Largest errors of ζ and δ by differences, more than 10 degrees from the poles and in all. */
static void difference_errors(const ar_grid *grid, double error[4])
{
    ar_wind *wind = make_wind(grid, AR_WIND_DIFFERENCES, 0);
    fields x = make_fields(grid, mixed), y = make_fields(grid, NULL);
    float **in = x.field, **out = y.field;
    assert_int_equal(ar_wind_vorticity_divergence(wind, in[U], in[V], out[ZETA], out[DELTA], NULL),
                     AR_OK);
    int64_t first = 0, end = grid->nlat;
    while (grid->latitude[first] > 80) {
        first++;
    }
    while (grid->latitude[end - 1] < -80) {
        end--;
    }
    for (int k = 0; k < 4; k++) {
        int64_t from = k < 2 ? first * grid->nlon : 0;
        int64_t count = k < 2 ? (end - first) * grid->nlon : x.count;
        int f = k % 2 == 0 ? ZETA : DELTA;
        error[k] = largest_difference(in[f] + from, out[f] + from, count);
    }
    release_fields(&x);
    release_fields(&y);
    ar_wind_destroy(&wind);
}

/* Half the step, a quarter of the error, and half of it beside the poles: in a region with its
 * edges, and around the globe with and without rows at the poles. Between 3.4 and 5 (1.7), as the
 * next terms are still there at 4 and 2 degrees. */
static void differences_converge(void **state)
{
    (void)state;
    for (int c = 0; c < 3; c++) {
        double error[2][4];
        for (int fine = 0; fine < 2; fine++) {
            int64_t k = 1 + fine;
            double h = 4.0 / (double)k;
            ar_grid grid = c == 0   ? make_grid(70, h, 10 * k + 1, -20, h, 12 * k + 1)
                           : c == 1 ? make_grid(90, h, 45 * k + 1, 0, h, 90 * k)
                                    : make_grid(60, h, 30 * k + 1, 0, h, 90 * k);
            difference_errors(&grid, error[fine]);
            ar_grid_release(&grid);
        }
        print_message("vorticity %.2e to %.2e, divergence %.2e to %.2e\n", error[0][0], error[1][0],
                      error[0][1], error[1][1]);
        for (int f = 0; f < 4; f++) {
            double ratio = error[0][f] / error[1][f];
            assert_true(ratio > (f < 2 ? 3.4 : 1.7) && ratio < 5);
        }
    }
}

/* Rotation about the earth's axis on a coarse grid by hand: centred differences of u cos φ = U
 * cos²φ give U sin 2φ sin 2h/(2h a cos φ); the cap of 10 degrees has U cos² φ1 of circulation. */
static void differences_by_hand(void **state)
{
    (void)state;
    ar_grid grid = make_grid(90, 10, 19, 0, 10, 36);
    ar_wind *wind = make_wind(&grid, AR_WIND_DIFFERENCES, 0);
    fields x = make_fields(&grid, NULL);
    float **f = x.field;
    const double h = AR_PI / 18, speed = 30;
    for (int64_t p = 0; p < x.count; p++) {
        f[U][p] = (float)(speed * cos(grid.latitude[p / 36] * AR_PI / 180));
    }
    assert_int_equal(ar_wind_vorticity_divergence(wind, f[U], f[V], f[ZETA], f[DELTA], NULL),
                     AR_OK);
    for (int64_t p = 0; p < x.count; p++) {
        double y = grid.latitude[p / 36] * AR_PI / 180, c = cos(y);
        double expected = speed * sin(2 * y) * sin(2 * h) / (2 * h * a * c);
        if (fabs(grid.latitude[p / 36]) == 90) {
            double circulation = speed * sin(h) * sin(h) / (a * (1 - cos(h)));
            expected = y > 0 ? circulation : -circulation;
        }
        assert_true(fabs(f[ZETA][p] - expected) < 1e-6 * 1e-5);
        assert_true(f[DELTA][p] == 0);
    }
    ar_wind_destroy(&wind);
    ar_grid_release(&grid);
    release_fields(&x);
}

/* A missing u makes both NaN where it is, ζ also north and south of it, δ also east and west; the
 * pole of a region is NaN. */
static void differences_and_missing_values(void **state)
{
    (void)state;
    ar_grid grid = make_grid(90, 5, 7, 10, 5, 7);
    ar_wind *wind = make_wind(&grid, AR_WIND_AUTOMATIC, 0);
    assert_int_equal(ar_wind_get_method(wind), AR_WIND_DIFFERENCES);
    assert_int_equal(ar_wind_get_truncation(wind), 0);
    fields x = make_fields(&grid, mixed);
    float **f = x.field;
    f[U][3 * 7 + 3] = NAN;
    assert_int_equal(ar_wind_vorticity_divergence(wind, f[U], f[V], f[ZETA], f[DELTA], NULL),
                     AR_OK);
    for (int64_t p = 0; p < x.count; p++) {
        int64_t i = p / 7, j = p % 7;
        assert_true(isnan(f[ZETA][p]) == (i == 0 || (llabs(i - 3) <= 1 && j == 3)));
        assert_true(isnan(f[DELTA][p]) == (i == 0 || (i == 3 && llabs(j - 3) <= 1)));
    }
    ar_wind_destroy(&wind);
    ar_grid_release(&grid);
    release_fields(&x);
}

static void speed_is_the_length(void **state)
{
    (void)state;
    float u[] = {3, -5, 0, NAN, 1e30F}, v[] = {4, 12, 0, 1, 0}, speed[5];
    ar_wind_speed(5, u, v, speed);
    assert_true(speed[0] == 5 && speed[1] == 13 && speed[2] == 0 && isnan(speed[3]));
    assert_true(speed[4] == 1e30F);
}

static void expect_refusal(ar_status status, ar_status code, const ar_error *err, const char *text)
{
    assert_int_equal(status, code);
    if (!strstr(err->message, text)) {
        fail_msg("\"%s\" does not say \"%s\"", err->message, text);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    ar_error err = {""};
    ar_wind *wind = NULL;
    ar_grid region = make_grid(60, 5, 7, 10, 5, 7), small = make_grid(60, 5, 2, 10, 5, 7);
    expect_refusal(ar_wind_create(&wind, &region, AR_WIND_HARMONICS, 0, &err), AR_ERROR_USAGE, &err,
                   "no global grid");
    expect_refusal(ar_wind_create(&wind, &small, AR_WIND_AUTOMATIC, 0, &err), AR_ERROR_USAGE, &err,
                   "at least 3 x 3");
    wind = make_wind(&region, AR_WIND_AUTOMATIC, 0);
    float u[49] = {0}, v[49] = {0};
    expect_refusal(ar_wind_potentials(wind, u, v, u, v, &err), AR_ERROR_USAGE, &err,
                   "a global grid would be right");
    ar_wind_destroy(&wind);
    ar_grid_release(&region);
    ar_grid_release(&small);
    ar_grid grid = make_grid(90, 10, 19, 0, 10, 36);
    if (!have_harmonics) {
        expect_refusal(ar_wind_create(&wind, &grid, AR_WIND_AUTOMATIC, 0, &err), AR_ERROR_USAGE,
                       &err, "-DATMOREP_SPECTRAL=ON");
    } else {
        expect_refusal(ar_wind_create(&wind, &grid, AR_WIND_AUTOMATIC, 18, &err), AR_ERROR_USAGE,
                       &err, "the largest is 17");
        wind = make_wind(&grid, AR_WIND_AUTOMATIC, 0);
        fields x = make_fields(&grid, mixed);
        x.field[V][5 * 36 + 7] = NAN;
        expect_refusal(
            ar_wind_vorticity_divergence(wind, x.field[U], x.field[V], x.field[ZETA], NULL, &err),
            AR_ERROR_INPUT, &err, "the northward wind at latitude 40, longitude 70");
        release_fields(&x);
        ar_wind_destroy(&wind);
    }
    ar_grid_release(&grid);
}

static void short_of_memory(void **state)
{
    (void)state;
    ar_grid grid = make_grid(90, 10, 19, 0, 10, 36);
    fields x = make_fields(&grid, mixed);
    float **f = x.field;
    for (int64_t which = 0;; which++) {
        ar_wind *wind = NULL;
        ar_fail_allocation_after(which);
        ar_status status = ar_wind_create(&wind, &grid, AR_WIND_HARMONICS, 0, NULL);
        if (status == AR_OK) {
            status = ar_wind_vorticity_divergence(wind, f[U], f[V], f[ZETA], f[DELTA], NULL);
        }
        if (status == AR_OK) {
            status = ar_wind_of_vorticity_divergence(wind, f[ZETA], f[DELTA], f[U], f[V], NULL);
        }
        ar_fail_allocation_after(-1);
        ar_wind_destroy(&wind);
        if (status == AR_OK) {
            assert_true(which > 10);
            break;
        }
        assert_int_equal(status, AR_ERROR_MEMORY);
    }
    release_fields(&x);
    ar_grid_release(&grid);
}

/* A float32 array of 73 × 144 from a .npy file of version 1; false when there is none. */
static bool read_npy(const char *name, float *values, int64_t count)
{
    char path[256];
    unsigned char start[10];
    snprintf(path, sizeof path, "../shared/data/spectral/regular/%s.ref.npy", name);
    FILE *stream = fopen(path, "rb");
    if (!stream) {
        return false;
    }
    assert_int_equal(fread(start, 1, sizeof start, stream), sizeof start);
    assert_int_equal(fseek(stream, start[8] + 256L * start[9], SEEK_CUR), 0);
    assert_int_equal(fread(values, sizeof *values, (size_t)count, stream), count);
    fclose(stream);
    return true;
}

/* Real winds. The reference has a radius of 6371.22 km, which ζ and δ are divided and ψ and χ are
 * multiplied by. */
static void against_spherepack(void **state)
{
    (void)state;
    ar_grid grid = make_grid(90, 2.5, 73, 0, 2.5, 144);
    ar_wind *wind = make_wind(&grid, AR_WIND_AUTOMATIC, 0);
    fields x = make_fields(&grid, NULL);
    float **f = x.field, *reference = calloc((size_t)x.count, sizeof *reference);
    bool there = read_npy("uwnd", f[U], x.count) && read_npy("vwnd", f[V], x.count);
    const struct {
        const char *name;
        int field;
        double scale, factor;
    } cases[] = {{"vrt", ZETA, 2e-4, 6.37122e6 / a},
                 {"div", DELTA, 2e-4, 6.37122e6 / a},
                 {"psi", PSI, 1e8, a / 6.37122e6},
                 {"chi", CHI, 1e8, a / 6.37122e6}};
    if (there) {
        assert_int_equal(ar_wind_vorticity_divergence(wind, f[U], f[V], f[ZETA], f[DELTA], NULL),
                         AR_OK);
        assert_int_equal(ar_wind_potentials(wind, f[U], f[V], f[PSI], f[CHI], NULL), AR_OK);
    }
    for (int c = 0; there && c < 4; c++) {
        assert_true(read_npy(cases[c].name, reference, x.count));
        for (int64_t p = 0; p < x.count; p++) {
            reference[p] = (float)(reference[p] * cases[c].factor);
        }
        expect_near(cases[c].name, reference, f[cases[c].field], x.count, cases[c].scale);
    }
    print_message("%s\n", there ? "" : "../shared/data/spectral is not here: not compared");
    free(reference);
    release_fields(&x);
    ar_wind_destroy(&wind);
    ar_grid_release(&grid);
    if (!there) {
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest with_harmonics[] = {
        cmocka_unit_test(harmonics_are_exact), cmocka_unit_test(parts_and_places),
        cmocka_unit_test(round_trips),         cmocka_unit_test(short_of_memory),
        cmocka_unit_test(against_spherepack),
    };
    const struct CMUnitTest always[] = {
        cmocka_unit_test(differences_converge),
        cmocka_unit_test(differences_by_hand),
        cmocka_unit_test(differences_and_missing_values),
        cmocka_unit_test(speed_is_the_length),
        cmocka_unit_test(says_what_is_wrong),
    };
    ar_grid grid = make_grid(90, 10, 19, 0, 10, 36);
    ar_wind *wind = NULL;
    have_harmonics = ar_wind_create(&wind, &grid, AR_WIND_HARMONICS, 0, NULL) == AR_OK;
    ar_wind_destroy(&wind);
    ar_grid_release(&grid);
    int failed = cmocka_run_group_tests(always, NULL, NULL);
    if (!have_harmonics) {
        printf("no harmonics in this build: what needs them is not tested\n");
        return failed;
    }
    return failed + cmocka_run_group_tests(with_harmonics, NULL, NULL);
}

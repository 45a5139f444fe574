/* Quadrature against published abscissae; transforms against the definition of the harmonics,
 * linearity, rotation, round trips; winds against analytic flows and against the derived fields of
 * an independent program (SPHEREPACK by way of windspharm) where ../shared/data/spectral is there.
 */
#include "field/spherical_harmonics.h"

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

static ar_harmonics *make(ar_harmonics_rows rows, int64_t nlat, int64_t nlon, int64_t truncation,
                          double radius)
{
    ar_harmonics *h = NULL;
    ar_error err = {""};
    ar_harmonics_settings settings = {
        .rows = rows, .nlat = nlat, .nlon = nlon, .truncation = truncation, .radius = radius};
    if (ar_harmonics_create(&h, &settings, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return h;
}

static double *numbers(int64_t count)
{
    double *x = calloc((size_t)count, sizeof *x);
    assert_non_null(x);
    return x;
}

static double complex *spectrum_of(int64_t truncation)
{
    double complex *x = calloc((size_t)ar_spectrum_count(truncation), sizeof *x);
    assert_non_null(x);
    return x;
}

/* Coefficients of order one; those of order m = 0 are real, as a real field's are. */
static double complex *random_spectrum(int64_t truncation, uint32_t sample)
{
    ar_random stream = {.seed = 5, .sample = sample, .purpose = AR_RANDOM_TEST};
    double complex *x = spectrum_of(truncation);
    for (int64_t m = 0; m <= truncation; m++) {
        for (int64_t n = m; n <= truncation; n++) {
            double re = ar_random_normal(&stream), im = ar_random_normal(&stream);
            x[ar_spectrum_index(truncation, n, m)] = m == 0 ? re : re + im * I;
        }
    }
    return x;
}

static double largest_difference(const double *a, const double *b, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(a[i] - b[i]));
    }
    return largest;
}

/* Abramowitz & Stegun (1964), table 25.4, n = 8 (15 digits); sums of powers to rounding at a large
 * n; Clenshaw–Curtis with 3 points is Simpson's rule. */
static void quadrature(void **state)
{
    (void)state;
    const double mu[4] = {0.960289856497536, 0.796666477413627, 0.525532409916329,
                          0.183434642495650};
    const double w[4] = {0.101228536290376, 0.222381034453374, 0.313706645877887,
                         0.362683783378362};
    double theta[641], weight[641];
    ar_gaussian_quadrature(8, theta, weight);
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(cos(theta[i]) - mu[i]) < 1e-15);
        assert_true(fabs(cos(theta[7 - i]) + mu[i]) < 1e-15);
        assert_true(fabs(weight[i] - w[i]) < 1e-15 && fabs(weight[7 - i] - w[i]) < 1e-15);
    }
    ar_clenshaw_curtis_quadrature(3, theta, weight);
    assert_true(fabs(weight[0] - 1.0 / 3) < 1e-15 && fabs(weight[1] - 4.0 / 3) < 1e-15);
    for (int rule = 0; rule < 4; rule++) {
        int64_t n = (const int64_t[]){640, 641, 640, 641}[rule];
        (rule < 2 ? ar_gaussian_quadrature : ar_clenshaw_curtis_quadrature)(n, theta, weight);
        for (int power = 0; power <= 600; power += 60) {
            double sum = 0;
            for (int64_t j = 0; j < n; j++) {
                sum += weight[j] * pow(cos(theta[j]), power);
            }
            /* 641 terms of rounding 1e-16 and of weights as exact. */
            assert_true(fabs(sum - 2.0 / (power + 1)) < 1e-13);
        }
    }
}

/* Y_0^0 = 1/√(4π), Y_1^0 = √(3/4π) cos θ, Y_1^1 + conj = −2 √(3/8π) sin θ cos λ. */
static void known_harmonics(void **state)
{
    (void)state;
    for (int rows = 0; rows < 3; rows++) {
        const int64_t nlat = 9, nlon = 16, N = 5;
        ar_harmonics *h = make((ar_harmonics_rows)rows, nlat, nlon, N, 1);
        double complex *s = spectrum_of(N);
        double *f = numbers(nlat * nlon);
        s[ar_spectrum_index(N, 0, 0)] = 2;
        s[ar_spectrum_index(N, 1, 0)] = 3;
        s[ar_spectrum_index(N, 1, 1)] = 5;
        assert_int_equal(ar_harmonics_synthesise(h, s, f, NULL), AR_OK);
        for (int64_t i = 0; i < nlat; i++) {
            double theta = ar_harmonics_get_colatitude(h)[i];
            for (int64_t j = 0; j < nlon; j++) {
                double expected =
                    2 / sqrt(4 * AR_PI) + 3 * sqrt(3 / (4 * AR_PI)) * cos(theta) -
                    10 * sqrt(3 / (8 * AR_PI)) * sin(theta) * cos(2 * AR_PI * j / nlon);
                assert_true(fabs(f[i * nlon + j] - expected) < 1e-14);
            }
        }
        free(s);
        free(f);
        ar_harmonics_destroy(&h);
    }
}

/* Analysis after synthesis is the identity, for scalars and winds, up to the largest truncation
 * that a grid determines. Coefficients are of order 1; 1e-12 is what float64 leaves of 100 degrees.
 */
static void round_trips(void **state)
{
    (void)state;
    const int64_t cases[][4] = {
        {AR_HARMONICS_GAUSSIAN, 64, 128, 42},      {AR_HARMONICS_GAUSSIAN, 72, 144, 71},
        {AR_HARMONICS_GAUSSIAN, 33, 70, 31},       {AR_HARMONICS_REGULAR, 73, 144, 71},
        {AR_HARMONICS_REGULAR, 60, 144, 58},       {AR_HARMONICS_REGULAR, 73, 144, 21},
        {AR_HARMONICS_BETWEEN_POLES, 72, 144, 71}, {AR_HARMONICS_BETWEEN_POLES, 61, 144, 60}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        int64_t nlat = cases[c][1], nlon = cases[c][2], N = cases[c][3], points = nlat * nlon;
        ar_harmonics *h = make((ar_harmonics_rows)cases[c][0], nlat, nlon, N, AR_EARTH_RADIUS);
        double complex *a = random_spectrum(N, 1), *b = random_spectrum(N, 2);
        double complex *back_a = spectrum_of(N), *back_b = spectrum_of(N);
        double *u = numbers(points), *v = numbers(points);
        assert_int_equal(ar_harmonics_synthesise(h, a, u, NULL), AR_OK);
        assert_int_equal(ar_harmonics_analyse(h, u, back_a, NULL), AR_OK);
        double scalar = largest_difference((double *)a, (double *)back_a, 2 * ar_spectrum_count(N));
        a[0] = b[0] = 0; /* no wind has a mean vorticity or divergence */
        assert_int_equal(ar_harmonics_synthesise_wind(h, a, b, u, v, NULL), AR_OK);
        assert_int_equal(ar_harmonics_analyse_wind(h, u, v, back_a, back_b, NULL), AR_OK);
        double vorticity =
            largest_difference((double *)a, (double *)back_a, 2 * ar_spectrum_count(N));
        double divergence =
            largest_difference((double *)b, (double *)back_b, 2 * ar_spectrum_count(N));
        print_message("T%lld on %lld x %lld: scalar %.1e, vorticity %.1e, divergence %.1e\n",
                      (long long)N, (long long)nlat, (long long)nlon, scalar, vorticity,
                      divergence);
        assert_true(scalar < 1e-12 && vorticity < 1e-12 && divergence < 1e-12);
        /* Each alone is the same analysis. */
        assert_int_equal(ar_harmonics_analyse_wind(h, u, v, NULL, back_b, NULL), AR_OK);
        assert_true(largest_difference((double *)b, (double *)back_b, 2 * ar_spectrum_count(N)) ==
                    divergence);
        free(a);
        free(b);
        free(back_a);
        free(back_b);
        free(u);
        free(v);
        ar_harmonics_destroy(&h);
    }
}

/* On reduced grids rows near the poles have fewer points than the orders ask for, which are too
 * weak there to matter: analysis after synthesis of T47 on O48 is the identity to 1e-11 for
 * coefficients that do not decrease at all, of T95 on rows of 192 sin θ and 16 points to 1e-4 of a
 * field. */
static void reduced_rows(void **state)
{
    (void)state;
    enum { NLAT = 96 };
    for (int classic = 0; classic < 2; classic++) {
        int64_t points[NLAT], N = classic ? 95 : 47;
        for (int64_t i = 0; i < NLAT / 2; i++) {
            int64_t octahedral = 20 + 4 * i;
            int64_t even = 2 * (int64_t)(96 * sin(AR_PI * (i + 0.5) / NLAT) + 8);
            points[i] = points[NLAT - 1 - i] = !classic ? octahedral : even > 192 ? 192 : even;
        }
        ar_harmonics_settings settings = {.rows = AR_HARMONICS_GAUSSIAN,
                                          .nlat = NLAT,
                                          .nlon = points[NLAT / 2],
                                          .truncation = N,
                                          .radius = 1,
                                          .points = points};
        ar_harmonics *h = NULL;
        assert_int_equal(ar_harmonics_create(&h, &settings, NULL), AR_OK);
        int64_t count = ar_harmonics_point_count(h);
        double complex *a = random_spectrum(N, 4), *b = spectrum_of(N);
        double *f = numbers(count), *g = numbers(count), size = 0;
        assert_int_equal(ar_harmonics_synthesise(h, a, f, NULL), AR_OK);
        assert_int_equal(ar_harmonics_analyse(h, f, b, NULL), AR_OK);
        assert_int_equal(ar_harmonics_synthesise(h, b, g, NULL), AR_OK);
        for (int64_t p = 0; p < count; p++) {
            size = fmax(size, fabs(f[p]));
        }
        double error = largest_difference(f, g, count) / size;
        print_message("T%lld on %lld reduced points: %.1e\n", (long long)N, (long long)count,
                      error);
        assert_true(error < (classic ? 1e-4 : 1e-11));
        free(a);
        free(b);
        free(f);
        free(g);
        ar_harmonics_destroy(&h);
    }
}

/* analyse(2f + 3g) = 2 analyse(f) + 3 analyse(g) for any f, g; turning a field eastward by k points
 * multiplies order m by exp(−i m 2πk/nlon). Values of order one, tolerance as above. */
static void linear_and_rotating(void **state)
{
    (void)state;
    for (int rows = 0; rows < 3; rows++) {
        const int64_t nlat = 37, nlon = 72, N = 35, points = nlat * nlon, turn = 7;
        ar_harmonics *h = make((ar_harmonics_rows)rows, nlat, nlon, N, AR_EARTH_RADIUS);
        ar_random stream = {.seed = 9, .purpose = AR_RANDOM_TEST};
        double *f = numbers(points), *g = numbers(points), *sum = numbers(points);
        double complex *F = spectrum_of(N), *G = spectrum_of(N), *S = spectrum_of(N);
        for (int64_t i = 0; i < points; i++) {
            f[i] = ar_random_normal(&stream);
            g[i] = ar_random_normal(&stream);
            sum[i] = 2 * f[i] + 3 * g[i];
        }
        assert_int_equal(ar_harmonics_analyse(h, f, F, NULL), AR_OK);
        assert_int_equal(ar_harmonics_analyse(h, g, G, NULL), AR_OK);
        assert_int_equal(ar_harmonics_analyse(h, sum, S, NULL), AR_OK);
        for (int64_t k = 0; k < ar_spectrum_count(N); k++) {
            assert_true(cabs(2 * F[k] + 3 * G[k] - S[k]) < 1e-12);
        }
        for (int64_t i = 0; i < nlat; i++) {
            for (int64_t j = 0; j < nlon; j++) {
                g[i * nlon + (j + turn) % nlon] = f[i * nlon + j];
            }
        }
        assert_int_equal(ar_harmonics_analyse(h, g, G, NULL), AR_OK);
        for (int64_t m = 0; m <= N; m++) {
            for (int64_t n = m; n <= N; n++) {
                int64_t k = ar_spectrum_index(N, n, m);
                assert_true(cabs(F[k] * cexp(-I * (2 * AR_PI * m * turn / nlon)) - G[k]) < 1e-12);
            }
        }
        free(f);
        free(g);
        free(sum);
        free(F);
        free(G);
        free(S);
        ar_harmonics_destroy(&h);
    }
}

/* Rossby–Haurwitz wave 4 (Williamson et al. 1992, case 6, eqs. 143–145): wind and vorticity are
 * given analytically, divergence is none, ψ and the gradient of ψ follow. Relative to the largest
 * value, 1e-12. */
static void rossby_haurwitz_wave(void **state)
{
    (void)state;
    const double a = AR_EARTH_RADIUS, w = 7.848e-6, K = 7.848e-6;
    const int R = 4;
    for (int rows = 0; rows < 3; rows++) {
        const int64_t nlat = 37, nlon = 72, N = 21, points = nlat * nlon;
        ar_harmonics *h = make((ar_harmonics_rows)rows, nlat, nlon, N, a);
        double *u = numbers(points), *v = numbers(points), *zeta = numbers(points);
        double *psi = numbers(points), *f = numbers(points), *g = numbers(points);
        double complex *vorticity = spectrum_of(N), *divergence = spectrum_of(N);
        for (int64_t p = 0; p < points; p++) {
            double latitude = AR_PI / 2 - ar_harmonics_get_colatitude(h)[p / nlon];
            double longitude = 2 * AR_PI * (p % nlon) / nlon;
            double s = sin(latitude), c = cos(latitude);
            u[p] = a * w * c + a * K * pow(c, R - 1) * (R * s * s - c * c) * cos(R * longitude);
            v[p] = -a * K * R * pow(c, R - 1) * s * sin(R * longitude);
            zeta[p] = 2 * w * s - K * s * pow(c, R) * (R * R + 3 * R + 2) * cos(R * longitude);
            psi[p] = -a * a * w * s + a * a * K * pow(c, R) * s * cos(R * longitude);
        }
        assert_int_equal(ar_harmonics_analyse_wind(h, u, v, vorticity, divergence, NULL), AR_OK);
        assert_int_equal(ar_harmonics_synthesise(h, vorticity, f, NULL), AR_OK);
        assert_true(largest_difference(f, zeta, points) < 1e-12 * 1e-4);
        assert_int_equal(ar_harmonics_synthesise(h, divergence, f, NULL), AR_OK);
        for (int64_t p = 0; p < points; p++) {
            assert_true(fabs(f[p]) < 1e-12 * 1e-4);
        }
        assert_int_equal(ar_harmonics_synthesise_wind(h, vorticity, NULL, f, g, NULL), AR_OK);
        assert_true(largest_difference(f, u, points) < 1e-12 * 100);
        assert_true(largest_difference(g, v, points) < 1e-12 * 100);
        ar_spectrum_inverse_laplacian(N, a, vorticity, vorticity);
        assert_int_equal(ar_harmonics_synthesise(h, vorticity, f, NULL), AR_OK);
        assert_true(largest_difference(f, psi, points) < 1e-12 * 4e8);
        /* u = −∂ψ/a∂φ, v = ∂ψ/(a cos φ ∂λ) */
        assert_int_equal(ar_harmonics_synthesise_gradient(h, vorticity, f, g, NULL), AR_OK);
        assert_true(largest_difference(f, v, points) < 1e-12 * 100);
        for (int64_t p = 0; p < points; p++) {
            assert_true(fabs(g[p] + u[p]) < 1e-12 * 100);
        }
        ar_spectrum_laplacian(N, a, vorticity, vorticity);
        assert_int_equal(ar_harmonics_synthesise(h, vorticity, f, NULL), AR_OK);
        assert_true(largest_difference(f, zeta, points) < 1e-12 * 1e-4);
        free(u);
        free(v);
        free(zeta);
        free(psi);
        free(f);
        free(g);
        free(vorticity);
        free(divergence);
        ar_harmonics_destroy(&h);
    }
}

static void truncation_keeps_the_large(void **state)
{
    (void)state;
    double complex *s = random_spectrum(12, 3), *t = random_spectrum(12, 3);
    ar_spectrum_truncate(12, 5, t);
    for (int64_t m = 0; m <= 12; m++) {
        for (int64_t n = m; n <= 12; n++) {
            int64_t k = ar_spectrum_index(12, n, m);
            assert_true(t[k] == (n <= 5 ? s[k] : 0));
        }
    }
    free(s);
    free(t);
}

static void refuses_what_is_not_determined(void **state)
{
    (void)state;
    const struct {
        ar_harmonics_rows rows;
        int64_t nlat, nlon, truncation;
        double radius;
        const char *message;
    } cases[] = {
        {AR_HARMONICS_GAUSSIAN, 64, 128, 64, 1, "the largest is 63"},
        {AR_HARMONICS_REGULAR, 73, 144, 72, 1, "the largest is 71"},
        {AR_HARMONICS_BETWEEN_POLES, 72, 144, 72, 1, "the largest is 71"},
        {AR_HARMONICS_REGULAR, 73, 143, 42, 1, "should be an even number"},
        {AR_HARMONICS_BETWEEN_POLES, 73, 143, 42, 1, "should be an even number"},
        {AR_HARMONICS_GAUSSIAN, 64, 84, 42, 1, "the largest is 41"},
        {AR_HARMONICS_GAUSSIAN, 64, 128, 42, 0, "a positive radius"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        ar_harmonics *h = NULL;
        ar_error err = {""};
        ar_harmonics_settings settings = {.rows = cases[c].rows,
                                          .nlat = cases[c].nlat,
                                          .nlon = cases[c].nlon,
                                          .truncation = cases[c].truncation,
                                          .radius = cases[c].radius};
        assert_int_equal(ar_harmonics_create(&h, &settings, &err), AR_ERROR_USAGE);
        assert_null(h);
        assert_non_null(strstr(err.message, cases[c].message));
    }
}

/* Latitudes of each sort are recognised as that sort, also when they come in single precision;
 * others, such as half a degree beside, as none. */
static void rows_are_recognised(void **state)
{
    (void)state;
    const int64_t counts[] = {3, 4, 32, 73, 721, 1800};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        int64_t n = counts[c];
        double *theta = numbers(n), *weight = numbers(n);
        for (int sort = 0; sort < 4; sort++) {
            ar_gaussian_quadrature(n, theta, weight);
            for (int64_t i = 0; i < n; i++) {
                double row = sort == AR_HARMONICS_REGULAR ? 180.0 * i / (n - 1)
                             : sort == AR_HARMONICS_BETWEEN_POLES
                                 ? 180.0 * (i + 0.5) / n
                                 : theta[i] * 180 / AR_PI + (sort == 3 ? 18.0 / n : 0);
                theta[i] = (float)(90 - row);
            }
            ar_harmonics_rows rows = AR_HARMONICS_ANY_ROWS;
            assert_true(ar_harmonics_recognise_rows(n, theta, &rows) == (sort < 3));
            assert_int_equal(rows, sort);
        }
        free(theta);
        free(weight);
    }
}

/* Whichever allocation fails, the call fails with it and leaves nothing behind (the sanitizers
 * look). */
static void short_of_memory(void **state)
{
    (void)state;
    const ar_harmonics_settings settings = {
        .rows = AR_HARMONICS_REGULAR, .nlat = 9, .nlon = 16, .truncation = 5, .radius = 1};
    double field[2][9 * 16] = {{0}};
    double complex spectrum[2][21];
    for (int64_t which = 0;; which++) {
        ar_harmonics *h = NULL;
        ar_fail_allocation_after(which);
        ar_status status = ar_harmonics_create(&h, &settings, NULL);
        if (status == AR_OK) {
            status = ar_harmonics_analyse(h, field[0], spectrum[0], NULL);
        }
        if (status == AR_OK) {
            status =
                ar_harmonics_analyse_wind(h, field[0], field[1], spectrum[0], spectrum[1], NULL);
        }
        if (status == AR_OK) {
            status =
                ar_harmonics_synthesise_wind(h, spectrum[0], spectrum[1], field[0], field[1], NULL);
        }
        ar_fail_allocation_after(-1);
        ar_harmonics_destroy(&h);
        if (status == AR_OK) {
            assert_true(which > 10);
            return;
        }
        assert_int_equal(status, AR_ERROR_MEMORY);
    }
}

/* A little-endian float32 array of 73 or 72 × 144 in C order from a .npy file of version 1. Returns
 * false when there is none; anything else than expected fails the test. */
static bool read_npy(const char *grid, const char *name, double *values, int64_t count)
{
    char path[256];
    snprintf(path, sizeof path, "../shared/data/spectral/%s/%s.ref.npy", grid, name);
    FILE *stream = fopen(path, "rb");
    if (!stream) {
        return false;
    }
    unsigned char start[10];
    char header[1024] = "";
    assert_int_equal(fread(start, 1, sizeof start, stream), sizeof start);
    assert_memory_equal(start, "\x93NUMPY\x01", 7);
    size_t length = (size_t)start[8] + 256u * start[9];
    assert_true(length < sizeof header);
    assert_int_equal(fread(header, 1, length, stream), length);
    assert_non_null(strstr(header, "'descr': '<f4'"));
    assert_non_null(strstr(header, "'fortran_order': False"));
    for (int64_t i = 0; i < count; i++) {
        float value;
        assert_int_equal(fread(&value, sizeof value, 1, stream), 1);
        values[i] = value;
    }
    assert_int_equal(fgetc(stream), EOF);
    fclose(stream);
    return true;
}

/* Compare with a reference field, relative to its largest value. A reference in float32 has 6e-8 of
 * its own; sums over 72 degrees in float32, and derivatives, which weigh the errors of the highest
 * degree most, make it 1e-6 to 2e-6. */
static void compare(const char *grid, const char *name, const double *ours, int64_t count)
{
    double *reference = numbers(count), *difference = numbers(count), largest = 0, error = 0;
    assert_true(read_npy(grid, name, reference, count));
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(reference[i]));
        difference[i] = ours[i] - reference[i];
    }
    for (int64_t i = 0; i < count; i++) {
        error = fmax(error, fabs(difference[i]));
    }
    print_message("%s %s: %.1e of the largest value\n", grid, name, error / largest);
    assert_true(error < 2e-6 * largest);
    free(reference);
    free(difference);
}

/* The reference was computed in float32 by SPHEREPACK with degrees up to 72 and a radius of 6371.22
 * km. We take 71, the most that these grids determine. */
static void against_spherepack(void **state)
{
    (void)state;
    for (int rows = 0; rows < 2; rows++) {
        const char *grid = rows == AR_HARMONICS_GAUSSIAN ? "gaussian" : "regular";
        const int64_t nlat = rows == AR_HARMONICS_GAUSSIAN ? 72 : 73, nlon = 144, N = 71;
        const int64_t points = nlat * nlon;
        const double a = 6.37122e6;
        double *u = numbers(points), *v = numbers(points), *f = numbers(points);
        double *g = numbers(points);
        if (!read_npy(grid, "uwnd", u, points) || !read_npy(grid, "vwnd", v, points)) {
            print_message("../shared/data/spectral is not here: not compared\n");
            free(u);
            free(v);
            free(f);
            free(g);
            skip();
        }
        ar_harmonics *h = make((ar_harmonics_rows)rows, nlat, nlon, N, a);
        double complex *vorticity = spectrum_of(N), *divergence = spectrum_of(N);
        double complex *s = spectrum_of(N);
        assert_int_equal(ar_harmonics_analyse_wind(h, u, v, vorticity, divergence, NULL), AR_OK);
        assert_int_equal(ar_harmonics_synthesise(h, vorticity, f, NULL), AR_OK);
        compare(grid, "vrt", f, points);
        assert_int_equal(ar_harmonics_synthesise(h, divergence, f, NULL), AR_OK);
        compare(grid, "div", f, points);
        memcpy(s, vorticity, ar_spectrum_count(N) * sizeof *s);
        ar_spectrum_truncate(N, 21, s);
        assert_int_equal(ar_harmonics_synthesise(h, s, f, NULL), AR_OK);
        compare(grid, "vrt_trunc", f, points);
        ar_spectrum_inverse_laplacian(N, a, vorticity, s);
        assert_int_equal(ar_harmonics_synthesise(h, s, f, NULL), AR_OK);
        compare(grid, "psi", f, points);
        ar_spectrum_inverse_laplacian(N, a, divergence, s);
        assert_int_equal(ar_harmonics_synthesise(h, s, f, NULL), AR_OK);
        compare(grid, "chi", f, points);
        assert_int_equal(ar_harmonics_synthesise_gradient(h, s, f, g, NULL), AR_OK);
        compare(grid, "chigradu", f, points);
        compare(grid, "chigradv", g, points);
        assert_int_equal(ar_harmonics_synthesise_wind(h, NULL, divergence, f, g, NULL), AR_OK);
        compare(grid, "uchi", f, points);
        compare(grid, "vchi", g, points);
        assert_int_equal(ar_harmonics_synthesise_wind(h, vorticity, NULL, f, g, NULL), AR_OK);
        compare(grid, "upsi", f, points);
        compare(grid, "vpsi", g, points);
        free(vorticity);
        free(divergence);
        free(s);
        free(u);
        free(v);
        free(f);
        free(g);
        ar_harmonics_destroy(&h);
    }
}

int main(void)
{
    ar_harmonics *h = NULL;
    ar_harmonics_settings settings = {
        .rows = AR_HARMONICS_GAUSSIAN, .nlat = 8, .nlon = 16, .truncation = 5, .radius = 1};
    ar_error err = {""};
    if (ar_harmonics_create(&h, &settings, &err) != AR_OK) {
        /* The only reason for these settings to fail. */
        if (!strstr(err.message, "-DATMOREP_SPECTRAL=ON")) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        printf("skipped: %s\n", err.message);
        return 77;
    }
    ar_harmonics_destroy(&h);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quadrature),
        cmocka_unit_test(known_harmonics),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(reduced_rows),
        cmocka_unit_test(linear_and_rotating),
        cmocka_unit_test(rossby_haurwitz_wave),
        cmocka_unit_test(truncation_keeps_the_large),
        cmocka_unit_test(refuses_what_is_not_determined),
        cmocka_unit_test(rows_are_recognised),
        cmocka_unit_test(short_of_memory),
        cmocka_unit_test(against_spherepack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Fields on Gaussian grids, regular and reduced, and as spherical harmonics, written by ecCodes,
 * come to one regular grid with the values of the function they were made of; and what cannot come
 * there says so. */
#ifdef ATMOREP_GRIB
#include "data/field_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <eccodes.h>

#include "temporary_folder.h"

/* A sum of harmonics of ½∫P² dμ = 1: P₀⁰ = 1, P₁⁰ = √3 sin φ, P₁¹ = √(3/2) cos φ. */
static const double mean = 280, zonal = 10, wave = 3;

static double truth(double latitude, double longitude)
{
    const double radian = M_PI / 180;
    return mean + zonal * sqrt(3) * sin(latitude * radian) +
           2 * wave * sqrt(1.5) * cos(latitude * radian) * cos(longitude * radian);
}

static void set_text(codes_handle *handle, const char *key, const char *text)
{
    size_t length = strlen(text);
    assert_int_equal(codes_set_string(handle, key, text, &length), CODES_SUCCESS);
}

/* The coefficients of `truth`, m by m. */
static void fill_spectrum(codes_handle *handle, double *values, size_t count)
{
    long truncation;
    assert_int_equal(codes_get_long(handle, "J", &truncation), CODES_SUCCESS);
    assert_int_equal(count, (truncation + 1) * (truncation + 2));
    memset(values, 0, count * sizeof *values);
    values[0] = mean;
    values[2] = zonal;
    values[2 * (truncation + 1)] = wave;
}

static void fill_points(codes_handle *handle, double *values)
{
    int code;
    double latitude, longitude, value;
    codes_iterator *points = codes_grib_iterator_new(handle, 0, &code);
    assert_non_null(points);
    while (codes_grib_iterator_next(points, &latitude, &longitude, &value)) {
        *values++ = truth(latitude, longitude);
    }
    codes_grib_iterator_delete(points);
}

static void write_field(const char *sample, char path[128])
{
    size_t count;
    const void *bytes;
    snprintf(path, 128, "%s/%s.grib", folder, sample);
    codes_handle *handle = codes_grib_handle_new_from_samples(NULL, sample);
    assert_non_null(handle);
    set_text(handle, "shortName", "t");
    assert_int_equal(codes_set_long(handle, "dataDate", 20200228), CODES_SUCCESS);
    assert_int_equal(codes_set_long(handle, "level", 500), CODES_SUCCESS);
    assert_int_equal(codes_get_size(handle, "values", &count), CODES_SUCCESS);
    double *values = malloc(count * sizeof *values);
    assert_non_null(values);
    if (strncmp(sample, "sh", 2) == 0) {
        fill_spectrum(handle, values, count);
    } else {
        fill_points(handle, values);
    }
    assert_int_equal(codes_set_long(handle, "bitsPerValue", 24), CODES_SUCCESS);
    assert_int_equal(codes_set_double_array(handle, "values", values, count), CODES_SUCCESS);
    assert_int_equal(codes_get_message(handle, &bytes, &count), CODES_SUCCESS);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, count, stream), count);
    assert_int_equal(fclose(stream), 0);
    free(values);
    codes_handle_delete(handle);
}

static ar_status load(ar_field_data *field, const char *path, double step, ar_field_regrid_way way,
                      ar_error *err)
{
    const ar_field_request request = {.name = "t", .grid = {.step = step, .way = way}};
    return ar_field_data_load(field, &path, 1, &request, err);
}

static double largest_error(const ar_field_data *field)
{
    double largest = 0;
    const ar_grid *grid = &field->grid;
    const float *values = ar_field_data_slice(field, 0, 0);
    for (int64_t i = 0; i < grid->nlat * grid->nlon; i++) {
        const double right = truth(grid->latitude[i / grid->nlon], grid->longitude[i % grid->nlon]);
        largest = fmax(largest, fabs(values[i] - right));
    }
    return largest;
}

/* Harmonics are exact but for 24 bits of a range of 40 and float32, 3e-5. A linear interpolation
 * over h errs by up to h²/8 of the second derivative: 17 + 7 along a meridian, 7 cos φ along a
 * parallel, where h² cos φ of a reduced grid of 64 rows is at most 2.5 times that of a meridian (27
 * points at 85°). */
static void every_grid_comes_to_a_regular_one(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        double degrees; /* between its points */
        ar_field_regrid_way way;
    } cases[] = {
        {"sh_pl_grib2", 0, AR_FIELD_REGRID_AUTOMATIC},
        {"sh_pl_grib1", 0, AR_FIELD_REGRID_HARMONICS},
        {"reduced_gg_pl_32_grib1", 2.8125, AR_FIELD_REGRID_AUTOMATIC},
        {"reduced_gg_pl_32_grib2", 0, AR_FIELD_REGRID_HARMONICS},
        {"regular_gg_pl_grib2", 2.8125, AR_FIELD_REGRID_AUTOMATIC},
        {"regular_gg_pl_grib1", 0, AR_FIELD_REGRID_HARMONICS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        ar_field_data field;
        ar_error err = {""};
        const double step = cases[i].degrees * M_PI / 180;
        write_field(cases[i].sample, path);
        if (load(&field, path, 2.5, cases[i].way, &err) != AR_OK) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(field.grid.nlat, 73);
        assert_int_equal(field.grid.nlon, 144);
        assert_true(field.levels[0] == 500);
        const double error = largest_error(&field);
        const double bound = 1e-4 + step * step / 8 * (25 + 2.5 * 7.5);
        print_message("%s: largest error %.2g, bound %.2g\n", cases[i].sample, error, bound);
        assert_true(error <= bound);
        ar_field_data_release(&field);
    }
}

/* The mean over the sphere stays, and a mean over cells is smaller at a maximum. */
static void means_over_cells_keep_the_area_mean(void **state)
{
    (void)state;
    char path[128];
    ar_field_data field;
    ar_error err = {""};
    write_field("regular_gg_pl_grib1", path);
    if (load(&field, path, 15, AR_FIELD_REGRID_AUTOMATIC, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const ar_grid *grid = &field.grid;
    const float *values = ar_field_data_slice(&field, 0, 0);
    double weights[13], sum = 0, total = 0;
    assert_int_equal(grid->nlat, 13);
    ar_grid_area_weights(grid, weights);
    for (int64_t i = 0; i < grid->nlat * grid->nlon; i++) {
        sum += weights[i / grid->nlon] * (double)values[i];
        total += weights[i / grid->nlon];
    }
    /* rounding of float32 and of the packing */
    assert_true(fabs(sum / total - mean) < 2e-5);
    ar_field_data_release(&field);
}

static void what_needs_a_grid_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *sample;
        double step;
        ar_field_regrid_way way;
        const char *says[3];
    } cases[] = {
        {"sh_pl_grib2",
         0,
         AR_FIELD_REGRID_AUTOMATIC,
         {"sh_pl_grib2.grib: variable t", "spherical harmonics", "data.grid"}},
        {"reduced_gg_pl_32_grib2",
         0,
         AR_FIELD_REGRID_AUTOMATIC,
         {"variable t", "reduced Gaussian", "data.grid"}},
        {"regular_gg_pl_grib2",
         0,
         AR_FIELD_REGRID_AUTOMATIC,
         {"latitude is not regular", "data.grid", "{step: 2.5}"}},
        {"sh_pl_grib2", 2.5, AR_FIELD_REGRID_AREA, {"sh_pl_grib2.grib", "harmonics", NULL}},
        {"sh_pl_grib2", 7, AR_FIELD_REGRID_AUTOMATIC, {"data.grid.step", "7 degrees", NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        ar_field_data field;
        ar_error err = {""};
        write_field(cases[i].sample, path);
        assert_int_not_equal(load(&field, path, cases[i].step, cases[i].way, &err), AR_OK);
        for (int k = 0; k < 3 && cases[i].says[k]; k++) {
            if (!strstr(err.message, cases[i].says[k])) {
                fail_msg("\"%s\" lacks \"%s\"", err.message, cases[i].says[k]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_grid_comes_to_a_regular_one),
        cmocka_unit_test(means_over_cells_keep_the_area_mean),
        cmocka_unit_test(what_needs_a_grid_says_so),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
#else
int main(void)
{
    return 77; /* a build without ecCodes writes no such files */
}
#endif

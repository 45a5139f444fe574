/* Regridding against cdo: by area (remapcon), bilinear (remapbil) and from its spectra of a scalar
 * (gp2sp) and of a wind (uv2dv). Values go to cdo and back as text with 17 digits, and cdo computes
 * in double, so what differs is rounding: 1e-12 of values of order one. */
#include "field/regrid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "field/constants.h"
#include "field/quadrature.h"
#include "grids.h"
#include "temporary_folder.h"

/* cdo's mark of a missing value, and the radius of its sphere in m. */
static const double cdo_missing = -9e33;
static const double cdo_radius = 6371000;

static double *numbers(int64_t count)
{
    double *x = calloc((size_t)count, sizeof *x);
    assert_non_null(x);
    return x;
}

static void require_cdo(void)
{
    if (system("cdo --version >/dev/null 2>&1") != 0) {
        print_message("cdo is not installed: not compared\n");
        skip();
    }
}

/* Run a command in the test's folder; a minute is far more than cdo needs, unless it waits for
 * input. */
static void AR_PRINTF(1, 2) run(const char *format, ...)
{
    char command[1024], whole[1200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    snprintf(whole, sizeof whole, "cd '%s' && timeout 60 %s", folder, command);
    if (system(whole) != 0) {
        fail_msg("failed: %s", command);
    }
}

static FILE *open_file(const char *name, const char *mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *stream = fopen(path, mode);
    assert_non_null(stream);
    return stream;
}

static void write_grid(const char *name, const ar_grid *grid)
{
    FILE *stream = open_file(name, "w");
    fprintf(stream, "gridtype = lonlat\nxsize = %d\nysize = %d\n", (int)grid->nlon,
            (int)grid->nlat);
    fprintf(stream, "xfirst = %.17g\nxinc = %.17g\nyfirst = %.17g\nyinc = %.17g\n",
            grid->longitude[0], grid->longitude_step, grid->latitude[0], -grid->latitude_step);
    fclose(stream);
}

/* NAME.nc of values on a grid that cdo knows or reads. */
static void write_field(const char *name, const char *grid, const double *values, int64_t count)
{
    FILE *stream = open_file("values.txt", "w");
    for (int64_t i = 0; i < count; i++) {
        fprintf(stream, "%.17g\n", isnan(values[i]) ? cdo_missing : values[i]);
    }
    fclose(stream);
    run("cdo -s -f nc -b F64 input,%s %s.nc < values.txt", grid, name);
}

/* What `cdo outputf … operators` prints. */
static double *read_output(const char *operators, int64_t count)
{
    double *values = numbers(count), more;
    run("cdo -s outputf,%%.17g,1 %s > output.txt", operators);
    FILE *stream = open_file("output.txt", "r");
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(fscanf(stream, "%lf", &values[i]), 1);
        values[i] = values[i] == cdo_missing ? NAN : values[i];
    }
    assert_int_equal(fscanf(stream, "%lf", &more), EOF);
    fclose(stream);
    return values;
}

static ar_regrid *make(const ar_source_grid *source, const ar_grid *target,
                       ar_regrid_settings settings)
{
    ar_regrid *regrid = NULL;
    ar_error err = {""};
    if (ar_regrid_create(&regrid, source, target, &settings, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return regrid;
}

static void require_harmonics(void)
{
    ar_grid to = make_grid(90, 10, 19, 0, 10, 36);
    ar_source_grid source = {.kind = AR_SOURCE_SPECTRUM, .truncation = 1};
    ar_regrid_settings settings = {.method = AR_REGRID_HARMONICS};
    ar_regrid *regrid = NULL;
    ar_error err = {""};
    ar_status status = ar_regrid_create(&regrid, &source, &to, &settings, &err);
    ar_regrid_destroy(&regrid);
    ar_grid_release(&to);
    if (status != AR_OK) {
        print_message("%s: not compared\n", err.message);
        skip();
    }
}

/* Random values with one in ten missing, from rows between the poles to a grid whose cells do not
 * nest. cdo makes a value of however little is there; where a target is between points it needs all
 * four, or takes another method: so none is missing for remapbil. Rows beyond the last one of the
 * source are left out there: cdo does not go on to the pole. */
static void points_to_points(void **state)
{
    (void)state;
    require_cdo();
    ar_grid from = make_grid(85, 10, 18, 5, 10, 36), to = make_grid(90, 7.5, 25, 0, 8, 45);
    const int64_t count = from.nlat * from.nlon, results = to.nlat * to.nlon;
    ar_random stream = {.seed = 21, .purpose = AR_RANDOM_TEST};
    double *values = numbers(count), *ours = numbers(results);
    ar_source_grid source = ar_source_of_grid(&from);
    write_grid("from", &from);
    write_grid("to", &to);
    for (int missing = 0; missing < 2; missing++) {
        for (int method = AR_REGRID_AREA; method <= (missing ? 0 : AR_REGRID_BILINEAR); method++) {
            for (int64_t i = 0; i < count; i++) {
                bool absent = missing && ar_random_below(&stream, 10) == 0;
                values[i] = absent ? NAN : ar_random_normal(&stream);
            }
            write_field("source", "from", values, count);
            double *theirs = read_output(method == AR_REGRID_AREA ? "-remapcon,to source.nc"
                                                                  : "-remapbil,to source.nc",
                                         results);
            ar_regrid *regrid = make(
                &source, &to,
                (ar_regrid_settings){.method = (ar_regrid_method)method, .minimum_share = 1e-6});
            assert_int_equal(ar_regrid_apply(regrid, values, ours, NULL), AR_OK);
            double largest = 0;
            for (int64_t p = 0; p < results; p++) {
                bool inside = fabs(to.latitude[p / to.nlon]) <= 85;
                if (method == AR_REGRID_AREA || inside) {
                    assert_true(isnan(ours[p]) == isnan(theirs[p]));
                    largest = fmax(largest, isnan(ours[p]) ? 0 : fabs(ours[p] - theirs[p]));
                }
            }
            print_message("method %d: largest difference %.1e\n", method, largest);
            assert_true(largest < 1e-12);
            free(theirs);
            ar_regrid_destroy(&regrid);
        }
    }
    free(values);
    free(ours);
    ar_grid_release(&from);
    ar_grid_release(&to);
}

/* A field with a spectrum of degree 4, and a wind of degree 2, on the Gaussian grid n16. */
static double scalar_at(double y, double x)
{
    return 2 + sin(y) * sin(y) * cos(y) * cos(y) * cos(2 * x) - cos(y) * sin(x);
}

static void wind_at(double y, double x, double *u, double *v)
{
    *u = 40 * (cos(y) * cos(1) + sin(y) * cos(x) * sin(1)) - 30 * sin(y) * sin(x);
    *v = -40 * sin(x) * sin(1) + 30 * cos(2 * y) * cos(x);
}

/* cdo analyses what is known on its Gaussian grid; its spectra give what is known on ours. The
 * wind's spectra are scaled from cdo's sphere to ours. */
static void spectra_to_points(void **state)
{
    (void)state;
    require_cdo();
    require_harmonics();
    enum { NLAT = 32, NLON = 64, T = 21, NUMBERS = (T + 1) * (T + 2) };
    double theta[NLAT], weight[NLAT], f[NLAT * NLON], u[NLAT * NLON], v[NLAT * NLON];
    ar_gaussian_quadrature(NLAT, theta, weight);
    for (int p = 0; p < NLAT * NLON; p++) {
        double y = AR_PI / 2 - theta[p / NLON], x = 2 * AR_PI * (p % NLON) / NLON;
        f[p] = scalar_at(y, x);
        wind_at(y, x, &u[p], &v[p]);
    }
    write_field("f", "n16", f, NLAT * NLON);
    write_field("u0", "n16", u, NLAT * NLON);
    write_field("v0", "n16", v, NLAT * NLON);
    run("cdo -s setcode,131 -chname,var1,u u0.nc u.nc");
    run("cdo -s setcode,132 -chname,var1,v v0.nc v.nc");
    run("cdo -s merge u.nc v.nc uv.nc");
    run("cdo -s -b F64 uv2dv uv.nc dv.nc");
    double *scalar = read_output("-gp2sp f.nc", NUMBERS);
    double *vorticity = read_output("-selname,svo dv.nc", NUMBERS);
    double *divergence = read_output("-selname,sd dv.nc", NUMBERS);
    for (int k = 0; k < NUMBERS; k++) {
        vorticity[k] *= cdo_radius / AR_EARTH_RADIUS;
        divergence[k] *= cdo_radius / AR_EARTH_RADIUS;
    }
    ar_grid to = make_grid(90, 7.5, 25, 0, 7.5, 48);
    ar_source_grid source = {.kind = AR_SOURCE_SPECTRUM, .truncation = T};
    ar_regrid *regrid = make(&source, &to, (ar_regrid_settings){.method = AR_REGRID_HARMONICS});
    double result[25 * 48], eastward[25 * 48], northward[25 * 48], error = 0, wind_error = 0;
    assert_int_equal(ar_regrid_apply(regrid, scalar, result, NULL), AR_OK);
    assert_int_equal(ar_regrid_apply_wind(regrid, vorticity, divergence, eastward, northward, NULL),
                     AR_OK);
    for (int p = 0; p < 25 * 48; p++) {
        double y = to.latitude[p / 48] * AR_PI / 180, x = to.longitude[p % 48] * AR_PI / 180;
        double expected_u, expected_v;
        wind_at(y, x, &expected_u, &expected_v);
        error = fmax(error, fabs(result[p] - scalar_at(y, x)));
        wind_error =
            fmax(wind_error, fmax(fabs(eastward[p] - expected_u), fabs(northward[p] - expected_v)));
    }
    print_message("scalar %.1e, wind %.1e m/s\n", error, wind_error);
    assert_true(error < 1e-12 && wind_error < 1e-10);
    free(scalar);
    free(vorticity);
    free(divergence);
    ar_regrid_destroy(&regrid);
    ar_grid_release(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_to_points),
        cmocka_unit_test(spectra_to_points),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

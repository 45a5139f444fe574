/* The cycle of water in single columns: what each step has to conserve, what it has to reach, and
 * saturation against a published table. */
#include "nature/water_cycle.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "field/constants.h"

enum { L = 8, N = 40 }; /* levels, columns */

typedef struct {
    ar_sigma sigma;
    double pressure[N], wind[N], surface[N], wetness[N], rain[N];
    double temperature[L * N], humidity[L * N];
} moist_row;

static double uniform(ar_random *stream, double from, double to)
{
    return from + (to - from) * ar_random_uniform(stream);
}

/* Columns from the tropics to the poles, from dry to twice saturated. */
static ar_moist_columns fill_row(moist_row *row, uint64_t seed)
{
    ar_random stream = {.seed = seed, .purpose = AR_RANDOM_TEST};
    assert_int_equal(ar_sigma_init(&row->sigma, L, NULL, NULL), AR_OK);
    for (int j = 0; j < N; j++) {
        row->pressure[j] = uniform(&stream, 60000, 104000);
        row->wind[j] = uniform(&stream, 0, 25);
        row->surface[j] = uniform(&stream, 240, 303);
        row->wetness[j] = uniform(&stream, 0, 1);
        row->rain[j] = 0;
        for (int k = 0; k < L; k++) {
            double t = row->surface[j] * pow(row->sigma.full[k], 0.19) + uniform(&stream, -5, 5);
            row->temperature[k * N + j] = t;
            row->humidity[k * N + j] =
                uniform(&stream, 0, 2) *
                ar_saturation_humidity(t, row->sigma.full[k] * row->pressure[j]);
        }
    }
    return (ar_moist_columns){.nlon = N,
                              .surface_pressure = row->pressure,
                              .wind_speed = row->wind,
                              .surface_temperature = row->surface,
                              .wetness = row->wetness,
                              .temperature = row->temperature,
                              .humidity = row->humidity,
                              .rain = row->rain};
}

/* Σ q Δp/g in kg/m². */
static double column_water(const moist_row *row, int j)
{
    double sum = 0;
    for (int k = 0; k < L; k++) {
        sum += row->humidity[k * N + j] * row->sigma.thickness[k] * row->pressure[j] / AR_GRAVITY;
    }
    return sum;
}

/* WMO's formula for saturation over water (Goff & Gratch 1946, as in WMO No. 8) has 6.107 hPa at
 * 0 °C, 12.27 at 10, 23.37 at 20, 42.43 at 30. A constant latent heat is within 2.5 % of it there.
 */
static void saturation_as_published(void **state)
{
    (void)state;
    const double celsius[] = {0, 10, 20, 30}, pascal[] = {610.7, 1227, 2337, 4243};
    for (int i = 0; i < 4; i++) {
        double q = ar_saturation_humidity(celsius[i] + 273.15, 1e5);
        double expected = 287.0 / 461.5 * pascal[i] / 1e5;
        assert_true(fabs(q / expected - 1) < 0.025);
    }
}

/* Column water is kept to rounding where the column has some, nothing below zero is left, and
 * humidity that is nowhere negative is not touched. */
static void filling_moves_water_down(void **state)
{
    (void)state;
    moist_row row;
    ar_moist_columns columns = fill_row(&row, 1);
    double before[N], untouched[L];
    for (int j = 0; j < N; j++) {
        row.humidity[(j % (L - 1)) * N + j] = -1e-4;
        row.humidity[(L - 1) * N + j] += 1e-3;
        before[j] = column_water(&row, j);
    }
    for (int k = 0; k < L; k++) {
        row.humidity[k * N] = untouched[k] = 1e-3 * (k + 1);
        row.humidity[k * N + 1] = -1e-5;
    }
    ar_water_cycle_fill(&row.sigma, &columns);
    for (int i = 0; i < L * N; i++) {
        assert_true(row.humidity[i] >= 0);
    }
    for (int k = 0; k < L; k++) {
        assert_true(row.humidity[k * N] == untouched[k]);
        assert_true(row.humidity[k * N + 1] == 0);
    }
    for (int j = 2; j < N; j++) {
        assert_true(fabs(column_water(&row, j) - before[j]) < 1e-13 * (1 + before[j]));
    }
    ar_sigma_release(&row.sigma);
}

/* cp T + L q of every parcel is kept; what was up to twice saturated ends at 85 to 100 % (one
 * Newton step on a convex curve never ends above), what was not is not touched; the water that is
 * gone is rain. */
static void condensation_conserves(void **state)
{
    (void)state;
    moist_row row;
    ar_moist_columns columns = fill_row(&row, 2);
    double water[N], enthalpy[L * N], humidity[L * N];
    const double interval = 3600;
    int wet = 0;
    for (int j = 0; j < N; j++) {
        water[j] = column_water(&row, j);
    }
    for (int i = 0; i < L * N; i++) {
        enthalpy[i] = AR_HEAT_CAPACITY_DRY * row.temperature[i] + AR_LATENT_HEAT * row.humidity[i];
        humidity[i] = row.humidity[i];
    }
    ar_water_cycle_condense(&row.sigma, interval, &columns);
    for (int i = 0; i < L * N; i++) {
        double now = AR_HEAT_CAPACITY_DRY * row.temperature[i] + AR_LATENT_HEAT * row.humidity[i];
        assert_true(fabs(now / enthalpy[i] - 1) < 1e-14);
        double p = row.sigma.full[i / N] * row.pressure[i % N];
        double relative = row.humidity[i] / ar_saturation_humidity(row.temperature[i], p);
        if (row.humidity[i] != humidity[i]) {
            wet++;
            assert_true(row.humidity[i] < humidity[i]);
            assert_true(relative > 0.85 && relative <= 1 + 1e-12);
        } else {
            assert_true(relative <= 1);
        }
    }
    assert_true(wet > L * N / 4 && wet < 3 * L * N / 4);
    for (int j = 0; j < N; j++) {
        double gone = water[j] - column_water(&row, j);
        assert_true(fabs(row.rain[j] * interval - gone) < 1e-12 * (1 + water[j]));
    }
    ar_sigma_release(&row.sigma);
}

/* Mixing with a ground that gives nothing keeps column water; from dry air over water, evaporation
 * is what the implicit bulk formula says, and never moistens the lowest level beyond the ground's
 * saturation, however long the interval; the upper levels stay as they were. */
static void mixing_conserves_and_evaporates(void **state)
{
    (void)state;
    moist_row row;
    ar_moist_columns columns = fill_row(&row, 3);
    double water[N];
    memset(row.wetness, 0, sizeof row.wetness);
    for (int j = 0; j < N; j++) {
        water[j] = column_water(&row, j);
    }
    double top = row.humidity[0];
    ar_water_cycle_mix(&row.sigma, 3600, &columns);
    assert_true(row.humidity[0] == top);
    for (int j = 0; j < N; j++) {
        assert_true(fabs(column_water(&row, j) - water[j]) < 1e-13 * (1 + water[j]));
    }
    ar_sigma_release(&row.sigma);

    const double intervals[] = {1, 3600, 1e9};
    for (int i = 0; i < 3; i++) {
        columns = fill_row(&row, 4);
        memset(row.humidity, 0, sizeof row.humidity);
        for (int j = 0; j < N; j++) {
            row.wetness[j] = 1;
        }
        double lowest[N];
        memcpy(lowest, row.temperature + (L - 1) * N, sizeof lowest);
        ar_water_cycle_mix(&row.sigma, intervals[i], &columns);
        for (int j = 0; j < N; j++) {
            double saturation = ar_saturation_humidity(row.surface[j], row.pressure[j]);
            double q = row.humidity[(L - 1) * N + j];
            assert_true(q >= 0 && q <= saturation * (1 + 1e-12));
            /* Flux 0.0044 |v| ρ (q_s − q), Thatcher & Jablonowski (2016), eq. 8. */
            double density = row.pressure[j] / (AR_GAS_CONSTANT_DRY * lowest[j]);
            double flux = 0.0044 * row.wind[j] * density * (saturation - q) * intervals[i];
            assert_true(fabs(column_water(&row, j) - flux) < 1e-6 * (1 + fabs(flux)));
        }
        ar_sigma_release(&row.sigma);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saturation_as_published),
        cmocka_unit_test(filling_moves_water_down),
        cmocka_unit_test(condensation_conserves),
        cmocka_unit_test(mixing_conserves_and_evaporates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

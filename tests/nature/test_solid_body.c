/* A tracer carried by solid-body rotation, whose exact solution is the tracer itself, turned: once
 * around the equator, and to and fro over the pole. The wind is the model's own and has to stay the
 * exact solution that it is. Nothing depends on height, and two layers would do, but for this: the
 * uppermost layer of Simmons & Burridge (1981) is too warm or cold where the wind crosses lines of
 * equal surface pressure (their α₁ = ln 2, where 1 would be exact). So it is made thin, and left
 * out of the errors. */
#include "nature/nature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nature/checked.h"
#include "nature/initial_states.h"

enum { LEVELS = 3 };
static const double interfaces[LEVELS + 1] = {0, 1e-3, 0.5, 1};

/* Isothermal, so that a wind without shear needs a gradient of surface pressure only. */
static const double temperature = 300;

typedef struct {
    double x, y, z;
} vector;

static double dot(vector a, vector b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static vector cross(vector a, vector b)
{
    return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* `a` turned by `angle` about the unit vector `axis` (Rodrigues). */
static vector turn(vector a, vector axis, double angle)
{
    double c = cos(angle), s = sin(angle), along = dot(a, axis) * (1 - c);
    vector by = cross(axis, a);
    return (vector){a.x * c + by.x * s + axis.x * along, a.y * c + by.y * s + axis.y * along,
                    a.z * c + by.z * s + axis.z * along};
}

/* Unit vectors of a grid point: outward, eastward, northward. */
static void point_vectors(const ar_nature *nature, int64_t p, vector *up, vector *east,
                          vector *north)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    int64_t nlon = ar_harmonics_get_settings(h)->nlon;
    double colatitude = ar_harmonics_get_colatitude(h)[p / nlon];
    double longitude = 2 * AR_PI * (p % nlon) / nlon;
    *up = (vector){sin(colatitude) * cos(longitude), sin(colatitude) * sin(longitude),
                   cos(colatitude)};
    *east = (vector){-sin(longitude), cos(longitude), 0};
    *north = cross(*up, *east);
}

static int64_t points_of(const ar_nature *nature)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    return grid->nlat * grid->nlon;
}

static ar_nature *make_tracer_model(int64_t steps_per_hour)
{
    ar_nature_settings settings = ar_nature_default_settings(42, LEVELS);
    settings.held_suarez = false;
    settings.humidity = true;
    settings.sigma_half = interfaces;
    settings.steps_per_hour = steps_per_hour;
    return make(settings);
}

/* The fields of a rotation by `spin` (rad/s, a vector) relative to the earth, with ln ps =
 * ln 1000 hPa + log_pressure(point), and of a tracer about `centre`: 1e-3 exp(−(d/0.35)²) with the
 * chord d on the unit sphere, smooth enough for T42. */
typedef double (*point_function)(vector up, const void *about);

static void fill(const ar_nature *nature, vector spin, vector centre, point_function log_pressure,
                 point_function ground, const void *about, ar_nature_fields *f)
{
    int64_t points = points_of(nature);
    for (int64_t i = 0; i < LEVELS * points; i++) {
        vector up, east, north;
        point_vectors(nature, i % points, &up, &east, &north);
        vector wind = cross(spin, up);
        f->eastward[i] = AR_EARTH_RADIUS * dot(wind, east);
        f->northward[i] = AR_EARTH_RADIUS * dot(wind, north);
        f->temperature[i] = temperature;
        f->humidity[i] = 1e-3 * exp(-2 * (1 - dot(up, centre)) / (0.35 * 0.35));
        f->surface_pressure[i % points] = 1e5 * exp(log_pressure(up, about));
        f->surface_geopotential[i % points] = ground(up, about);
    }
}

/* The norms of Williamson et al. (1992, J. Comput. Phys. 102, 211), eqs. 82 to 84. */
typedef struct {
    double l1, l2, largest;
} error_norms;

static error_norms compare(const ar_nature *nature, const double *found, const double *exact)
{
    int64_t points = points_of(nature);
    double l1 = 0, l2 = 0, largest = 0, all1 = 0, all2 = 0, most = 0;
    for (int64_t i = points; i < LEVELS * points; i++) {
        vector up, east, north;
        point_vectors(nature, i % points, &up, &east, &north);
        double weight = sqrt(1 - up.z * up.z), off = fabs(found[i] - exact[i]);
        l1 += weight * off;
        l2 += weight * off * off;
        largest = fmax(largest, off);
        all1 += weight * fabs(exact[i]);
        all2 += weight * exact[i] * exact[i];
        most = fmax(most, fabs(exact[i]));
    }
    return (error_norms){l1 / all1, sqrt(l2 / all2), largest / most};
}

/* Σ q ps cos φ, which stands for the tracer's mass. */
static double tracer_mass(const ar_nature *nature, const ar_nature_fields *f)
{
    int64_t points = points_of(nature);
    double mass = 0;
    for (int64_t i = points; i < LEVELS * points; i++) {
        vector up, east, north;
        point_vectors(nature, i % points, &up, &east, &north);
        mass += sqrt(1 - up.z * up.z) * f->humidity[i] * f->surface_pressure[i % points];
    }
    return mass;
}

static double flat(vector up, const void *about)
{
    (void)up;
    (void)about;
    return 0;
}

/* Gradient wind: u²tan φ/a + f u = −(R T/a) ∂ln ps/∂φ for u = u0 cos φ; `about` is u0. */
static double balanced_log_pressure(vector up, const void *about)
{
    double speed = *(const double *)about;
    return -(AR_EARTH_RADIUS * AR_EARTH_ROTATION * speed + speed * speed / 2) * up.z * up.z /
           (AR_GAS_CONSTANT_DRY * temperature);
}

/* The tracer's l2 error after going once around. */
static double go_around_the_equator(int64_t steps_per_hour)
{
    const double turning = 2 * AR_PI / (12 * 86400.0), speed = turning * AR_EARTH_RADIUS;
    ar_nature *nature = make_tracer_model(steps_per_hour);
    ar_nature_fields exact = fields_allocate(nature), now = fields_allocate(nature);
    fill(nature, (vector){0, 0, turning}, (vector){1, 0, 0}, balanced_log_pressure, flat, &speed,
         &exact);
    set(nature, &exact);
    double mass = tracer_mass(nature, &exact);
    advance(nature, 12 * 24);
    get(nature, &now);
    error_norms tracer = compare(nature, now.humidity, exact.humidity);
    error_norms wind = compare(nature, now.eastward, exact.eastward);
    double gained = tracer_mass(nature, &now) / mass - 1;
    print_message("%d steps an hour, once around: tracer l1 %.1e, l2 %.1e, largest %.1e, mass "
                  "%+.1e; wind l2 %.1e\n",
                  (int)steps_per_hour, tracer.l1, tracer.l2, tracer.largest, gained, wind.l2);
    assert_true(wind.l2 < 1e-8);
    assert_true(fabs(gained) < 1e-7);
    free(exact.eastward);
    free(now.eastward);
    ar_nature_destroy(&nature);
    return tracer.l2;
}

/* Williamson et al. (1992), case 1 with α = 0: once around in 12 days, 38.6 m/s at the equator. The
 * wind u0 cos φ is steady where pressure balances it as above: it has no divergence, and does not
 * cross lines of equal pressure. What the tracer is off by is the time scheme's, of second order:
 * a quarter with half the step. */
static void tracer_goes_around_the_equator(void **state)
{
    (void)state;
    double error = go_around_the_equator(3), finer = go_around_the_equator(6);
    assert_true(error < 0.008);
    assert_true(finer < error / 3);
}

/* What cancels the part of the Coriolis terms that is gone for an observer who does not turn with
 * the earth. */
static double levelling_ground(vector up, const void *about)
{
    (void)about;
    double speed = AR_EARTH_ROTATION * AR_EARTH_RADIUS * up.z;
    return speed * speed / 2;
}

/* `about` is the unit vector that the air turns about. */
static double tilted_log_pressure(vector up, const void *about)
{
    double speed = AR_EARTH_ROTATION * AR_EARTH_RADIUS * dot(*(const vector *)about, up);
    return -speed * speed / 2 / (AR_GAS_CONSTANT_DRY * temperature);
}

/* The tracer's and the wind's largest l2 error within a day, every 6 hours. */
static void go_over_the_pole(int64_t steps_per_hour, double *tracer_error, double *wind_error)
{
    const double tilt = 8 * AR_PI / 180;
    const vector pole = {0, 0, 1}, axis = {sin(tilt), 0, cos(tilt)};
    ar_nature *nature = make_tracer_model(steps_per_hour);
    ar_nature_fields exact = fields_allocate(nature), now = fields_allocate(nature);
    double mass = 0;
    for (int hour = 0; hour <= 24; hour += 6) {
        double angle = AR_EARTH_ROTATION * hour * 3600;
        vector about = turn(axis, pole, -angle);
        vector centre = turn(turn(pole, axis, angle), pole, -angle);
        vector spin = {AR_EARTH_ROTATION * about.x, AR_EARTH_ROTATION * about.y,
                       AR_EARTH_ROTATION * (about.z - 1)};
        fill(nature, spin, centre, tilted_log_pressure, levelling_ground, &about, &exact);
        if (hour == 0) {
            set(nature, &exact);
            mass = tracer_mass(nature, &exact);
            continue;
        }
        advance(nature, 6);
        get(nature, &now);
        error_norms tracer = compare(nature, now.humidity, exact.humidity);
        error_norms eastward = compare(nature, now.eastward, exact.eastward);
        error_norms northward = compare(nature, now.northward, exact.northward);
        double gained = tracer_mass(nature, &now) / mass - 1;
        print_message("%d steps an hour, over the pole, hour %d: tracer l1 %.1e, l2 %.1e, largest "
                      "%.1e, mass %+.1e; wind l2 %.1e and %.1e\n",
                      (int)steps_per_hour, hour, tracer.l1, tracer.l2, tracer.largest, gained,
                      eastward.l2, northward.l2);
        assert_true(fabs(gained) < 2e-3);
        *tracer_error = fmax(*tracer_error, tracer.l2);
        *wind_error = fmax(*wind_error, fmax(eastward.l2, northward.l2));
    }
    free(exact.eastward);
    free(now.eastward);
    ar_nature_destroy(&nature);
}

/* The unsteady solution of Läuter, Handorf & Dethloff (2005, J. Comput. Phys. 210, 535), here with
 * isothermal air: over a ground of Ω²a² sin²φ/2, air that turns with Ω about an axis 8 degrees from
 * the pole is steady as seen from space. On the earth the axis goes round once a day, a wind of up
 * to 65 m/s blows over the pole, and what was at the pole makes a loop of 16 degrees and returns.
 * Both the wind and the tracer are off by what the time scheme is. Its advective form keeps the
 * tracer's mass where pressure is steady, and to 1e-3 here, where it falls from 1000 hPa at the
 * equator to 285 at the poles. */
static void tracer_goes_over_the_pole(void **state)
{
    (void)state;
    double tracer = 0, wind = 0, finer_tracer = 0, finer_wind = 0;
    go_over_the_pole(3, &tracer, &wind);
    go_over_the_pole(6, &finer_tracer, &finer_wind);
    assert_true(tracer < 0.004 && wind < 0.012);
    assert_true(finer_tracer < tracer / 3 && finer_wind < wind / 2.5);
}

int main(void)
{
    int absent = try_model();
    if (absent) {
        return absent;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracer_goes_around_the_equator),
        cmocka_unit_test(tracer_goes_over_the_pole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

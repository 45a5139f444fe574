#include "nature/surface.h"

#include <math.h>
#include <stddef.h>

#include "field/constants.h"

/* Centre and half-widths in degrees; along a parallel in degrees of longitude. */
typedef struct {
    double latitude, longitude, north_south, east_west;
} ellipse;

static const ellipse continents[] = {
    {48, 262, 20, 33},  /* where North America is */
    {-14, 301, 27, 15}, /* South America */
    {8, 19, 27, 20},    /* Africa */
    {50, 75, 24, 62},   /* Eurasia */
    {-25, 134, 11, 19}, /* Australia */
};
/* Land south of this latitude, with this half-width of its coast. */
static const double antarctica = -72, antarctic_coast = 4;
/* Half-width of a coast as a share of the continent's. */
static const double coast = 0.2;

typedef struct {
    ellipse place;
    double altitude;
} range;

/* Half-widths along a parallel in degrees of a great circle. */
static const range ranges[] = {
    {{40, 250, 12, 7}, 1800},  /* the Rocky Mountains */
    {{-22, 291, 20, 5}, 2200}, /* the Andes */
    {{33, 88, 8, 15}, 3800},   /* Tibet */
    {{72, 320, 8, 6}, 2000},   /* Greenland */
    {{-90, 0, 14, 1e9}, 2800}, /* Antarctica */
};

static double degrees(double radians)
{
    return radians * 180 / AR_PI;
}

/* Squared distance from the centre in half-widths. */
static double distance_squared(const ellipse *e, double latitude, double longitude, double shrink)
{
    double y = (latitude - e->latitude) / e->north_south;
    double x = remainder(longitude - e->longitude, 360) * shrink / e->east_west;
    return x * x + y * y;
}

double ar_surface_land_share(double latitude, double longitude)
{
    double sea = 1, phi = degrees(latitude), lambda = degrees(longitude);
    for (size_t i = 0; i < sizeof continents / sizeof *continents; i++) {
        double r = sqrt(distance_squared(&continents[i], phi, lambda, 1));
        sea *= (1 - tanh((1 - r) / coast)) / 2;
    }
    sea *= (1 - tanh((antarctica - phi) / antarctic_coast)) / 2;
    return 1 - sea;
}

double ar_surface_altitude(double latitude, double longitude)
{
    double altitude = 0, phi = degrees(latitude), lambda = degrees(longitude);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        altitude += ranges[i].altitude *
                    exp(-distance_squared(&ranges[i].place, phi, lambda, cos(latitude)));
    }
    return altitude;
}

double ar_surface_sea_temperature(double latitude, double warmest)
{
    const double coldest = 271, contrast = 29, width = 26;
    double distance = degrees(latitude - warmest) / width;
    return coldest + contrast * exp(-distance * distance / 2);
}

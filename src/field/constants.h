/* Constants of the earth and its air, each with its source. SI units. */
#ifndef AR_FIELD_CONSTANTS_H
#define AR_FIELD_CONSTANTS_H

#define AR_PI 3.14159265358979323846

/* Mean radius in m: the sphere of GRIB's shapeOfTheEarth 6 (WMO code table 3.2), which ERA5 and
 * Jablonowski & Williamson (2006) use. Held & Suarez (1994) take 6.371e6. */
#define AR_EARTH_RADIUS 6371229.0
/* Angular velocity in rad/s (Jablonowski & Williamson 2006, table 1; IAU sidereal rate rounded). */
#define AR_EARTH_ROTATION 7.29212e-5
/* Gravity in m/s² (Jablonowski & Williamson 2006, table 1; WMO's standard is 9.80665). */
#define AR_GRAVITY 9.80616
/* Gas constant of dry air in J/(kg K) (Jablonowski & Williamson 2006, table 1). */
#define AR_GAS_CONSTANT_DRY 287.0
/* Specific heat of dry air at constant pressure in J/(kg K) (the same table). */
#define AR_HEAT_CAPACITY_DRY 1004.5
/* R/cp = 2/7 exactly with the two above. */
#define AR_KAPPA (AR_GAS_CONSTANT_DRY / AR_HEAT_CAPACITY_DRY)

#endif

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
/* Pressure in Pa that potential temperature and σ = 1 refer to. */
#define AR_REFERENCE_PRESSURE 1e5
/* Gas constant of water vapour in J/(kg K), latent heat of vaporisation in J/kg (held constant),
 * and saturation vapour pressure in Pa at AR_TRIPLE_POINT in K (Reed & Jablonowski 2012, J. Adv.
 * Model. Earth Syst. 4, M04001, table 1). */
#define AR_GAS_CONSTANT_VAPOUR 461.5
#define AR_LATENT_HEAT 2.5e6
#define AR_SATURATION_PRESSURE 610.78
#define AR_TRIPLE_POINT 273.16

#endif

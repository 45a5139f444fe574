/* What ecCodes says about one GRIB field in memory: its keys and its values. The only header behind
 * which ecCodes is called. Calls happen one at a time and are safe from any thread; ecCodes prints
 * nothing, and its failed assertions become errors here. Private to the io room. */
#ifndef AR_IO_GRIB_KEYS_H
#define AR_IO_GRIB_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Where the points of a field lie, or what its coefficients are of. Degrees; the coordinates of a
 * grid that is not regular_ll, regular_gg or reduced_gg mean nothing. */
typedef struct {
    char type[40];       /* gridType: "regular_ll", "reduced_gg", "sh", … */
    char hash[40];       /* of the message's description of it */
    int64_t value_count; /* points, or coefficients */
    int64_t nlon, nlat;  /* points along a parallel and along a meridian */
    int64_t gaussian;    /* parallels between a pole and the equator; 0: not Gaussian */
    int64_t truncation;  /* of spherical harmonics, triangular; −1: there is none */
    double first_latitude, last_latitude, first_longitude, last_longitude;
    bool westward;             /* parallels are scanned from east to west */
    bool northward;            /* and follow each other from south to north */
    bool meridian_by_meridian; /* neighbours in the file lie on a meridian, not on a parallel */
    bool alternating;          /* every second line is scanned the other way */
} ar_grib_grid;

typedef struct {
    int64_t parameter;   /* ECMWF's number, paramId; 0: unknown to ecCodes */
    char short_name[64]; /* "t"; what is unknown is called by its numbers, "unknown_0_3_192" */
    char long_name[160], standard_name[128], units[64]; /* "" where ecCodes knows none */
    char level_type[64]; /* typeOfLevel; pressure is "isobaricInhPa" whatever its unit was */
    char step_type[32];  /* "instant", "accum", "avg", … */
    double level;        /* hPa for pressure, else as the file has it */
    int64_t member;      /* of the ensemble; 0 where there is none */
    int64_t time;        /* of validity: seconds since 1970-01-01, proleptic Gregorian */
    int64_t reference;   /* the time that the forecast began, or of the analysis */
    ar_grib_grid grid;
} ar_grib_keys;

/* Read the keys of a message of one field. What ecCodes cannot read is an error in its words. */
AR_USE_RESULT ar_status ar_grib_keys_read(ar_grib_keys *keys, const unsigned char *bytes,
                                          size_t length, ar_error *err);
/* Decode its values, in the file's order; NaN where they are missing. Another number of them than
 * `count` is an error. */
AR_USE_RESULT ar_status ar_grib_values_read(double *values, int64_t count,
                                            const unsigned char *bytes, size_t length,
                                            ar_error *err);
/* The points of each of the `count` parallels of a reduced grid. */
AR_USE_RESULT ar_status ar_grib_row_points_read(int64_t *points, int64_t count,
                                                const unsigned char *bytes, size_t length,
                                                ar_error *err);
/* The 2·order latitudes of a Gaussian grid, from north to south, degrees. */
AR_USE_RESULT ar_status ar_grib_gaussian_latitudes(double *latitudes, int64_t order, ar_error *err);

#endif

/* A picture of anything in a file: a map of a field on latitudes and longitudes, or a line of what
 * has one dimension left, such as a series of times at a place, or a profile. */
#ifndef AR_PICTURE_PLOT_H
#define AR_PICTURE_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    const char *path;     /* netCDF, GRIB, Zarr */
    const char *variable; /* NULL: the only one there is to draw */
    const char *time;     /* ISO text; NULL: the first, or all of a line */
    const double *level;  /* NULL: the first, or all of a line that has no times */
    int64_t member;       /* index in any other dimension */
    bool at_place;        /* a line at the nearest grid point instead of a map */
    double latitude, longitude;
    const char *out; /* .png, or .svg for a line; NULL: VARIABLE.png in the working folder */
} ar_plot_options;

/* Draw it. What is not in the file is an error that names what is. Maps need GMT, PNGs of lines
 * rsvg-convert; without them the error says so. *out is the path of the picture, the caller's to
 * ar_free. */
AR_USE_RESULT ar_status ar_plot(const ar_plot_options *options, char **out, ar_error *err);

#endif

/* What the variables of a GRIB file are called. Private to the io room. */
#ifndef AR_IO_GRIB_NAMES_H
#define AR_IO_GRIB_NAMES_H

#include "io/grib_index.h"

/* The short name, and where several variables of the file have it, what they differ in: "_" and the
 * kind of level (left away on pressure levels), "_" and the kind of step, and "_2", "_3", … for
 * those that differ in grid, unit or parameter only, in the file's order. So `t`, `t_surface`,
 * `tcc_avg`, `tp_2`. */
void ar_grib_name_group(const ar_grib_index *index, int64_t which, char *name, size_t size);

#endif

/* Indices of large GRIB files, kept so that a file is looked through once and not each time it is
 * opened: in $ATMOREP_CACHE, else $XDG_CACHE_HOME/atmorep, else ~/.cache/atmorep; nowhere if
 * ATMOREP_CACHE is empty. An index counts while the file has the length and the time of change that
 * it had; one that is damaged, of another version or cannot be written is passed over in silence,
 * as the file itself says it all. Private to the io room. */
#ifndef AR_IO_GRIB_CACHE_H
#define AR_IO_GRIB_CACHE_H

#include "io/grib_index.h"

/* Files of fewer messages are looked through each time. */
enum { AR_GRIB_CACHE_LEAST = 64 };

/* Fill records and the keys of groups of an empty index; *found: there was one. */
AR_USE_RESULT ar_status ar_grib_cache_read(ar_grib_index *index, const ar_grib_file *file,
                                           bool *found, ar_error *err);
/* Keep records and the keys of groups, if there are enough of them. */
void ar_grib_cache_write(const ar_grib_index *index, const ar_grib_file *file);

#endif

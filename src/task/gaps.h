/* Where values are to be filled in: those that are missing, and those that a mask marks, which are
 * then hidden. Only what is marked is filled; all else of the output is the data. */
#ifndef AR_TASK_GAPS_H
#define AR_TASK_GAPS_H

#include "atmorep/atmorep.h"
#include "task/blend.h"
#include "task/tiles.h"
#include "train/dataset.h"

/* `--gaps` with this value: gaps are what is missing in the data. */
#define AR_GAPS_MISSING "missing"

typedef struct {
    const ar_dataset *dataset;
    uint8_t *marks[AR_FIELD_MAX]; /* [time][level][nlat][nlon] 1: a gap; of predicted fields */
} ar_gaps;

/* Mark the gaps of all predicted fields of a loaded dataset and make them missing there. `where`
 * is AR_GAPS_MISSING, or a file on the data's grid whose variables are called as those of the data,
 * or `mask` for all others, and are 1 where there is a gap and 0 elsewhere; on the field's levels,
 * or on none for all of them. Its times need not be all of the data's. A file without either,
 * another grid, levels that it does not have, and other numbers are errors. Release in any case. */
AR_USE_RESULT ar_status ar_gaps_init(ar_gaps *gaps, ar_dataset *dataset,
                                     const ar_configuration *configuration, const char *where,
                                     ar_error *err);
void ar_gaps_release(ar_gaps *gaps); /* safe on zeroed */

/* Has a tile any gap at this time? A time that the data does not have is one gap. */
bool ar_gaps_in_tile(const ar_gaps *gaps, const ar_tiles *tiles, int64_t tile, int64_t time);
/* No gap in the tiles at any of these times is an error, which names the options' gaps and place.
 */
AR_USE_RESULT ar_status ar_gaps_check(const ar_gaps *gaps, const ar_tiles *tiles,
                                      const int64_t *times, int64_t count,
                                      const ar_forecast_options *options, ar_error *err);
/* Give all members the data's value where there is no gap; missing where it is. */
void ar_gaps_restore(const ar_gaps *gaps, int64_t field, int64_t time, ar_blend *blend);

#endif

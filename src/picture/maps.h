/* Maps of one forecast beside its truth, drawn by GMT (Wessel et al. 2019). GMT is run as a
 * program, without a shell; why is told in docs/decisions.md. */
#ifndef AR_PICTURE_MAPS_H
#define AR_PICTURE_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "field/grid.h"

/* Make words of a standard name: "air_temperature" becomes "Air temperature". */
void ar_map_make_readable(char *heading);

typedef struct {
    const char *name;       /* of the field, as the title has it */
    const char *level_text; /* "850 hPa"; "" for a field without levels */
    const char *units;
    const char *valid_time; /* ISO */
    double lead_hours;
    int64_t member_count;
    const ar_grid *grid;
    const float *analysis, *mean, *spread; /* [nlat][nlon]; spread NaN with one member */
} ar_map;

/* Draw analysis, mean, spread and error as four panels into the PNG file folder/name, which appears
 * whole or not at all. *drawn is false when GMT is not installed (that is no error); a GMT that
 * fails is one, with the last line it told. One thread at a time. */
AR_USE_RESULT ar_status ar_map_draw(const ar_map *map, const char *folder, const char *name,
                                    bool *drawn, ar_error *err);

#endif

/* A page of maps of fields on one grid, drawn by GMT (Wessel et al. 2019) with coastlines and a
 * scale of colours below each. GMT is run as a program, without a shell; why is told in
 * docs/decisions.md. */
#ifndef AR_PICTURE_MAP_PAGE_H
#define AR_PICTURE_MAP_PAGE_H

#include <stdint.h>

#include "field/grid.h"
#include "picture/map_scale.h"

typedef struct {
    const float *values; /* [nlat][nlon], NaN where missing */
    const char *palette; /* of GMT */
    bool reversed;       /* the palette */
    bool contours;       /* lines at each step of the scale */
    ar_map_unit unit;
    ar_map_scale scale; /* of factor · values */
    char title[160];
} ar_map_panel;

typedef struct {
    const ar_grid *grid;
    const char *heading;
    const ar_map_panel *panels; /* [panel_count] in reading order */
    int64_t panel_count, columns;
    bool film; /* one picture of several: equally large whatever is on it, and coarser */
} ar_map_page;

/* Colours for values between two limits: diverging where they lie on both sides of zero, else with
 * contours. Crameri's (2018) maps: readable with colour-blindness and in grey. Limits are in the
 * field's unit. */
ar_map_panel ar_map_panel_of_field(const ar_map_unit *unit, double low, double high);

/* Draw the page into the PNG file folder/name, which appears whole or not at all. GMT has to be
 * installed; one that fails is an error with the last line it told. One thread at a time. */
AR_USE_RESULT ar_status ar_map_page_draw(const ar_map_page *page, const char *folder,
                                         const char *name, ar_error *err);

#endif

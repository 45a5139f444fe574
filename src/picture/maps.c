#include "picture/maps.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "picture/gmt.h"
#include "picture/map_page.h"

enum { PANEL_COUNT = 4 };

/* "2026-02-28T18:00" as "2026-02-28 18:00 UTC". */
static void describe_time(char *text, size_t size, const char *iso)
{
    snprintf(text, size, "%s UTC", iso);
    char *separator = strchr(text, 'T');
    if (separator && separator < strchr(text, ' ')) {
        *separator = ' ';
    }
}

void ar_map_make_readable(char *heading)
{
    heading[0] = (char)toupper((unsigned char)heading[0]);
    for (char *underscore = strchr(heading, '_'); underscore;
         underscore = strchr(underscore, '_')) {
        *underscore = ' ';
    }
}

static void write_heading(char *heading, size_t size, const ar_map *map)
{
    char time[64];
    describe_time(time, sizeof time, map->valid_time);
    snprintf(heading, size, "%s%s%s, valid %s, lead time %g h", map->name,
             map->level_text[0] ? " at " : "", map->level_text, time, map->lead_hours);
    ar_map_make_readable(heading);
}

/* Colours for analysis and mean alike, for the spread and for the error; extremes that one point in
 * 200 exceeds do not decide them. */
static ar_status choose_panels(ar_map_panel panels[PANEL_COUNT], const ar_map *map,
                               const float *error, ar_error *err)
{
    int64_t points = map->grid->nlat * map->grid->nlon;
    double low[2], high[2], spread = NAN, error_limit = NAN;
    const float *fields[2] = {map->analysis, map->mean};
    ar_status status = AR_OK;
    for (int i = 0; i < 2; i++) {
        AR_TRY(ar_map_quantile(&low[i], fields[i], points, 0.005, false, err));
        AR_TRY(ar_map_quantile(&high[i], fields[i], points, 0.995, false, err));
    }
    AR_TRY(ar_map_quantile(&spread, map->spread, points, 0.995, false, err));
    AR_TRY(ar_map_quantile(&error_limit, error, points, 0.995, true, err));
    double lowest = fmin(low[0], low[1]), highest = fmax(high[0], high[1]);
    ar_map_unit unit;
    ar_map_unit_choose(&unit, map->units, fmax(fabs(lowest), fabs(highest)));
    panels[0] = panels[1] = ar_map_panel_of_field(&unit, lowest, highest);
    panels[2] = (ar_map_panel){
        .palette = "lajolla", .unit = unit, .scale = ar_map_scale_from_zero(unit.factor * spread)};
    panels[3] = (ar_map_panel){
        .palette = "vik", .unit = unit, .scale = ar_map_scale_symmetric(unit.factor * error_limit)};
cleanup:
    return status;
}

static void fill_panels(ar_map_panel panels[PANEL_COUNT], const ar_map *map, const float *error)
{
    const float *values[PANEL_COUNT] = {map->analysis, map->mean, map->spread, error};
    for (int i = 0; i < PANEL_COUNT; i++) {
        panels[i].values = values[i];
    }
    snprintf(panels[0].title, sizeof panels->title, "Analysis");
    snprintf(panels[1].title, sizeof panels->title, "Forecast, mean of %lld members",
             (long long)map->member_count);
    snprintf(panels[2].title, sizeof panels->title, "Spread of the members");
    snprintf(panels[3].title, sizeof panels->title, "Error, mean - analysis");
}

ar_status ar_map_draw(const ar_map *map, const char *folder, const char *name, bool *drawn,
                      ar_error *err)
{
    const int64_t points = map->grid->nlat * map->grid->nlon;
    ar_map_panel panels[PANEL_COUNT];
    char heading[256];
    const ar_map_page page = {.grid = map->grid,
                              .heading = heading,
                              .panels = panels,
                              .panel_count = PANEL_COUNT,
                              .columns = 2};
    float *error = NULL;
    ar_status status = AR_OK;
    *drawn = false;
    if (!ar_gmt_installed()) {
        return AR_OK;
    }
    AR_TRY(ar_allocate(&error, (size_t)points, sizeof *error, "a map's error", err));
    for (int64_t at = 0; at < points; at++) {
        error[at] = map->mean[at] - map->analysis[at];
    }
    AR_TRY(choose_panels(panels, map, error, err));
    fill_panels(panels, map, error);
    write_heading(heading, sizeof heading, map);
    AR_TRY(ar_map_page_draw(&page, folder, name, err));
    *drawn = true;
cleanup:
    ar_free(error);
    return status;
}

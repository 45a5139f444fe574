#include "picture/maps.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/writer.h"
#include "picture/gmt.h"
#include "picture/map_scale.h"

enum { PANEL_COUNT = 4, OPTION_SIZE = 160 };

/* Lengths in centimetres. */
static const double MAP_WIDTH = 12.6, MAP_TALLEST = 10.0, COLUMN_GAP = 0.9, ROW_GAP = 2.7,
                    HEADING_GAP = 1.1, ROBINSON_ASPECT = 0.5072, REGION_MARGIN = 0.7;

/* How all panels are projected. */
typedef struct {
    bool global;
    char region[OPTION_SIZE], projection[OPTION_SIZE];
    double width, height;         /* of one map */
    double column_step, row_step; /* from one panel to the next */
    const char *coast_resolution;
} layout;

typedef struct {
    const char *file; /* grid, in GMT's folder */
    const float *values;
    const char *palette;
    bool reversed; /* the palette */
    bool contours; /* lines at each step of the scale */
    ar_map_scale scale;
    char title[OPTION_SIZE];
} panel;

typedef struct {
    const ar_map *map;
    ar_gmt gmt;
    layout layout;
    ar_map_unit unit;
    panel panels[PANEL_COUNT];
} drawing;

#define RUN(drawing, ...) ar_gmt_run(&(drawing)->gmt, (const char *const[]){__VA_ARGS__, NULL}, err)

static void choose_layout(layout *choice, const ar_grid *grid)
{
    double north = grid->latitude[0], south = grid->latitude[grid->nlat - 1];
    double west = grid->longitude[0];
    double east = grid->wraps ? west + 360 : grid->longitude[grid->nlon - 1];
    choice->global = grid->wraps && north > 80 && south < -80;
    choice->width = MAP_WIDTH;
    if (choice->global) {
        snprintf(choice->region, OPTION_SIZE, "-Rg");
        snprintf(choice->projection, OPTION_SIZE, "-JN0/%gc", MAP_WIDTH);
        choice->height = MAP_WIDTH * ROBINSON_ASPECT;
        choice->coast_resolution = "-Dl+f";
    } else {
        /* Equidistant cylindrical, true to scale in the middle of the region. */
        double middle = (north + south) / 2, squeeze = fmax(cos(middle * M_PI / 180), 0.2);
        double aspect = (north - south) / ((east - west) * squeeze);
        choice->height = fmin(MAP_WIDTH * aspect, MAP_TALLEST);
        choice->width = choice->height / aspect;
        snprintf(choice->region, OPTION_SIZE, "-R%.6f/%.6f/%.6f/%.6f", west, east, south, north);
        snprintf(choice->projection, OPTION_SIZE, "-JQ%.6f/%.6f/%.4fc", (west + east) / 2, middle,
                 choice->width);
        choice->coast_resolution = east - west > 90 ? "-Dl+f" : "-Di+f";
    }
    double margin = choice->global ? 0 : REGION_MARGIN;
    choice->column_step = choice->width + COLUMN_GAP + margin;
    choice->row_step = choice->height + ROW_GAP + margin;
}

/* Text of the user's data for `gmt text`: '@' is its escape sign, and letters outside ASCII are not
 * in the encoding of its fonts. */
static void copy_plain(char *copy, size_t size, const char *text)
{
    size_t at = 0;
    for (; *text && at + 2 < size; text++) {
        unsigned char letter = (unsigned char)*text;
        if (letter == '@') {
            copy[at++] = '@';
        }
        if (letter >= ' ' && letter < 127) {
            copy[at++] = *text;
        }
    }
    copy[at] = '\0';
}

/* Write values·factor as a grid file of GMT: from south to north, and on a global grid with the
 * first meridian again at the end, so that no gap is left there. */
static ar_status write_grid(const drawing *draw, const panel *it, ar_error *err)
{
    const ar_grid *grid = draw->map->grid;
    int64_t nlat = grid->nlat, nlon = grid->nlon + (grid->wraps ? 1 : 0);
    char *path = NULL;
    float *values = NULL;
    double *latitude = NULL, *longitude = NULL;
    ar_writer *writer = NULL;
    const int64_t start[2] = {0, 0}, shape[2] = {nlat, nlon};
    const ar_writer_variable variables[] = {
        {.name = "latitude", .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {"latitude"}},
        {.name = "longitude", .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {"longitude"}},
        {.name = "z", .type = AR_WRITER_FLOAT, .rank = 2, .dimensions = {"latitude", "longitude"}},
    };
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, draw->gmt.folder, it->file, err));
    AR_TRY(ar_allocate(&values, (size_t)(nlat * nlon), sizeof *values, "a map's grid", err));
    AR_TRY(ar_allocate(&latitude, (size_t)nlat, sizeof *latitude, "a map's latitudes", err));
    AR_TRY(ar_allocate(&longitude, (size_t)nlon, sizeof *longitude, "a map's longitudes", err));
    for (int64_t j = 0; j < nlon; j++) {
        longitude[j] = grid->longitude[0] + (double)j * grid->longitude_step;
    }
    for (int64_t i = 0; i < nlat; i++) {
        latitude[i] = grid->latitude[nlat - 1 - i];
        for (int64_t j = 0; j < nlon; j++) {
            float value = it->values[(nlat - 1 - i) * grid->nlon + j % grid->nlon];
            values[i * nlon + j] = (float)(draw->unit.factor * value);
        }
    }
    AR_TRY(ar_writer_create(&writer, path, err));
    AR_TRY(ar_writer_add_dimension(writer, "latitude", nlat, err));
    AR_TRY(ar_writer_add_dimension(writer, "longitude", nlon, err));
    for (int i = 0; i < 3; i++) {
        AR_TRY(ar_writer_add_variable(writer, &variables[i], err));
    }
    AR_TRY(ar_writer_put_text(writer, "latitude", "units", "degrees_north", err));
    AR_TRY(ar_writer_put_text(writer, "longitude", "units", "degrees_east", err));
    AR_TRY(ar_writer_write(writer, "latitude", start, &shape[0], latitude, err));
    AR_TRY(ar_writer_write(writer, "longitude", start, &shape[1], longitude, err));
    AR_TRY(ar_writer_write(writer, "z", start, shape, values, err));
    AR_TRY(ar_writer_commit(&writer, err));
cleanup:
    ar_writer_abandon(&writer);
    ar_free(path);
    ar_free(values);
    ar_free(latitude);
    ar_free(longitude);
    return status;
}

/* One text at a place in centimetres from the lower left corner of the page. */
static ar_status write_text(drawing *draw, double x, double y, const char *font, const char *text,
                            ar_error *err)
{
    char plain[512], line[600], look[OPTION_SIZE], *path = NULL;
    copy_plain(plain, sizeof plain, text);
    snprintf(line, sizeof line, "%.3f %.3f %s\n", x, y, plain);
    snprintf(look, sizeof look, "-F+f%s+jCB", font);
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, draw->gmt.folder, "text.txt", err));
    AR_TRY(ar_file_write_whole(path, line, strlen(line), err));
    AR_TRY(RUN(draw, "text", "text.txt", "-R0/60/0/60", "-Jx1c", "-Xa0", "-Ya0", "-N", look));
cleanup:
    ar_free(path);
    return status;
}

/* Panels stand in reading order; row 0 is the upper one. */
static void panel_place(const drawing *draw, int index, double *x, double *y)
{
    double margin = draw->layout.global ? 0.2 : 1.2;
    *x = margin + (index % 2) * draw->layout.column_step;
    *y = 2.2 + (1 - index / 2) * draw->layout.row_step;
}

static ar_status draw_panel(drawing *draw, int index, ar_error *err)
{
    panel *it = &draw->panels[index];
    const layout *page = &draw->layout;
    double x, y;
    char at_x[OPTION_SIZE], at_y[OPTION_SIZE], colours[OPTION_SIZE], range[OPTION_SIZE],
        bar[OPTION_SIZE], label[OPTION_SIZE], step[OPTION_SIZE];
    panel_place(draw, index, &x, &y);
    snprintf(at_x, sizeof at_x, "-Xa%.3fc", x);
    snprintf(at_y, sizeof at_y, "-Ya%.3fc", y);
    snprintf(colours, sizeof colours, "-C%s", it->palette);
    snprintf(range, sizeof range, "-T%.10g/%.10g/%.10g", it->scale.low, it->scale.high,
             it->scale.step);
    snprintf(step, sizeof step, "-C%.10g", it->scale.step);
    /* Arrows for values beyond the ends; a scale from zero has none below. */
    snprintf(bar, sizeof bar, "-DJBC+w%.3fc/0.28c+h+o0/%gc+e%s", 0.75 * page->width,
             page->global ? 0.25 : 0.75, it->scale.low == 0 ? "f" : "");
    snprintf(label, sizeof label, "-Bxaf+l%s", draw->unit.text);
    ar_status status = AR_OK;
    AR_TRY(write_grid(draw, it, err));
    AR_TRY(RUN(draw, "makecpt", colours, range, "-D", it->reversed ? "-I" : NULL));
    AR_TRY(RUN(draw, "grdimage", it->file, page->region, page->projection, "-nl+t0.5", "-E200",
               "-Q", at_x, at_y));
    if (it->contours) {
        AR_TRY(RUN(draw, "grdcontour", it->file, page->region, page->projection, step, "-A-",
                   "-W0.25p,gray15", "-S4", at_x, at_y));
    }
    AR_TRY(RUN(draw, "coast", page->region, page->projection, page->coast_resolution, "-A20000/0/1",
               "-W0.4p,black", page->global ? "-Bxg60" : "-Bxafg",
               page->global ? "-Byg30" : "-Byafg", "-BWSne", at_x, at_y));
    AR_TRY(RUN(draw, "colorbar", page->region, page->projection, bar, label, at_x, at_y));
    AR_TRY(write_text(draw, x + page->width / 2, y + page->height + 0.25, "12p,Helvetica-Bold",
                      it->title, err));
cleanup:
    return status;
}

/* "2026-02-28T18:00" as "2026-02-28 18:00 UTC". */
static void describe_time(char *text, size_t size, const char *iso)
{
    snprintf(text, size, "%s UTC", iso);
    char *separator = strchr(text, 'T');
    if (separator && separator < strchr(text, ' ')) {
        *separator = ' ';
    }
}

/* A standard name reads as words: "air_temperature" as "Air temperature". */
static void make_readable(char *heading)
{
    heading[0] = (char)toupper((unsigned char)heading[0]);
    for (char *underscore = strchr(heading, '_'); underscore;
         underscore = strchr(underscore, '_')) {
        *underscore = ' ';
    }
}

static ar_status draw_heading(drawing *draw, ar_error *err)
{
    const ar_map *map = draw->map;
    char heading[256], time[64];
    double x, y;
    panel_place(draw, 0, &x, &y);
    describe_time(time, sizeof time, map->valid_time);
    snprintf(heading, sizeof heading, "%s%s%s, valid %s, lead time %g h", map->name,
             map->level_text[0] ? " at " : "", map->level_text, time, map->lead_hours);
    make_readable(heading);
    return write_text(draw, x + (draw->layout.column_step + draw->layout.width) / 2,
                      y + draw->layout.height + HEADING_GAP, "16p,Helvetica-Bold", heading, err);
}

/* Colours for analysis and mean alike, for the spread and for the error; extremes that one point in
 * 200 exceeds do not decide them. */
static ar_status choose_scales(drawing *draw, const float *error, ar_error *err)
{
    const ar_map *map = draw->map;
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
    ar_map_unit_choose(&draw->unit, map->units, fmax(fabs(lowest), fabs(highest)));
    double factor = draw->unit.factor;
    ar_map_scale field = ar_map_scale_field(factor * lowest, factor * highest);
    /* Crameri's (2018) colour maps: readable with colour-blindness and in grey. */
    panel shown = {.palette = field.diverging ? "vik" : "roma",
                   .reversed = !field.diverging,
                   .contours = !field.diverging,
                   .scale = field};
    draw->panels[0] = draw->panels[1] = shown;
    draw->panels[2] =
        (panel){.palette = "lajolla", .scale = ar_map_scale_from_zero(factor * spread)};
    draw->panels[3] =
        (panel){.palette = "vik", .scale = ar_map_scale_symmetric(factor * error_limit)};
cleanup:
    return status;
}

static void fill_panels(drawing *draw, const float *error)
{
    const ar_map *map = draw->map;
    const float *values[PANEL_COUNT] = {map->analysis, map->mean, map->spread, error};
    static const char *const files[PANEL_COUNT] = {"analysis.nc", "mean.nc", "spread.nc",
                                                   "error.nc"};
    for (int i = 0; i < PANEL_COUNT; i++) {
        draw->panels[i].values = values[i];
        draw->panels[i].file = files[i];
    }
    long long members = map->member_count;
    snprintf(draw->panels[0].title, OPTION_SIZE, "Analysis");
    snprintf(draw->panels[1].title, OPTION_SIZE, "Forecast, mean of %lld members", members);
    snprintf(draw->panels[2].title, OPTION_SIZE, "Spread of the members");
    snprintf(draw->panels[3].title, OPTION_SIZE, "Error, mean - analysis");
}

static ar_status draw_page(drawing *draw, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(RUN(draw, "begin", "map", "png", "A+m0.3c,E150"));
    AR_TRY(RUN(draw, "set", "PS_MEDIA", "60cx60c", "MAP_FRAME_PEN", "0.6p,gray20", "MAP_FRAME_TYPE",
               "plain", "FONT_ANNOT_PRIMARY", "9p", "FONT_LABEL", "10p", "MAP_GRID_PEN_PRIMARY",
               "0.2p,gray50", "MAP_TICK_LENGTH_PRIMARY", "3p", "MAP_LABEL_OFFSET", "3p",
               "FORMAT_GEO_MAP", "dddF"));
    for (int i = 0; i < PANEL_COUNT; i++) {
        AR_TRY(draw_panel(draw, i, err));
    }
    AR_TRY(draw_heading(draw, err));
    AR_TRY(RUN(draw, "end"));
cleanup:
    return status;
}

static ar_status take_picture(const drawing *draw, const char *folder, const char *name,
                              ar_error *err)
{
    char *made = NULL, *path = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&made, draw->gmt.folder, "map.png", err));
    AR_TRY(ar_path_join(&path, folder, name, err));
    if (rename(made, path) != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot put the map there: %s", path,
                         strerror(errno));
    }
cleanup:
    ar_free(made);
    ar_free(path);
    return status;
}

ar_status ar_map_draw(const ar_map *map, const char *folder, const char *name, bool *drawn,
                      ar_error *err)
{
    drawing draw = {.map = map};
    int64_t points = map->grid->nlat * map->grid->nlon;
    float *error = NULL;
    ar_status status = AR_OK;
    *drawn = false;
    if (!ar_gmt_installed()) {
        return AR_OK;
    }
    AR_TRY(ar_gmt_open(&draw.gmt, folder, err));
    AR_TRY(ar_allocate(&error, (size_t)points, sizeof *error, "a map's error", err));
    for (int64_t at = 0; at < points; at++) {
        error[at] = map->mean[at] - map->analysis[at];
    }
    choose_layout(&draw.layout, map->grid);
    AR_TRY(choose_scales(&draw, error, err));
    fill_panels(&draw, error);
    AR_TRY(draw_page(&draw, err));
    AR_TRY(take_picture(&draw, folder, name, err));
    *drawn = true;
cleanup:
    ar_gmt_close(&draw.gmt);
    ar_free(error);
    return status;
}

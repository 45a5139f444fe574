#include "picture/map_page.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/writer.h"
#include "picture/gmt.h"

enum { OPTION_SIZE = 160, RESOLUTION = 150, FILM_RESOLUTION = 90 };

static const char grid_file[] = "panel.nc";

/* Lengths in centimetres. */
static const double MAP_WIDTH = 12.6, MAP_TALLEST = 10.0, COLUMN_GAP = 0.9, ROW_GAP = 2.7,
                    HEADING_GAP = 1.0, ROBINSON_ASPECT = 0.5072, REGION_MARGIN = 0.7;

/* How all panels are projected. */
typedef struct {
    bool global;
    char region[OPTION_SIZE], projection[OPTION_SIZE];
    double width, height;         /* of one map */
    double column_step, row_step; /* from one panel to the next */
    const char *coast_resolution;
} layout;

typedef struct {
    const ar_map_page *page;
    ar_gmt gmt;
    layout layout;
    int64_t rows;
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
static ar_status write_grid(const drawing *draw, const ar_map_panel *it, ar_error *err)
{
    const ar_grid *grid = draw->page->grid;
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
    AR_TRY(ar_path_join(&path, draw->gmt.folder, grid_file, err));
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
            values[i * nlon + j] = (float)(it->unit.factor * value);
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

/* Panels stand in reading order. */
static void panel_place(const drawing *draw, int64_t index, double *x, double *y)
{
    const int64_t columns = draw->page->columns;
    double margin = draw->layout.global ? 0.2 : 1.2;
    *x = margin + (double)(index % columns) * draw->layout.column_step;
    *y = 2.2 + (double)(draw->rows - 1 - index / columns) * draw->layout.row_step;
}

static ar_status draw_panel(drawing *draw, int64_t index, ar_error *err)
{
    const ar_map_panel *it = &draw->page->panels[index];
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
    snprintf(label, sizeof label, "-Bxaf+l%s", it->unit.text);
    ar_status status = AR_OK;
    AR_TRY(write_grid(draw, it, err));
    AR_TRY(RUN(draw, "makecpt", colours, range, "-D", it->reversed ? "-I" : NULL));
    AR_TRY(RUN(draw, "grdimage", grid_file, page->region, page->projection, "-nl+t0.5", "-E200",
               "-Q", at_x, at_y));
    if (it->contours) {
        AR_TRY(RUN(draw, "grdcontour", grid_file, page->region, page->projection, step, "-A-",
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

static ar_status draw_heading(drawing *draw, ar_error *err)
{
    const int64_t columns = draw->page->columns;
    double x, y;
    panel_place(draw, 0, &x, &y);
    const double width = (double)(columns - 1) * draw->layout.column_step + draw->layout.width;
    return write_text(draw, x + width / 2, y + draw->layout.height + HEADING_GAP,
                      columns > 1 ? "16p,Helvetica-Bold" : "12p,Helvetica-Bold",
                      draw->page->heading, err);
}

/* A page that is cut at what is on it, or, so that pictures of a film are equally large, one of a
 * size that follows from the layout alone. */
static void choose_media(const drawing *draw, char media[OPTION_SIZE], char look[OPTION_SIZE])
{
    const int64_t columns = draw->page->columns;
    if (!draw->page->film) {
        snprintf(media, OPTION_SIZE, "60cx60c");
        snprintf(look, OPTION_SIZE, "A+m0.3c,E%d", RESOLUTION);
        return;
    }
    double x, y;
    panel_place(draw, 0, &x, &y);
    snprintf(media, OPTION_SIZE, "%.2fcx%.2fc",
             x + (double)(columns - 1) * draw->layout.column_step + draw->layout.width + 0.6,
             y + draw->layout.height + HEADING_GAP + 1.0);
    snprintf(look, OPTION_SIZE, "E%d", FILM_RESOLUTION);
}

static ar_status draw_page(drawing *draw, ar_error *err)
{
    ar_status status = AR_OK;
    char media[OPTION_SIZE], look[OPTION_SIZE];
    choose_media(draw, media, look);
    AR_TRY(RUN(draw, "begin", "map", "png", look));
    AR_TRY(RUN(draw, "set", "PS_MEDIA", media, "MAP_FRAME_PEN", "0.6p,gray20", "MAP_FRAME_TYPE",
               "plain", "FONT_ANNOT_PRIMARY", "9p", "FONT_LABEL", "10p", "MAP_GRID_PEN_PRIMARY",
               "0.2p,gray50", "MAP_TICK_LENGTH_PRIMARY", "3p", "MAP_LABEL_OFFSET", "3p",
               "FORMAT_GEO_MAP", "dddF"));
    for (int64_t i = 0; i < draw->page->panel_count; i++) {
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

ar_map_panel ar_map_panel_of_field(const ar_map_unit *unit, double low, double high)
{
    const ar_map_scale scale = ar_map_scale_field(unit->factor * low, unit->factor * high);
    return (ar_map_panel){.palette = scale.diverging ? "vik" : "roma",
                          .reversed = !scale.diverging,
                          .contours = !scale.diverging,
                          .unit = *unit,
                          .scale = scale};
}

ar_status ar_map_page_draw(const ar_map_page *page, const char *folder, const char *name,
                           ar_error *err)
{
    drawing draw = {.page = page, .rows = (page->panel_count + page->columns - 1) / page->columns};
    ar_status status = AR_OK;
    AR_TRY(ar_gmt_open(&draw.gmt, folder, err));
    choose_layout(&draw.layout, page->grid);
    AR_TRY(draw_page(&draw, err));
    AR_TRY(take_picture(&draw, folder, name, err));
cleanup:
    ar_gmt_close(&draw.gmt);
    return status;
}

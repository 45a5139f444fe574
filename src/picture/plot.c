#include "picture/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "picture/figure_folder.h"
#include "picture/gmt.h"
#include "picture/map_page.h"
#include "picture/plot_selection.h"

enum { NAME_SIZE = 192, TEXT_SIZE = 384 };

/* What is drawn, and where to. */
typedef struct {
    ar_plot_selection selection;
    const char *units;
    char name[NAME_SIZE];         /* of the field, as a heading has it */
    char folder[4096], file[256]; /* of the picture */
} plotting;

static ar_status choose_place(plotting *it, const char *out, ar_error *err)
{
    char name[NAME_SIZE];
    ar_figure_name(name, sizeof name, it->selection.variable->name);
    if (!out) {
        snprintf(it->folder, sizeof it->folder, ".");
        snprintf(it->file, sizeof it->file, "%s.png", name);
        return AR_OK;
    }
    const char *slash = strrchr(out, '/');
    const char *file = slash ? slash + 1 : out;
    const size_t length = slash ? (size_t)(slash - out) : 1;
    if (!*file || strlen(file) >= sizeof it->file || length >= sizeof it->folder ||
        !(ar_text_ends_with(file, ".png") ||
          (ar_text_ends_with(file, ".svg") && it->selection.free_at >= 0))) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--out %s: should be a file .png, or .svg where a line is drawn", out);
    }
    snprintf(it->folder, sizeof it->folder, "%.*s", (int)length, slash ? out : ".");
    snprintf(it->file, sizeof it->file, "%s", file);
    if (slash == out) {
        snprintf(it->folder, sizeof it->folder, "/");
    }
    return AR_OK;
}

static void describe(plotting *it)
{
    const ar_source *source = it->selection.source;
    const ar_variable *variable = it->selection.variable;
    const char *name = ar_source_text(source, variable, "long_name");
    name = name && *name ? name : ar_source_text(source, variable, "standard_name");
    const char *units = ar_source_text(source, variable, "units");
    snprintf(it->name, sizeof it->name, "%s", name && *name ? name : variable->name);
    for (char *letter = it->name; name && *letter; letter++) {
        *letter = *letter == '_' ? ' ' : *letter; /* a standard name reads as words */
    }
    it->units = units && strcmp(units, "1") != 0 ? units : "";
}

/* ---- maps ------------------------------------------------------------------------------------ */

/* GMT draws grids of rows equally far apart: rows of a Gaussian grid are interpolated between. */
static ar_status make_regular(ar_grid *grid, float *values, ar_error *err)
{
    const int64_t nlat = grid->nlat, nlon = grid->nlon;
    const double north = grid->latitude[0],
                 step = (north - grid->latitude[nlat - 1]) / (double)(nlat - 1);
    float *rows = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&rows, (size_t)(nlat * nlon), sizeof *rows, "a map", err));
    for (int64_t i = 0, above = 0; i < nlat; i++) {
        const double latitude = north - (double)i * step;
        while (above < nlat - 2 && grid->latitude[above + 1] > latitude) {
            above++;
        }
        const double gap = grid->latitude[above] - grid->latitude[above + 1];
        const double share = fmin(1, fmax(0, (grid->latitude[above] - latitude) / gap));
        for (int64_t j = 0; j < nlon; j++) {
            const float upper = values[above * nlon + j], lower = values[(above + 1) * nlon + j];
            rows[i * nlon + j] = (float)((1 - share) * (double)upper + share * (double)lower);
        }
    }
    memcpy(values, rows, (size_t)(nlat * nlon) * sizeof *values);
    for (int64_t i = 0; i < nlat; i++) {
        grid->latitude[i] = north - (double)i * step;
    }
    grid->latitude_step = step;
cleanup:
    ar_free(rows);
    return status;
}

static ar_status read_grid(ar_grid *grid, ar_grid_order *order, bool *regular,
                           const ar_plot_selection *it, ar_error *err)
{
    const int64_t nlat = it->variable->shape[it->latitude_at];
    const int64_t nlon = it->variable->shape[it->longitude_at];
    double *latitude = NULL, *longitude = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&latitude, (size_t)nlat, sizeof *latitude, "latitudes", err));
    AR_TRY(ar_allocate(&longitude, (size_t)nlon, sizeof *longitude, "longitudes", err));
    AR_TRY(ar_plot_read_coordinate(it, it->latitude_at, latitude, err));
    AR_TRY(ar_plot_read_coordinate(it, it->longitude_at, longitude, err));
    AR_TRY(ar_grid_init_rows(grid, order, regular, latitude, nlat, longitude, nlon,
                             ar_source_path(it->source), err));
cleanup:
    ar_free(latitude);
    ar_free(longitude);
    return status;
}

/* Values of the chosen part in the grid's order. */
static ar_status read_map(float *values, const ar_plot_selection *it, const ar_grid *grid,
                          const ar_grid_order *order, ar_error *err)
{
    const int64_t rows = grid->nlat, columns = order->file_nlon;
    float *in_file = NULL, *turned = NULL;
    size_t points;
    ar_status status = AR_OK;
    if (!ar_size_product((size_t)rows, (size_t)columns, &points)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s is too large", ar_source_path(it->source),
                       it->variable->name);
    }
    AR_TRY(ar_allocate(&in_file, points, sizeof *in_file, "a map", err));
    AR_TRY(ar_source_read_float(it->source, it->variable, it->start, it->count, in_file, err));
    if (it->longitude_at < it->latitude_at) {
        AR_TRY(ar_allocate(&turned, points, sizeof *turned, "a map", err));
        for (int64_t i = 0; i < rows * columns; i++) {
            turned[i] = in_file[i % columns * rows + i / columns];
        }
    }
    ar_grid_reorder(grid, order, turned ? turned : in_file, values);
cleanup:
    ar_free(in_file);
    ar_free(turned);
    return status;
}

static ar_status draw_map(plotting *it, ar_error *err)
{
    const ar_plot_selection *selection = &it->selection;
    ar_grid grid = {0};
    ar_grid_order order;
    bool regular = false;
    float *values = NULL;
    double low, high;
    ar_map_unit unit;
    char heading[TEXT_SIZE];
    ar_status status = AR_OK;
    if (!ar_gmt_installed()) {
        return ar_fail(err, AR_ERROR_SYSTEM, "maps are drawn by GMT, which is not installed");
    }
    AR_TRY(read_grid(&grid, &order, &regular, selection, err));
    const int64_t points = grid.nlat * grid.nlon;
    AR_TRY(ar_allocate(&values, (size_t)points, sizeof *values, "a map", err));
    AR_TRY(read_map(values, selection, &grid, &order, err));
    if (!regular) {
        AR_TRY(make_regular(&grid, values, err));
    }
    AR_TRY(ar_map_quantile(&low, values, points, 0.005, false, err));
    AR_TRY(ar_map_quantile(&high, values, points, 0.995, false, err));
    if (isnan(low)) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: all values of %s are missing there",
                         ar_source_path(selection->source), selection->variable->name);
        goto cleanup;
    }
    ar_map_unit_choose(&unit, it->units, fmax(fabs(low), fabs(high)));
    ar_map_panel panel = ar_map_panel_of_field(&unit, low, high);
    panel.values = values;
    snprintf(panel.title, sizeof panel.title, "%s", selection->where);
    snprintf(heading, sizeof heading, "%s", it->name);
    const ar_map_page page = {
        .grid = &grid, .heading = heading, .panels = &panel, .panel_count = 1, .columns = 1};
    AR_TRY(ar_map_page_draw(&page, it->folder, it->file, err));
cleanup:
    ar_grid_release(&grid);
    ar_free(values);
    return status;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The label of a line's axis; times become hours, or days, since the first. */
static ar_status choose_places(const ar_plot_selection *it, double *x, char *label, size_t size,
                               ar_axis_kind *kind, ar_error *err)
{
    const char *name = it->variable->dimensions[it->free_at];
    const int64_t count = it->variable->shape[it->free_at];
    const ar_variable *coordinate = *name ? ar_source_find(it->source, name) : NULL;
    const char *units = coordinate ? ar_source_text(it->source, coordinate, "units") : NULL;
    ar_time_unit unit;
    int64_t first;
    ar_status status = AR_OK;
    *kind = AR_AXIS_LINEAR;
    snprintf(label, size, "%s%s%s%s", name, units ? " (" : "", units ? units : "",
             units ? ")" : "");
    AR_TRY(ar_plot_read_coordinate(it, it->free_at, x, err));
    if (ar_dimension_find_role(it->source, name) == AR_ROLE_TIME && units) {
        char text[32];
        AR_TRY(ar_time_unit_parse(&unit, units, ar_source_text(it->source, coordinate, "calendar"),
                                  err));
        AR_TRY(ar_time_unit_decode(&unit, x[0], &first, err));
        ar_time_format(first, unit.calendar, text);
        const double start = x[0];
        const bool days = (x[count - 1] - start) * unit.seconds > 20 * 86400.0;
        for (int64_t i = 0; i < count; i++) {
            x[i] = (x[i] - start) * unit.seconds / (days ? 86400 : 3600);
        }
        *kind = days ? AR_AXIS_LINEAR : AR_AXIS_HOURS;
        snprintf(label, size, "%s since %s", days ? "days" : "hours", text);
    }
cleanup:
    return status;
}

static ar_status show_line(plotting *it, const ar_chart *chart, ar_error *err)
{
    ar_figure_folder folder = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_figure_folder_open(&folder, it->folder, true, err));
    AR_TRY(ar_figure_write_file(&folder, it->file, chart, err));
cleanup:
    ar_figure_folder_close(&folder);
    return status;
}

static ar_status draw_line(plotting *it, ar_error *err)
{
    const ar_plot_selection *selection = &it->selection;
    const int64_t count = selection->variable->shape[selection->free_at];
    double *values = NULL, *x, *y, largest = 0;
    char x_label[TEXT_SIZE], unit_text[128], title[TEXT_SIZE + NAME_SIZE];
    ar_axis_kind kind;
    ar_map_unit unit;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&values, (size_t)count, 2 * sizeof *values, "a line", err));
    x = values;
    y = values + count;
    AR_TRY(choose_places(selection, x, x_label, sizeof x_label, &kind, err));
    AR_TRY(ar_source_read_double(selection->source, selection->variable, selection->start,
                                 selection->count, y, err));
    for (int64_t i = 0; i < count; i++) {
        largest = isfinite(y[i]) ? fmax(largest, fabs(y[i])) : largest;
    }
    ar_map_unit_choose(&unit, it->units, largest);
    ar_map_unit_plain(&unit, unit_text);
    for (int64_t i = 0; i < count; i++) {
        y[i] *= unit.factor;
    }
    snprintf(title, sizeof title, "%s%s%s", it->name, selection->where[0] ? ", " : "",
             selection->where);
    const ar_chart_series series = {
        .colour = AR_COLOUR_BLUE, .markers = count <= 40, .count = count, .x = x, .y = y};
    const ar_chart chart = {.title = title,
                            .x_label = x_label,
                            .y_label = unit_text,
                            .description = title,
                            .x_kind = kind,
                            .x_range = {x[0], x[count - 1]},
                            .series = &series,
                            .series_count = 1};
    AR_TRY(show_line(it, &chart, err));
cleanup:
    ar_free(values);
    return status;
}

ar_status ar_plot(const ar_plot_options *options, char **out, ar_error *err)
{
    plotting it = {0};
    ar_source *source = NULL;
    ar_status status = AR_OK;
    *out = NULL;
    AR_TRY(ar_source_open(&source, options->path, err));
    AR_TRY(ar_plot_select(&it.selection, source, options, err));
    AR_TRY(choose_place(&it, options->out, err));
    describe(&it);
    AR_TRY(ar_folder_make(it.folder, err));
    AR_TRY(it.selection.free_at >= 0 ? draw_line(&it, err) : draw_map(&it, err));
    AR_TRY(ar_path_join(out, it.folder, it.file, err));
cleanup:
    ar_source_close(&source);
    return status;
}

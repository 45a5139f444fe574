#include "picture/attention_picture.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/source.h"
#include "picture/gmt.h"
#include "picture/map_scale.h"

/* Dimensions of an attention's variable. */
enum { LAYER, HEAD, LEVEL, TIME, LATITUDE, LONGITUDE, RANK };

/* Lengths in centimetres. */
static const double PANEL_WIDTH = 7.0, PANEL_GAP = 1.6, TALLEST = 12.0;

typedef struct {
    const ar_variable *variable;
    double *places[2];          /* middles of tokens: latitudes, longitudes */
    double extent[2], query[2]; /* degrees: size of a token; where the query is */
    int64_t rows, columns, layers;
    float *shares; /* [layers][rows][columns] percent */
} picture;

#define RUN(gmt, ...) ar_gmt_run((gmt), (const char *const[]){__VA_ARGS__, NULL}, err)

/* ---- reading --------------------------------------------------------------------------------- */

static ar_status read_places(picture *it, ar_source *source, int axis, ar_error *err)
{
    const char *name = it->variable->dimensions[LATITUDE + axis];
    const char *key = axis == 0 ? "query_latitude" : "query_longitude";
    const int64_t start = 0, count = it->variable->shape[LATITUDE + axis];
    const ar_variable *places = ar_source_find(source, name);
    ar_status status = AR_OK;
    if (!places || !places->readable || places->rank != 1 || places->shape[0] != count ||
        !ar_source_number(source, places, "token_extent", &it->extent[axis]) ||
        !ar_source_number(source, it->variable, key, &it->query[axis]) || !(it->extent[axis] > 0)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: %s is no attention map: %s with token_extent, and %s, should be there",
                       ar_source_path(source), it->variable->name, name, key);
    }
    AR_TRY(ar_allocate(&it->places[axis], (size_t)count, sizeof(double), "places", err));
    AR_TRY(ar_source_read_double(source, places, &start, &count, it->places[axis], err));
cleanup:
    return status;
}

/* Percent of the attention that each place gets, layer by layer. */
static ar_status read_shares(picture *it, ar_source *source, ar_error *err)
{
    const int64_t *shape = it->variable->shape, places = it->rows * it->columns;
    const int64_t slices = shape[HEAD] * shape[LEVEL] * shape[TIME];
    float *weights = NULL;
    size_t count;
    ar_status status = AR_OK;
    if (!ar_size_product((size_t)slices, (size_t)places, &count)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s is too large", ar_source_path(source),
                       it->variable->name);
    }
    AR_TRY(ar_allocate(&weights, count, sizeof *weights, "attention maps", err));
    AR_TRY(ar_allocate(&it->shares, (size_t)(it->layers * places), sizeof *it->shares,
                       "attention maps", err));
    for (int64_t layer = 0; layer < it->layers; layer++) {
        const int64_t start[RANK] = {layer};
        int64_t part[RANK];
        memcpy(part, shape, sizeof part);
        part[LAYER] = 1;
        AR_TRY(ar_source_read_float(source, it->variable, start, part, weights, err));
        float *shares = it->shares + layer * places;
        for (int64_t i = 0; i < slices * places; i++) {
            shares[i % places] += 100.0f * weights[i] / (float)shape[HEAD];
        }
    }
cleanup:
    ar_free(weights);
    return status;
}

static void release(picture *it)
{
    ar_free(it->places[0]);
    ar_free(it->places[1]);
    ar_free(it->shares);
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* One rectangle a token, coloured by its share: a file of segments for `gmt plot`. */
static ar_status write_tokens(const picture *it, const ar_gmt *gmt, int64_t layer, ar_error *err)
{
    enum { LINE = 320 };
    const size_t size = (size_t)(it->rows * it->columns) * LINE + 1;
    char *text = NULL, *path = NULL;
    size_t used = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&text, size, 1, "a map", err));
    for (int64_t i = 0; i < it->rows * it->columns; i++) {
        const double north = it->places[0][i / it->columns] + it->extent[0] / 2;
        const double west = it->places[1][i % it->columns] - it->extent[1] / 2;
        const double south = north - it->extent[0], east = west + it->extent[1];
        const double share = (double)it->shares[layer * it->rows * it->columns + i];
        used += (size_t)snprintf(text + used, size - used,
                                 "> -Z%.8g\n%.8g %.8g\n%.8g %.8g\n%.8g %.8g\n%.8g %.8g\n", share,
                                 west, south, east, south, east, north, west, north);
    }
    AR_TRY(ar_path_join(&path, gmt->folder, "tokens.txt", err));
    AR_TRY(ar_file_write_whole(path, text, used, err));
cleanup:
    ar_free(text);
    ar_free(path);
    return status;
}

static ar_status write_text(const ar_gmt *gmt, const char *name, ar_error *err, const char *format,
                            ...) AR_PRINTF(4, 5);
static ar_status write_text(const ar_gmt *gmt, const char *name, ar_error *err, const char *format,
                            ...)
{
    char text[256], *path = NULL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, gmt->folder, name, err));
    AR_TRY(ar_file_write_whole(path, text, strlen(text), err));
cleanup:
    ar_free(path);
    return status;
}

static ar_status draw_panel(const picture *it, ar_gmt *gmt, int64_t layer, ar_error *err)
{
    const double north = it->places[0][0] + it->extent[0] / 2,
                 south = it->places[0][it->rows - 1] - it->extent[0] / 2,
                 west = it->places[1][0] - it->extent[1] / 2,
                 east = it->places[1][it->columns - 1] + it->extent[1] / 2;
    const double middle = (north + south) / 2, squeeze = fmax(cos(middle * M_PI / 180), 0.2);
    const double aspect = (north - south) / ((east - west) * squeeze);
    const double width = fmin(PANEL_WIDTH, TALLEST / aspect);
    char region[96], projection[96], shift[64], title[64];
    snprintf(region, sizeof region, "-R%.6f/%.6f/%.6f/%.6f", west, east, fmax(south, -90.0),
             fmin(north, 90.0));
    snprintf(projection, sizeof projection, "-JQ%.6f/%.6f/%.4fc", (west + east) / 2, middle, width);
    snprintf(shift, sizeof shift, "-X%.3fc", layer == 0 ? PANEL_GAP : width + PANEL_GAP);
    snprintf(title, sizeof title, "-BWSne+tLayer %lld", (long long)layer + 1);
    ar_status status = AR_OK;
    AR_TRY(write_tokens(it, gmt, layer, err));
    AR_TRY(write_text(gmt, "query.txt", err, "%.8g %.8g\n", it->query[1], it->query[0]));
    AR_TRY(RUN(gmt, "plot", "tokens.txt", region, projection, "-A", "-L", "-C", shift));
    AR_TRY(RUN(gmt, "coast", region, projection, east - west > 90 ? "-Dl+f" : "-Di+f",
               "-A20000/0/1", "-W0.5p,gray30", "-Bxaf", "-Byaf", title));
    AR_TRY(RUN(gmt, "plot", "query.txt", region, projection, "-Sa0.4c", "-W0.8p,black", "-Gwhite"));
    if (layer == it->layers - 1) {
        AR_TRY(RUN(gmt, "colorbar", region, projection, "-DJMR+o0.6c/0c+w5c/0.3c",
                   "-Bxaf+l% of the attention"));
    }
cleanup:
    return status;
}

static ar_status take(const ar_gmt *gmt, const char *folder, const char *name, ar_error *err)
{
    char file[256], *made = NULL, *path = NULL;
    ar_status status = AR_OK;
    snprintf(file, sizeof file, "%s.png", name);
    AR_TRY(ar_path_join(&made, gmt->folder, "map.png", err));
    AR_TRY(ar_path_join(&path, folder, file, err));
    if (rename(made, path) != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot put the map there: %s", path,
                         strerror(errno));
    }
cleanup:
    ar_free(made);
    ar_free(path);
    return status;
}

static ar_status draw(const picture *it, const char *folder, ar_error *err)
{
    ar_gmt gmt = {0};
    char range[96];
    double largest = 0;
    for (int64_t i = 0; i < it->layers * it->rows * it->columns; i++) {
        largest = fmax(largest, (double)it->shares[i]);
    }
    const ar_map_scale scale = ar_map_scale_from_zero(largest);
    snprintf(range, sizeof range, "-T%.10g/%.10g", scale.low, scale.high);
    ar_status status = AR_OK;
    AR_TRY(ar_gmt_open(&gmt, folder, err));
    AR_TRY(RUN(&gmt, "begin", "map", "png", "A+m0.3c,E150"));
    AR_TRY(RUN(&gmt, "set", "PS_MEDIA", "300cx60c", "MAP_FRAME_TYPE", "plain", "MAP_FRAME_PEN",
               "0.6p,gray20", "FONT_ANNOT_PRIMARY", "8p", "FONT_LABEL", "9p", "FONT_TITLE",
               "12p,Helvetica-Bold", "MAP_TITLE_OFFSET", "4p", "FORMAT_GEO_MAP", "dddF"));
    AR_TRY(RUN(&gmt, "makecpt", "-Clajolla", range));
    for (int64_t layer = 0; layer < it->layers; layer++) {
        AR_TRY(draw_panel(it, &gmt, layer, err));
    }
    AR_TRY(RUN(&gmt, "end"));
    AR_TRY(take(&gmt, folder, it->variable->name, err));
cleanup:
    ar_gmt_close(&gmt);
    return status;
}

static ar_status draw_variable(ar_source *source, const ar_variable *variable, const char *folder,
                               ar_error *err)
{
    picture it = {.variable = variable,
                  .layers = variable->shape[LAYER],
                  .rows = variable->shape[LATITUDE],
                  .columns = variable->shape[LONGITUDE]};
    ar_status status = AR_OK;
    AR_TRY(read_places(&it, source, 0, err));
    AR_TRY(read_places(&it, source, 1, err));
    AR_TRY(read_shares(&it, source, err));
    AR_TRY(draw(&it, folder, err));
cleanup:
    release(&it);
    return status;
}

static ar_status tell(const ar_source *source, const ar_variable *variable,
                      ar_attention_drawn *drawn, void *context, ar_error *err)
{
    const char *name = ar_source_text(source, variable, "long_name");
    char file[256], caption[256];
    double latitude = NAN, longitude = NAN;
    (void)ar_source_number(source, variable, "query_latitude", &latitude); /* it was drawn */
    (void)ar_source_number(source, variable, "query_longitude", &longitude);
    snprintf(file, sizeof file, "%s.png", variable->name);
    snprintf(caption, sizeof caption,
             "%s: %s, percentage that each place gets, layer by layer; star: the token that asks, "
             "at %.4g°%c, %.4g°%c",
             variable->name, name ? name : "attention", fabs(latitude), latitude < 0 ? 'S' : 'N',
             fabs(longitude), longitude < 0 ? 'W' : 'E');
    return drawn(context, file, caption, err);
}

static bool is_attention(const ar_source *source, const ar_variable *variable)
{
    return variable->rank == RANK && ar_source_text(source, variable, "query_field");
}

static ar_status open_maps(ar_source **source, const char *folder, ar_error *err)
{
    char *path = NULL;
    bool found = false;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, folder, "attention.nc", err));
    AR_TRY(ar_source_open(source, path, err));
    for (int64_t i = 0; i < ar_source_variable_count(*source); i++) {
        found |= is_attention(*source, ar_source_variable(*source, i));
    }
    if (!found) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s has no attention maps; should be what atmorep attention wrote", path);
    }
cleanup:
    ar_free(path);
    return status;
}

ar_status ar_attention_check(const char *source, ar_error *err)
{
    ar_source *maps = NULL;
    ar_status status = open_maps(&maps, source, err);
    ar_source_close(&maps);
    return status;
}

ar_status ar_attention_pictures(const char *source, const char *folder, ar_attention_drawn *drawn,
                                void *context, ar_error *err)
{
    ar_source *maps = NULL;
    ar_progress progress;
    ar_status status = AR_OK;
    if (!ar_gmt_installed()) {
        ar_log(AR_LOG_WARNING, "GMT is not installed: %s gets no maps", folder);
        return AR_OK;
    }
    AR_TRY(open_maps(&maps, source, err));
    const int64_t count = ar_source_variable_count(maps);
    ar_progress_begin(&progress, "drawing attention", 0, count);
    for (int64_t i = 0; i < count; i++) {
        const ar_variable *variable = ar_source_variable(maps, i);
        if (is_attention(maps, variable)) {
            AR_TRY(draw_variable(maps, variable, folder, err));
            AR_TRY(drawn ? tell(maps, variable, drawn, context, err) : AR_OK);
        }
        ar_progress_update(&progress, i + 1, "");
    }
    ar_progress_end(&progress, "");
cleanup:
    ar_source_close(&maps);
    return status;
}

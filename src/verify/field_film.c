#include "verify/field_film.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "picture/apng.h"
#include "picture/gmt.h"
#include "picture/map_page.h"
#include "picture/maps.h"

enum { COLUMNS_MOST = 360, LEADS_LEAST = 3, MILLISECONDS = 500, TRUTH = 0, FORECAST = 1 };

/* Every stride-th point of a grid; round the globe the stride divides a row. */
static ar_status thin_grid(ar_field_film *film, const ar_grid *whole, ar_error *err)
{
    int64_t stride = (whole->nlon + COLUMNS_MOST - 1) / COLUMNS_MOST;
    while (whole->wraps && whole->nlon % stride != 0) {
        stride++;
    }
    film->stride = stride;
    ar_status status = ar_grid_copy(&film->grid, whole, err);
    if (status != AR_OK) {
        return status;
    }
    ar_grid *grid = &film->grid;
    grid->nlat = (whole->nlat + stride - 1) / stride;
    grid->nlon = (whole->nlon + stride - 1) / stride;
    grid->latitude_step *= (double)stride;
    grid->longitude_step *= (double)stride;
    for (int64_t i = 0; i < grid->nlat; i++) {
        grid->latitude[i] = whole->latitude[i * stride];
    }
    for (int64_t j = 0; j < grid->nlon; j++) {
        grid->longitude[j] = whole->longitude[j * stride];
    }
    return AR_OK;
}

ar_status ar_field_film_init(ar_field_film *film, ar_verification *run,
                             const ar_forecast_field *field, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    *film = (ar_field_film){.run = run, .field = field};
    if (!run->draw_maps || run->lead_count < LEADS_LEAST || file->grid.nlat < 2 ||
        !ar_gmt_installed()) {
        return AR_OK;
    }
    int64_t most = AR_FILM_FRAMES_OF_REPORT / file->field_count;
    most = most > AR_FILM_FRAMES ? AR_FILM_FRAMES : most;
    most = most < AR_FILM_FRAMES_LEAST ? AR_FILM_FRAMES_LEAST : most;
    if (field - file->fields >= AR_FILM_FRAMES_OF_REPORT / most) {
        return AR_OK;
    }
    film->every = (run->lead_count + most - 1) / most;
    const int64_t farthest = run->lead_times[run->lead_count - 1];
    bool found = false;
    for (int64_t t = 0; t < file->time_count; t++) {
        if (file->lead_times[t] == farthest &&
            (!found || file->reference_times[t] > film->reference_time)) {
            film->reference_time = file->reference_times[t];
            found = true;
        }
    }
    return thin_grid(film, &file->grid, err);
}

void ar_field_film_release(ar_field_film *film)
{
    for (int64_t i = 0; i < film->frame_count; i++) {
        ar_free(film->frames[i][TRUTH]);
        ar_free(film->frames[i][FORECAST]);
    }
    ar_grid_release(&film->grid);
    *film = (ar_field_film){0};
}

static ar_status keep(const ar_field_film *film, float **kept, const float *values, ar_error *err)
{
    const ar_grid *grid = &film->grid;
    const int64_t columns = film->run->forecast.grid.nlon;
    ar_status status = ar_allocate(kept, (size_t)(grid->nlat * grid->nlon), sizeof **kept,
                                   "a frame of a film", err);
    for (int64_t i = 0; status == AR_OK && i < grid->nlat; i++) {
        for (int64_t j = 0; j < grid->nlon; j++) {
            (*kept)[i * grid->nlon + j] = values[i * film->stride * columns + j * film->stride];
        }
    }
    return status;
}

ar_status ar_field_film_add(ar_field_film *film, int64_t t, int64_t level, const float *mean,
                            const float *truth, ar_error *err)
{
    const ar_verification *run = film->run;
    const ar_forecast_file *file = &run->forecast;
    const int64_t lead = ar_verification_find_lead(run, file->lead_times[t]);
    if (film->grid.nlat == 0 || level != 0 || file->reference_times[t] != film->reference_time ||
        lead % film->every != 0 || film->frame_count == AR_FILM_FRAMES) {
        return AR_OK;
    }
    float **frame = film->frames[film->frame_count];
    film->lead_hours[film->frame_count++] = (double)file->lead_times[t] / 3600;
    ar_status status = keep(film, &frame[TRUTH], truth, err);
    return status == AR_OK ? keep(film, &frame[FORECAST], mean, err) : status;
}

/* Colours of all frames: between the outermost of their 0.5 and 99.5 % quantiles. */
static ar_status choose_colours(const ar_field_film *film, ar_map_panel *panel, ar_error *err)
{
    const int64_t points = film->grid.nlat * film->grid.nlon;
    double lowest = INFINITY, highest = -INFINITY, low, high;
    ar_map_unit unit;
    ar_status status = AR_OK;
    for (int64_t i = 0; i < 2 * film->frame_count; i++) {
        const float *values = film->frames[i / 2][i % 2];
        AR_TRY(ar_map_quantile(&low, values, points, 0.005, false, err));
        AR_TRY(ar_map_quantile(&high, values, points, 0.995, false, err));
        lowest = fmin(lowest, low);
        highest = fmax(highest, high);
    }
    ar_map_unit_choose(&unit, film->field->units, fmax(fabs(lowest), fabs(highest)));
    *panel = ar_map_panel_of_field(&unit, lowest, highest);
cleanup:
    return status;
}

static ar_status draw_frame(const ar_field_film *film, int64_t index, const ar_map_panel *colours,
                            const char *folder, const char *name, ar_error *err)
{
    const ar_forecast_field *field = film->field;
    char key[32], level[48], heading[256];
    ar_map_panel panels[2] = {*colours, *colours};
    ar_forecast_field_describe_level(field, 0, key, level);
    snprintf(heading, sizeof heading, "%s%s%s after %g h", ar_forecast_field_name(field),
             field->levels ? " at " : "", field->levels ? level : "", film->lead_hours[index]);
    ar_map_make_readable(heading);
    for (int i = 0; i < 2; i++) {
        panels[i].values = film->frames[index][i];
        snprintf(panels[i].title, sizeof panels->title, i == TRUTH ? "Truth" : "Forecast, mean");
    }
    const ar_map_page page = {.grid = &film->grid,
                              .heading = heading,
                              .panels = panels,
                              .panel_count = 2,
                              .columns = 2,
                              .film = true};
    return ar_map_page_draw(&page, folder, name, err);
}

/* Frames are drawn into a folder of their own, which is removed. */
static ar_status draw_all(const ar_field_film *film, const char *path, ar_error *err)
{
    char *paths[AR_FILM_FRAMES] = {NULL}, *folder = NULL;
    ar_map_panel colours;
    ar_progress progress;
    ar_status status = AR_OK;
    AR_TRY(ar_folder_make_temporary(&folder, film->run->options->out, ".film", err));
    AR_TRY(choose_colours(film, &colours, err));
    ar_progress_begin(&progress, "drawing a film", 0, film->frame_count);
    for (int64_t i = 0; i < film->frame_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%03lld.png", (long long)i);
        AR_TRY(ar_path_join(&paths[i], folder, name, err));
        AR_TRY(draw_frame(film, i, &colours, folder, name, err));
        ar_progress_update(&progress, i + 1, "");
    }
    ar_progress_end(&progress, "");
    AR_TRY(ar_apng_write(path, (const char *const *)paths, film->frame_count, MILLISECONDS, err));
cleanup:
    if (folder) {
        ar_folder_remove(folder);
    }
    for (int64_t i = 0; i < film->frame_count; i++) {
        ar_free(paths[i]);
    }
    ar_free(folder);
    return status;
}

static ar_status keep_for_report(const ar_field_film *film, const char *level, const char *file,
                                 ar_error *err)
{
    ar_report_map kept = {0};
    char begin[32];
    ar_time_format(film->reference_time, film->run->forecast.calendar, begin);
    snprintf(kept.variable, sizeof kept.variable, "%s", film->field->variable);
    snprintf(kept.level, sizeof kept.level, "%s", level);
    snprintf(kept.file, sizeof kept.file, "%s", file);
    snprintf(kept.caption, sizeof kept.caption,
             "Truth and mean forecast of %s side by side, begun at %s, %g to %g h ahead (animated)",
             ar_forecast_field_name(film->field), begin, film->lead_hours[0],
             film->lead_hours[film->frame_count - 1]);
    return ar_verification_keep_picture(film->run, &kept, err);
}

ar_status ar_field_film_draw(ar_field_film *film, ar_error *err)
{
    char key[32], level[48], file[160], *path = NULL;
    ar_error own;
    ar_status status = AR_OK;
    if (film->frame_count < LEADS_LEAST) {
        return AR_OK;
    }
    ar_forecast_field_describe_level(film->field, 0, key, level);
    snprintf(file, sizeof file, "film_%s%s%s.png", film->field->variable,
             film->field->levels ? "_" : "", film->field->levels ? key : "");
    AR_TRY(ar_path_join(&path, film->run->options->out, file, err));
    if (draw_all(film, path, &own) != AR_OK) {
        ar_verification_picture_failed(film->run, file, &own);
    } else {
        AR_TRY(keep_for_report(film, key, file, err));
    }
cleanup:
    ar_free(path);
    return status;
}

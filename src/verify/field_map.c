#include "verify/field_map.h"

#include <stdio.h>

#include "base/log.h"
#include "picture/maps.h"

/* A map that was drawn, for the report. */
static ar_status keep_map(ar_verification *run, const ar_map *map, const char *variable,
                          const char *level, const char *file, ar_error *err)
{
    ar_report_map kept = {0};
    snprintf(kept.variable, sizeof kept.variable, "%s", variable);
    snprintf(kept.level, sizeof kept.level, "%s", level);
    snprintf(kept.file, sizeof kept.file, "%s", file);
    snprintf(kept.caption, sizeof kept.caption,
             "Maps of %s%s%s: analysis, forecast, spread and error, valid %s, lead time %g h",
             map->name, map->level_text[0] ? " at " : "", map->level_text, map->valid_time,
             map->lead_hours);
    return ar_verification_keep_picture(run, &kept, err);
}

ar_status ar_field_map_draw(ar_field_scorer *scorer, int64_t level, const float *truth,
                            ar_error *err)
{
    ar_verification *run = scorer->run;
    const ar_forecast_file *file = &run->forecast;
    const ar_forecast_field *field = scorer->field;
    const int64_t t = scorer->map_time;
    char key[32], text[48], valid[32], name[160];
    ar_forecast_field_describe_level(field, level, key, text);
    ar_time_format(file->valid_times[t], file->calendar, valid);
    const ar_map map = {
        .name = ar_forecast_field_name(field),
        .level_text = field->levels ? text : "",
        .units = field->units,
        .valid_time = valid,
        .lead_hours = (double)file->lead_times[t] / 3600,
        .member_count = field->member_count,
        .grid = &file->grid,
        .analysis = truth,
        .mean = scorer->mean,
        .spread = scorer->spread,
    };
    snprintf(name, sizeof name, "map_%s%s%s.png", field->variable, field->levels ? "_" : "",
             field->levels ? key : "");
    ar_error map_error;
    bool drawn = false;
    if (ar_map_draw(&map, run->options->out, name, &drawn, &map_error) != AR_OK) {
        ar_verification_picture_failed(run, name, &map_error);
    } else if (!drawn) {
        ar_log(AR_LOG_WARNING, "no maps are drawn: the program gmt is not installed");
        run->draw_maps = false;
    } else {
        return keep_map(run, &map, field->variable, key, name, err);
    }
    return AR_OK;
}

#include "verify/report_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "picture/map_scale.h"

bool ar_report_begins_level(const ar_report *report, int64_t index)
{
    const ar_score *score = &report->scores[index];
    for (int64_t i = 0; i < index; i++) {
        if (strcmp(report->scores[i].variable, score->variable) == 0 &&
            strcmp(report->scores[i].level, score->level) == 0) {
            return false;
        }
    }
    return true;
}

ar_status ar_score_group_collect(ar_score_group *group, const ar_report *report,
                                 const ar_score *like, int64_t region, ar_error *err)
{
    *group = (ar_score_group){0};
    ar_status status = ar_allocate(&group->scores, (size_t)report->score_count,
                                   sizeof *group->scores, "scores of a level", err);
    for (int64_t i = 0; status == AR_OK && i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        if (score->region == region && strcmp(score->variable, like->variable) == 0 &&
            strcmp(score->level, like->level) == 0) {
            group->scores[group->count++] = score;
        }
    }
    snprintf(group->name, sizeof group->name, "%s_%s", like->variable, like->level);
    return status;
}

int ar_report_pick(int64_t count, int most, int64_t *picked)
{
    int number = 0;
    for (int i = 0; i < most; i++) {
        const int64_t index = most > 1 ? (count - 1) * i / (most - 1) : count - 1;
        if (count > 0 && (number == 0 || picked[number - 1] != index)) {
            picked[number++] = index;
        }
    }
    return number;
}

void ar_report_row_begin(ar_growing_text *out, const char *variable, const char *level_text,
                         const char *units, double lead_hours)
{
    char unit_text[128];
    ar_map_unit unit;
    ar_map_unit_choose(&unit, units, 1);
    ar_map_unit_plain(&unit, unit_text);
    ar_page_row_begin(out);
    ar_page_cell(out, "left", "%s, %s%s%s%s", variable, level_text, unit_text[0] ? " (" : "",
                 unit_text, unit_text[0] ? ")" : "");
    ar_page_cell(out, "", "%g h", lead_hours);
}

ar_status ar_report_rows_add(ar_report_page *page, ar_report_row *add_row, int64_t which)
{
    const ar_report *report = page->report;
    ar_status status = AR_OK;
    for (int64_t i = 0; i < report->score_count; i++) {
        ar_score_group group;
        int64_t picked[AR_REPORT_ROWS_OF_A_LEVEL];
        if (!ar_report_begins_level(report, i)) {
            continue;
        }
        AR_TRY(ar_score_group_collect(&group, report, &report->scores[i], 0, page->err));
        const int rows = ar_report_pick(group.count, AR_REPORT_ROWS_OF_A_LEVEL, picked);
        for (int row = 0; row < rows; row++) {
            add_row(&page->out, group.scores[picked[row]], which);
        }
        ar_free(group.scores);
    }
cleanup:
    return status;
}

ar_status ar_report_pictures_add(ar_report_page *page, const char *variable, const char *level)
{
    ar_status status = AR_OK;
    char *path = NULL;
    for (int64_t i = 0; i < page->report->map_count; i++) {
        const ar_report_map *map = &page->report->maps[i];
        if (strcmp(map->variable, variable) == 0 && strcmp(map->level, level) == 0) {
            ar_free(path);
            AR_TRY(ar_path_join(&path, page->folder, map->file, page->err));
            AR_TRY(ar_page_image(&page->out, path, map->caption, map->caption, page->err));
        }
    }
cleanup:
    ar_free(path);
    return status;
}

ar_status ar_report_show(ar_report_page *page, const char *name, const ar_chart *chart)
{
    ar_page_chart(&page->out, chart);
    return page->out.status == AR_OK ? ar_figure_write(&page->figures, name, chart, page->err)
                                     : page->out.status;
}

#include "verify/report.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { COLUMNS_MOST = 16, CELL_SIZE = 64 };

typedef enum {
    COLUMN_VARIABLE,
    COLUMN_LEVEL,
    COLUMN_UNITS,
    COLUMN_LEAD,
    COLUMN_TIMES,
    COLUMN_SCORE,    /* the double at `offset` */
    COLUMN_RATIO,    /* the same, a pure number */
    COLUMN_QUOTIENT, /* the double at `offset` over that at `divisor` */
} column_kind;

typedef struct {
    const char *header;
    column_kind kind;
    size_t offset, divisor; /* in ar_score */
} column;

static const column error_columns[] = {
    {"field", COLUMN_VARIABLE, 0, 0},
    {"level", COLUMN_LEVEL, 0, 0},
    {"unit", COLUMN_UNITS, 0, 0},
    {"lead", COLUMN_LEAD, 0, 0},
    {"times", COLUMN_TIMES, 0, 0},
    {"RMSE", COLUMN_SCORE, offsetof(ar_score, rmse), 0},
    {"persistence", COLUMN_SCORE, offsetof(ar_score, persistence_rmse), 0},
    {"damped", COLUMN_SCORE, offsetof(ar_score, damped_persistence_rmse), 0},
    {"climatology", COLUMN_SCORE, offsetof(ar_score, climatology_rmse), 0},
    {"RMSE/persistence", COLUMN_QUOTIENT, offsetof(ar_score, rmse),
     offsetof(ar_score, persistence_rmse)},
};

static const column ensemble_columns[] = {
    {"field", COLUMN_VARIABLE, 0, 0},
    {"level", COLUMN_LEVEL, 0, 0},
    {"unit", COLUMN_UNITS, 0, 0},
    {"lead", COLUMN_LEAD, 0, 0},
    {"bias", COLUMN_SCORE, offsetof(ar_score, bias), 0},
    {"MAE", COLUMN_SCORE, offsetof(ar_score, mae), 0},
    {"CRPS", COLUMN_SCORE, offsetof(ar_score, crps), 0},
    {"fair CRPS", COLUMN_SCORE, offsetof(ar_score, crps_fair), 0},
    {"spread", COLUMN_SCORE, offsetof(ar_score, spread), 0},
    {"spread/skill", COLUMN_RATIO, offsetof(ar_score, spread_skill_ratio), 0},
    {"CRPS/persistence", COLUMN_QUOTIENT, offsetof(ar_score, crps),
     offsetof(ar_score, persistence_crps)},
};

static double number_at(const ar_score *score, size_t offset)
{
    double number;
    memcpy(&number, (const char *)score + offset, sizeof number);
    return number;
}

static void write_score(char cell[CELL_SIZE], double score)
{
    if (isnan(score)) {
        snprintf(cell, CELL_SIZE, "-");
    } else {
        snprintf(cell, CELL_SIZE, "%.4g", score);
    }
}

static void write_ratio(char cell[CELL_SIZE], double ratio)
{
    if (isnan(ratio)) {
        snprintf(cell, CELL_SIZE, "-");
    } else {
        snprintf(cell, CELL_SIZE, "%.3f", ratio);
    }
}

static void write_cell(char cell[CELL_SIZE], const column *it, const ar_score *score)
{
    switch (it->kind) {
    case COLUMN_VARIABLE:
        snprintf(cell, CELL_SIZE, "%s", score->variable);
        break;
    case COLUMN_LEVEL:
        snprintf(cell, CELL_SIZE, "%s", score->level_text);
        break;
    case COLUMN_UNITS:
        snprintf(cell, CELL_SIZE, "%s", score->units);
        break;
    case COLUMN_LEAD:
        snprintf(cell, CELL_SIZE, "%.10g h", score->lead_hours);
        break;
    case COLUMN_TIMES:
        snprintf(cell, CELL_SIZE, "%lld", (long long)score->times);
        break;
    case COLUMN_SCORE:
        write_score(cell, number_at(score, it->offset));
        break;
    case COLUMN_RATIO:
        write_ratio(cell, number_at(score, it->offset));
        break;
    case COLUMN_QUOTIENT:
        write_ratio(cell, number_at(score, it->offset) / number_at(score, it->divisor));
        break;
    }
}

static bool is_text(const column *it)
{
    return it->kind <= COLUMN_UNITS;
}

/* Columns a text takes on a terminal: its UTF-8 characters. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static void append_cell(ar_growing_text *out, const char *text, int width, bool left, bool last)
{
    int padding = width - width_of(text);
    if (left) {
        ar_text_add(out, "%s%*s", text, last ? 0 : padding, "");
    } else {
        ar_text_add(out, "%*s%s", padding, "", text);
    }
    ar_text_add(out, last ? "\n" : "  ");
}

static void append_table(ar_growing_text *out, const column *columns, int column_count,
                         const ar_report *report)
{
    int widths[COLUMNS_MOST];
    char cell[CELL_SIZE];
    for (int c = 0; c < column_count; c++) {
        widths[c] = width_of(columns[c].header);
        for (int64_t i = 0; i < report->score_count; i++) {
            write_cell(cell, &columns[c], &report->scores[i]);
            widths[c] = width_of(cell) > widths[c] ? width_of(cell) : widths[c];
        }
    }
    for (int c = 0; c < column_count; c++) {
        append_cell(out, columns[c].header, widths[c], is_text(&columns[c]), c == column_count - 1);
    }
    for (int64_t i = 0; i < report->score_count; i++) {
        for (int c = 0; c < column_count; c++) {
            write_cell(cell, &columns[c], &report->scores[i]);
            append_cell(out, cell, widths[c], is_text(&columns[c]), c == column_count - 1);
        }
    }
}

ar_status ar_report_table(char **text, const ar_report *report, ar_error *err)
{
    ar_growing_text out = {.err = err};
    const ar_score *first = &report->scores[0];
    ar_text_add(&out, "%s: %lld members, valid %s to %s; latitude-weighted\n", report->forecast,
                (long long)first->member_count, first->first_time, first->last_time);
    ar_text_add(&out, "climatology and damping from %s to %s\n\n", report->climatology_start,
                report->climatology_end);
    ar_text_add(&out, "Root-mean-square error of the ensemble mean, and of what it should beat\n");
    append_table(&out, error_columns, sizeof error_columns / sizeof error_columns[0], report);
    ar_text_add(&out, "\nEnsemble\n");
    append_table(&out, ensemble_columns, sizeof ensemble_columns / sizeof ensemble_columns[0],
                 report);
    *text = out.text;
    if (out.status != AR_OK) {
        ar_free(out.text);
        *text = NULL;
    }
    return out.status;
}

#include "verify/text_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

void ar_text_table_add(ar_text_table *table, ar_error *err, const char *format, ...)
{
    if (table->status == AR_OK) {
        table->status = ar_grow(&table->cells, &table->capacity, table->cell_count + 1,
                                sizeof *table->cells, "a table", err);
    }
    if (table->status != AR_OK) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(table->cells[table->cell_count++].text, sizeof table->cells->text, format, arguments);
    va_end(arguments);
}

void ar_text_table_add_number(ar_text_table *table, ar_error *err, double number)
{
    ar_text_table_add(table, err, isnan(number) ? "-" : "%.4g", number);
}

void ar_text_table_add_ratio(ar_text_table *table, ar_error *err, double ratio)
{
    ar_text_table_add(table, err, isnan(ratio) ? "-" : "%.3f", ratio);
}

void ar_text_table_add_texts(ar_text_table *table, ar_error *err, const char *const *texts,
                             int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        ar_text_table_add(table, err, "%s", texts[i]);
    }
}

void ar_text_table_add_subject(ar_text_table *table, ar_error *err, const char *variable,
                               const char *level, const char *units, double lead_hours)
{
    ar_text_table_add_texts(table, err, (const char *const[]){variable, level, units},
                            AR_TABLE_SUBJECT_LEFT);
    ar_text_table_add(table, err, "%.10g h", lead_hours);
}

void ar_text_table_add_subject_headers(ar_text_table *table, ar_error *err)
{
    static const char *const headers[AR_TABLE_SUBJECT] = {"field", "level", "unit", "lead"};
    ar_text_table_add_texts(table, err, headers, AR_TABLE_SUBJECT);
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

static int width_of_column(const ar_text_table *table, int64_t column)
{
    int widest = 0;
    for (size_t i = (size_t)column; i < table->cell_count; i += (size_t)table->column_count) {
        int width = width_of(table->cells[i].text);
        widest = width > widest ? width : widest;
    }
    return widest;
}

void ar_text_table_print(ar_growing_text *out, const ar_text_table *table)
{
    int64_t columns = table->column_count, rows = (int64_t)table->cell_count / columns;
    for (int64_t i = 0; i < rows * columns; i++) {
        int64_t column = i % columns;
        const char *text = table->cells[i].text;
        bool last = column == columns - 1;
        int padding = width_of_column(table, column) - width_of(text);
        if (column < table->left_columns) {
            ar_text_add(out, "%s%*s", text, last ? 0 : padding, "");
        } else {
            ar_text_add(out, "%*s%s", padding, "", text);
        }
        ar_text_add(out, last ? "\n" : "  ");
    }
}

void ar_text_table_release(ar_text_table *table)
{
    ar_free(table->cells);
    *table = (ar_text_table){.column_count = table->column_count};
}

void ar_text_table_finish(ar_text_table *table, ar_growing_text *out)
{
    if (table->status == AR_OK) {
        ar_text_table_print(out, table);
    } else {
        out->status = table->status;
    }
    ar_text_table_release(table);
}

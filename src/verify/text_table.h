/* A table for a terminal, written cell by cell: columns as wide as they need to be, two blanks
 * apart. */
#ifndef AR_VERIFY_TEXT_TABLE_H
#define AR_VERIFY_TEXT_TABLE_H

#include <stdint.h>

#include "base/text.h"

typedef struct {
    char text[64]; /* UTF-8 */
} ar_table_cell;

/* Begin with the counts; the rest zero. Release with ar_text_table_release. */
typedef struct {
    int64_t column_count;
    int64_t left_columns; /* the first so many are aligned on the left, the others on the right */
    ar_table_cell *cells; /* [cell_count], row after row */
    size_t cell_count, capacity;
    ar_status status; /* the first failure; nothing is added after it */
} ar_text_table;

/* Add the next cell, cut where it is too long. */
void ar_text_table_add(ar_text_table *table, ar_error *err, const char *format, ...)
    AR_PRINTF(3, 4);
/* Four digits, or "-" for NaN; and three decimals, likewise. */
void ar_text_table_add_number(ar_text_table *table, ar_error *err, double number);
void ar_text_table_add_ratio(ar_text_table *table, ar_error *err, double ratio);
void ar_text_table_add_texts(ar_text_table *table, ar_error *err, const char *const *texts,
                             int64_t count);
/* What a row of scores is of: field, level, unit and lead time, AR_TABLE_SUBJECT columns of which
 * AR_TABLE_SUBJECT_LEFT are aligned on the left; and their headers. */
enum { AR_TABLE_SUBJECT = 4, AR_TABLE_SUBJECT_LEFT = 3 };
void ar_text_table_add_subject(ar_text_table *table, ar_error *err, const char *variable,
                               const char *level, const char *units, double lead_hours);
void ar_text_table_add_subject_headers(ar_text_table *table, ar_error *err);
/* Append all whole rows. */
void ar_text_table_print(ar_growing_text *out, const ar_text_table *table);
/* The same, or pass on the table's failure to `out`; and release it. */
void ar_text_table_finish(ar_text_table *table, ar_growing_text *out);
void ar_text_table_release(ar_text_table *table);

#endif

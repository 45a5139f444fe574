/* A page of HTML in one file: no script, no font and no picture from elsewhere; light, or dark for
 * who prefers that; one column on a telephone. All texts are escaped. */
#ifndef AR_PICTURE_PAGE_H
#define AR_PICTURE_PAGE_H

#include <stdint.h>

#include "picture/chart.h"

/* Head and heading; `refresh_seconds` above 0: the page loads itself anew so often. */
void ar_page_begin(ar_growing_text *out, const char *title, int refresh_seconds);
void ar_page_end(ar_growing_text *out);

/* A text between tags of this name: ar_page_text(out, "h2", "Spectra"). */
void ar_page_text(ar_growing_text *out, const char *tag, const char *format, ...) AR_PRINTF(3, 4);

/* A remark that should not be overlooked, and a text with its own line ends. */
void ar_page_note(ar_growing_text *out, const char *text);
void ar_page_preformatted(ar_growing_text *out, const char *text);

/* Charts stand beside each other where there is room: within these two. */
void ar_page_charts_begin(ar_growing_text *out);
void ar_page_charts_end(ar_growing_text *out);
void ar_page_chart(ar_growing_text *out, const ar_chart *chart);

/* A PNG file inside of the page. `alternative` tells what is on it to who cannot see it. */
AR_USE_RESULT ar_status ar_page_image(ar_growing_text *out, const char *path,
                                      const char *alternative, const char *caption, ar_error *err);

/* A table that scrolls sideways where it is too wide, all but its first column: rows of cells
 * between these. Of `headers` (NULL ended) the first `left_columns` are aligned on the left. */
void ar_page_table_begin(ar_growing_text *out, const char *const *headers, int left_columns);
void ar_page_row_begin(ar_growing_text *out);
/* `mark`: "left" as the first columns are, "good", "bad", or "". */
void ar_page_cell(ar_growing_text *out, const char *mark, const char *format, ...) AR_PRINTF(3, 4);
/* A cell with four digits, or with so many decimals; a dash where there is no number. */
void ar_page_number(ar_growing_text *out, double number);
void ar_page_ratio(ar_growing_text *out, int decimals, double ratio);
/* A share in whole percent with its sign, "+3 %", marked as a cell is. */
void ar_page_percent(ar_growing_text *out, const char *mark, double share);
void ar_page_row_end(ar_growing_text *out);
void ar_page_table_end(ar_growing_text *out);

/* What is longer than most want to read, closed until it is opened. */
void ar_page_details_begin(ar_growing_text *out, const char *summary);
void ar_page_details_end(ar_growing_text *out);

#endif

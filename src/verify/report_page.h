/* report.html: what a verification found, on one page in one file, and its charts as files. */
#ifndef AR_VERIFY_REPORT_PAGE_H
#define AR_VERIFY_REPORT_PAGE_H

#include "verify/report.h"

/* Write folder/report.html, and each of its charts to folder/figures. `table` is the text of
 * scores.txt. Maps are read from the folder. Both appear whole or not at all. */
AR_USE_RESULT ar_status ar_report_page_write(const ar_report *report, const char *folder,
                                             const char *table, ar_error *err);

#endif

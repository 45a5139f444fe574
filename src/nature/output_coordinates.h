/* The coordinates of a nature run's file; private to the files output_*.c. */
#ifndef AR_NATURE_OUTPUT_COORDINATES_H
#define AR_NATURE_OUTPUT_COORDINATES_H

#include <stdbool.h>

#include "nature/output_file.h"

/* As in ar_output_file_define. */
AR_USE_RESULT ar_status ar_output_coordinates_define(const ar_output_file *output, ar_writer *file,
                                                     bool record, ar_error *err);
/* All of them are known before the first value is. */
AR_USE_RESULT ar_status ar_output_coordinates_write(const ar_output_file *output, ar_writer *file,
                                                    ar_error *err);

/* Name and text of an attribute; a list ends with NULL. */
typedef const char *const ar_text_attribute[2];
/* Of a variable, or of the whole where `name` is NULL. */
AR_USE_RESULT ar_status ar_output_put_texts(ar_writer *file, const char *name,
                                            ar_text_attribute *texts, ar_error *err);

#endif

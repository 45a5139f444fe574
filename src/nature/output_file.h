/* The CF file of a nature run: what it holds, and one time after the other. The same definitions
 * serve the store that grows during the run and the netCDF file that is made of it at the end. */
#ifndef AR_NATURE_OUTPUT_FILE_H
#define AR_NATURE_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/atmorep.h"
#include "io/writer.h"
#include "nature/snapshot.h"

typedef struct {
    const ar_nature_run_options *options; /* borrowed */
    const ar_snapshot *snapshot;          /* borrowed: the grid, the levels, and values to write */
    int64_t first_time;                   /* seconds since 1970 */
    int64_t times;
    bool written[AR_NATURE_VARIABLES];
} ar_output_file;

/* AR_ERROR_USAGE names a variable of the options that there is none of. */
AR_USE_RESULT ar_status ar_output_file_init(ar_output_file *output,
                                            const ar_nature_run_options *options,
                                            const ar_snapshot *snapshot, int64_t first_time,
                                            int64_t times, ar_error *err);
/* Define dimensions, variables and attributes, and write what does not change with time. `record`:
 * time is an unlimited dimension. */
AR_USE_RESULT ar_status ar_output_file_define(const ar_output_file *output, ar_writer *file,
                                              bool record, ar_error *err);
/* Write the values of the snapshot as those of time `time` of `member`, both from 0. */
AR_USE_RESULT ar_status ar_output_file_write(const ar_output_file *output, ar_writer *file,
                                             int64_t member, int64_t time, ar_error *err);
/* Copy all values from a complete store at `path`, with the same definitions, into `file`, which is
 * defined. */
AR_USE_RESULT ar_status ar_output_file_copy(const ar_output_file *output, const char *path,
                                            ar_writer *file, ar_error *err);

#endif

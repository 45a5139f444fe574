/* The attention maps of one query token a field, and the CF netCDF file they are written to: one
 * variable for each attention of a field to a field, [layer][head][level][time][latitude]
 * [longitude] of the key tokens. docs/attention.md describes it. */
#ifndef AR_TASK_ATTENTION_FILE_H
#define AR_TASK_ATTENTION_FILE_H

#include "model/model.h"
#include "train/checkpoint.h"

typedef struct {
    ar_attention_part part;
    int64_t query_field, key_field, layers, heads;
    float *weights; /* [layers][heads][tokens of key_field] */
} ar_attention_map;

/* Everything that the file tells; all borrowed. */
typedef struct {
    const ar_checkpoint *checkpoint;
    const ar_dataset *dataset;
    ar_cube cube;
    const int64_t *queries; /* [field_count] token of each field that asks */
    const ar_attention_map *maps;
    int64_t map_count;
} ar_attention_file;

/* Write it, whole or not at all. */
AR_USE_RESULT ar_status ar_attention_file_write(const ar_attention_file *content, const char *path,
                                                ar_error *err);

#endif

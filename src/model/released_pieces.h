/* The tensors of released checkpoints, each with its place in a model's parameters. */
#ifndef AR_MODEL_RELEASED_PIECES_H
#define AR_MODEL_RELEASED_PIECES_H

#include "io/torch_file.h"
#include "model/model.h"
#include "model/released_misfits.h"

/* A tensor of a file and where it goes. */
typedef struct {
    ar_torch_file *file;
    const ar_torch_tensor *tensor;
    char *name; /* in the whole model */
    int64_t first_row, rows;
} ar_released_piece;

enum { AR_NO_PIECE = -1 };

typedef struct {
    const ar_model *model; /* borrowed */
    const ar_graph *graph; /* the model's */
    ar_error *err;
    ar_torch_file **files; /* [file_count] */
    int64_t file_count;
    ar_released_piece *pieces; /* [piece_count] */
    size_t piece_count, piece_capacity;
    int64_t *row_start;    /* [parameter_count] place of a parameter's first row in piece_of_row */
    int64_t *piece_of_row; /* index of a piece, or AR_NO_PIECE */
    int64_t leftovers[2];  /* pieces embed_token_info.weight and .bias, or AR_NO_PIECE */
} ar_released_pieces;

/* Open the files and find the place of every tensor. What has none, or the wrong shape there, is
 * noted in `found`; a tensor that is there twice with other bits is an error. Release in any case.
 */
AR_USE_RESULT ar_status ar_released_pieces_read(ar_released_pieces *pieces, const ar_model *model,
                                                const char *const *paths, int64_t path_count,
                                                ar_misfits *found, ar_error *err);
void ar_released_pieces_release(ar_released_pieces *pieces); /* safe on zeroed */

/* Let piece `index` be its rows of a parameter. */
AR_USE_RESULT ar_status ar_released_take_rows(ar_released_pieces *pieces, int64_t parameter,
                                              int64_t index);
/* Rows of a parameter of the model that no piece is. */
int64_t ar_released_missing_rows(const ar_released_pieces *pieces, const ar_parameter *parameter);

#endif

#include "model/released_pieces.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/released_names.h"

/* Released files hold them, and nothing uses them where there are embeds_token_info. */
static const char *const leftover_names[2] = {"embed_token_info.weight", "embed_token_info.bias"};

/* Bits of a piece that is there twice must agree. */
static ar_status compare_pieces(const ar_released_pieces *a, const ar_released_piece *first,
                                const ar_released_piece *second)
{
    ar_status status = AR_OK;
    const size_t count = (size_t)first->tensor->count;
    float *values[2] = {NULL, NULL};
    AR_TRY(ar_allocate(&values[0], count, sizeof(float), first->name, a->err));
    AR_TRY(ar_allocate(&values[1], count, sizeof(float), second->name, a->err));
    AR_TRY(ar_torch_read_float(first->file, first->tensor, values[0], a->err));
    AR_TRY(ar_torch_read_float(second->file, second->tensor, values[1], a->err));
    if (memcmp(values[0], values[1], count * sizeof(float)) != 0) {
        status = ar_fail(a->err, AR_ERROR_INPUT,
                         "%s: %s has other values than %s of %s, which is the same parameter",
                         ar_torch_path(second->file), second->name, first->name,
                         ar_torch_path(first->file));
    }
cleanup:
    ar_free(values[0]);
    ar_free(values[1]);
    return status;
}

ar_status ar_released_take_rows(ar_released_pieces *a, int64_t parameter, int64_t index)
{
    const ar_released_piece *taken = &a->pieces[index];
    int64_t *rows = a->piece_of_row + a->row_start[parameter] + taken->first_row;
    for (int64_t r = 0; r < taken->rows; r++) {
        if (rows[r] != AR_NO_PIECE) {
            const ar_released_piece *other = &a->pieces[rows[r]];
            if (other->rows != taken->rows) {
                return ar_fail(a->err, AR_ERROR_INPUT,
                               "%s: %s is there both whole and by heads, as %s of %s",
                               ar_torch_path(taken->file), taken->name, other->name,
                               ar_torch_path(other->file));
            }
            return compare_pieces(a, other, taken);
        }
        rows[r] = index;
    }
    return AR_OK;
}

/* Whether the tensor has the shape that its place in a parameter wants. */
static bool fits(const ar_torch_tensor *tensor, const ar_parameter *parameter, int rank,
                 int64_t first_row, int64_t rows)
{
    return tensor->rank == rank && first_row + rows <= parameter->rows &&
           (rank == 1 || tensor->shape[0] == rows) && tensor->shape[rank - 1] == parameter->columns;
}

/* A tensor whose shape is not what its place wants. */
static void note_shape(ar_misfits *found, const ar_released_piece *wrong, int rank,
                       const int64_t *shape, const char *addition)
{
    char has[96], wants[96];
    ar_shape_format(wrong->tensor->rank, wrong->tensor->shape, has);
    ar_shape_format(rank, shape, wants);
    ar_problems_note(&found->shape, "%s is %s, should be %s%s", wrong->name, has, wants, addition);
}

static ar_status place_leftover(ar_released_pieces *a, int which, int64_t index, ar_misfits *found)
{
    const int64_t shape[2] = {a->model->configuration->model.token_info_width, AR_TOKEN_INFO_SIZE};
    const int rank = which == 0 ? 2 : 1;
    const ar_released_piece *placed = &a->pieces[index];
    if (placed->tensor->rank != rank ||
        memcmp(placed->tensor->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        note_shape(found, placed, rank, shape, "");
        return AR_OK;
    }
    if (a->leftovers[which] != AR_NO_PIECE) {
        return compare_pieces(a, &a->pieces[a->leftovers[which]], placed);
    }
    a->leftovers[which] = index;
    return AR_OK;
}

/* Find the place of the last piece. */
static ar_status place_piece(ar_released_pieces *a, ar_misfits *found)
{
    const int64_t index = (int64_t)a->piece_count - 1;
    ar_released_piece *placed = &a->pieces[index];
    for (int i = 0; i < 2; i++) {
        if (strcmp(placed->name, leftover_names[i]) == 0) {
            return place_leftover(a, i, index, found);
        }
    }
    ar_released_head head;
    const ar_parameter *parameter = ar_graph_find_parameter(a->graph, placed->name);
    const bool whole = parameter != NULL;
    if (!whole && ar_released_head_place(a->model->configuration, placed->name, &head)) {
        parameter = ar_graph_find_parameter(a->graph, head.parameter);
    }
    if (!parameter) {
        ar_problems_note(&found->unknown, "%s", placed->name);
        return AR_OK;
    }
    if (placed->tensor->dtype == AR_DTYPE_I32 || placed->tensor->dtype == AR_DTYPE_I64 ||
        placed->tensor->dtype == AR_DTYPE_U8) {
        ar_problems_note(&found->shape, "%s holds integers", placed->name);
        return AR_OK;
    }
    placed->first_row = whole ? 0 : head.first_row;
    placed->rows = whole ? parameter->rows : head.rows;
    const int rank = whole ? parameter->rank : 2;
    if (!fits(placed->tensor, parameter, rank, placed->first_row, placed->rows)) {
        const int64_t shape[2] = {rank == 1 ? parameter->columns : placed->rows,
                                  parameter->columns};
        note_shape(found, placed, rank, shape,
                   placed->first_row + placed->rows > parameter->rows
                       ? ", and there are too many heads"
                       : "");
        return AR_OK;
    }
    return ar_released_take_rows(a, parameter - a->graph->parameters, index);
}

static ar_status add_file(ar_released_pieces *a, const char *path, ar_misfits *found)
{
    ar_status status = AR_OK;
    ar_torch_file **file = &a->files[a->file_count];
    char prefix[64], name[AR_RELEASED_NAME_SIZE];
    AR_TRY(ar_released_block_prefix(a->model->configuration, path, prefix, a->err));
    AR_TRY(ar_torch_open(file, path, a->err));
    a->file_count++;
    for (int64_t i = 0; i < ar_torch_count(*file); i++) {
        const ar_torch_tensor *tensor = ar_torch_get(*file, i);
        AR_TRY(ar_grow(&a->pieces, &a->piece_capacity, a->piece_count + 1, sizeof *a->pieces,
                       "tensors", a->err));
        ar_released_piece *added = &a->pieces[a->piece_count];
        snprintf(name, sizeof name, "%s%s", prefix, tensor->name);
        *added = (ar_released_piece){.file = *file, .tensor = tensor};
        AR_TRY(ar_copy_string(&added->name, name, a->err));
        a->piece_count++;
        AR_TRY(place_piece(a, found));
    }
cleanup:
    return status;
}

static ar_status begin(ar_released_pieces *a, int64_t path_count)
{
    ar_status status = AR_OK;
    int64_t rows = 0;
    AR_TRY(ar_allocate(&a->files, (size_t)path_count, sizeof *a->files, "files", a->err));
    AR_TRY(ar_allocate(&a->row_start, a->graph->parameter_count, sizeof *a->row_start, "parameters",
                       a->err));
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        a->row_start[p] = rows;
        rows += a->graph->parameters[p].rows;
    }
    AR_TRY(ar_allocate(&a->piece_of_row, (size_t)rows, sizeof *a->piece_of_row, "rows", a->err));
    for (int64_t r = 0; r < rows; r++) {
        a->piece_of_row[r] = AR_NO_PIECE;
    }
cleanup:
    return status;
}

int64_t ar_released_missing_rows(const ar_released_pieces *a, const ar_parameter *parameter)
{
    const int64_t *rows = a->piece_of_row + a->row_start[parameter - a->graph->parameters];
    int64_t missing = 0;
    for (int64_t r = 0; r < parameter->rows; r++) {
        missing += rows[r] == AR_NO_PIECE;
    }
    return missing;
}

ar_status ar_released_pieces_read(ar_released_pieces *pieces, const ar_model *model,
                                  const char *const *paths, int64_t path_count, ar_misfits *found,
                                  ar_error *err)
{
    *pieces = (ar_released_pieces){
        .model = model, .graph = model->graph, .err = err, .leftovers = {AR_NO_PIECE, AR_NO_PIECE}};
    ar_status status = begin(pieces, path_count);
    for (int64_t i = 0; status == AR_OK && i < path_count; i++) {
        status = add_file(pieces, paths[i], found);
    }
    return status;
}

void ar_released_pieces_release(ar_released_pieces *pieces)
{
    for (size_t i = 0; i < pieces->piece_count; i++) {
        ar_free(pieces->pieces[i].name);
    }
    for (int64_t i = 0; i < pieces->file_count; i++) {
        ar_torch_close(&pieces->files[i]);
    }
    ar_free(pieces->pieces);
    ar_free(pieces->files);
    ar_free(pieces->row_start);
    ar_free(pieces->piece_of_row);
    *pieces = (ar_released_pieces){0};
}

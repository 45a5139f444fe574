#include "model/released_weights.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "model/released_misfits.h"
#include "model/released_names.h"

/* A tensor of a file and where it goes. */
typedef struct {
    ar_torch_file *file;
    const ar_torch_tensor *tensor;
    char *name; /* in the whole model */
    int64_t first_row, rows;
} piece;

enum { NO_PIECE = -1 };

typedef struct {
    ar_released_weights *weights;
    const ar_model *model;
    const ar_graph *graph;
    const char *const *allow_missing;
    int64_t allow_missing_count;
    ar_error *err;
    piece *pieces;
    size_t piece_count, piece_capacity;
    int64_t *row_start;    /* [parameter_count] place of a parameter's first row in piece_of_row */
    int64_t *piece_of_row; /* index of a piece, or NO_PIECE */
    int64_t leftovers[2];  /* pieces embed_token_info.weight and .bias, or NO_PIECE */
} assembly;

/* Released files hold them, and nothing uses them where there are embeds_token_info. */
static const char *const leftover_names[2] = {"embed_token_info.weight", "embed_token_info.bias"};

/* ---- placing --------------------------------------------------------------------------------- */

/* Bits of a piece that is there twice must agree. */
static ar_status compare_pieces(const assembly *a, const piece *first, const piece *second)
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

static ar_status take_rows(assembly *a, int64_t parameter, int64_t index)
{
    const piece *taken = &a->pieces[index];
    int64_t *rows = a->piece_of_row + a->row_start[parameter] + taken->first_row;
    for (int64_t r = 0; r < taken->rows; r++) {
        if (rows[r] != NO_PIECE) {
            const piece *other = &a->pieces[rows[r]];
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
static void note_shape(ar_misfits *found, const piece *wrong, int rank, const int64_t *shape,
                       const char *addition)
{
    char has[96], wants[96];
    ar_shape_format(wrong->tensor->rank, wrong->tensor->shape, has);
    ar_shape_format(rank, shape, wants);
    ar_problems_note(&found->shape, "%s is %s, should be %s%s", wrong->name, has, wants, addition);
}

static ar_status place_leftover(assembly *a, int which, int64_t index, ar_misfits *found)
{
    const int64_t shape[2] = {a->model->configuration->model.token_info_width, AR_TOKEN_INFO_SIZE};
    const int rank = which == 0 ? 2 : 1;
    const piece *placed = &a->pieces[index];
    if (placed->tensor->rank != rank ||
        memcmp(placed->tensor->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        note_shape(found, placed, rank, shape, "");
        return AR_OK;
    }
    if (a->leftovers[which] != NO_PIECE) {
        return compare_pieces(a, &a->pieces[a->leftovers[which]], placed);
    }
    a->leftovers[which] = index;
    return AR_OK;
}

/* Find the place of the last piece. */
static ar_status place_piece(assembly *a, ar_misfits *found)
{
    const int64_t index = (int64_t)a->piece_count - 1;
    piece *placed = &a->pieces[index];
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
    return take_rows(a, parameter - a->graph->parameters, index);
}

static ar_status add_file(assembly *a, const char *path, ar_misfits *found)
{
    ar_status status = AR_OK;
    ar_torch_file **file = &a->weights->files[a->weights->file_count];
    char prefix[64], name[AR_RELEASED_NAME_SIZE];
    AR_TRY(ar_released_block_prefix(a->model->configuration, path, prefix, a->err));
    AR_TRY(ar_torch_open(file, path, a->err));
    a->weights->file_count++;
    for (int64_t i = 0; i < ar_torch_count(*file); i++) {
        const ar_torch_tensor *tensor = ar_torch_get(*file, i);
        AR_TRY(ar_grow(&a->pieces, &a->piece_capacity, a->piece_count + 1, sizeof *a->pieces,
                       "tensors", a->err));
        piece *added = &a->pieces[a->piece_count];
        snprintf(name, sizeof name, "%s%s", prefix, tensor->name);
        *added = (piece){.file = *file, .tensor = tensor};
        AR_TRY(ar_copy_string(&added->name, name, a->err));
        a->piece_count++;
        AR_TRY(place_piece(a, found));
    }
cleanup:
    return status;
}

static ar_status begin(assembly *a, int64_t path_count)
{
    ar_status status = AR_OK;
    int64_t rows = 0;
    AR_TRY(ar_allocate(&a->weights->files, (size_t)path_count, sizeof *a->weights->files, "files",
                       a->err));
    AR_TRY(ar_allocate(&a->row_start, a->graph->parameter_count, sizeof *a->row_start, "parameters",
                       a->err));
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        a->row_start[p] = rows;
        rows += a->graph->parameters[p].rows;
    }
    AR_TRY(ar_allocate(&a->piece_of_row, (size_t)rows, sizeof *a->piece_of_row, "rows", a->err));
    for (int64_t r = 0; r < rows; r++) {
        a->piece_of_row[r] = NO_PIECE;
    }
cleanup:
    return status;
}

/* ---- putting together ------------------------------------------------------------------------ */

/* Room for values, kept with the weights. */
static ar_status new_values(assembly *a, const char *name, int64_t count, float **values)
{
    ar_released_weights *w = a->weights;
    ar_status status = ar_grow(&w->values, &w->value_capacity, w->value_count + 1,
                               sizeof *w->values, "weights", a->err);
    if (status == AR_OK) {
        status =
            ar_allocate(&w->values[w->value_count], (size_t)count, sizeof(float), name, a->err);
    }
    if (status == AR_OK) {
        *values = w->values[w->value_count++];
    }
    return status;
}

/* One more tensor to write, with the shape of a parameter. */
static ar_status add_tensor(assembly *a, const char *name, int rank, int64_t rows, int64_t columns,
                            const float *values)
{
    ar_released_weights *w = a->weights;
    ar_status status =
        ar_grow(&w->tensors, &w->capacity, w->count + 1, sizeof *w->tensors, "weights", a->err);
    if (status != AR_OK) {
        return status;
    }
    ar_safetensor *tensor = &w->tensors[w->count];
    *tensor = (ar_safetensor){.dtype = AR_DTYPE_F32,
                              .rank = rank,
                              .shape = {rank == 1 ? columns : rows, rank == 1 ? 0 : columns},
                              .count = rows * columns,
                              .data = values};
    status = ar_copy_string(&tensor->name, name, a->err);
    w->count += status == AR_OK;
    return status;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The q and k norms of the decoder had neither scale nor shift in 2023: they were one and zero. */
static bool is_plain_norm(const assembly *a, const char *name)
{
    return a->weights->of_heads > 0 && a->model->configuration->model.qk_layer_norm &&
           strncmp(name, "decoders.", 9) == 0 && strstr(name, ".ln_") != NULL;
}

static bool may_be_missing(const assembly *a, const char *name)
{
    for (int64_t i = 0; i < a->allow_missing_count; i++) {
        if (fnmatch(a->allow_missing[i], name, 0) == 0) {
            return true;
        }
    }
    return false;
}

/* Rows that no file has. */
static int64_t missing_rows(const assembly *a, const ar_parameter *parameter)
{
    const int64_t *rows = a->piece_of_row + a->row_start[parameter - a->graph->parameters];
    int64_t missing = 0;
    for (int64_t r = 0; r < parameter->rows; r++) {
        missing += rows[r] == NO_PIECE;
    }
    return missing;
}

/* Models of 2023 have one embedding of the token information for all fields. */
static ar_status share_token_info(assembly *a)
{
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        const ar_parameter *parameter = &a->graph->parameters[p];
        const int64_t shared = a->leftovers[ends_with(parameter->name, ".bias")];
        if (strncmp(parameter->name, "embeds_token_info.", 18) != 0 || shared == NO_PIECE ||
            missing_rows(a, parameter) == 0) {
            continue;
        }
        a->pieces[shared].rows = parameter->rows;
        ar_status status = take_rows(a, (int64_t)p, shared);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

static void count_heads(assembly *a)
{
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        const int64_t first = a->piece_of_row[a->row_start[p]];
        a->weights->of_heads +=
            first != NO_PIECE && a->pieces[first].rows < a->graph->parameters[p].rows;
    }
}

/* Without with_qk_lnorm the decoder of 2023 had no norms of q and k, and no scale undoes a norm. */
static ar_status check_decoder_norms(const assembly *a)
{
    for (size_t p = 0; p < a->graph->parameter_count && a->weights->of_heads > 0; p++) {
        const ar_parameter *parameter = &a->graph->parameters[p];
        if (!a->model->configuration->model.qk_layer_norm && strstr(parameter->name, ".ln_q.") &&
            missing_rows(a, parameter) > 0 && !may_be_missing(a, parameter->name)) {
            return ar_fail(a->err, AR_ERROR_INPUT,
                           "%s: with_qk_lnorm is false, and the checkpoint has the layout of 2023, "
                           "whose decoder then does not normalise queries and keys; this network "
                           "does (%s), so it cannot be that model",
                           a->model->configuration->file, parameter->name);
        }
    }
    return AR_OK;
}

static void note_missing(const assembly *a, ar_misfits *found)
{
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        const ar_parameter *parameter = &a->graph->parameters[p];
        const int64_t missing = missing_rows(a, parameter);
        char shape[96];
        ar_shape_format(parameter->rank,
                        (int64_t[2]){parameter->rank == 1 ? parameter->columns : parameter->rows,
                                     parameter->columns},
                        shape);
        if (missing > 0 && missing < parameter->rows) {
            ar_problems_note(&found->missing, "%lld of %lld rows of %s", (long long)missing,
                             (long long)parameter->rows, parameter->name);
        } else if (missing > 0 && !is_plain_norm(a, parameter->name) &&
                   !may_be_missing(a, parameter->name)) {
            ar_problems_note(&found->missing, "%s %s", parameter->name, shape);
        }
    }
}

/* The values of a parameter: borrowed where one tensor is all of it and lies as it should. */
static ar_status read_parameter(assembly *a, const ar_parameter *parameter, const float **values)
{
    ar_status status = AR_OK;
    const int64_t *rows = a->piece_of_row + a->row_start[parameter - a->graph->parameters];
    const piece *first = &a->pieces[rows[0]];
    float *copied = NULL;
    *values = NULL;
    if (first->rows == parameter->rows) {
        AR_TRY(ar_torch_borrow_float(first->file, first->tensor, values, a->err));
    }
    if (*values) {
        return AR_OK;
    }
    AR_TRY(new_values(a, parameter->name, parameter->rows * parameter->columns, &copied));
    for (int64_t r = 0; r < parameter->rows; r += a->pieces[rows[r]].rows) {
        const piece *read = &a->pieces[rows[r]];
        AR_TRY(
            ar_torch_read_float(read->file, read->tensor, copied + r * parameter->columns, a->err));
    }
    *values = copied;
cleanup:
    return status;
}

/* The values of a parameter that no file has. */
static ar_status fill_parameter(assembly *a, const ar_parameter *parameter, const float *starting,
                                const float **values)
{
    float *filled = NULL;
    const int64_t count = parameter->rows * parameter->columns;
    const bool norm = is_plain_norm(a, parameter->name), is_scale = ends_with(parameter->name, "t");
    ar_status status = new_values(a, parameter->name, count, &filled);
    for (int64_t i = 0; status == AR_OK && i < count; i++) {
        filled[i] = norm ? (is_scale ? 1.0f : 0.0f) : starting[parameter->offset + i];
    }
    a->weights->filled += !norm;
    *values = filled;
    return status;
}

static ar_status put_together(assembly *a)
{
    ar_status status = AR_OK;
    const ar_graph *graph = a->graph;
    float *starting = NULL;
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        const float *values;
        if (missing_rows(a, parameter) == 0) {
            AR_TRY(read_parameter(a, parameter, &values));
        } else {
            if (!starting && !is_plain_norm(a, parameter->name)) {
                AR_TRY(ar_allocate(&starting, (size_t)graph->parameter_values, sizeof *starting,
                                   "starting values", a->err));
                ar_model_initialise(a->model, (uint64_t)a->model->configuration->seed, starting);
            }
            AR_TRY(fill_parameter(a, parameter, starting, &values));
        }
        const char *const names[2] = {parameter->name, parameter->alias};
        for (int i = 0; i < 2 && names[i]; i++) {
            AR_TRY(add_tensor(a, names[i], parameter->rank, parameter->rows, parameter->columns,
                              values));
        }
    }
    a->weights->parameter_count = (int64_t)graph->parameter_count;
cleanup:
    ar_free(starting);
    return status;
}

/* embed_token_info as it is, so that nothing of a file is lost. */
static ar_status keep_leftovers(assembly *a)
{
    for (int i = 0; i < 2; i++) {
        if (a->leftovers[i] == NO_PIECE) {
            continue;
        }
        const piece *kept = &a->pieces[a->leftovers[i]];
        const ar_torch_tensor *tensor = kept->tensor;
        float *values = NULL;
        ar_status status = new_values(a, kept->name, tensor->count, &values);
        if (status == AR_OK) {
            status = ar_torch_read_float(kept->file, tensor, values, a->err);
        }
        if (status == AR_OK) {
            status = add_tensor(a, kept->name, tensor->rank, tensor->shape[0],
                                tensor->shape[tensor->rank - 1], values);
        }
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

/* In 2023 the queries of coupling heads were normalised as the keys are; this network, like that of
 * 2024, leaves them as they are. */
static void warn_of_coupling(const assembly *a)
{
    const ar_configuration *configuration = a->model->configuration;
    for (int64_t f = 0; f < configuration->field_count; f++) {
        if (a->weights->of_heads > 0 && configuration->model.qk_layer_norm &&
            configuration->fields[f].coupled_count > 0) {
            ar_log(AR_LOG_WARNING,
                   "%s: a model of 2023 with coupled fields and with_qk_lnorm normalised the "
                   "queries of its coupling heads, which this network does not: the weights are "
                   "whole, but predictions will differ",
                   configuration->file);
            return;
        }
    }
}

ar_status ar_released_weights_read(ar_released_weights *weights, const ar_model *model,
                                   const char *const *paths, int64_t path_count,
                                   const char *const *allow_missing, int64_t allow_missing_count,
                                   ar_error *err)
{
    *weights = (ar_released_weights){0};
    assembly a = {.weights = weights,
                  .model = model,
                  .graph = model->graph,
                  .allow_missing = allow_missing,
                  .allow_missing_count = allow_missing_count,
                  .err = err,
                  .leftovers = {NO_PIECE, NO_PIECE}};
    ar_misfits found = {0};
    ar_status status = AR_OK;
    AR_TRY(begin(&a, path_count));
    for (int64_t i = 0; i < path_count; i++) {
        AR_TRY(add_file(&a, paths[i], &found));
    }
    AR_TRY(share_token_info(&a));
    count_heads(&a);
    AR_TRY(check_decoder_norms(&a));
    note_missing(&a, &found);
    AR_TRY(ar_misfits_status(&found, paths, path_count, model->configuration->file, err));
    warn_of_coupling(&a);
    AR_TRY(put_together(&a));
    AR_TRY(keep_leftovers(&a));
cleanup:
    for (size_t i = 0; i < a.piece_count; i++) {
        ar_free(a.pieces[i].name);
    }
    ar_free(a.pieces);
    ar_free(a.row_start);
    ar_free(a.piece_of_row);
    return status;
}

void ar_released_weights_release(ar_released_weights *weights)
{
    for (size_t i = 0; i < weights->count; i++) {
        ar_free(weights->tensors[i].name);
    }
    for (size_t i = 0; i < weights->value_count; i++) {
        ar_free(weights->values[i]);
    }
    for (int64_t i = 0; i < weights->file_count; i++) {
        ar_torch_close(&weights->files[i]);
    }
    ar_free(weights->tensors);
    ar_free(weights->values);
    ar_free(weights->files);
    *weights = (ar_released_weights){0};
}

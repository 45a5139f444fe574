#include "model/released_weights.h"

#include <fnmatch.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

typedef struct {
    ar_released_weights *weights;
    const ar_model *model;
    const ar_graph *graph;
    const char *const *allow_missing;
    int64_t allow_missing_count;
    ar_error *err;
} assembly;

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

/* The q and k norms of the decoder had neither scale nor shift in 2023: they were one and zero. */
static bool is_plain_norm(const assembly *a, const char *name)
{
    return a->weights->of_heads > 0 && strncmp(name, "decoders.", 9) == 0 &&
           strstr(name, ".ln_") != NULL;
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

/* Models of 2023 have one embedding of the token information for all fields. */
static ar_status share_token_info(assembly *a)
{
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        const ar_parameter *parameter = &a->graph->parameters[p];
        const int64_t shared =
            a->weights->pieces.leftovers[ar_text_ends_with(parameter->name, ".bias")];
        if (strncmp(parameter->name, "embeds_token_info.", 18) != 0 || shared == AR_NO_PIECE ||
            ar_released_missing_rows(&a->weights->pieces, parameter) == 0) {
            continue;
        }
        a->weights->pieces.pieces[shared].rows = parameter->rows;
        ar_status status = ar_released_take_rows(&a->weights->pieces, (int64_t)p, shared);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

static void count_heads(assembly *a)
{
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        const int64_t first = a->weights->pieces.piece_of_row[a->weights->pieces.row_start[p]];
        a->weights->of_heads += first != AR_NO_PIECE && a->weights->pieces.pieces[first].rows <
                                                            a->graph->parameters[p].rows;
    }
}

static void note_missing(const assembly *a, ar_misfits *misfits)
{
    for (size_t p = 0; p < a->graph->parameter_count; p++) {
        const ar_parameter *parameter = &a->graph->parameters[p];
        const int64_t missing = ar_released_missing_rows(&a->weights->pieces, parameter);
        char shape[96];
        ar_shape_format(parameter->rank,
                        (int64_t[2]){parameter->rank == 1 ? parameter->columns : parameter->rows,
                                     parameter->columns},
                        shape);
        if (missing > 0 && missing < parameter->rows) {
            ar_problems_note(&misfits->missing, "%lld of %lld rows of %s", (long long)missing,
                             (long long)parameter->rows, parameter->name);
        } else if (missing > 0 && !is_plain_norm(a, parameter->name) &&
                   !may_be_missing(a, parameter->name)) {
            ar_problems_note(&misfits->missing, "%s %s", parameter->name, shape);
        }
    }
}

/* The values of a parameter: borrowed where one tensor is all of it and lies as it should. */
static ar_status read_parameter(assembly *a, const ar_parameter *parameter, const float **values)
{
    ar_status status = AR_OK;
    const int64_t *rows = a->weights->pieces.piece_of_row +
                          a->weights->pieces.row_start[parameter - a->graph->parameters];
    const ar_released_piece *first = &a->weights->pieces.pieces[rows[0]];
    float *copied = NULL;
    *values = NULL;
    if (first->rows == parameter->rows) {
        AR_TRY(ar_torch_borrow_float(first->file, first->tensor, values, a->err));
    }
    if (*values) {
        return AR_OK;
    }
    AR_TRY(new_values(a, parameter->name, parameter->rows * parameter->columns, &copied));
    for (int64_t r = 0; r < parameter->rows; r += a->weights->pieces.pieces[rows[r]].rows) {
        const ar_released_piece *read = &a->weights->pieces.pieces[rows[r]];
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
    const bool norm = is_plain_norm(a, parameter->name),
               is_scale = ar_text_ends_with(parameter->name, "t");
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
        if (ar_released_missing_rows(&a->weights->pieces, parameter) == 0) {
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
        if (a->weights->pieces.leftovers[i] == AR_NO_PIECE) {
            continue;
        }
        const ar_released_piece *kept = &a->weights->pieces.pieces[a->weights->pieces.leftovers[i]];
        const ar_torch_tensor *tensor = kept->tensor;
        float *values = NULL;
        ar_status status = new_values(a, kept->name, tensor->count, &values);
        if (status == AR_OK) {
            status = ar_torch_read_float(kept->file, tensor, values, a->err);
        }
        if (status == AR_OK) {
            status =
                add_tensor(a, kept->name, tensor->rank, tensor->rank == 1 ? 1 : tensor->shape[0],
                           tensor->shape[tensor->rank - 1], values);
        }
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
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
                  .err = err};
    ar_misfits misfits = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_released_pieces_read(&weights->pieces, model, paths, path_count, &misfits, err));
    count_heads(&a);
    if (weights->of_heads > 0) { /* later files have it too, unused */
        AR_TRY(share_token_info(&a));
    }
    note_missing(&a, &misfits);
    AR_TRY(ar_misfits_status(&misfits, paths, path_count, model->configuration->file, err));
    AR_TRY(put_together(&a));
    AR_TRY(keep_leftovers(&a));
cleanup:
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
    ar_released_pieces_release(&weights->pieces);
    ar_free(weights->tensors);
    ar_free(weights->values);
    *weights = (ar_released_weights){0};
}

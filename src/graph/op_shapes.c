/* Which shapes each op takes and gives. */
#include "graph/attention_reach.h"
#include "graph/op.h"

static const ar_tensor_record *input_of(const ar_graph *graph, const ar_node *node, int input)
{
    int32_t id = node->inputs[input];
    return id < 0 ? NULL : &graph->tensors[id];
}

static const ar_tensor_record *output_of(const ar_graph *graph, const ar_node *node, int output)
{
    int32_t id = node->outputs[output];
    return id < 0 ? NULL : &graph->tensors[id];
}

static bool same_rows(const ar_tensor_record *a, const ar_tensor_record *b)
{
    return a->rows.multiple == b->rows.multiple && a->rows.dimension == b->rows.dimension;
}

static bool same_shape(const ar_tensor_record *a, const ar_tensor_record *b)
{
    return same_rows(a, b) && a->columns == b->columns;
}

static bool has_fixed_shape(const ar_tensor_record *tensor, int64_t rows, int64_t columns)
{
    return tensor->rows.dimension == 0 && tensor->rows.multiple == rows &&
           tensor->columns == columns;
}

static ar_status wrong(const ar_node *node, const ar_tensor_record *tensor, const char *rule,
                       ar_error *err)
{
    return ar_fail(err, AR_ERROR_USAGE, "op %s: tensor %s has %lld columns, %lld rows%s: %s",
                   ar_op_find(node->kind)->name, tensor ? tensor->name : "(none)",
                   tensor ? (long long)tensor->columns : 0LL,
                   tensor ? (long long)tensor->rows.multiple : 0LL,
                   tensor && tensor->rows.dimension ? " a unit" : "", rule);
}

static ar_status need_inputs(const ar_graph *graph, const ar_node *node, int count, ar_error *err)
{
    for (int i = 0; i < count; i++) {
        if (!input_of(graph, node, i)) {
            return wrong(node, NULL, "a required input is missing", err);
        }
    }
    return AR_OK;
}

static ar_status check_linear(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 2, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_tensor_record *x = input_of(graph, node, 0), *weight = input_of(graph, node, 1),
                           *bias = input_of(graph, node, 2), *residual = input_of(graph, node, 3),
                           *y = output_of(graph, node, 0);
    if (weight->rows.dimension != 0 || weight->columns != x->columns) {
        return wrong(node, weight, "a weight is [columns out, columns in]", err);
    }
    if (!same_rows(x, y) || y->columns != weight->rows.multiple) {
        return wrong(node, y, "the output is [rows in, columns out]", err);
    }
    if (bias && !has_fixed_shape(bias, 1, y->columns)) {
        return wrong(node, bias, "a bias is [1, columns out]", err);
    }
    if (residual && !same_shape(residual, y)) {
        return wrong(node, residual, "the residual has the output's shape", err);
    }
    return AR_OK;
}

static ar_status check_layer_norm(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 1, err);
    for (int i = 1; status == AR_OK && i < 3; i++) {
        const ar_tensor_record *affine = input_of(graph, node, i);
        if (affine && !has_fixed_shape(affine, 1, input_of(graph, node, 0)->columns)) {
            status = wrong(node, affine, "scale and shift are [1, columns]", err);
        }
    }
    return status;
}

/* Do the axes hold the sample's tokens? */
static bool has_axes(const int64_t axes[4], int64_t tokens)
{
    int64_t left = tokens;
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        if (axes[axis] < 1 || left % axes[axis] != 0) {
            return false;
        }
        left /= axes[axis];
    }
    return left == 1;
}

static ar_status check_reach(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    const ar_op_attributes *a = &node->attributes;
    if (!has_axes(a->reach.queries, a->tokens[0]) || !has_axes(a->reach.keys, a->tokens[1])) {
        return wrong(node, input_of(graph, node, 0), "the axes hold the tokens of a sample", err);
    }
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        if (a->reach.limited[axis] && a->reach.distance[axis] < 0) {
            return wrong(node, input_of(graph, node, 0), "a distance is 0 or more", err);
        }
    }
    return AR_OK;
}

static ar_status check_attention(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 3, err);
    const ar_op_attributes *a = &node->attributes;
    if (status == AR_OK) {
        status = check_reach(graph, node, err);
    }
    if (status == AR_OK && (a->head_size < 1 || a->head_size > AR_HEAD_SIZE_MOST)) {
        status = ar_fail(err, AR_ERROR_USAGE, "op attention: heads of %lld columns; 1 to %d can be",
                         (long long)a->head_size, AR_HEAD_SIZE_MOST);
    }
    for (int i = 0; status == AR_OK && i < 3; i++) {
        const ar_tensor_record *x = input_of(graph, node, i);
        if ((a->heads - 1) * a->head_stride[i] + a->head_size > x->columns) {
            status = wrong(node, x, "too few columns for the heads", err);
        } else if (x->rows.multiple % a->tokens[i > 0] != 0) {
            status = wrong(node, x, "rows are not whole samples", err);
        }
    }
    if (status == AR_OK) {
        const ar_tensor_record *query = input_of(graph, node, 0), *key = input_of(graph, node, 1),
                               *value = input_of(graph, node, 2);
        if (key->rows.dimension != query->rows.dimension ||
            key->rows.multiple / a->tokens[1] != query->rows.multiple / a->tokens[0]) {
            status = wrong(node, key, "there are as many samples of keys as of queries", err);
        } else if (!same_rows(key, value)) {
            status = wrong(node, value, "every key has a value", err);
        }
    }
    for (int i = 3; status == AR_OK && i < 7; i++) {
        const ar_tensor_record *affine = input_of(graph, node, i);
        if (affine && !has_fixed_shape(affine, 1, a->head_size)) {
            status = wrong(node, affine, "norms of heads are [1, head size]", err);
        }
    }
    const ar_tensor_record *asked = input_of(graph, node, 7);
    if (status == AR_OK && asked && asked->type != AR_TYPE_INT32) {
        status = wrong(node, asked, "rows to ask for are int32", err);
    }
    for (int axis = 0; status == AR_OK && asked && axis < AR_AXIS_COUNT; axis++) {
        if (a->reach.limited[axis]) {
            status = wrong(node, asked, "rows are asked for where every query sees all keys", err);
        }
    }
    if (status == AR_OK &&
        (!same_rows(output_of(graph, node, 0), asked ? asked : input_of(graph, node, 0)) ||
         output_of(graph, node, 0)->columns != a->heads * a->head_size)) {
        status = wrong(node, output_of(graph, node, 0),
                       "the output is [rows of queries, heads · head size]", err);
    }
    return status;
}

static ar_status check_add_periodic(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 2, err);
    if (status == AR_OK) {
        const ar_tensor_record *x = input_of(graph, node, 0), *table = input_of(graph, node, 1);
        if (table->rows.dimension != 0 || table->columns != x->columns ||
            x->rows.multiple % table->rows.multiple != 0) {
            status = wrong(node, table, "the table has one row a token", err);
        }
    }
    return status;
}

static ar_status check_factorised(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 4, err);
    for (int i = 0; status == AR_OK && i < 4; i++) {
        const ar_tensor_record *factor = input_of(graph, node, i);
        if (factor->columns != output_of(graph, node, 0)->columns || factor->rows.dimension != 0) {
            status = wrong(node, factor, "all factors have the same columns", err);
        }
    }
    return status;
}

static ar_status check_dropout(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    const ar_tensor_record *x = input_of(graph, node, 0), *residual = input_of(graph, node, 1),
                           *draw = input_of(graph, node, 2);
    if (!x || !draw) {
        return wrong(node, NULL, "a required input is missing", err);
    }
    if (residual && !same_shape(residual, x)) {
        return wrong(node, residual, "the residual has the input's shape", err);
    }
    if (draw->type != AR_TYPE_INT32 || draw->columns != 5 ||
        draw->rows.dimension != x->rows.dimension || draw->rows.multiple < 1 ||
        x->rows.multiple % draw->rows.multiple != 0) {
        return wrong(node, draw, "a draw is [samples, 5] of int32", err);
    }
    /* The first word of the counter has 32 bits. */
    if (x->rows.multiple / draw->rows.multiple > UINT32_MAX / ((x->columns + 3) / 4)) {
        return wrong(node, x, "a sample has too many values for its random numbers", err);
    }
    if (!(node->attributes.dropout >= 0 && node->attributes.dropout < 1)) {
        return wrong(node, x, "dropout has a probability from 0 to below 1", err);
    }
    return AR_OK;
}

static ar_status check_gather(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 2, err);
    if (status == AR_OK && (input_of(graph, node, 1)->type != AR_TYPE_INT32 ||
                            input_of(graph, node, 1)->columns != 1)) {
        status = wrong(node, input_of(graph, node, 1), "the index is [rows out, 1] of int32", err);
    }
    return status;
}

static ar_status check_patches(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 1, err);
    if (status != AR_OK) {
        return status;
    }
    const int64_t *block = node->attributes.block, *patch = node->attributes.patch;
    const ar_tensor_record *x = input_of(graph, node, 0), *y = output_of(graph, node, 0);
    if (x->columns != block[0] * block[1] * block[2] || block[0] % patch[0] != 0 ||
        block[1] % patch[1] != 0 || block[2] % patch[2] != 0) {
        return wrong(node, x, "a row is a block that patches divide", err);
    }
    if (y->rows.multiple * y->columns != x->rows.multiple * x->columns) {
        return wrong(node, y, "patches have the values of their blocks", err);
    }
    return AR_OK;
}

static ar_status check_join_rows(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 1, err);
    if (status == AR_OK && input_of(graph, node, 0)->rows.multiple % node->attributes.rows != 0) {
        status = wrong(node, input_of(graph, node, 0), "rows are whole groups", err);
    }
    return status;
}

static ar_status check_tails(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, node->input_count, err);
    if (status != AR_OK) {
        return status;
    }
    int64_t values = input_of(graph, node, 2)->rows.multiple;
    int64_t columns = input_of(graph, node, 2)->columns;
    for (int i = 0; i < node->input_count; i++) {
        const ar_tensor_record *part = input_of(graph, node, i);
        int64_t rows = i % 4 == 2 ? values : 1;
        int64_t wanted = i % 4 == 3 ? values : columns;
        if (!has_fixed_shape(part, rows, wanted)) {
            return wrong(node, part, "every tail has the same shapes", err);
        }
    }
    return AR_OK;
}

static ar_status check_statistics(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, 1, err);
    if (status == AR_OK && (node->attributes.members < 2 ||
                            input_of(graph, node, 0)->columns % node->attributes.members != 0)) {
        status = wrong(node, input_of(graph, node, 0), "at least two members of equal size", err);
    }
    return status;
}

/* Losses that look at every member, not at mean and deviation. */
static bool is_loss_of_members(ar_op_kind kind)
{
    return kind == AR_OP_LOSS_MSE_ENSEMBLE || kind == AR_OP_LOSS_WEIGHTED_MSE ||
           kind == AR_OP_LOSS_KERNEL_CRPS;
}

/* Losses with a second input before the target: the deviation, or the weights of rows. */
static bool has_second_input(ar_op_kind kind)
{
    return kind == AR_OP_LOSS_WEIGHTED_MSE || kind == AR_OP_LOSS_STATS ||
           kind == AR_OP_LOSS_STATS_AREA || kind == AR_OP_LOSS_CRPS;
}

static ar_status check_loss(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    const int64_t *size = node->attributes.token_size;
    const bool weighted = node->kind == AR_OP_LOSS_WEIGHTED_MSE;
    const int target_at = has_second_input(node->kind) ? 2 : 1;
    if (node->input_count != target_at + 1) {
        return wrong(node, NULL, "a required input is missing", err);
    }
    ar_status status = need_inputs(graph, node, node->input_count, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_tensor_record *target = input_of(graph, node, target_at);
    int64_t columns =
        target->columns * (is_loss_of_members(node->kind) ? node->attributes.members : 1);
    for (int i = 0; i < target_at; i++) {
        const ar_tensor_record *x = input_of(graph, node, i);
        if (!same_rows(x, target) || x->columns != (weighted && i == 1 ? size[1] : columns)) {
            return wrong(node, x, "predictions match the target", err);
        }
    }
    bool needs_size = weighted || node->kind == AR_OP_LOSS_SOBOLEV_H1;
    if (needs_size && size[0] * size[1] * size[2] != target->columns) {
        return wrong(node, target, "the target has the points of a token", err);
    }
    return AR_OK;
}

static ar_status check_sum(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    ar_status status = need_inputs(graph, node, node->input_count, err);
    for (int i = 0; status == AR_OK && i < node->input_count; i++) {
        if (!has_fixed_shape(input_of(graph, node, i), 1, 1)) {
            status = wrong(node, input_of(graph, node, i), "terms are scalars", err);
        }
    }
    return status;
}

typedef ar_status check_function(const ar_graph *graph, const ar_node *node, ar_error *err);

static check_function *const checks[AR_OP_COUNT] = {
    [AR_OP_LINEAR] = check_linear,
    [AR_OP_LAYER_NORM] = check_layer_norm,
    [AR_OP_ATTENTION] = check_attention,
    [AR_OP_ADD_PERIODIC] = check_add_periodic,
    [AR_OP_FACTORISED_POSITIONS] = check_factorised,
    [AR_OP_DROPOUT] = check_dropout,
    [AR_OP_GATHER_ROWS] = check_gather,
    [AR_OP_CUT_PATCHES] = check_patches,
    [AR_OP_JOIN_ROWS] = check_join_rows,
    [AR_OP_FOLD_TAILS] = check_tails,
    [AR_OP_ENSEMBLE_STATISTICS] = check_statistics,
    [AR_OP_LOSS_MSE] = check_loss,
    [AR_OP_LOSS_MSE_ENSEMBLE] = check_loss,
    [AR_OP_LOSS_WEIGHTED_MSE] = check_loss,
    [AR_OP_LOSS_SOBOLEV_H1] = check_loss,
    [AR_OP_LOSS_STATS] = check_loss,
    [AR_OP_LOSS_STATS_AREA] = check_loss,
    [AR_OP_LOSS_CRPS] = check_loss,
    [AR_OP_LOSS_KERNEL_CRPS] = check_loss,
    [AR_OP_WEIGHTED_SUM] = check_sum,
};

ar_status ar_op_check(const ar_graph *graph, const ar_node *node, ar_error *err)
{
    return checks[node->kind](graph, node, err);
}

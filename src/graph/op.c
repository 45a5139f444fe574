#include "graph/op.h"

#include "graph/attention_reach.h"

/* ---- what adjoints read -------------------------------------------------------------------- */

static bool never(const ar_node *node, int index)
{
    (void)node;
    (void)index;
    return false;
}

static bool always(const ar_node *node, int index)
{
    (void)node;
    (void)index;
    return true;
}

static bool linear_reads_input(const ar_node *node, int input)
{
    (void)node;
    return input < 2;
}

static bool only_third(const ar_node *node, int index)
{
    (void)node;
    return index == 2;
}

static bool only_second(const ar_node *node, int index)
{
    (void)node;
    return index == 1;
}

/* ---- operations ---------------------------------------------------------------------------- */

static int wanted_gradients(const ar_op_call *call, int first_inputs)
{
    int wanted = 0;
    for (int i = 0; i < first_inputs; i++) {
        wanted += call->input_gradients[i].columns > 0;
    }
    return wanted;
}

/* x Wᵀ; the adjoint has a product as large for each gradient, of x and of W. */
static double linear_operations(const ar_node *node, const ar_op_call *call, bool adjoint)
{
    (void)node;
    if (call->finish_only && !adjoint) {
        return (double)call->outputs[0].rows * (double)call->outputs[0].columns;
    }
    return (adjoint ? wanted_gradients(call, 2) : 1) * 2.0 * (double)call->inputs[0].rows *
           (double)call->inputs[0].columns * (double)call->inputs[1].rows;
}

/* q kᵀ and p v; the adjoint has the scores again, the gradient of p, and a product for each
 * gradient, of q, k and v: five products where the forward pass has two. */
static double attention_operations(const ar_node *node, const ar_op_call *call, bool adjoint)
{
    const ar_op_attributes *a = &node->attributes;
    const double products = 2 + (adjoint ? wanted_gradients(call, 3) : 0);
    const bool some = node->inputs[7] >= 0;
    const double pairs =
        some ? (double)(call->inputs[7].rows * a->tokens[1])
             : (double)(call->inputs[0].rows / a->tokens[0]) * ar_attention_pairs(&a->reach);
    return products * 2.0 * pairs * (double)(a->heads * a->head_size);
}

/* W diag(scale) and W shift with the bias, a value of W at a time; the adjoint gives back as much
 * to W, to scale and to shift. */
static double tails_operations(const ar_node *node, const ar_op_call *call, bool adjoint)
{
    (void)node;
    return (adjoint ? 7.0 : 3.0) * (double)call->outputs[0].rows * (double)call->outputs[0].columns;
}

/* One a value that is written, or, where that is a single one, that is read. */
static double elementwise_operations(const ar_node *node, const ar_op_call *call, bool adjoint)
{
    const ar_matrix *output = &call->outputs[0], *input = &call->inputs[0];
    (void)node;
    (void)adjoint;
    return output->columns > 1 ? (double)output->rows * (double)output->columns
                               : (double)input->rows * (double)input->columns;
}

/* Tolerances: float32 rounds at 6e-8 a value; sums of a few hundred products and one exponential
 * leave a few 1e-7 of the result's norm. The wider ones divide by differences. */
static const ar_op ops[AR_OP_COUNT] = {
    [AR_OP_LINEAR] = {"linear", linear_reads_input, only_second, linear_operations, 1, 2e-6, 1},
    [AR_OP_LAYER_NORM] = {"layer_norm", always, only_second, elementwise_operations, 1, 2e-6, 0},
    [AR_OP_ATTENTION] = {"attention", always, always, attention_operations, 1, 5e-6, 0},
    [AR_OP_ADD_PERIODIC] = {"add_periodic", never, never, elementwise_operations, 1, 1e-6, 0},
    [AR_OP_FACTORISED_POSITIONS] = {"factorised_positions", never, never, elementwise_operations, 1,
                                    1e-6, 0},
    [AR_OP_DROPOUT] = {"dropout", only_third, never, elementwise_operations, 1, 1e-6, 0},
    [AR_OP_GATHER_ROWS] = {"gather_rows", only_second, never, elementwise_operations, 1, 1e-6, 0},
    [AR_OP_CUT_PATCHES] = {"cut_patches", never, never, elementwise_operations, 1, 1e-6, 0},
    [AR_OP_JOIN_ROWS] = {"join_rows", never, never, elementwise_operations, 1, 1e-6, 0},
    [AR_OP_FOLD_TAILS] = {"fold_tails", always, never, tails_operations, 2, 2e-6, 0},
    [AR_OP_ENSEMBLE_STATISTICS] = {"ensemble_statistics", always, always, elementwise_operations, 2,
                                   2e-6, 0},
    [AR_OP_LOSS_MSE] = {"loss_mse", always, never, elementwise_operations, 1, 2e-6, 0},
    [AR_OP_LOSS_MSE_ENSEMBLE] = {"loss_mse_ensemble", always, never, elementwise_operations, 1,
                                 2e-6, 0},
    [AR_OP_LOSS_WEIGHTED_MSE] = {"loss_weighted_mse", always, never, elementwise_operations, 1,
                                 2e-6, 0},
    [AR_OP_LOSS_SOBOLEV_H1] = {"loss_sobolev_h1", always, never, elementwise_operations, 1, 2e-6,
                               0},
    [AR_OP_LOSS_STATS] = {"loss_stats", always, never, elementwise_operations, 1, 5e-6, 0},
    [AR_OP_LOSS_STATS_AREA] = {"loss_stats_area", always, never, elementwise_operations, 1, 5e-6,
                               0},
    [AR_OP_LOSS_CRPS] = {"loss_crps", always, never, elementwise_operations, 1, 5e-6, 0},
    [AR_OP_LOSS_KERNEL_CRPS] = {"loss_kernel_crps", always, never, elementwise_operations, 1, 2e-6,
                                0},
    [AR_OP_WEIGHTED_SUM] = {"weighted_sum", never, never, elementwise_operations, 1, 1e-6, 0},
};

const ar_op *ar_op_find(ar_op_kind kind)
{
    return &ops[kind];
}

bool ar_op_input_has_gradient(const ar_node *node, int input)
{
    switch (node->kind) {
    case AR_OP_ATTENTION:
        return input < 7;
    case AR_OP_DROPOUT:
        return input < 2;
    case AR_OP_GATHER_ROWS:
    case AR_OP_LOSS_WEIGHTED_MSE:
        return input == 0;
    case AR_OP_LOSS_MSE:
    case AR_OP_LOSS_MSE_ENSEMBLE:
    case AR_OP_LOSS_SOBOLEV_H1:
    case AR_OP_LOSS_STATS:
    case AR_OP_LOSS_STATS_AREA:
    case AR_OP_LOSS_CRPS:
    case AR_OP_LOSS_KERNEL_CRPS:
        return input < node->input_count - 1;
    default:
        return true;
    }
}

bool ar_op_touches_column(const ar_node *node, int input, int64_t columns, int64_t column)
{
    if (node->kind != AR_OP_ATTENTION || input > 2) {
        return column < columns;
    }
    const ar_op_attributes *a = &node->attributes;
    int64_t stride = a->head_stride[input];
    return a->heads == 1 ? column < a->head_size
                         : column / stride < a->heads && column % stride < a->head_size;
}

#include "backend/cpu/cpu.h"

#include "backend/cpu/peak.h"

static bool supports(ar_type type)
{
    return type == AR_TYPE_FLOAT32;
}

static size_t workspace(ar_op_kind kind, const ar_op_call *largest)
{
    switch (kind) {
    case AR_OP_LINEAR:
        return cpu_linear_workspace(largest);
    case AR_OP_LAYER_NORM:
        return cpu_layer_norm_workspace(largest);
    case AR_OP_ATTENTION:
        return cpu_attention_workspace(largest);
    default:
        return 0;
    }
}

/* Slots left out are small: factorised positions, losses of the mean, scalars. The reference does
 * them. */
const ar_backend ar_backend_cpu = {
    .name = "cpu-" CPU_TEXT(CPU_PATH),
    .supports = supports,
    .workspace = workspace,
    .forward = {[AR_OP_LINEAR] = cpu_linear_forward,
                [AR_OP_LAYER_NORM] = cpu_layer_norm_forward,
                [AR_OP_ATTENTION] = cpu_attention_forward,
                [AR_OP_ADD_PERIODIC] = cpu_add_periodic_forward,
                [AR_OP_DROPOUT] = cpu_dropout_forward,
                [AR_OP_GATHER_ROWS] = cpu_gather_rows_forward,
                [AR_OP_CUT_PATCHES] = cpu_cut_patches_forward,
                [AR_OP_JOIN_ROWS] = cpu_join_rows_forward,
                [AR_OP_FOLD_TAILS] = cpu_fold_tails_forward,
                [AR_OP_ENSEMBLE_STATISTICS] = cpu_ensemble_statistics_forward,
                [AR_OP_LOSS_MSE_ENSEMBLE] = cpu_loss_mse_ensemble_forward,
                [AR_OP_LOSS_WEIGHTED_MSE] = cpu_loss_weighted_mse_forward,
                [AR_OP_LOSS_KERNEL_CRPS] = cpu_loss_kernel_crps_forward},
    .adjoint = {[AR_OP_LINEAR] = cpu_linear_adjoint,
                [AR_OP_LAYER_NORM] = cpu_layer_norm_adjoint,
                [AR_OP_ATTENTION] = cpu_attention_adjoint,
                [AR_OP_ADD_PERIODIC] = cpu_add_periodic_adjoint,
                [AR_OP_DROPOUT] = cpu_dropout_adjoint,
                [AR_OP_GATHER_ROWS] = cpu_gather_rows_adjoint,
                [AR_OP_CUT_PATCHES] = cpu_cut_patches_adjoint,
                [AR_OP_JOIN_ROWS] = cpu_join_rows_adjoint,
                [AR_OP_FOLD_TAILS] = cpu_fold_tails_adjoint,
                [AR_OP_ENSEMBLE_STATISTICS] = cpu_ensemble_statistics_adjoint,
                [AR_OP_LOSS_MSE_ENSEMBLE] = cpu_loss_mse_ensemble_adjoint,
                [AR_OP_LOSS_WEIGHTED_MSE] = cpu_loss_weighted_mse_adjoint,
                [AR_OP_LOSS_KERNEL_CRPS] = cpu_loss_kernel_crps_adjoint},
    .adamw = cpu_adamw,
    .sum_of_squares = cpu_sum_of_squares,
    .peak = cpu_peak,
    .bandwidth = cpu_bandwidth,
};

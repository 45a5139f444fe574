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
    case AR_OP_CUT_PATCHES:
        return cpu_cut_patches_workspace(largest);
    case AR_OP_LOSS_WEIGHTED_MSE:
        return cpu_loss_weighted_mse_workspace(largest);
    case AR_OP_LOSS_SOBOLEV_H1:
        return cpu_loss_sobolev_h1_workspace(largest);
    default:
        return 0;
    }
}

static size_t packed(ar_op_kind kind, const ar_op_call *largest)
{
    return kind == AR_OP_LINEAR ? cpu_linear_packed(largest) : 0;
}

/* The one slot left out, the weighted sum of a few scalars, is the reference's. */
const ar_backend ar_backend_cpu = {
    .name = "cpu-" CPU_TEXT(CPU_PATH),
    .supports = supports,
    .workspace = workspace,
    .packed = packed,
    .forward = {[AR_OP_LINEAR] = cpu_linear_forward,
                [AR_OP_LAYER_NORM] = cpu_layer_norm_forward,
                [AR_OP_ATTENTION] = cpu_attention_forward,
                [AR_OP_ADD_PERIODIC] = cpu_add_periodic_forward,
                [AR_OP_FACTORISED_POSITIONS] = cpu_factorised_positions_forward,
                [AR_OP_DROPOUT] = cpu_dropout_forward,
                [AR_OP_GATHER_ROWS] = cpu_gather_rows_forward,
                [AR_OP_CUT_PATCHES] = cpu_cut_patches_forward,
                [AR_OP_JOIN_ROWS] = cpu_join_rows_forward,
                [AR_OP_FOLD_TAILS] = cpu_fold_tails_forward,
                [AR_OP_ENSEMBLE_STATISTICS] = cpu_ensemble_statistics_forward,
                [AR_OP_LOSS_MSE] = cpu_loss_mse_forward,
                [AR_OP_LOSS_MSE_ENSEMBLE] = cpu_loss_mse_ensemble_forward,
                [AR_OP_LOSS_WEIGHTED_MSE] = cpu_loss_weighted_mse_forward,
                [AR_OP_LOSS_SOBOLEV_H1] = cpu_loss_sobolev_h1_forward,
                [AR_OP_LOSS_STATS] = cpu_loss_stats_forward,
                [AR_OP_LOSS_STATS_AREA] = cpu_loss_stats_area_forward,
                [AR_OP_LOSS_CRPS] = cpu_loss_crps_forward,
                [AR_OP_LOSS_KERNEL_CRPS] = cpu_loss_kernel_crps_forward},
    .adjoint = {[AR_OP_LINEAR] = cpu_linear_adjoint,
                [AR_OP_LAYER_NORM] = cpu_layer_norm_adjoint,
                [AR_OP_ATTENTION] = cpu_attention_adjoint,
                [AR_OP_ADD_PERIODIC] = cpu_add_periodic_adjoint,
                [AR_OP_FACTORISED_POSITIONS] = cpu_factorised_positions_adjoint,
                [AR_OP_DROPOUT] = cpu_dropout_adjoint,
                [AR_OP_GATHER_ROWS] = cpu_gather_rows_adjoint,
                [AR_OP_CUT_PATCHES] = cpu_cut_patches_adjoint,
                [AR_OP_JOIN_ROWS] = cpu_join_rows_adjoint,
                [AR_OP_FOLD_TAILS] = cpu_fold_tails_adjoint,
                [AR_OP_ENSEMBLE_STATISTICS] = cpu_ensemble_statistics_adjoint,
                [AR_OP_LOSS_MSE] = cpu_loss_mse_adjoint,
                [AR_OP_LOSS_MSE_ENSEMBLE] = cpu_loss_mse_ensemble_adjoint,
                [AR_OP_LOSS_WEIGHTED_MSE] = cpu_loss_weighted_mse_adjoint,
                [AR_OP_LOSS_SOBOLEV_H1] = cpu_loss_sobolev_h1_adjoint,
                [AR_OP_LOSS_STATS] = cpu_loss_stats_adjoint,
                [AR_OP_LOSS_STATS_AREA] = cpu_loss_stats_area_adjoint,
                [AR_OP_LOSS_CRPS] = cpu_loss_crps_adjoint,
                [AR_OP_LOSS_KERNEL_CRPS] = cpu_loss_kernel_crps_adjoint},
    .adamw = cpu_adamw,
    .sum_of_squares = cpu_sum_of_squares,
    .peak = cpu_peak,
    .bandwidth = cpu_bandwidth,
};

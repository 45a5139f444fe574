#include "backend/ref/ref.h"

static bool supports(ar_type type)
{
    return type == AR_TYPE_FLOAT32 || type == AR_TYPE_FLOAT64;
}

const ar_backend ar_backend_ref = {
    .name = "ref",
    .supports = supports,
    .forward = {[AR_OP_LINEAR] = ref_linear_forward,
                [AR_OP_LAYER_NORM] = ref_layer_norm_forward,
                [AR_OP_ATTENTION] = ref_attention_forward,
                [AR_OP_ADD_PERIODIC] = ref_add_periodic_forward,
                [AR_OP_FACTORISED_POSITIONS] = ref_factorised_positions_forward,
                [AR_OP_GATHER_ROWS] = ref_gather_rows_forward,
                [AR_OP_FOLD_TAILS] = ref_fold_tails_forward,
                [AR_OP_ENSEMBLE_STATISTICS] = ref_ensemble_statistics_forward,
                [AR_OP_LOSS_MSE] = ref_loss_mse_forward,
                [AR_OP_LOSS_MSE_ENSEMBLE] = ref_loss_mse_ensemble_forward,
                [AR_OP_LOSS_WEIGHTED_MSE] = ref_loss_weighted_mse_forward,
                [AR_OP_LOSS_SOBOLEV_H1] = ref_loss_sobolev_h1_forward,
                [AR_OP_LOSS_STATS] = ref_loss_stats_forward,
                [AR_OP_LOSS_STATS_AREA] = ref_loss_stats_area_forward,
                [AR_OP_LOSS_CRPS] = ref_loss_crps_forward,
                [AR_OP_LOSS_KERNEL_CRPS] = ref_loss_kernel_crps_forward,
                [AR_OP_WEIGHTED_SUM] = ref_weighted_sum_forward},
    .adjoint = {[AR_OP_LINEAR] = ref_linear_adjoint,
                [AR_OP_LAYER_NORM] = ref_layer_norm_adjoint,
                [AR_OP_ATTENTION] = ref_attention_adjoint,
                [AR_OP_ADD_PERIODIC] = ref_add_periodic_adjoint,
                [AR_OP_FACTORISED_POSITIONS] = ref_factorised_positions_adjoint,
                [AR_OP_GATHER_ROWS] = ref_gather_rows_adjoint,
                [AR_OP_FOLD_TAILS] = ref_fold_tails_adjoint,
                [AR_OP_ENSEMBLE_STATISTICS] = ref_ensemble_statistics_adjoint,
                [AR_OP_LOSS_MSE] = ref_loss_mse_adjoint,
                [AR_OP_LOSS_MSE_ENSEMBLE] = ref_loss_mse_ensemble_adjoint,
                [AR_OP_LOSS_WEIGHTED_MSE] = ref_loss_weighted_mse_adjoint,
                [AR_OP_LOSS_SOBOLEV_H1] = ref_loss_sobolev_h1_adjoint,
                [AR_OP_LOSS_STATS] = ref_loss_stats_adjoint,
                [AR_OP_LOSS_STATS_AREA] = ref_loss_stats_area_adjoint,
                [AR_OP_LOSS_CRPS] = ref_loss_crps_adjoint,
                [AR_OP_LOSS_KERNEL_CRPS] = ref_loss_kernel_crps_adjoint,
                [AR_OP_WEIGHTED_SUM] = ref_weighted_sum_adjoint},
    .adamw = ref_adamw,
    .sum_of_squares = ref_sum_of_squares,
};

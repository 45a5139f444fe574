/* The reference backend: plain loops in the order of the formulas, float32 or float64 storage, all
 * arithmetic in double. Slow on purpose; every other backend is compared with it, and it is
 * compared with finite differences. */
#ifndef AR_BACKEND_REF_REF_H
#define AR_BACKEND_REF_REF_H

#include <math.h>
#include <string.h>

#include "atmorep/backend.h"

extern const ar_backend ar_backend_ref;

/* Element access whatever the type. */
static inline double ref_get(const ar_matrix *matrix, int64_t row, int64_t column)
{
    int64_t at = row * matrix->stride + column;
    return matrix->type == AR_TYPE_FLOAT64 ? ((const double *)matrix->data)[at]
                                           : (double)((const float *)matrix->data)[at];
}

/* A value as it enters a matrix product: as it is, or rounded to bfloat16, the upper half of a
 * float32, to nearest with ties to even. */
static inline double ref_operand(const ar_op_call *call, double value)
{
    if (call->precision != AR_TYPE_BFLOAT16) {
        return value;
    }
    float rounded = (float)value;
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    if (isfinite(rounded)) {
        bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    }
    memcpy(&rounded, &bits, sizeof bits);
    return (double)rounded;
}

/* A value as a matrix of this type keeps it. */
static inline double ref_kept(ar_type type, double value)
{
    return type == AR_TYPE_FLOAT64 ? value : (double)(float)value;
}

static inline void ref_set(const ar_matrix *matrix, int64_t row, int64_t column, double value)
{
    int64_t at = row * matrix->stride + column;
    if (matrix->type == AR_TYPE_FLOAT64) {
        ((double *)matrix->data)[at] = value;
    } else {
        ((float *)matrix->data)[at] = (float)value;
    }
}

static inline void ref_add(const ar_matrix *matrix, int64_t row, int64_t column, double value)
{
    ref_set(matrix, row, column, ref_get(matrix, row, column) + value);
}

/* Put a gradient where the call wants it: added or overwritten; nowhere, where nobody wants it. */
static inline void ref_give(const ar_op_call *call, int input, int64_t row, int64_t column,
                            double value)
{
    const ar_matrix *gradient = &call->input_gradients[input];
    if (!gradient->data) {
        return;
    }
    if (call->accumulate[input]) {
        ref_add(gradient, row, column, value);
    } else {
        ref_set(gradient, row, column, value);
    }
}

void ref_linear_forward(const ar_op_call *call);
void ref_linear_adjoint(const ar_op_call *call);
void ref_layer_norm_forward(const ar_op_call *call);
void ref_layer_norm_adjoint(const ar_op_call *call);
void ref_attention_forward(const ar_op_call *call);
void ref_attention_adjoint(const ar_op_call *call);
/* The softmax of one query of attention: weights[tokens[1]] of the sample's keys, 0 beyond its
 * reach. Reads the call's inputs only. */
void ref_attention_weights(const ar_op_call *call, int64_t sample, int64_t head, int64_t query,
                           double *weights);
void ref_add_periodic_forward(const ar_op_call *call);
void ref_add_periodic_adjoint(const ar_op_call *call);
void ref_factorised_positions_forward(const ar_op_call *call);
void ref_factorised_positions_adjoint(const ar_op_call *call);
void ref_dropout_forward(const ar_op_call *call);
void ref_dropout_adjoint(const ar_op_call *call);
void ref_gather_rows_forward(const ar_op_call *call);
void ref_gather_rows_adjoint(const ar_op_call *call);
void ref_cut_patches_forward(const ar_op_call *call);
void ref_cut_patches_adjoint(const ar_op_call *call);
void ref_join_rows_forward(const ar_op_call *call);
void ref_join_rows_adjoint(const ar_op_call *call);
void ref_fold_tails_forward(const ar_op_call *call);
void ref_fold_tails_adjoint(const ar_op_call *call);
void ref_ensemble_statistics_forward(const ar_op_call *call);
void ref_ensemble_statistics_adjoint(const ar_op_call *call);
void ref_loss_mse_forward(const ar_op_call *call);
void ref_loss_mse_adjoint(const ar_op_call *call);
void ref_loss_mse_ensemble_forward(const ar_op_call *call);
void ref_loss_mse_ensemble_adjoint(const ar_op_call *call);
void ref_loss_weighted_mse_forward(const ar_op_call *call);
void ref_loss_weighted_mse_adjoint(const ar_op_call *call);
void ref_loss_sobolev_h1_forward(const ar_op_call *call);
void ref_loss_sobolev_h1_adjoint(const ar_op_call *call);
void ref_loss_stats_forward(const ar_op_call *call);
void ref_loss_stats_adjoint(const ar_op_call *call);
void ref_loss_stats_area_forward(const ar_op_call *call);
void ref_loss_stats_area_adjoint(const ar_op_call *call);
void ref_loss_crps_forward(const ar_op_call *call);
void ref_loss_crps_adjoint(const ar_op_call *call);
void ref_loss_kernel_crps_forward(const ar_op_call *call);
void ref_loss_kernel_crps_adjoint(const ar_op_call *call);
void ref_weighted_sum_forward(const ar_op_call *call);
void ref_weighted_sum_adjoint(const ar_op_call *call);
void ref_adamw(const ar_adamw_call *call);
double ref_sum_of_squares(const float *values, int64_t count, int threads);

#endif

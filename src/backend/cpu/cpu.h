/* The fast backend for processors: float32, matrix products by oneDNN, OpenMP over rows or heads,
 * vectorised and fused elementwise work. Work is dealt to threads in fixed parts, and partial sums
 * are added in the order of threads, so that the same number of threads gives the same bits. */
#ifndef AR_BACKEND_CPU_CPU_H
#define AR_BACKEND_CPU_CPU_H

#include "atmorep/backend.h"
#include "backend/cpu/names.h"

extern const ar_backend ar_backend_cpu;

enum { CPU_THREADS_MAX = 512 };

/* First element of a row. */
static inline float *cpu_row(const ar_matrix *matrix, int64_t row)
{
    return (float *)matrix->data + row * matrix->stride;
}

void cpu_linear_forward(const ar_op_call *call);
void cpu_linear_adjoint(const ar_op_call *call);
size_t cpu_linear_packed(const ar_op_call *largest);
size_t cpu_linear_workspace(const ar_op_call *largest);
void cpu_layer_norm_forward(const ar_op_call *call);
void cpu_layer_norm_adjoint(const ar_op_call *call);
size_t cpu_layer_norm_workspace(const ar_op_call *largest);
void cpu_attention_forward(const ar_op_call *call);
void cpu_attention_adjoint(const ar_op_call *call);
size_t cpu_attention_workspace(const ar_op_call *largest);
void cpu_add_periodic_forward(const ar_op_call *call);
void cpu_add_periodic_adjoint(const ar_op_call *call);
void cpu_factorised_positions_forward(const ar_op_call *call);
void cpu_factorised_positions_adjoint(const ar_op_call *call);
void cpu_dropout_forward(const ar_op_call *call);
void cpu_dropout_adjoint(const ar_op_call *call);
void cpu_gather_rows_forward(const ar_op_call *call);
void cpu_gather_rows_adjoint(const ar_op_call *call);
void cpu_cut_patches_forward(const ar_op_call *call);
void cpu_cut_patches_adjoint(const ar_op_call *call);
size_t cpu_cut_patches_workspace(const ar_op_call *largest);
void cpu_join_rows_forward(const ar_op_call *call);
void cpu_join_rows_adjoint(const ar_op_call *call);
void cpu_fold_tails_forward(const ar_op_call *call);
void cpu_fold_tails_adjoint(const ar_op_call *call);
void cpu_ensemble_statistics_forward(const ar_op_call *call);
void cpu_ensemble_statistics_adjoint(const ar_op_call *call);
void cpu_loss_mse_forward(const ar_op_call *call);
void cpu_loss_mse_adjoint(const ar_op_call *call);
void cpu_loss_mse_ensemble_forward(const ar_op_call *call);
void cpu_loss_mse_ensemble_adjoint(const ar_op_call *call);
void cpu_loss_weighted_mse_forward(const ar_op_call *call);
void cpu_loss_weighted_mse_adjoint(const ar_op_call *call);
size_t cpu_loss_weighted_mse_workspace(const ar_op_call *largest);
void cpu_loss_sobolev_h1_forward(const ar_op_call *call);
void cpu_loss_sobolev_h1_adjoint(const ar_op_call *call);
size_t cpu_loss_sobolev_h1_workspace(const ar_op_call *largest);
void cpu_loss_stats_forward(const ar_op_call *call);
void cpu_loss_stats_adjoint(const ar_op_call *call);
void cpu_loss_stats_area_forward(const ar_op_call *call);
void cpu_loss_stats_area_adjoint(const ar_op_call *call);
void cpu_loss_crps_forward(const ar_op_call *call);
void cpu_loss_crps_adjoint(const ar_op_call *call);
void cpu_loss_kernel_crps_forward(const ar_op_call *call);
void cpu_loss_kernel_crps_adjoint(const ar_op_call *call);
void cpu_adamw(const ar_adamw_call *call);
double cpu_sum_of_squares(const float *values, int64_t count, int threads);

#endif

/* Every file directly in backend/cpu is compiled once for each path: an instruction set, named by
 * CPU_PATH. Names with external linkage get the path as a suffix here, so that all of them live in
 * one program, and the processor's path is chosen when it runs (processor/path.h). A name missing
 * here is defined several times, and the program does not link. */
#ifndef AR_BACKEND_CPU_NAMES_H
#define AR_BACKEND_CPU_NAMES_H

/* Who only includes a header, such as a test, means the path that every processor has. */
#ifndef CPU_PATH
#define CPU_PATH portable
#endif

#define CPU_JOIN_EXPANDED(name, path) name##_##path
#define CPU_JOIN(name, path) CPU_JOIN_EXPANDED(name, path)
#define CPU_TEXT_EXPANDED(path) #path
#define CPU_TEXT(path) CPU_TEXT_EXPANDED(path)
#define CPU_NAME(name) CPU_JOIN(name, CPU_PATH)

#define ar_backend_cpu CPU_NAME(ar_backend_cpu)
#define cpu_adamw CPU_NAME(cpu_adamw)
#define cpu_add_periodic_adjoint CPU_NAME(cpu_add_periodic_adjoint)
#define cpu_add_periodic_forward CPU_NAME(cpu_add_periodic_forward)
#define cpu_attention_adjoint CPU_NAME(cpu_attention_adjoint)
#define cpu_attention_begin CPU_NAME(cpu_attention_begin)
#define cpu_attention_blank CPU_NAME(cpu_attention_blank)
#define cpu_attention_block_of CPU_NAME(cpu_attention_block_of)
#define cpu_attention_forward CPU_NAME(cpu_attention_forward)
#define cpu_attention_is_normalised CPU_NAME(cpu_attention_is_normalised)
#define cpu_attention_multiply_keys CPU_NAME(cpu_attention_multiply_keys)
#define cpu_attention_order_of CPU_NAME(cpu_attention_order_of)
#define cpu_attention_order_tokens CPU_NAME(cpu_attention_order_tokens)
#define cpu_attention_pack CPU_NAME(cpu_attention_pack)
#define cpu_attention_run CPU_NAME(cpu_attention_run)
#define cpu_attention_seen CPU_NAME(cpu_attention_seen)
#define cpu_attention_turn CPU_NAME(cpu_attention_turn)
#define cpu_attention_work CPU_NAME(cpu_attention_work)
#define cpu_attention_workspace CPU_NAME(cpu_attention_workspace)
#define cpu_bandwidth CPU_NAME(cpu_bandwidth)
#define cpu_cut_patches_adjoint CPU_NAME(cpu_cut_patches_adjoint)
#define cpu_cut_patches_forward CPU_NAME(cpu_cut_patches_forward)
#define cpu_dropout_adjoint CPU_NAME(cpu_dropout_adjoint)
#define cpu_dropout_forward CPU_NAME(cpu_dropout_forward)
#define cpu_ensemble_statistics_adjoint CPU_NAME(cpu_ensemble_statistics_adjoint)
#define cpu_ensemble_statistics_forward CPU_NAME(cpu_ensemble_statistics_forward)
#define cpu_fold_tails_adjoint CPU_NAME(cpu_fold_tails_adjoint)
#define cpu_fold_tails_forward CPU_NAME(cpu_fold_tails_forward)
#define cpu_gather_rows_adjoint CPU_NAME(cpu_gather_rows_adjoint)
#define cpu_gather_rows_forward CPU_NAME(cpu_gather_rows_forward)
#define cpu_join_rows_adjoint CPU_NAME(cpu_join_rows_adjoint)
#define cpu_join_rows_forward CPU_NAME(cpu_join_rows_forward)
#define cpu_layer_norm_adjoint CPU_NAME(cpu_layer_norm_adjoint)
#define cpu_layer_norm_forward CPU_NAME(cpu_layer_norm_forward)
#define cpu_layer_norm_workspace CPU_NAME(cpu_layer_norm_workspace)
#define cpu_linear_adjoint CPU_NAME(cpu_linear_adjoint)
#define cpu_linear_forward CPU_NAME(cpu_linear_forward)
#define cpu_linear_workspace CPU_NAME(cpu_linear_workspace)
#define cpu_loss_kernel_crps_adjoint CPU_NAME(cpu_loss_kernel_crps_adjoint)
#define cpu_loss_kernel_crps_forward CPU_NAME(cpu_loss_kernel_crps_forward)
#define cpu_loss_mse_ensemble_adjoint CPU_NAME(cpu_loss_mse_ensemble_adjoint)
#define cpu_loss_mse_ensemble_forward CPU_NAME(cpu_loss_mse_ensemble_forward)
#define cpu_loss_weighted_mse_adjoint CPU_NAME(cpu_loss_weighted_mse_adjoint)
#define cpu_loss_weighted_mse_forward CPU_NAME(cpu_loss_weighted_mse_forward)
#define cpu_multiply CPU_NAME(cpu_multiply)
#define cpu_multiply_block CPU_NAME(cpu_multiply_block)
#define cpu_peak CPU_NAME(cpu_peak)
#define cpu_peak_burst CPU_NAME(cpu_peak_burst)
#define cpu_sum_of_squares CPU_NAME(cpu_sum_of_squares)

#endif

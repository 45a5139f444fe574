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
#define cpu_attention_block_of CPU_NAME(cpu_attention_block_of)
#define cpu_attention_copy_across CPU_NAME(cpu_attention_copy_across)
#define cpu_attention_factor CPU_NAME(cpu_attention_factor)
#define cpu_attention_for_seen_keys CPU_NAME(cpu_attention_for_seen_keys)
#define cpu_attention_forward CPU_NAME(cpu_attention_forward)
#define cpu_attention_is_normalised CPU_NAME(cpu_attention_is_normalised)
#define cpu_attention_multiply_keys CPU_NAME(cpu_attention_multiply_keys)
#define cpu_attention_norm CPU_NAME(cpu_attention_norm)
#define cpu_attention_order_of CPU_NAME(cpu_attention_order_of)
#define cpu_attention_order_tokens CPU_NAME(cpu_attention_order_tokens)
#define cpu_attention_pack_keys CPU_NAME(cpu_attention_pack_keys)
#define cpu_attention_pack_keys_again CPU_NAME(cpu_attention_pack_keys_again)
#define cpu_attention_pack_queries CPU_NAME(cpu_attention_pack_queries)
#define cpu_attention_rows CPU_NAME(cpu_attention_rows)
#define cpu_attention_run CPU_NAME(cpu_attention_run)
#define cpu_attention_work CPU_NAME(cpu_attention_work)
#define cpu_attention_workspace CPU_NAME(cpu_attention_workspace)
#define cpu_bandwidth CPU_NAME(cpu_bandwidth)
#define cpu_cut_patches_adjoint CPU_NAME(cpu_cut_patches_adjoint)
#define cpu_cut_patches_forward CPU_NAME(cpu_cut_patches_forward)
#define cpu_dropout_adjoint CPU_NAME(cpu_dropout_adjoint)
#define cpu_dropout_forward CPU_NAME(cpu_dropout_forward)
#define cpu_ensemble_statistics_adjoint CPU_NAME(cpu_ensemble_statistics_adjoint)
#define cpu_ensemble_statistics_forward CPU_NAME(cpu_ensemble_statistics_forward)
#define cpu_factorised_positions_adjoint CPU_NAME(cpu_factorised_positions_adjoint)
#define cpu_factorised_positions_forward CPU_NAME(cpu_factorised_positions_forward)
#define cpu_find_largest CPU_NAME(cpu_find_largest)
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
#define cpu_multiply_workspace CPU_NAME(cpu_multiply_workspace)
#define cpu_peak CPU_NAME(cpu_peak)
#define cpu_peak_burst CPU_NAME(cpu_peak_burst)
#define cpu_product_finish_row CPU_NAME(cpu_product_finish_row)
#define cpu_product_pack_left CPU_NAME(cpu_product_pack_left)
#define cpu_product_pack_right CPU_NAME(cpu_product_pack_right)
#define cpu_product_tile CPU_NAME(cpu_product_tile)
#define cpu_soften CPU_NAME(cpu_soften)
#define cpu_soften_again CPU_NAME(cpu_soften_again)
#define cpu_sum_of_squares CPU_NAME(cpu_sum_of_squares)
#define cpu_tile_load CPU_NAME(cpu_tile_load)
#define cpu_tile_normalise CPU_NAME(cpu_tile_normalise)
#define cpu_tile_normalise_adjoint CPU_NAME(cpu_tile_normalise_adjoint)
#define cpu_tile_scale CPU_NAME(cpu_tile_scale)
#define cpu_tile_squares CPU_NAME(cpu_tile_squares)
#define cpu_tile_store CPU_NAME(cpu_tile_store)

#endif

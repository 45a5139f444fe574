#include <omp.h>

#include "backend/cpu/cpu.h"

/* For each value of a block's patches, one patch after the other, its place in the block. */
size_t cpu_cut_patches_workspace(const ar_op_call *largest)
{
    return (size_t)largest->inputs[0].columns * sizeof(int32_t);
}

static const int32_t *find_places(const ar_op_call *call)
{
    const int64_t *size = call->attributes->block, *patch = call->attributes->patch;
    int32_t *places = call->workspace, *next = places;
    for (int64_t t = 0; t < size[0]; t += patch[0]) {
        for (int64_t y = 0; y < size[1]; y += patch[1]) {
            for (int64_t x = 0; x < size[2]; x += patch[2]) {
                for (int64_t i = 0; i < patch[0] * patch[1] * patch[2]; i++) {
                    const int64_t row =
                        (t + i / (patch[1] * patch[2])) * size[1] + y + i / patch[2] % patch[1];
                    *next++ = (int32_t)(row * size[2] + x + i % patch[2]);
                }
            }
        }
    }
    return places;
}

void cpu_cut_patches_forward(const ar_op_call *call)
{
    const ar_matrix *blocks = &call->inputs[0], *patches = &call->outputs[0];
    const int64_t count = blocks->columns / patches->columns, columns = patches->columns;
    const int32_t *places = find_places(call);
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < patches->rows; r++) {
        const float *block = cpu_row(blocks, r / count);
        const int32_t *place = places + r % count * columns;
        float *patch = cpu_row(patches, r);
        for (int64_t c = 0; c < columns; c++) {
            patch[c] = block[place[c]];
        }
    }
}

void cpu_cut_patches_adjoint(const ar_op_call *call)
{
    const ar_matrix *to_blocks = &call->input_gradients[0], *given = &call->output_gradients[0];
    const int64_t count = to_blocks->columns / given->columns, columns = given->columns;
    const int32_t *places = find_places(call);
    const bool accumulate = call->accumulate[0];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < given->rows; r++) {
        const float *patch = cpu_row(given, r);
        const int32_t *place = places + r % count * columns;
        float *block = cpu_row(to_blocks, r / count);
        /* Places are different: the loop may run in any order. */
#pragma omp simd
        for (int64_t c = 0; c < columns; c++) {
            block[place[c]] = accumulate ? block[place[c]] + patch[c] : patch[c];
        }
    }
}

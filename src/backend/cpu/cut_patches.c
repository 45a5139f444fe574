#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"

/* Points next to each other in longitude stay so in a patch: everything moves in runs of px. */
static void copy_run(float *to, const float *from, int64_t count)
{
    memcpy(to, from, (size_t)count * sizeof(float));
}

static void add_run(float *to, const float *from, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        to[i] += from[i];
    }
}

typedef enum { INTO_PATCHES, INTO_BLOCK, ADDED_TO_BLOCK } direction;

/* One row of blocks and the rows of its patches. */
static void move_block(const ar_op_attributes *a, float *block, const ar_matrix *patches,
                       int64_t first_row, direction to)
{
    const int64_t *size = a->block, *patch = a->patch;
    const int64_t across = size[2] / patch[2], down = size[1] / patch[1];
    for (int64_t t = 0; t < size[0]; t++) {
        for (int64_t y = 0; y < size[1]; y++) {
            const int64_t row = (t / patch[0] * down + y / patch[1]) * across;
            const int64_t column = (t % patch[0] * patch[1] + y % patch[1]) * patch[2];
            for (int64_t x = 0; x < across; x++, block += patch[2]) {
                float *run = cpu_row(patches, first_row + row + x) + column;
                if (to == INTO_PATCHES) {
                    copy_run(run, block, patch[2]);
                } else if (to == INTO_BLOCK) {
                    copy_run(block, run, patch[2]);
                } else {
                    add_run(block, run, patch[2]);
                }
            }
        }
    }
}

static void move_all(const ar_op_call *call, const ar_matrix *blocks, const ar_matrix *patches,
                     direction to)
{
    const int64_t count = blocks->columns / patches->columns;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < blocks->rows; r++) {
        move_block(call->attributes, cpu_row(blocks, r), patches, r * count, to);
    }
}

void cpu_cut_patches_forward(const ar_op_call *call)
{
    move_all(call, &call->inputs[0], &call->outputs[0], INTO_PATCHES);
}

void cpu_cut_patches_adjoint(const ar_op_call *call)
{
    move_all(call, &call->input_gradients[0], &call->output_gradients[0],
             call->accumulate[0] ? ADDED_TO_BLOCK : INTO_BLOCK);
}

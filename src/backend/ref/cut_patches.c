#include "backend/ref/ref.h"

/* A value of a block: its patch, and its place in the patch. */
typedef struct {
    int64_t patch, column;
} patch_place;

static patch_place place_of(const ar_op_attributes *a, int64_t column)
{
    const int64_t *block = a->block, *patch = a->patch;
    const int64_t at[3] = {column / (block[1] * block[2]), column / block[2] % block[1],
                           column % block[2]};
    patch_place place = {0, 0};
    for (int d = 0; d < 3; d++) {
        place.patch = place.patch * (block[d] / patch[d]) + at[d] / patch[d];
        place.column = place.column * patch[d] + at[d] % patch[d];
    }
    return place;
}

void ref_cut_patches_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *y = &call->outputs[0];
    const int64_t patches = x->columns / y->columns;
    for (int64_t r = 0; r < x->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            patch_place place = place_of(call->attributes, c);
            ref_set(y, r * patches + place.patch, place.column, ref_get(x, r, c));
        }
    }
}

void ref_cut_patches_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *dx = &call->input_gradients[0];
    const int64_t patches = dx->columns / dy->columns;
    for (int64_t r = 0; r < dx->rows; r++) {
        for (int64_t c = 0; c < dx->columns; c++) {
            patch_place place = place_of(call->attributes, c);
            ref_give(call, 0, r, c, ref_get(dy, r * patches + place.patch, place.column));
        }
    }
}

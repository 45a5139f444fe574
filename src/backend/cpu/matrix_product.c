#include "backend/cpu/matrix_product.h"

#include <assert.h>
#include <dnnl.h>

void cpu_multiply(matrix_product p)
{
    if (p.m == 0 || p.n == 0) {
        return;
    }
    dnnl_status_t status =
        dnnl_sgemm(p.transpose_a ? 'T' : 'N', p.transpose_b ? 'T' : 'N', p.m, p.n, p.k, 1.0f, p.a,
                   p.a_stride, p.b, p.b_stride, p.accumulate ? 1.0f : 0.0f, p.c, p.c_stride);
    assert(status == dnnl_success);
    (void)status;
}

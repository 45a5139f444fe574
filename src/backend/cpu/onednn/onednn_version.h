/* Where the C interfaces of oneDNN 2 and 3 differ: descriptions of memory are structs in one and
 * handles in the other, and primitives are described in two steps or one. */
#ifndef AR_BACKEND_CPU_ONEDNN_ONEDNN_VERSION_H
#define AR_BACKEND_CPU_ONEDNN_ONEDNN_VERSION_H

#include <stddef.h>

#include <dnnl.h>

#if DNNL_VERSION_MAJOR >= 3

typedef const_dnnl_memory_desc_t layout; /* borrowed; NULL: none */
typedef dnnl_memory_desc_t own_layout;

static inline dnnl_status_t layout_init(own_layout *own, const dnnl_dims_t sizes,
                                        dnnl_data_type_t type, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_create_with_strides(own, 2, sizes, type, strides);
}

static inline dnnl_status_t layout_init_any(own_layout *own, const dnnl_dims_t sizes,
                                            dnnl_data_type_t type)
{
    return dnnl_memory_desc_create_with_tag(own, 2, sizes, type, dnnl_format_tag_any);
}

static inline void layout_release(own_layout *own)
{
    dnnl_memory_desc_destroy(*own);
}

static inline layout layout_of(const own_layout *own)
{
    return *own;
}

static inline dnnl_status_t describe_matmul(dnnl_primitive_desc_t *description,
                                            dnnl_engine_t engine, layout a, layout b, layout bias,
                                            layout c, const_dnnl_primitive_attr_t attributes)
{
    return dnnl_matmul_primitive_desc_create(description, engine, a, b, bias, c, attributes);
}

static inline dnnl_status_t append_sum(dnnl_post_ops_t finish)
{
    return dnnl_post_ops_append_sum(finish, 1, 0, dnnl_data_type_undef);
}

static inline dnnl_status_t append_gelu(dnnl_post_ops_t finish)
{
    return dnnl_post_ops_append_eltwise(finish, dnnl_eltwise_gelu_erf, 0, 0);
}

#else

typedef const dnnl_memory_desc_t *layout;
typedef dnnl_memory_desc_t own_layout;

static inline dnnl_status_t layout_init(own_layout *own, const dnnl_dims_t sizes,
                                        dnnl_data_type_t type, const dnnl_dims_t strides)
{
    return dnnl_memory_desc_init_by_strides(own, 2, sizes, type, strides);
}

static inline dnnl_status_t layout_init_any(own_layout *own, const dnnl_dims_t sizes,
                                            dnnl_data_type_t type)
{
    return dnnl_memory_desc_init_by_tag(own, 2, sizes, type, dnnl_format_tag_any);
}

static inline void layout_release(own_layout *own)
{
    (void)own;
}

static inline layout layout_of(const own_layout *own)
{
    return own;
}

static inline dnnl_status_t describe_matmul(dnnl_primitive_desc_t *description,
                                            dnnl_engine_t engine, layout a, layout b, layout bias,
                                            layout c, const_dnnl_primitive_attr_t attributes)
{
    dnnl_matmul_desc_t matmul;
    dnnl_status_t status = dnnl_matmul_desc_init(&matmul, a, b, bias, c);
    return status == dnnl_success
               ? dnnl_primitive_desc_create(description, &matmul, attributes, engine, NULL)
               : status;
}

static inline dnnl_status_t append_sum(dnnl_post_ops_t finish)
{
    return dnnl_post_ops_append_sum(finish, 1);
}

static inline dnnl_status_t append_gelu(dnnl_post_ops_t finish)
{
    return dnnl_post_ops_append_eltwise(finish, 1, dnnl_eltwise_gelu_erf, 0, 0);
}

#endif

#endif

#include "io/torch_file.h"

#include <string.h>

#include "base/memory.h"
#include "io/number.h"
#include "io/safetensors_private.h"
#include "io/torch_pickle.h"

struct ar_torch_file {
    ar_torch_archive archive;
    ar_torch_tensor *tensors;
    int64_t count;
};

/* A checkpoint of a machine with the other byte order says so. */
static ar_status check_byte_order(ar_torch_file *file, ar_error *err)
{
    const ar_torch_member *order =
        ar_torch_archive_find(&file->archive, "", "byteorder", strlen("byteorder"));
    if (order && (order->bytes != 6 || memcmp(order->data, "little", 6) != 0)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: its byte order is not \"little\"",
                       file->archive.path);
    }
    return AR_OK;
}

ar_status ar_torch_open(ar_torch_file **file, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    ar_torch_file *opened = NULL;
    *file = NULL;
    AR_TRY(ar_allocate(&opened, 1, sizeof *opened, "a torch checkpoint", err));
    AR_TRY(ar_torch_archive_open(&opened->archive, path, err));
    AR_TRY(check_byte_order(opened, err));
    AR_TRY(ar_torch_unpickle(&opened->archive, &opened->tensors, &opened->count, err));
    *file = opened;
    opened = NULL;
cleanup:
    ar_torch_close(&opened);
    return status;
}

void ar_torch_close(ar_torch_file **file)
{
    if (!*file) {
        return;
    }
    for (int64_t i = 0; i < (*file)->count; i++) {
        ar_free((*file)->tensors[i].name);
    }
    ar_free((*file)->tensors);
    ar_torch_archive_close(&(*file)->archive);
    ar_free(*file);
    *file = NULL;
}

const char *ar_torch_path(const ar_torch_file *file)
{
    return file->archive.path;
}

int64_t ar_torch_count(const ar_torch_file *file)
{
    return file->count;
}

const ar_torch_tensor *ar_torch_get(const ar_torch_file *file, int64_t index)
{
    return index >= 0 && index < file->count ? &file->tensors[index] : NULL;
}

/* Elements of one type at `from`, `stride` elements apart, which may lie at any address. */
static void convert(ar_dtype dtype, const uint8_t *from, int64_t stride, int64_t count, float *into)
{
    const int64_t step = stride * (int64_t)ar_safetensors_dtype_bytes(dtype);
    for (int64_t i = 0; i < count; i++) {
        union {
            float f32;
            double f64;
            int64_t i64;
            int32_t i32;
            uint16_t u16;
        } raw;
        memcpy(&raw, from + i * step, ar_safetensors_dtype_bytes(dtype));
        switch (dtype) {
        case AR_DTYPE_F32:
            into[i] = raw.f32;
            break;
        case AR_DTYPE_F64:
            into[i] = (float)raw.f64;
            break;
        case AR_DTYPE_I64:
            into[i] = (float)raw.i64;
            break;
        case AR_DTYPE_I32:
            into[i] = (float)raw.i32;
            break;
        case AR_DTYPE_U8:
            into[i] = from[i * step];
            break;
        case AR_DTYPE_BF16:
            into[i] = ar_number_from_bfloat16(raw.u16);
            break;
        case AR_DTYPE_F16:
            into[i] = ar_number_from_half(raw.u16);
            break;
        }
    }
}

static bool is_contiguous(const ar_torch_tensor *tensor)
{
    int64_t right = 1;
    for (int d = tensor->rank - 1; d >= 0; d--) {
        if (tensor->shape[d] != 1 && tensor->stride[d] != right) {
            return false;
        }
        right *= tensor->shape[d];
    }
    return true;
}

static const uint8_t *first_element(const ar_torch_tensor *tensor)
{
    return tensor->storage->data +
           tensor->offset * (int64_t)ar_safetensors_dtype_bytes(tensor->dtype);
}

ar_status ar_torch_borrow_float(ar_torch_file *file, const ar_torch_tensor *tensor,
                                const float **values, ar_error *err)
{
    *values = NULL;
    ar_status status = ar_torch_archive_check(&file->archive, tensor->storage, err);
    if (status == AR_OK && tensor->count > 0 && tensor->dtype == AR_DTYPE_F32 &&
        is_contiguous(tensor) && (uintptr_t)first_element(tensor) % _Alignof(float) == 0) {
        *values = (const float *)(const void *)first_element(tensor);
    }
    return status;
}

ar_status ar_torch_read_float(ar_torch_file *file, const ar_torch_tensor *tensor, float *values,
                              ar_error *err)
{
    ar_status status = ar_torch_archive_check(&file->archive, tensor->storage, err);
    if (status != AR_OK || tensor->count == 0) {
        return status;
    }
    if (is_contiguous(tensor)) {
        convert(tensor->dtype, first_element(tensor), 1, tensor->count, values);
        return AR_OK;
    }
    /* Row by row; `index` counts through the dimensions but the last. */
    const int last = tensor->rank - 1;
    const int64_t bytes = (int64_t)ar_safetensors_dtype_bytes(tensor->dtype);
    int64_t index[AR_SAFETENSORS_RANK_MAX] = {0}, from = 0;
    for (int64_t at = 0; at < tensor->count; at += tensor->shape[last]) {
        convert(tensor->dtype, first_element(tensor) + from * bytes, tensor->stride[last],
                tensor->shape[last], values + at);
        for (int d = last - 1; d >= 0; d--) {
            from += tensor->stride[d];
            if (++index[d] < tensor->shape[d]) {
                break;
            }
            from -= index[d] * tensor->stride[d];
            index[d] = 0;
        }
    }
    return AR_OK;
}

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/safetensors_private.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "safetensors data is read and written as it lies in memory");

/* The limit of the format's own library. */
static const uint64_t largest_header = 100000000;

struct ar_safetensors {
    char *path;
    FILE *stream; /* NULL: the tensors are in memory */
    uint64_t data_start, data_bytes;
    ar_safetensor *tensors;
    int64_t count;
    cJSON *metadata; /* "__metadata__", or NULL */
};

const struct ar_safetensors_dtype ar_safetensors_dtypes[] = {
    {"F32", AR_DTYPE_F32, 4}, {"F64", AR_DTYPE_F64, 8},
    {"I32", AR_DTYPE_I32, 4}, {"I64", AR_DTYPE_I64, 8},
    {"U8", AR_DTYPE_U8, 1},   {"BF16", AR_DTYPE_BF16, 2},
    {"F16", AR_DTYPE_F16, 2}, {NULL, 0, 0}};

uint64_t ar_safetensors_dtype_bytes(ar_dtype dtype)
{
    for (int i = 0; ar_safetensors_dtypes[i].name; i++) {
        if (ar_safetensors_dtypes[i].dtype == dtype) {
            return ar_safetensors_dtypes[i].bytes;
        }
    }
    return 0;
}

static ar_status parse_dtype(const ar_safetensors *file, ar_safetensor *tensor, const cJSON *item,
                             ar_error *err)
{
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(item, "dtype");
    for (int i = 0; ar_safetensors_dtypes[i].name && cJSON_IsString(dtype); i++) {
        if (strcmp(ar_safetensors_dtypes[i].name, dtype->valuestring) == 0) {
            tensor->dtype = ar_safetensors_dtypes[i].dtype;
            return AR_OK;
        }
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: tensor %s has dtype \"%.40s\"; read are F32, F64, I32, I64, U8, BF16, F16",
                   file->path, tensor->name, cJSON_IsString(dtype) ? dtype->valuestring : "(none)");
}

static ar_status parse_shape(const ar_safetensors *file, ar_safetensor *tensor, const cJSON *item,
                             ar_error *err)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape");
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) > AR_SAFETENSORS_RANK_MAX) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: tensor %s: \"shape\" must be a list of at most %d lengths", file->path,
                       tensor->name, AR_SAFETENSORS_RANK_MAX);
    }
    tensor->count = 1;
    const cJSON *length;
    cJSON_ArrayForEach(length, shape)
    {
        int64_t *into = &tensor->shape[tensor->rank++];
        if (!ar_json_integer(length, 0, into) ||
            __builtin_mul_overflow(tensor->count, *into, &tensor->count)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: tensor %s: its shape is not of whole numbers or too large",
                           file->path, tensor->name);
        }
    }
    return AR_OK;
}

static ar_status parse_place(const ar_safetensors *file, ar_safetensor *tensor, const cJSON *item,
                             ar_error *err)
{
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    int64_t begin, end;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !ar_json_integer(offsets->child, 0, &begin) ||
        !ar_json_integer(offsets->child->next, begin, &end)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: tensor %s: \"data_offsets\" must be [begin, end], begin <= end",
                       file->path, tensor->name);
    }
    tensor->offset = (uint64_t)begin;
    tensor->bytes = (uint64_t)(end - begin);
    if ((uint64_t)end > file->data_bytes) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: tensor %s ends at byte %llu of the data, the file has %llu: it is "
                       "truncated",
                       file->path, tensor->name, (unsigned long long)end,
                       (unsigned long long)file->data_bytes);
    }
    uint64_t right;
    if (__builtin_mul_overflow((uint64_t)tensor->count, ar_safetensors_dtype_bytes(tensor->dtype),
                               &right) ||
        right != tensor->bytes) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: tensor %s has %llu bytes, which is not what its shape and dtype need",
                       file->path, tensor->name, (unsigned long long)tensor->bytes);
    }
    return AR_OK;
}

static ar_status parse_tensor(ar_safetensors *file, const cJSON *item, ar_error *err)
{
    ar_status status = AR_OK;
    ar_safetensor *tensor = &file->tensors[file->count++];
    AR_TRY(ar_copy_string(&tensor->name, item->string, err));
    AR_TRY(parse_dtype(file, tensor, item, err));
    AR_TRY(parse_shape(file, tensor, item, err));
    AR_TRY(parse_place(file, tensor, item, err));
cleanup:
    return status;
}

static int by_offset(const void *a, const void *b)
{
    const ar_safetensor *x = *(ar_safetensor *const *)a, *y = *(ar_safetensor *const *)b;
    if (x->offset != y->offset) {
        return x->offset < y->offset ? -1 : 1;
    }
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); /* empty tensors first */
}

static int by_tensor_name(const void *a, const void *b)
{
    return strcmp((*(ar_safetensor *const *)a)->name, (*(ar_safetensor *const *)b)->name);
}

/* The format allows no holes, no overlap and nothing behind the last tensor, and no name twice. */
static ar_status check_layout(const ar_safetensors *file, ar_error *err)
{
    ar_status status = AR_OK;
    ar_safetensor **sorted = NULL;
    size_t count = (size_t)file->count;
    AR_TRY(ar_allocate(&sorted, count, sizeof *sorted, "tensors", err));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = &file->tensors[i];
    }
    qsort(sorted, count, sizeof *sorted, by_tensor_name);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            status = ar_fail(err, AR_ERROR_INPUT, "%s: tensor %s is there twice", file->path,
                             sorted[i]->name);
            goto cleanup;
        }
    }
    qsort(sorted, count, sizeof *sorted, by_offset);
    uint64_t end = 0;
    for (size_t i = 0; i < count; end = sorted[i]->offset + sorted[i]->bytes, i++) {
        if (sorted[i]->offset != end) {
            status = ar_fail(err, AR_ERROR_INPUT,
                             "%s: tensor %s starts at byte %llu of the data, the one before ends "
                             "at %llu",
                             file->path, sorted[i]->name, (unsigned long long)sorted[i]->offset,
                             (unsigned long long)end);
            goto cleanup;
        }
    }
    if (end != file->data_bytes) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: has %llu bytes of data, its tensors have %llu",
                         file->path, (unsigned long long)file->data_bytes, (unsigned long long)end);
    }
cleanup:
    ar_free(sorted);
    return status;
}

static ar_status parse_header(ar_safetensors *file, cJSON *json, ar_error *err)
{
    ar_status status = AR_OK;
    if (!cJSON_IsObject(json)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: the header is not a JSON object", file->path);
    }
    AR_TRY(ar_allocate(&file->tensors, (size_t)cJSON_GetArraySize(json), sizeof *file->tensors,
                       "tensors", err));
    cJSON *item;
    cJSON_ArrayForEach(item, json)
    {
        if (strcmp(item->string, "__metadata__") != 0) {
            AR_TRY(parse_tensor(file, item, err));
        }
    }
    AR_TRY(check_layout(file, err));
    file->metadata = cJSON_DetachItemFromObjectCaseSensitive(json, "__metadata__");
cleanup:
    return status;
}

static ar_status read_header(ar_safetensors *file, ar_error *err)
{
    ar_status status = AR_OK;
    struct stat information;
    uint64_t length;
    char *text = NULL;
    cJSON *json = NULL;
    if (fstat(fileno(file->stream), &information) != 0 || !S_ISREG(information.st_mode)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: is not a regular file", file->path);
    }
    uint64_t file_bytes = (uint64_t)information.st_size;
    if (fread(&length, 1, sizeof length, file->stream) != sizeof length) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has %llu bytes, too few for safetensors",
                       file->path, (unsigned long long)file_bytes);
    }
    if (length > largest_header || length > file_bytes - sizeof length) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "%s: says that its header has %llu bytes, the file has %llu: it is truncated "
            "or not safetensors",
            file->path, (unsigned long long)length, (unsigned long long)file_bytes);
    }
    AR_TRY(ar_allocate(&text, (size_t)length, 1, "a safetensors header", err));
    if (fread(text, 1, (size_t)length, file->stream) != length) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot read the header", file->path);
        goto cleanup;
    }
    file->data_start = sizeof length + length;
    file->data_bytes = file_bytes - file->data_start;
    AR_TRY(ar_json_parse(&json, text, (size_t)length, file->path, err));
    AR_TRY(parse_header(file, json, err));
cleanup:
    cJSON_Delete(json);
    ar_free(text);
    return status;
}

ar_status ar_safetensors_open(ar_safetensors **file, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    *file = NULL;
    ar_safetensors *opened = NULL;
    AR_TRY(ar_allocate(&opened, 1, sizeof *opened, "a safetensors file", err));
    AR_TRY(ar_copy_string(&opened->path, path, err));
    opened->stream = fopen(path, "rb");
    if (!opened->stream) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: cannot open: %s", path, strerror(errno));
        goto cleanup;
    }
    AR_TRY(read_header(opened, err));
    *file = opened;
    opened = NULL;
cleanup:
    ar_safetensors_close(&opened);
    return status;
}

ar_status ar_safetensors_of_memory(ar_safetensors **file, const char *path,
                                   const ar_safetensor *tensors, int64_t tensor_count,
                                   ar_error *err)
{
    ar_status status = AR_OK;
    *file = NULL;
    ar_safetensors *made = NULL;
    AR_TRY(ar_allocate(&made, 1, sizeof *made, "tensors", err));
    AR_TRY(ar_copy_string(&made->path, path, err));
    AR_TRY(
        ar_allocate(&made->tensors, (size_t)tensor_count, sizeof *made->tensors, "tensors", err));
    for (int64_t i = 0; i < tensor_count; i++) {
        ar_safetensor *tensor = &made->tensors[made->count++];
        *tensor = tensors[i];
        tensor->name = NULL;
        AR_TRY(ar_copy_string(&tensor->name, tensors[i].name, err));
    }
    *file = made;
    made = NULL;
cleanup:
    ar_safetensors_close(&made);
    return status;
}

void ar_safetensors_close(ar_safetensors **file)
{
    if (!*file) {
        return;
    }
    for (int64_t i = 0; i < (*file)->count; i++) {
        ar_free((*file)->tensors[i].name);
    }
    if ((*file)->stream) {
        fclose((*file)->stream);
    }
    cJSON_Delete((*file)->metadata);
    ar_free((*file)->tensors);
    ar_free((*file)->path);
    ar_free(*file);
    *file = NULL;
}

const char *ar_safetensors_path(const ar_safetensors *file)
{
    return file->path;
}

int64_t ar_safetensors_count(const ar_safetensors *file)
{
    return file->count;
}

const ar_safetensor *ar_safetensors_get(const ar_safetensors *file, int64_t index)
{
    return index >= 0 && index < file->count ? &file->tensors[index] : NULL;
}

const ar_safetensor *ar_safetensors_find(const ar_safetensors *file, const char *name)
{
    for (int64_t i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0) {
            return &file->tensors[i];
        }
    }
    return NULL;
}

const char *ar_safetensors_metadata(const ar_safetensors *file, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(file->metadata, key));
}

/* Elements first … of a block of `count`, as they lie in the file. */
static ar_status read_block(ar_safetensors *file, const ar_safetensor *tensor, int64_t first,
                            int64_t count, void *raw, ar_error *err)
{
    uint64_t size = ar_safetensors_dtype_bytes(tensor->dtype);
    if (!file->stream) {
        memcpy(raw, (const char *)tensor->data + (uint64_t)first * size, (size_t)count * size);
        return AR_OK;
    }
    uint64_t at = file->data_start + tensor->offset + (uint64_t)first * size;
    if (fseeko(file->stream, (off_t)at, SEEK_SET) != 0 ||
        fread(raw, size, (size_t)count, file->stream) != (size_t)count) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot read tensor %s", file->path, tensor->name);
    }
    return AR_OK;
}

enum { BLOCK = 4096 };

/* A block whose elements have up to 8 bytes, seen as any of the types. */
typedef union {
    unsigned char u8[BLOCK];
    uint16_t u16[BLOCK];
    int32_t i32[BLOCK];
    int64_t i64[BLOCK];
    float f32[BLOCK];
    double f64[BLOCK];
} block;

static double element(const block *values, ar_dtype dtype, int64_t i)
{
    switch (dtype) {
    case AR_DTYPE_F32:
        return values->f32[i];
    case AR_DTYPE_F64:
        return values->f64[i];
    case AR_DTYPE_I32:
        return values->i32[i];
    case AR_DTYPE_I64:
        return (double)values->i64[i];
    case AR_DTYPE_U8:
        return values->u8[i];
    case AR_DTYPE_BF16:
        return ar_number_from_bfloat16(values->u16[i]);
    case AR_DTYPE_F16:
        return ar_number_from_half(values->u16[i]);
    }
    return 0;
}

static ar_status read_numbers(ar_safetensors *file, const ar_safetensor *tensor, ar_values values,
                              ar_error *err)
{
    block raw;
    for (int64_t first = 0; first < tensor->count; first += BLOCK) {
        int64_t count = tensor->count - first < BLOCK ? tensor->count - first : BLOCK;
        ar_status status = read_block(file, tensor, first, count, &raw, err);
        if (status != AR_OK) {
            return status;
        }
        for (int64_t i = 0; i < count; i++) {
            double value = element(&raw, tensor->dtype, i);
            if (values.floats) {
                values.floats[first + i] = (float)value;
            } else {
                values.doubles[first + i] = value;
            }
        }
    }
    return AR_OK;
}

ar_status ar_safetensors_read_float(ar_safetensors *file, const ar_safetensor *tensor,
                                    float *values, ar_error *err)
{
    return read_numbers(file, tensor, (ar_values){.floats = values}, err);
}

ar_status ar_safetensors_read_double(ar_safetensors *file, const ar_safetensor *tensor,
                                     double *values, ar_error *err)
{
    return read_numbers(file, tensor, (ar_values){.doubles = values}, err);
}

ar_status ar_safetensors_read_int64(ar_safetensors *file, const ar_safetensor *tensor,
                                    int64_t *values, ar_error *err)
{
    if (tensor->dtype != AR_DTYPE_I32 && tensor->dtype != AR_DTYPE_I64 &&
        tensor->dtype != AR_DTYPE_U8) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: tensor %s holds floating numbers, not integers",
                       file->path, tensor->name);
    }
    block raw;
    for (int64_t first = 0; first < tensor->count; first += BLOCK) {
        int64_t count = tensor->count - first < BLOCK ? tensor->count - first : BLOCK;
        ar_status status = read_block(file, tensor, first, count, &raw, err);
        if (status != AR_OK) {
            return status;
        }
        for (int64_t i = 0; i < count; i++) {
            values[first + i] = tensor->dtype == AR_DTYPE_I32   ? raw.i32[i]
                                : tensor->dtype == AR_DTYPE_I64 ? raw.i64[i]
                                                                : raw.u8[i];
        }
    }
    return AR_OK;
}

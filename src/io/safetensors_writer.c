/* Writing safetensors. The header is written by hand where it holds numbers: cJSON would turn large
 * offsets into 1e+15, which is no integer to strict readers. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/json.h"
#include "io/safetensors_private.h"

typedef struct {
    char *text;
    size_t capacity, length;
} text_buffer;

static ar_status append(text_buffer *buffer, ar_error *err, const char *format, ...)
    AR_PRINTF(3, 4);

static ar_status append(text_buffer *buffer, ar_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    ar_status status = ar_grow(&buffer->text, &buffer->capacity,
                               buffer->length + (size_t)length + 1, 1, "a header", err);
    if (status == AR_OK) {
        va_start(arguments, format);
        vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, arguments);
        va_end(arguments);
        buffer->length += (size_t)length;
    }
    return status;
}

/* A text in quotes, with what JSON wants escaped. */
static ar_status append_quoted(text_buffer *buffer, const char *text, ar_error *err)
{
    cJSON *string = cJSON_CreateString(text);
    char *quoted = string ? cJSON_PrintUnformatted(string) : NULL;
    ar_status status = quoted ? append(buffer, err, "%s", quoted)
                              : ar_fail(err, AR_ERROR_MEMORY, "out of memory for a header");
    cJSON_free(quoted);
    cJSON_Delete(string);
    return status;
}

static ar_status append_metadata(text_buffer *buffer, const ar_metadata *metadata, int64_t count,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(append(buffer, err, "\"__metadata__\":{"));
    for (int64_t i = 0; i < count; i++) {
        AR_TRY(append(buffer, err, "%s", i ? "," : ""));
        AR_TRY(append_quoted(buffer, metadata[i].key, err));
        AR_TRY(append(buffer, err, ":"));
        AR_TRY(append_quoted(buffer, metadata[i].value, err));
    }
    AR_TRY(append(buffer, err, "}"));
cleanup:
    return status;
}

static const char *dtype_name(ar_dtype dtype)
{
    int i = 0;
    while (ar_safetensors_dtypes[i].dtype != dtype) {
        i++;
    }
    return ar_safetensors_dtypes[i].name;
}

static ar_status append_tensor(text_buffer *buffer, const ar_safetensor *tensor, uint64_t offset,
                               uint64_t bytes, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(append_quoted(buffer, tensor->name, err));
    AR_TRY(append(buffer, err, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(tensor->dtype)));
    for (int d = 0; d < tensor->rank; d++) {
        AR_TRY(append(buffer, err, "%s%" PRId64, d ? "," : "", tensor->shape[d]));
    }
    AR_TRY(append(buffer, err, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", offset,
                  offset + bytes));
cleanup:
    return status;
}

static ar_status tensor_bytes(const char *path, const ar_safetensor *tensor, size_t *bytes,
                              ar_error *err)
{
    bool written = tensor->dtype == AR_DTYPE_F32 || tensor->dtype == AR_DTYPE_F64 ||
                   tensor->dtype == AR_DTYPE_I32 || tensor->dtype == AR_DTYPE_I64 ||
                   tensor->dtype == AR_DTYPE_U8;
    bool right = written && tensor->rank >= 0 && tensor->rank <= AR_SAFETENSORS_RANK_MAX;
    *bytes = written ? (size_t)ar_safetensors_dtype_bytes(tensor->dtype) : 0;
    for (int d = 0; d < tensor->rank && right; d++) {
        right = tensor->shape[d] >= 0 && ar_size_product(*bytes, (size_t)tensor->shape[d], bytes);
    }
    if (!right || strcmp(tensor->name, "__metadata__") == 0) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: tensor %s cannot be written: its %s is wrong",
                       path, tensor->name,
                       !written ? "dtype"
                       : right  ? "name"
                                : "rank or shape");
    }
    return AR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ar_status check_names(const char *path, const char **names, size_t count, const char *what,
                             ar_error *err)
{
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            return ar_fail(err, AR_ERROR_USAGE, "%s: %s %s would be there twice", path, what,
                           names[i]);
        }
    }
    return AR_OK;
}

static ar_status check_all_names(const char *path, const ar_safetensor *tensors,
                                 int64_t tensor_count, const ar_metadata *metadata,
                                 int64_t metadata_count, ar_error *err)
{
    ar_status status = AR_OK;
    const char **names = NULL;
    size_t largest = (size_t)(tensor_count > metadata_count ? tensor_count : metadata_count);
    AR_TRY(ar_allocate(&names, largest, sizeof *names, "names", err));
    for (int64_t i = 0; i < tensor_count; i++) {
        names[i] = tensors[i].name;
    }
    AR_TRY(check_names(path, names, (size_t)tensor_count, "tensor", err));
    for (int64_t i = 0; i < metadata_count; i++) {
        names[i] = metadata[i].key;
    }
    AR_TRY(check_names(path, names, (size_t)metadata_count, "metadata", err));
cleanup:
    ar_free(names);
    return status;
}

/* Wide elements come first, in the caller's order within a width, so that each tensor is aligned to
 * its elements in a file that is mapped into memory. */
static ar_status plan_order(const char *path, const ar_safetensor *tensors, int64_t count,
                            int64_t *order, size_t *bytes, ar_error *err)
{
    int64_t planned = 0;
    for (int64_t i = 0; i < count; i++) {
        ar_status status = tensor_bytes(path, &tensors[i], &bytes[i], err);
        if (status != AR_OK) {
            return status;
        }
    }
    for (uint64_t width = 8; width >= 1; width /= 2) {
        for (int64_t i = 0; i < count; i++) {
            if (ar_safetensors_dtype_bytes(tensors[i].dtype) == width) {
                order[planned++] = i;
            }
        }
    }
    return AR_OK;
}

static ar_status make_header(text_buffer *header, const char *path, const ar_safetensor *tensors,
                             int64_t tensor_count, const int64_t *order, const size_t *bytes,
                             const ar_metadata *metadata, int64_t metadata_count, ar_error *err)
{
    ar_status status = AR_OK;
    uint64_t offset = 0;
    AR_TRY(append(header, err, "{"));
    if (metadata_count > 0) {
        AR_TRY(append_metadata(header, metadata, metadata_count, err));
    }
    for (int64_t i = 0; i < tensor_count; i++) {
        uint64_t end;
        if (__builtin_add_overflow(offset, bytes[order[i]], &end)) {
            status = ar_fail(err, AR_ERROR_USAGE, "%s: too much data for one file", path);
            goto cleanup;
        }
        AR_TRY(append(header, err, "%s", i || metadata_count > 0 ? "," : ""));
        AR_TRY(append_tensor(header, &tensors[order[i]], offset, bytes[order[i]], err));
        offset = end;
    }
    AR_TRY(append(header, err, "}"));
    while (header->length % 8 != 0) {
        AR_TRY(append(header, err, " "));
    }
cleanup:
    return status;
}

ar_status ar_safetensors_write(const char *path, const ar_safetensor *tensors, int64_t tensor_count,
                               const ar_metadata *metadata, int64_t metadata_count, ar_error *err)
{
    ar_status status = AR_OK;
    ar_atomic_file file = {0};
    text_buffer header = {0};
    int64_t *order = NULL;
    size_t *bytes = NULL;
    AR_TRY(ar_allocate(&order, (size_t)tensor_count, sizeof *order, "tensors", err));
    AR_TRY(ar_allocate(&bytes, (size_t)tensor_count, sizeof *bytes, "tensors", err));
    AR_TRY(check_all_names(path, tensors, tensor_count, metadata, metadata_count, err));
    AR_TRY(plan_order(path, tensors, tensor_count, order, bytes, err));
    AR_TRY(make_header(&header, path, tensors, tensor_count, order, bytes, metadata, metadata_count,
                       err));
    AR_TRY(ar_atomic_file_open(&file, path, err));
    uint64_t length = header.length;
    AR_TRY(ar_atomic_file_write(&file, &length, sizeof length, err));
    AR_TRY(ar_atomic_file_write(&file, header.text, header.length, err));
    for (int64_t i = 0; i < tensor_count; i++) {
        AR_TRY(ar_atomic_file_write(&file, tensors[order[i]].data, bytes[order[i]], err));
    }
    AR_TRY(ar_atomic_file_commit(&file, err));
cleanup:
    ar_atomic_file_abandon(&file);
    ar_free(header.text);
    ar_free(order);
    ar_free(bytes);
    return status;
}

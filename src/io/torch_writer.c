/* Writing torch checkpoints: the pickle that torch.save makes of a state dict, but without a memo,
 * which no reader needs. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/safetensors_private.h"
#include "io/torch_archive_writer.h"
#include "io/torch_file.h"

/* Opcodes, by their names in Python's pickletools. */
enum {
    PROTO = 0x80,
    GLOBAL = 'c',
    REDUCE = 'R',
    MARK = '(',
    BINUNICODE = 'X',
    BININT1 = 'K',
    BININT2 = 'M',
    BININT = 'J',
    LONG1 = 0x8a,
    NEWFALSE = 0x89,
    EMPTY_TUPLE = ')',
    TUPLE = 't',
    BINPERSID = 'Q',
    SETITEMS = 'u',
    STOP = '.',
};

/* Storage types of the types that are written. */
static const struct {
    ar_dtype dtype;
    const char *name;
} storages[] = {{AR_DTYPE_F32, "torch\nFloatStorage\n"},
                {AR_DTYPE_F64, "torch\nDoubleStorage\n"},
                {AR_DTYPE_I32, "torch\nIntStorage\n"},
                {AR_DTYPE_I64, "torch\nLongStorage\n"},
                {AR_DTYPE_U8, "torch\nByteStorage\n"}};

static const char *storage_name(ar_dtype dtype)
{
    for (size_t i = 0; i < sizeof storages / sizeof *storages; i++) {
        if (storages[i].dtype == dtype) {
            return storages[i].name;
        }
    }
    return NULL;
}

/* ---- the pickle ------------------------------------------------------------------------------ */

static ar_status add_opcode(ar_torch_bytes *pickle, uint8_t code, ar_error *err)
{
    return ar_torch_bytes_add(pickle, &code, 1, err);
}

static ar_status add_integer(ar_torch_bytes *pickle, int64_t number, ar_error *err)
{
    ar_status status = AR_OK;
    const bool wide = number > INT32_MAX;
    const size_t size = number <= UINT8_MAX ? 1 : number <= UINT16_MAX ? 2 : wide ? 8 : 4;
    AR_TRY(add_opcode(pickle,
                      size == 1   ? BININT1
                      : size == 2 ? BININT2
                      : size == 4 ? BININT
                                  : LONG1,
                      err));
    if (wide) {
        AR_TRY(ar_torch_bytes_add_number(pickle, size, 1, err));
    }
    AR_TRY(ar_torch_bytes_add_number(pickle, (uint64_t)number, size, err));
cleanup:
    return status;
}

static ar_status add_text(ar_torch_bytes *pickle, const char *text, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(add_opcode(pickle, BINUNICODE, err));
    AR_TRY(ar_torch_bytes_add_number(pickle, strlen(text), 4, err));
    AR_TRY(ar_torch_bytes_add(pickle, text, strlen(text), err));
cleanup:
    return status;
}

static ar_status add_global(ar_torch_bytes *pickle, const char *name, ar_error *err)
{
    ar_status status = add_opcode(pickle, GLOBAL, err);
    return status == AR_OK ? ar_torch_bytes_add(pickle, name, strlen(name), err) : status;
}

static ar_status add_empty_dictionary(ar_torch_bytes *pickle, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(add_global(pickle, "collections\nOrderedDict\n", err));
    AR_TRY(add_opcode(pickle, EMPTY_TUPLE, err));
    AR_TRY(add_opcode(pickle, REDUCE, err));
cleanup:
    return status;
}

static ar_status add_tuple(ar_torch_bytes *pickle, const int64_t *numbers, int count, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(add_opcode(pickle, MARK, err));
    for (int i = 0; i < count; i++) {
        AR_TRY(add_integer(pickle, numbers[i], err));
    }
    AR_TRY(add_opcode(pickle, TUPLE, err));
cleanup:
    return status;
}

static ar_status add_storage(ar_torch_bytes *pickle, const ar_safetensor *tensor, int64_t storage,
                             int64_t elements, ar_error *err)
{
    ar_status status = AR_OK;
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)storage);
    AR_TRY(add_opcode(pickle, MARK, err));
    AR_TRY(add_text(pickle, "storage", err));
    AR_TRY(add_global(pickle, storage_name(tensor->dtype), err));
    AR_TRY(add_text(pickle, key, err));
    AR_TRY(add_text(pickle, "cpu", err));
    AR_TRY(add_integer(pickle, elements, err));
    AR_TRY(add_opcode(pickle, TUPLE, err));
    AR_TRY(add_opcode(pickle, BINPERSID, err));
cleanup:
    return status;
}

static ar_status add_tensor(ar_torch_bytes *pickle, const ar_safetensor *tensor, int64_t storage,
                            ar_error *err)
{
    ar_status status = AR_OK;
    int64_t stride[AR_SAFETENSORS_RANK_MAX], elements = 1;
    for (int d = tensor->rank - 1; d >= 0; d--) {
        stride[d] = elements;
        elements *= tensor->shape[d];
    }
    AR_TRY(add_text(pickle, tensor->name, err));
    AR_TRY(add_global(pickle, "torch._utils\n_rebuild_tensor_v2\n", err));
    AR_TRY(add_opcode(pickle, MARK, err));
    AR_TRY(add_storage(pickle, tensor, storage, elements, err));
    AR_TRY(add_integer(pickle, 0, err));
    AR_TRY(add_tuple(pickle, tensor->shape, tensor->rank, err));
    AR_TRY(add_tuple(pickle, stride, tensor->rank, err));
    AR_TRY(add_opcode(pickle, NEWFALSE, err));
    AR_TRY(add_empty_dictionary(pickle, err));
    AR_TRY(add_opcode(pickle, TUPLE, err));
    AR_TRY(add_opcode(pickle, REDUCE, err));
cleanup:
    return status;
}

static ar_status make_pickle(ar_torch_bytes *pickle, const ar_safetensor *tensors, int64_t count,
                             const int64_t *storage_of, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(add_opcode(pickle, PROTO, err));
    AR_TRY(add_opcode(pickle, 2, err));
    AR_TRY(add_empty_dictionary(pickle, err));
    AR_TRY(add_opcode(pickle, MARK, err));
    for (int64_t i = 0; i < count; i++) {
        AR_TRY(add_tensor(pickle, &tensors[i], storage_of[i], err));
    }
    AR_TRY(add_opcode(pickle, SETITEMS, err));
    AR_TRY(add_opcode(pickle, STOP, err));
cleanup:
    return status;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Bytes of a tensor that can be written. */
static ar_status check_tensor(const char *path, const ar_safetensor *tensor, size_t *bytes,
                              ar_error *err)
{
    bool right = tensor->rank >= 0 && tensor->rank <= AR_SAFETENSORS_RANK_MAX &&
                 storage_name(tensor->dtype) && strlen(tensor->name) <= UINT16_MAX;
    size_t largest = (size_t)ar_safetensors_dtype_bytes(tensor->dtype); /* strides skip zeros */
    *bytes = largest;
    for (int d = 0; right && d < tensor->rank; d++) {
        const size_t length = tensor->shape[d] > 0 ? (size_t)tensor->shape[d] : 1;
        right = tensor->shape[d] >= 0 && ar_size_product(largest, length, &largest) &&
                largest <= INT64_MAX;
        *bytes = tensor->shape[d] == 0 ? 0 : *bytes * length;
    }
    return right ? AR_OK
                 : ar_fail(err, AR_ERROR_USAGE,
                           "%s: tensor %.60s cannot be written: its dtype, rank, shape or name is "
                           "wrong",
                           path, tensor->name);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ar_status check_names(const char *path, const ar_safetensor *tensors, int64_t count,
                             ar_error *err)
{
    ar_status status = AR_OK;
    const char **names = NULL;
    AR_TRY(ar_allocate(&names, (size_t)count, sizeof *names, "names", err));
    for (int64_t i = 0; i < count; i++) {
        names[i] = tensors[i].name;
    }
    qsort(names, (size_t)count, sizeof *names, by_text);
    for (int64_t i = 1; i < count && status == AR_OK; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            status =
                ar_fail(err, AR_ERROR_USAGE, "%s: tensor %s would be there twice", path, names[i]);
        }
    }
cleanup:
    ar_free(names);
    return status;
}

/* A tensor is in the storage of the first one with its data; storages are numbered from 0. */
static void share_storages(const ar_safetensor *tensors, int64_t count, const size_t *bytes,
                           int64_t *storage_of)
{
    int64_t storage_count = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t first = 0;
        while (first < i &&
               (tensors[first].data != tensors[i].data || bytes[i] == 0 ||
                bytes[first] != bytes[i] || tensors[first].dtype != tensors[i].dtype)) {
            first++;
        }
        storage_of[i] = first < i ? storage_of[first] : storage_count++;
    }
}

ar_status ar_torch_write(const char *path, const ar_safetensor *tensors, int64_t tensor_count,
                         ar_error *err)
{
    ar_status status = AR_OK;
    ar_torch_archive_writer writer = {0};
    ar_torch_bytes pickle = {0};
    size_t *bytes = NULL;
    int64_t *storage_of = NULL, storage_count = 0;
    AR_TRY(ar_allocate(&bytes, (size_t)tensor_count, sizeof *bytes, "tensors", err));
    AR_TRY(ar_allocate(&storage_of, (size_t)tensor_count, sizeof *storage_of, "tensors", err));
    AR_TRY(check_names(path, tensors, tensor_count, err));
    for (int64_t i = 0; i < tensor_count; i++) {
        AR_TRY(check_tensor(path, &tensors[i], &bytes[i], err));
    }
    share_storages(tensors, tensor_count, bytes, storage_of);
    AR_TRY(make_pickle(&pickle, tensors, tensor_count, storage_of, err));
    AR_TRY(ar_atomic_file_open(&writer.file, path, err));
    AR_TRY(ar_torch_archive_add(&writer, "archive/data.pkl", pickle.data, pickle.count, err));
    AR_TRY(ar_torch_archive_add(&writer, "archive/byteorder", "little", 6, err));
    for (int64_t i = 0; i < tensor_count; i++) {
        char name[48];
        if (storage_of[i] == storage_count) {
            snprintf(name, sizeof name, "archive/data/%lld", (long long)storage_count++);
            AR_TRY(ar_torch_archive_add(&writer, name, tensors[i].data, bytes[i], err));
        }
    }
    AR_TRY(ar_torch_archive_add(&writer, "archive/version", "3\n", 2, err));
    AR_TRY(ar_torch_archive_commit(&writer, err));
cleanup:
    ar_torch_archive_release(&writer);
    ar_free(pickle.data);
    ar_free(bytes);
    ar_free(storage_of);
    return status;
}

/* Torch checkpoints, as torch.save(model.state_dict(), path) of torch 1.6 and later writes them: a
 * zip archive of stored members, one of them a pickle that says where the tensors lie in the
 * others. The reader takes state dicts only, and executes nothing. */
#ifndef AR_IO_TORCH_FILE_H
#define AR_IO_TORCH_FILE_H

#include "io/safetensors.h"

/* Element i, j, … of a tensor is element offset + i·stride[0] + j·stride[1] + … of its storage.
 * Several tensors may lie in one storage. */
typedef struct {
    char *name;
    ar_dtype dtype;
    int rank;
    int64_t shape[AR_SAFETENSORS_RANK_MAX];
    int64_t stride[AR_SAFETENSORS_RANK_MAX]; /* in elements, 0 or more */
    int64_t count;                           /* product of the shape */
    int64_t offset;                          /* in elements */
    struct ar_torch_member *storage;         /* of the archive */
} ar_torch_tensor;

typedef struct ar_torch_file ar_torch_file; /* an open file */

/* Open a checkpoint. It must hold a dict of names to tensors of torch.{Float, Double, Half,
 * BFloat16, Long, Int, Byte}Storage; anything else is an error that names the opcode or global and
 * its place. The file must not be changed while it is open. */
AR_USE_RESULT ar_status ar_torch_open(ar_torch_file **file, const char *path, ar_error *err);
void ar_torch_close(ar_torch_file **file); /* NULL-safe, sets NULL */
const char *ar_torch_path(const ar_torch_file *file);
int64_t ar_torch_count(const ar_torch_file *file);
const ar_torch_tensor *ar_torch_get(const ar_torch_file *file, int64_t index); /* borrowed */

/* Read a whole tensor in row-major order, converted to float; `values` holds tensor->count. The
 * first reading of a storage checks its checksum, so reading is not thread-safe. */
AR_USE_RESULT ar_status ar_torch_read_float(ar_torch_file *file, const ar_torch_tensor *tensor,
                                            float *values, ar_error *err);
/* The values themselves where they lie in the file as read_float would give them, so that nothing
 * is copied: borrowed until the file is closed. *values is NULL where they do not. */
AR_USE_RESULT ar_status ar_torch_borrow_float(ar_torch_file *file, const ar_torch_tensor *tensor,
                                              const float **values, ar_error *err);

/* Write tensors (F32, F64, I32, I64, U8; name, dtype, rank, shape and data are used) atomically to
 * `path`, so that torch.load(path, weights_only=True) of torch 1.13 and later gives an OrderedDict
 * of them. Tensors with the same data, dtype and size share a storage. Duplicate names are an
 * error. The same input gives the same bytes. */
AR_USE_RESULT ar_status ar_torch_write(const char *path, const ar_safetensor *tensors,
                                       int64_t tensor_count, ar_error *err);

#endif

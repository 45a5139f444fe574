/* A restricted pickle machine (protocol 2, as of Python's pickletools): it knows the opcodes that a
 * state dict is made of and the names that torch.save puts there, and makes a list of tensors of
 * them. Any other opcode or name is an error; nothing is ever executed. Every opcode costs a
 * constant amount of memory, so memory is bounded by the pickle's length. Private to the io room.
 */
#ifndef AR_IO_TORCH_PICKLE_H
#define AR_IO_TORCH_PICKLE_H

#include "io/torch_archive.h"
#include "io/torch_file.h"

/* Read the archive's pickle: a dict of names to tensors whose storages are members of the archive.
 * Every tensor lies in its storage. *tensors [*count] and the names are the caller's to ar_free. */
AR_USE_RESULT ar_status ar_torch_unpickle(const ar_torch_archive *archive,
                                          ar_torch_tensor **tensors, int64_t *count, ar_error *err);

#endif

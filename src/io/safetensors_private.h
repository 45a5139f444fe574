/* What reading and writing safetensors share. Private to the io room. */
#ifndef AR_IO_SAFETENSORS_PRIVATE_H
#define AR_IO_SAFETENSORS_PRIVATE_H

#include "io/safetensors.h"
#include "io/unpack.h"

/* Names of the types in the header, ended by a NULL name. */
struct ar_safetensors_dtype {
    const char *name;
    ar_dtype dtype;
    uint64_t bytes;
};
extern const struct ar_safetensors_dtype ar_safetensors_dtypes[];

uint64_t ar_safetensors_dtype_bytes(ar_dtype dtype); /* 0 for none of the types */

#endif

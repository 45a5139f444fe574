/* safetensors: the input is a whole file, read from memory under a file's name. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(ar_safetensors *file)
{
    ar_error err;
    for (int64_t i = 0; i < ar_safetensors_count(file); i++) {
        const ar_safetensor *tensor = ar_safetensors_get(file, i);
        double *values = NULL;
        if (ar_allocate(&values, (size_t)tensor->count, sizeof *values, "values", &err) != AR_OK ||
            ar_safetensors_read_double(file, tensor, values, &err) != AR_OK) {
            abort(); /* what was found right when it was opened can be read */
        }
        ar_free(values);
    }
    (void)ar_safetensors_metadata(file, "format");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int descriptor = -1;
    static char path[64];
    if (descriptor < 0) {
        descriptor = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != (ssize_t)size) {
        abort();
    }
    ar_safetensors *file = NULL;
    ar_error err;
    if (ar_safetensors_open(&file, path, &err) == AR_OK) {
        read_all(file);
    }
    ar_safetensors_close(&file);
    return 0;
}

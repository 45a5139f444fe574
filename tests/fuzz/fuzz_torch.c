/* Torch checkpoints: the input is a whole file, read from memory under a file's name. The checksums
 * of members are put right first, so that the fuzzer reaches what lies behind them. Seeds are in
 * tests/fuzz/torch, made by make_torch_corpus.py; torch.dict holds words of the format. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <zlib.h>

#include "base/memory.h"
#include "io/torch_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A plain directory's entries in order; what does not look like one is left alone. */
static void repair_checksums(uint8_t *file, size_t size)
{
    for (size_t at = 0; at + 46 <= size; at++) {
        uint32_t mark, bytes, local, checksum;
        uint16_t lengths[2];
        memcpy(&mark, file + at, 4);
        memcpy(&bytes, file + at + 24, 4);
        memcpy(&local, file + at + 42, 4);
        if (mark != 0x02014b50 || local > size - 30) {
            continue;
        }
        memcpy(lengths, file + local + 26, 4);
        size_t start = (size_t)local + 30 + lengths[0] + lengths[1];
        if (start <= size && bytes <= size - start) {
            checksum = (uint32_t)crc32(0, file + start, bytes);
            memcpy(file + at + 16, &checksum, 4);
        }
    }
}

static void read_all(ar_torch_file *file)
{
    ar_error err;
    for (int64_t i = 0; i < ar_torch_count(file); i++) {
        const ar_torch_tensor *tensor = ar_torch_get(file, i);
        const float *borrowed = NULL;
        float *values = NULL, sum = 0;
        if (ar_allocate(&values, (size_t)tensor->count, sizeof *values, "values", &err) != AR_OK) {
            abort(); /* a tensor is no larger than its file */
        }
        if (ar_torch_read_float(file, tensor, values, &err) == AR_OK &&
            ar_torch_borrow_float(file, tensor, &borrowed, &err) == AR_OK && borrowed &&
            memcmp(borrowed, values, (size_t)tensor->count * sizeof *values) != 0) {
            abort(); /* what is borrowed is what is read */
        }
        for (int64_t k = 0; borrowed && k < tensor->count; k++) {
            sum += borrowed[k];
        }
        (void)sum;
        ar_free(values);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int descriptor = -1;
    static char path[64];
    if (descriptor < 0) {
        descriptor = memfd_create("fuzz", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    }
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        return 0;
    }
    memcpy(copy, data, size);
    repair_checksums(copy, size);
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, copy, size, 0) != (ssize_t)size) {
        abort();
    }
    free(copy);
    ar_torch_file *file = NULL;
    ar_error err;
    if (ar_torch_open(&file, path, &err) == AR_OK) {
        read_all(file);
    }
    ar_torch_close(&file);
    return 0;
}

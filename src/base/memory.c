#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_llong allocations;
static atomic_llong allocations_until_failure = -1;

bool ar_size_product(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

bool ar_size_sum(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static void *allocate_aligned(size_t bytes)
{
    atomic_fetch_add(&allocations, 1);
    if (atomic_load(&allocations_until_failure) >= 0 &&
        atomic_fetch_sub(&allocations_until_failure, 1) == 0) {
        return NULL;
    }
    const size_t alignment = 64;
    size_t rounded;
    if (!ar_size_sum(bytes, alignment - 1, &rounded)) {
        return NULL;
    }
    rounded = rounded / alignment * alignment;
    void *memory = aligned_alloc(alignment, rounded ? rounded : alignment);
    if (memory) {
        memset(memory, 0, rounded ? rounded : alignment);
    }
    return memory;
}

ar_status ar_allocate(void *out, size_t count, size_t size, const char *what, ar_error *err)
{
    void *memory = NULL;
    size_t bytes = 0;
    bool fits = ar_size_product(count, size, &bytes);
    if (fits) {
        memory = allocate_aligned(bytes);
    }
    memcpy(out, &memory, sizeof memory);
    if (!memory) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory: %zu x %zu bytes for %s", count, size,
                       what);
    }
    return AR_OK;
}

ar_status ar_grow(void *array, size_t *capacity, size_t needed, size_t size, const char *what,
                  ar_error *err)
{
    if (needed <= *capacity) {
        return AR_OK;
    }
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < needed) {
        if (!ar_size_product(wanted, 2, &wanted)) {
            return ar_fail(err, AR_ERROR_MEMORY, "out of memory: %zu elements for %s", needed,
                           what);
        }
    }
    void *old;
    memcpy(&old, array, sizeof old);
    void *grown = NULL;
    ar_status status = ar_allocate(&grown, wanted, size, what, err);
    if (status != AR_OK) {
        return status;
    }
    if (old) {
        memcpy(grown, old, *capacity * size);
    }
    ar_free(old);
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return AR_OK;
}

ar_status ar_copy_string(char **out, const char *text, ar_error *err)
{
    size_t length = strlen(text) + 1;
    ar_status status = ar_allocate(out, length, 1, "a string", err);
    if (status == AR_OK) {
        memcpy(*out, text, length);
    }
    return status;
}

void ar_free(void *pointer)
{
    free(pointer);
}

int64_t ar_fail_allocation_after(int64_t count)
{
    static long long last;
    long long now = atomic_load(&allocations);
    int64_t made = now - last;
    last = now;
    atomic_store(&allocations_until_failure, count);
    return made;
}

int64_t ar_allocation_count(void)
{
    return atomic_load(&allocations);
}

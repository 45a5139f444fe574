#include "base/memory.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The sanitizer sees what is written beyond an end only in its own allocator's memory. */
#if defined(__SANITIZE_ADDRESS__)
#define LARGE_IS_MAPPED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LARGE_IS_MAPPED 0
#endif
#endif
#ifndef LARGE_IS_MAPPED
#define LARGE_IS_MAPPED 1
#endif

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20 };

static atomic_llong allocations;
static atomic_llong allocations_until_failure = -1;
static atomic_llong bytes_held, bytes_peak;

bool ar_size_product(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

bool ar_size_sum(size_t a, size_t b, size_t *result)
{
    return !__builtin_add_overflow(a, b, result);
}

static void hold(size_t bytes)
{
    const long long held = atomic_fetch_add(&bytes_held, (long long)bytes) + (long long)bytes;
    long long peak = atomic_load(&bytes_peak);
    while (held > peak && !atomic_compare_exchange_weak(&bytes_peak, &peak, held)) {
    }
}

static void let_go(size_t bytes)
{
    atomic_fetch_sub(&bytes_held, (long long)bytes);
}

/* Count an allocation; is it the one that a test wants to fail? */
static bool has_to_fail(void)
{
    atomic_fetch_add(&allocations, 1);
    return atomic_load(&allocations_until_failure) >= 0 &&
           atomic_fetch_sub(&allocations_until_failure, 1) == 0;
}

static void *allocate_aligned(size_t bytes)
{
    size_t rounded;
    if (has_to_fail() || !ar_size_sum(bytes, ALIGNMENT - 1, &rounded)) {
        return NULL;
    }
    rounded = rounded / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, rounded ? rounded : ALIGNMENT);
    if (memory) {
        memset(memory, 0, rounded ? rounded : ALIGNMENT);
        hold(malloc_usable_size(memory));
    }
    return memory;
}

/* Fresh pages from the system; what they are is told in the ALIGNMENT bytes before the memory. */
typedef struct {
    void *mapping;
    size_t length;
} large_head;

static void *map_pages(size_t bytes)
{
    large_head head;
    if (has_to_fail() || !ar_size_sum(bytes, ALIGNMENT + HUGE_PAGE, &head.length)) {
        return NULL;
    }
    head.mapping =
        mmap(NULL, head.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (head.mapping == MAP_FAILED) {
        return NULL;
    }
    /* Huge pages are aligned: begin at one. The pages before it are never touched. */
    char *first = (char *)(((uintptr_t)head.mapping + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    if (bytes >= HUGE_PAGE) {
        madvise(first, bytes + ALIGNMENT, MADV_HUGEPAGE); /* without it, pages are small */
    }
    memcpy(first, &head, sizeof head);
    hold(head.length);
    return first + ALIGNMENT;
}

static ar_status allocate(void *out, size_t count, size_t size, bool mapped, const char *what,
                          ar_error *err)
{
    void *memory = NULL;
    size_t bytes = 0;
    bool fits = ar_size_product(count, size, &bytes);
    if (fits) {
        memory = mapped ? map_pages(bytes) : allocate_aligned(bytes);
    }
    memcpy(out, &memory, sizeof memory);
    if (!memory) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory: %zu x %zu bytes for %s", count, size,
                       what);
    }
    return AR_OK;
}

ar_status ar_allocate(void *out, size_t count, size_t size, const char *what, ar_error *err)
{
    return allocate(out, count, size, false, what, err);
}

ar_status ar_allocate_large(void *out, size_t count, size_t size, const char *what, ar_error *err)
{
    return allocate(out, count, size, LARGE_IS_MAPPED, what, err);
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
    let_go(malloc_usable_size(pointer));
    free(pointer);
}

void ar_free_large(void *pointer)
{
    if (!LARGE_IS_MAPPED) {
        ar_free(pointer);
    } else if (pointer) {
        large_head head;
        memcpy(&head, (char *)pointer - ALIGNMENT, sizeof head);
        let_go(head.length);
        munmap(head.mapping, head.length);
    }
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

int64_t ar_memory_peak(bool restart)
{
    const long long peak = atomic_load(&bytes_peak);
    if (restart) {
        atomic_store(&bytes_peak, atomic_load(&bytes_held));
    }
    return peak;
}

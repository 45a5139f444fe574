/* Memory with checked sizes: products of sizes never overflow silently, and an allocation that
 * fails is an error with the name of what was wanted. ar_fail_allocation_after lets tests fail the
 * Nth allocation. */
#ifndef AR_BASE_MEMORY_H
#define AR_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Multiply or add without overflow; false when the result does not fit. */
bool ar_size_product(size_t a, size_t b, size_t *result);
bool ar_size_sum(size_t a, size_t b, size_t *result);

/* Allocate `count` zeroed elements of `size` bytes into *out (64-byte aligned). `what` names it in
 * the error. On failure *out is NULL. count 0 gives a valid pointer. Free with ar_free. */
AR_USE_RESULT ar_status ar_allocate(void *out, size_t count, size_t size, const char *what,
                                    ar_error *err);

/* Grow *array to hold at least `needed` elements; *capacity in elements, new elements are zero. */
AR_USE_RESULT ar_status ar_grow(void *array, size_t *capacity, size_t needed, size_t size,
                                const char *what, ar_error *err);

/* Copy a string; the caller frees it with ar_free. */
AR_USE_RESULT ar_status ar_copy_string(char **out, const char *text, ar_error *err);

void ar_free(void *pointer); /* NULL-safe */

/* The same for what may have hundreds of megabytes. It is zero without having been written: a page
 * comes to be where it is first touched, on the NUMA node of the thread that does, and what is
 * never touched takes no memory. Pages are huge (2 MiB) where the system lets a program ask for
 * them
 * (`madvise` or `always` in /sys/kernel/mm/transparent_hugepage/enabled). Free with ar_free_large.
 */
AR_USE_RESULT ar_status ar_allocate_large(void *out, size_t count, size_t size, const char *what,
                                          ar_error *err);
void ar_free_large(void *pointer); /* NULL-safe */

/* For tests: the allocation after the next `count` ones fails (-1: none fails). Returns how many
 * allocations were made since the last call. Not thread-safe. */
int64_t ar_fail_allocation_after(int64_t count);
int64_t ar_allocation_count(void); /* allocations made so far, all threads */

/* The most bytes that were allocated here and not freed yet, at any time since the start or the
 * last call with `restart`; pages of ar_allocate_large count whether they are touched or not, and
 * what libraries allocate does not. Thread-safe. */
int64_t ar_memory_peak(bool restart);

#endif

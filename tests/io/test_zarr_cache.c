/* The cache of decoded chunks keeps what was used last within its limit of 128 MiB, and gives the
 * memory of a chunk that has to go to one of the same size. Sizes are told, not allocated. */
#include "io/zarr_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"

static const size_t mib = 1 << 20;

static void *take(ar_zarr_cache *cache, int64_t number, size_t bytes)
{
    void *data = NULL;
    assert_int_equal(ar_allocate(&data, 1, 1, "", NULL), AR_OK);
    ar_zarr_cache_take(cache, (ar_zarr_cache_key){.number = number}, data, bytes);
    return data;
}

static const void *find(ar_zarr_cache *cache, int64_t number)
{
    return ar_zarr_cache_find(cache, (ar_zarr_cache_key){.number = number});
}

static void the_oldest_is_recycled(void **state)
{
    (void)state;
    ar_zarr_cache cache = {0};
    assert_null(ar_zarr_cache_recycle(&cache, 50 * mib)); /* nothing there */
    void *first = take(&cache, 1, 50 * mib), *second = take(&cache, 2, 50 * mib);
    assert_ptr_equal(find(&cache, 1), first);             /* now the second is the oldest */
    assert_null(ar_zarr_cache_recycle(&cache, 28 * mib)); /* there is room */
    assert_null(ar_zarr_cache_recycle(&cache, 49 * mib)); /* another size */
    void *recycled = ar_zarr_cache_recycle(&cache, 50 * mib);
    assert_ptr_equal(recycled, second);
    assert_null(find(&cache, 2));
    assert_ptr_equal(find(&cache, 1), first);
    assert_null(ar_zarr_cache_recycle(&cache, 50 * mib)); /* there is room for one again */
    ar_zarr_cache_take(&cache, (ar_zarr_cache_key){.number = 3}, recycled, 50 * mib);
    assert_ptr_equal(find(&cache, 3), recycled);
    /* one that is larger than the cache stays until the next comes, and is that one's memory */
    void *large = take(&cache, 4, 200 * mib);
    assert_null(find(&cache, 1));
    assert_ptr_equal(find(&cache, 4), large);
    recycled = ar_zarr_cache_recycle(&cache, 200 * mib);
    assert_ptr_equal(recycled, large);
    assert_int_equal(cache.bytes, 0);
    ar_free(recycled);
    ar_zarr_cache_release(&cache);
}

static void an_index_is_not_recycled(void **state)
{
    (void)state;
    ar_zarr_cache cache = {0};
    void *data = NULL;
    assert_int_equal(ar_allocate(&data, 1, 1, "", NULL), AR_OK);
    ar_zarr_cache_take(&cache, (ar_zarr_cache_key){.is_index = true}, data, 100 * mib);
    assert_null(ar_zarr_cache_recycle(&cache, 100 * mib));
    ar_zarr_cache_release(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_is_recycled),
                                       cmocka_unit_test(an_index_is_not_recycled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

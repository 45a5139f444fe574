#include "backend/cpu/attention_soften.h"

#include "backend/cpu/attention_vector.h"
#include "backend/cpu/block_product.h"

/* What query i sees of the keys; may be empty. */
static ar_key_range seen_by(const cpu_seen_keys *seen, int64_t i)
{
    const int64_t keys = seen->keys;
    const int64_t low = seen->block->low[i] - seen->offset;
    const int64_t high = seen->block->high[i] - seen->offset;
    const int64_t first = low < 0 ? 0 : low < keys ? low : keys;
    return (ar_key_range){first, high < first ? first : high < keys ? high : keys};
}

/* Whole vectors, and all of them seen? Then there is nothing to leave out. */
static bool sees_all(ar_key_range range, int64_t padded_keys)
{
    return range.first == 0 && range.end == padded_keys;
}

static int64_t padded_to_lanes(int64_t count)
{
    return (count + LANES - 1) / LANES * LANES;
}

LANES_INLINE lanes weights_at(const float *scores, int64_t j, const ar_key_range *range,
                              const bool masked, const bool rounded)
{
    const lanes weights = power_of_two(lanes_load(scores + j), rounded);
    return masked ? keep_lanes(weights, lanes_between(j, range->first, range->end)) : weights;
}

LANES_INLINE void soften_row(float *scores, int64_t keys, ar_key_range range, float *sums,
                             const bool masked, const bool rounded)
{
    /* Two sums, so that one addition need not wait for the other. */
    lanes sum = {0}, other = {0};
    int64_t j = 0;
    for (; j + 2 * LANES <= keys; j += 2 * LANES) {
        const lanes p = weights_at(scores, j, &range, masked, rounded);
        const lanes q = weights_at(scores, j + LANES, &range, masked, rounded);
        lanes_store(scores + j, p);
        lanes_store(scores + j + LANES, q);
        sum += p;
        other += q;
    }
    if (j < keys) {
        const lanes p = weights_at(scores, j, &range, masked, rounded);
        lanes_store(scores + j, p);
        sum += p;
    }
    lanes_store(sums, lanes_load(sums) + (sum + other));
}

LANES_INLINE void soften_rows(const cpu_seen_keys *seen, float *scores, float *sums,
                              const bool rounded)
{
    const int64_t keys = padded_to_lanes(seen->keys);
    for (int64_t i = 0; i < seen->block->rows; i++) {
        const ar_key_range range = seen_by(seen, i);
        if (sees_all(range, keys)) {
            soften_row(scores + i * BLOCK, keys, range, sums + i * LANES, false, rounded);
        } else {
            soften_row(scores + i * BLOCK, keys, range, sums + i * LANES, true, rounded);
        }
    }
}

void cpu_soften(const cpu_seen_keys *seen, float *scores, float *sums)
{
    if (seen->rounded) {
        soften_rows(seen, scores, sums, true);
    } else {
        soften_rows(seen, scores, sums, false);
    }
}

LANES_INLINE void soften_row_again(float *scores, float *slopes, int64_t keys, ar_key_range range,
                                   const bool masked, const bool rounded)
{
    for (int64_t j = 0; j < keys; j += LANES) {
        const lanes p = weights_at(scores, j, &range, masked, rounded);
        lanes ds = p * lanes_load(slopes + j);
        ds = rounded ? round_to_bf16(ds) : ds;
        lanes_store(scores + j, p);
        lanes_store(slopes + j,
                    masked ? keep_lanes(ds, lanes_between(j, range.first, range.end)) : ds);
    }
}

LANES_INLINE void soften_rows_again(const cpu_seen_keys *seen, float *scores, float *slopes,
                                    const bool rounded)
{
    const int64_t keys = padded_to_lanes(seen->keys);
    for (int64_t i = 0; i < seen->block->rows; i++) {
        const ar_key_range range = seen_by(seen, i);
        if (sees_all(range, keys)) {
            soften_row_again(scores + i * BLOCK, slopes + i * BLOCK, keys, range, false, rounded);
        } else {
            soften_row_again(scores + i * BLOCK, slopes + i * BLOCK, keys, range, true, rounded);
        }
    }
}

void cpu_soften_again(const cpu_seen_keys *seen, float *scores, float *slopes)
{
    if (seen->rounded) {
        soften_rows_again(seen, scores, slopes, true);
    } else {
        soften_rows_again(seen, scores, slopes, false);
    }
}

void cpu_find_largest(const cpu_seen_keys *seen, const float *scores, float *largest)
{
    for (int64_t i = 0; i < seen->block->rows; i++) {
        const ar_key_range range = seen_by(seen, i);
        float high = largest[i];
#pragma omp simd reduction(max : high)
        for (int64_t j = range.first; j < range.end; j++) {
            high = scores[i * BLOCK + j] > high ? scores[i * BLOCK + j] : high;
        }
        largest[i] = high;
    }
}

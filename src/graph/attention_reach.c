#include "graph/attention_reach.h"

ar_key_range ar_attention_range(const ar_attention_reach *reach, int axis, int64_t position)
{
    const int64_t queries = reach->queries[axis], keys = reach->keys[axis];
    if (!reach->limited[axis]) {
        return (ar_key_range){0, keys};
    }
    /* Beyond the whole axis a distance changes nothing, and could overflow. */
    const int64_t distance = reach->distance[axis] < queries ? reach->distance[axis] : queries;
    const int64_t low = position > distance ? position - distance : 0;
    const int64_t high = position + 1 + distance < queries ? position + 1 + distance : queries;
    return (ar_key_range){low * keys / queries, (high * keys + queries - 1) / queries};
}

bool ar_attention_sees(const ar_attention_reach *reach, int64_t query, int64_t key)
{
    for (int axis = AR_AXIS_COUNT; axis-- > 0;) {
        const ar_key_range range = ar_attention_range(reach, axis, query % reach->queries[axis]);
        const int64_t place = key % reach->keys[axis];
        if (place < range.first || place >= range.end) {
            return false;
        }
        query /= reach->queries[axis];
        key /= reach->keys[axis];
    }
    return true;
}

bool ar_attention_limits(const ar_attention_reach *reach, int axis)
{
    return ar_attention_range(reach, axis, 0).end < reach->keys[axis] ||
           ar_attention_range(reach, axis, reach->queries[axis] - 1).first > 0;
}

double ar_attention_pairs(const ar_attention_reach *reach)
{
    double pairs = 1;
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        int64_t sum = 0;
        for (int64_t p = 0; p < reach->queries[axis]; p++) {
            const ar_key_range range = ar_attention_range(reach, axis, p);
            sum += range.end - range.first;
        }
        pairs *= (double)sum;
    }
    return pairs;
}

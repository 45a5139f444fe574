#include "base/random.h"

#include <math.h>

void ar_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4])
{
    uint32_t k[2] = {key[0], key[1]};
    for (int i = 0; i < 4; i++) {
        result[i] = counter[i];
    }
    for (int round = 0; round < AR_PHILOX_ROUNDS; round++) {
        ar_philox_round(result, k);
        ar_philox_next_key(k);
    }
}

uint32_t ar_random_bits(ar_random *stream)
{
    const uint32_t counter[4] = {stream->next / 4, stream->sample, stream->step, stream->purpose};
    const uint32_t key[2] = {(uint32_t)stream->seed, (uint32_t)(stream->seed >> 32)};
    uint32_t words[4];
    ar_philox(counter, key, words);
    return words[stream->next++ % 4];
}

double ar_random_uniform(ar_random *stream)
{
    return ar_random_bits(stream) * 0x1p-32;
}

double ar_random_normal(ar_random *stream)
{
    double radius = sqrt(-2.0 * log((ar_random_bits(stream) + 1.0) * 0x1p-32));
    double angle = 2.0 * M_PI * ar_random_uniform(stream);
    return radius * cos(angle);
}

int64_t ar_random_below(ar_random *stream, int64_t bound)
{
    /* Rejecting the first 2^64 mod bound values leaves every remainder equally likely. */
    uint64_t range = (uint64_t)bound;
    uint64_t threshold = (0 - range) % range;
    for (;;) {
        uint64_t high = ar_random_bits(stream);
        uint64_t bits = high << 32 | ar_random_bits(stream);
        if (bits >= threshold) {
            return (int64_t)(bits % range);
        }
    }
}

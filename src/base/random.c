#include "base/random.h"

#include <math.h>

static void multiply_wide(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low)
{
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

void ar_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint32_t high0, low0, high1, low1;
        multiply_wide(0xD2511F53u, c0, &high0, &low0);
        multiply_wide(0xCD9E8D57u, c2, &high1, &low1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    result[0] = c0;
    result[1] = c1;
    result[2] = c2;
    result[3] = c3;
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

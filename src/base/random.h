/* Random numbers from a counter: the same (seed, step, sample, purpose, index) gives the same
 * number on any thread in any order, and there is no state to save.
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * All functions are pure and thread-safe. */
#ifndef AR_BASE_RANDOM_H
#define AR_BASE_RANDOM_H

#include <stdint.h>

typedef enum {
    AR_RANDOM_PARAMETERS = 1, /* initial values of parameters */
    AR_RANDOM_CUBE_TIME,
    AR_RANDOM_CUBE_PLACE,
    AR_RANDOM_MASK,
    AR_RANDOM_NOISE,
    AR_RANDOM_COARSEN,
    AR_RANDOM_BOOTSTRAP,
    AR_RANDOM_TEST,
    AR_RANDOM_DROPOUT,
    AR_RANDOM_MONTH,           /* which month a slot holds */
    AR_RANDOM_TAIL,            /* which tail a trajectory goes on from */
    AR_RANDOM_MASK_SHAPE,      /* what all fields of a sample have in common */
    AR_RANDOM_DISPLACEMENT,    /* where the targets of a sample lie */
    AR_RANDOM_VALIDATION = 64, /* added to a purpose for validation samples */
} ar_random_purpose;

/* A stream of numbers that belongs to one thing to be drawn. */
typedef struct {
    uint64_t seed;
    uint32_t step;    /* training step, or number of the parameter … */
    uint32_t sample;  /* sample in the batch, over all ranks */
    uint32_t purpose; /* ar_random_purpose, plus 256·n where fields or layers draw apart */
    uint32_t next;    /* how many numbers have been drawn */
} ar_random;

uint32_t ar_random_bits(ar_random *stream);
double ar_random_uniform(ar_random *stream); /* in [0, 1), 32 random bits */
double ar_random_normal(ar_random *stream);  /* standard normal (Box and Muller 1958) */
int64_t ar_random_below(ar_random *stream, int64_t bound); /* in [0, bound), bound ≥ 1, unbiased */

/* Philox by rounds, for those who work on many counters side by side: AR_PHILOX_ROUNDS times a
 * round on each counter, and the next key. */
enum { AR_PHILOX_ROUNDS = 10 };
#define AR_PHILOX_MULTIPLIER0 0xD2511F53u
#define AR_PHILOX_MULTIPLIER1 0xCD9E8D57u
static inline void ar_philox_round(uint32_t c[4], const uint32_t key[2])
{
    const uint64_t product0 = (uint64_t)AR_PHILOX_MULTIPLIER0 * c[0],
                   product1 = (uint64_t)AR_PHILOX_MULTIPLIER1 * c[2];
    c[0] = (uint32_t)(product1 >> 32) ^ c[1] ^ key[0];
    c[1] = (uint32_t)product1;
    c[2] = (uint32_t)(product0 >> 32) ^ c[3] ^ key[1];
    c[3] = (uint32_t)product0;
}
static inline void ar_philox_next_key(uint32_t key[2])
{
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
}

/* The four words of Philox 4x32-10 for a counter and key; published test vectors check it. */
void ar_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t result[4]);

#endif

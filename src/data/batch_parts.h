/* The parts that filling a batch consists of. Private to the room: see batch.h for the shapes. */
#ifndef AR_DATA_BATCH_PARTS_H
#define AR_DATA_BATCH_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "data/batch.h"

/* What becomes of a token, a sum of these. */
enum {
    AR_TOKEN_MISSING = 1, /* has values that are missing */
    AR_TOKEN_TARGET = 2,  /* is to be predicted */
    AR_TOKEN_ZERO = 4,    /* shows nothing to the network */
};

/* One sample of one field: where its parts of the batch are. */
typedef struct {
    const ar_cube_space *space;
    int64_t field; /* index into the space */
    ar_cube cube;
    float *source;  /* [T][V] */
    float *info;    /* [T][8] */
    uint8_t *state; /* [T] */
    float *scratch; /* [ar_sample_scratch()] of this thread */
} ar_sample;

/* Floats of scratch memory that the functions below need for a field. */
int64_t ar_sample_scratch(const ar_field_tokens *shape);

/* Normalised values into `source`, NaN where there are none; sets `state` to MISSING or 0. */
void ar_sample_read(const ar_sample *sample);

/* The 8 numbers of every token. */
void ar_sample_describe(const ar_sample *sample);

/* Put displaced targets, of the cube's `wanted`, in the place of those that `state` has: their
 * values into `source`, where some are missing NaN, and unless `for_inference` MISSING and no
 * TARGET any more; their token information into `info`, and into `displacement`
 * [T][AR_DISPLACEMENT_SIZE] what ar_displacement_describe says. */
void ar_sample_displace(const ar_sample *sample, float *displacement, bool for_inference);

/* Row of the grid that row y of the points of a token lies on, where it is displaced as the
 * sample's targets are; −1 beyond a pole. `token` is its number in the sample. */
int64_t ar_sample_wanted_row(const ar_sample *sample, int64_t token, int64_t y);

/* Where and when a token is, as ar_sample_describe tells it: time of its last points, mean latitude
 * and longitude of its points, degrees between them. */
typedef struct {
    int64_t time;
    double latitude, longitude, resolution;
} ar_token_place;
/* All of token information but the level. */
void ar_token_describe(float info[AR_TOKEN_INFO_SIZE], const ar_cube_space *space,
                       const ar_token_place *place, ar_calendar calendar);

/* Add TARGET and ZERO to `state`, of sample `number` of the batch. */
void ar_sample_draw_targets(const ar_sample *sample, const ar_masking *masking, const ar_draw *draw,
                            int64_t number, bool for_inference);

/* Noise and coarsen a token [V] with the probabilities of the field. */
void ar_token_disturb(const ar_field_tokens *shape, float *token, float *scratch, ar_random *noise,
                      ar_random *coarsen);

/* Bring a block [size] to [coarse] points by trilinear interpolation between cell centres, and
 * back. scratch [2·V]. */
void ar_token_coarsen(float *token, const int64_t size[3], const int64_t coarse[3], float *scratch);

/* The stream of a sample (its number over all ranks) for a purpose and field. */
ar_random ar_draw_stream(const ar_draw *draw, int64_t sample, ar_random_purpose purpose,
                         int64_t field);

#endif

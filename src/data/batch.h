/* From fields to what the network eats: space-time cubes cut into tokens, token information, masks
 * and targets. Shapes: L levels, (nt, ny, nx) tokens, (st, sy, sx) points a token, V = st·sy·sx, T
 * = L·nt·ny·nx tokens a sample, B samples; rows of tokens are ordered [B][L][nt][ny][nx]. */
#ifndef AR_DATA_BATCH_H
#define AR_DATA_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "data/displacement.h"
#include "data/alpha.h"
#include "data/normalisation.h"

/* What the 8 numbers of token information are. */
typedef enum {
    AR_TOKEN_INFO_RELEASED, /* year, day of year from 0, hour, level, 90−latitude, longitude, level,
                             * resolution in degrees: the raw numbers of the released models */
    AR_TOKEN_INFO_HARMONIC, /* sin, cos of latitude; sin, cos of longitude; sin, cos of the hour's
                             * and of the day of year's angle: all of order one */
} ar_token_info_kind;

enum { AR_TOKEN_INFO_SIZE = 8 };

typedef enum {
    AR_MASK_BERT,     /* a random share of the tokens of each field and level */
    AR_MASK_FORECAST, /* all tokens of `forecast_tokens` time tokens, the last but `known_after`,
                       * set to zero; of fields that are not static */
    AR_MASK_GAPS,     /* all tokens with missing values are targets, set to zero */
    AR_MASK_NONE,     /* nothing masked but tokens with missing values; no targets */
} ar_mask_strategy;

typedef struct {
    ar_mask_strategy strategy;
    int64_t forecast_tokens;
    int64_t known_after; /* time tokens after the masked ones; 0 for a forecast */
    /* AR_MASK_BERT: probabilities that in a sample, instead of single tokens, whole time tokens (in
     * all places) or whole places (at all times) are drawn (sum at most 1; Feichtenhofer et al.
     * 2022), and that all its fields and levels have the same draws. */
    double whole_times, whole_places, together;
} ar_masking;

/* How one field is cut and masked; the shape part of a field's configuration. */
typedef struct {
    int64_t tokens[3];     /* nt, ny, nx */
    int64_t token_size[3]; /* st, sy, sx */
    /* AR_MASK_BERT, for each sample, field and level: ratio ~ U(0, mask_ratio); ⌈ratio·nt·ny·nx⌉
     * tokens (⌈ratio·nt⌉ times, ⌈ratio·ny·nx⌉ places) are drawn, and all are targets. Each is then,
     * independently and in this order, with probability mask_zero set to 0; with mask_noise
     * replaced by (1−w)·value + 0.1·N(0, 1), one w ~ U(0, 1) a token; with mask_coarsen brought
     * trilinearly to f·(st, sy, sx) points, f ~ U(½, 1), and back. (Values are normalised: 0 is
     * their mean, 1 their standard deviation.) */
    double mask_ratio, mask_zero, mask_noise, mask_coarsen;
} ar_field_tokens;

/* The fields of one model on one grid and one time axis. Borrows fields and normalisations. */
typedef struct {
    int64_t field_count;
    const ar_field_data *const *fields;            /* [field_count] */
    const ar_normalisation *const *normalisations; /* [field_count] */
    const ar_field_tokens *tokens; /* [field_count]; nt·st, ny·sy and nx·sx are equal */
    /* [field_count], or NULL for none: the field that a field is a stream of, −1 for no stream. A
     * stream has the data and normalisation of its field and shows what that shows, hidden values
     * as they are there, in other tokens. It has no targets. */
    const int64_t *stream_of;
    ar_token_info_kind token_info;
    ar_alpha alpha;          /* what tokens are told instead of their date; zeros: their date */
    int64_t time_step;       /* seconds between the points of a cube in time */
    int64_t token_doublings; /* points of a cube lie 2^token_doublings points of the data apart, in
                              * latitude and longitude */
    const ar_tau *tau;       /* displacements that samplers draw; NULL: none */
} ar_cube_space;

typedef struct {
    int64_t first_time;              /* seconds: of the cube's first time */
    int64_t first_row, first_column; /* north-western point in the grid */
    ar_displacement wanted;          /* where its targets lie; zeros: at their tokens */
} ar_cube;

typedef struct {
    int64_t token_count, values; /* T and V */
    float *source;               /* [B·T][V] normalised, masked */
    float *token_info;           /* [B·T][8] of displaced targets that of what is wanted */
    float *displacement; /* [B·T][AR_DISPLACEMENT_SIZE] of targets, ar_displacement_describe; else 0
                          */
    int32_t *masked; /* [masked_count] rows of B·T that are targets, ordered level by level, inside
                      * a level sample by sample */
    float *target;   /* [masked_count][V] normalised truth */
    float *target_area; /* [masked_count][sy] cos φ of the rows of points of each target: what a
                         * point stands for, relative to one at the equator */
    int64_t masked_count;
} ar_field_batch;

typedef struct ar_batch_work ar_batch_work; /* what filling needs and must not allocate */

typedef struct {
    int64_t sample_capacity, sample_count;
    int64_t field_count;
    ar_field_batch *fields;
    ar_cube *cubes; /* [sample_count] */
    ar_batch_work *work;
} ar_batch;

/* Points of the data from one point of a cube to the next in latitude and longitude. */
static inline int64_t ar_cube_space_stride(const ar_cube_space *space)
{
    return (int64_t)1 << space->token_doublings;
}

/* Check that the fields share a grid, a calendar and cube extents that fit into the grid (an error
 * says which field, its value, and the largest that fits), that the cube's points lie alike all
 * around the globe, that normalisations have the shape of their fields, and that masking
 * probabilities are probabilities. Whether the times suffice is for ar_sampler_init to say: a
 * forecast needs fewer than a cube has. */
AR_USE_RESULT ar_status ar_cube_space_check(const ar_cube_space *space, ar_error *err);
/* Check that the masked time tokens lie in the cube and leave at least one that is known, in every
 * field. */
AR_USE_RESULT ar_status ar_masking_check(const ar_masking *masking, const ar_cube_space *space,
                                         ar_error *err);

/* The field that this one is a stream of, −1 for none. */
static inline int64_t ar_cube_space_stream_of(const ar_cube_space *space, int64_t field)
{
    return space->stream_of ? space->stream_of[field] : -1;
}

/* Points of a cube in time, latitude and longitude: nt·st, ny·sy, nx·sx. */
void ar_cube_extent(const ar_field_tokens *shape, int64_t extent[3]);
/* Points of the data that so many of a cube's own span, the first and the last included. */
static inline int64_t ar_cube_span(const ar_cube_space *space, int64_t points)
{
    return (points - 1) * ar_cube_space_stride(space) + 1;
}

/* Allocate for up to sample_capacity cubes of a checked space. Release with ar_batch_release. */
AR_USE_RESULT ar_status ar_batch_init(ar_batch *batch, const ar_cube_space *space,
                                      int64_t sample_capacity, ar_error *err);
void ar_batch_release(ar_batch *batch);

/* What decides the random part of a batch. Sample k of step n is the same whatever the number of
 * threads, and whatever other samples the batch has. */
typedef struct {
    uint64_t seed;
    uint32_t step;
    uint32_t first_sample;
    bool validation; /* draws from streams of its own */
} ar_draw;

/* Fill the batch for the given cubes (cubes[sample_count], sample_count ≤ sample_capacity; they lie
 * within the latitudes, and within the longitudes where these do not wrap). Values are normalised
 * with the statistics of the month of their time. Times of a cube that the data does not have, and
 * values that are missing or infinite, make their tokens masked (zero) and, but with AR_MASK_GAPS,
 * never targets; so does AR_MASK_NONE's data.
 * With AR_MASK_FORECAST the data of the masked times need not exist when `for_inference`: all
 * tokens of the masked time tokens are then listed in `masked`, and target is NaN where there is no
 * data, as that of AR_MASK_GAPS is. Of a cube with `wanted` targets are displaced
 * (data/displacement.h): they are shown as zeros, neither noised nor coarsened, and what was said
 * of missing values holds of the values at the displaced place and time, which outside of
 * space->tau's period and beyond a pole or the edge of a region do not exist. Parallel over samples
 * inside. No allocation. */
void ar_batch_fill(ar_batch *batch, const ar_cube_space *space, const ar_cube *cubes,
                   int64_t sample_count, const ar_masking *masking, const ar_draw *draw,
                   bool for_inference);

typedef struct ar_month_schedule ar_month_schedule;

/* Which cubes may be drawn; all where all is zero. */
typedef struct {
    bool has_region;                 /* cubes lie in it wholly */
    double north, west, south, east; /* degrees; eastward from west to east */
    bool has_location;               /* cubes are those whose centres are nearest to it */
    double latitude, longitude;      /* degrees */
    uint32_t months, hours;          /* of a cube's first time: bits 1 to 12 and 0 to 23; 0: all */
} ar_sampling;

/* Draws cubes: first times uniform over all windows that lie wholly in [first_time, last_time] and
 * have no gap in any field; latitude by area (the centre's density ∝ cos φ) over where cubes fit,
 * longitude uniform (wrapping on a global grid). A cube never crosses a pole. Where an ar_sampling
 * leaves out some, the same holds of the others. */
typedef struct {
    const ar_cube_space *space;
    int64_t window_count;
    int64_t *window_times;  /* [window_count] possible first times */
    int64_t row_count;      /* possible first rows: nlat − rows + 1 */
    double *row_cumulative; /* [row_count] cumulative probability */
    int64_t column_count; /* possible first columns: nlon where it wraps, else nlon − columns + 1 */
    int64_t *columns;     /* [column_count] */
    const ar_month_schedule *months; /* NULL: times are drawn from all windows; else from those of
                                      * the months that are in memory (data/months.h); borrowed */
} ar_sampler;

/* No such window is an error that tells the times the fields have in common; so is a sampling that
 * leaves none. Borrows `space`; `sampling` may be NULL: all. */
AR_USE_RESULT ar_status ar_sampler_init(ar_sampler *sampler, const ar_cube_space *space,
                                        const ar_sampling *sampling, int64_t first_time,
                                        int64_t last_time, ar_error *err);
void ar_sampler_release(ar_sampler *sampler);
/* Draw cubes[count] for samples draw->first_sample … + count − 1. Thread-safe. */
void ar_sampler_draw(const ar_sampler *sampler, const ar_draw *draw, ar_cube *cubes, int64_t count);

/* Cut a horizontal-time block back from tokens: copy token values [V] between a cube's points
 * [nt·st][ny·sy][nx·sx] of one level and token rows, for tools and tests. to_tokens false: tokens →
 * points. */
void ar_tokens_copy(const ar_field_tokens *shape, float *points, float *tokens, bool to_tokens);

#endif

#include "backend/cpu/attention_tile.h"

#include <math.h>

#include "backend/cpu/attention_vector.h"

/* Four floats: tiles are turned in squares of four, which every processor has shuffles for. */
typedef float four __attribute__((vector_size(16)));
typedef four stored_four __attribute__((aligned(4), may_alias));

ALWAYS_INLINE void turn_square(four s[4])
{
    const four low = __builtin_shufflevector(s[0], s[1], 0, 4, 1, 5);
    const four high = __builtin_shufflevector(s[0], s[1], 2, 6, 3, 7);
    const four other_low = __builtin_shufflevector(s[2], s[3], 0, 4, 1, 5);
    const four other_high = __builtin_shufflevector(s[2], s[3], 2, 6, 3, 7);
    s[0] = __builtin_shufflevector(low, other_low, 0, 1, 4, 5);
    s[1] = __builtin_shufflevector(low, other_low, 2, 3, 6, 7);
    s[2] = __builtin_shufflevector(high, other_high, 0, 1, 4, 5);
    s[3] = __builtin_shufflevector(high, other_high, 2, 3, 6, 7);
}

void cpu_tile_load(float *tile, const float *const rows[TILE_TOKENS], int64_t size)
{
    const int64_t whole = size / 4 * 4;
    for (int t = 0; t < TILE_TOKENS; t += 4) {
        for (int64_t d = 0; d < whole; d += 4) {
            four square[4];
            for (int i = 0; i < 4; i++) {
                square[i] = *(const stored_four *)(rows[t + i] + d);
            }
            turn_square(square);
            for (int i = 0; i < 4; i++) {
                *(stored_four *)(tile + (d + i) * TILE_TOKENS + t) = square[i];
            }
        }
    }
    for (int64_t d = whole; d < size; d++) {
        for (int t = 0; t < TILE_TOKENS; t++) {
            tile[d * TILE_TOKENS + t] = rows[t][d];
        }
    }
}

void cpu_tile_store(const float *tile, float *const rows[TILE_TOKENS], int64_t size,
                    bool accumulate)
{
    const int64_t whole = size / 4 * 4;
    for (int t = 0; t < TILE_TOKENS; t += 4) {
        for (int64_t d = 0; d < whole; d += 4) {
            four square[4];
            for (int i = 0; i < 4; i++) {
                square[i] = *(const stored_four *)(tile + (d + i) * TILE_TOKENS + t);
            }
            turn_square(square);
            for (int i = 0; i < 4; i++) {
                stored_four *to = (stored_four *)(rows[t + i] + d);
                if (accumulate) {
                    square[i] += *to;
                }
                *to = square[i];
            }
        }
    }
    for (int64_t d = whole; d < size; d++) {
        for (int t = 0; t < TILE_TOKENS; t++) {
            const float value = tile[d * TILE_TOKENS + t];
            rows[t][d] = accumulate ? rows[t][d] + value : value;
        }
    }
}

/* Of LANES tokens of a tile: mean and 1/sqrt(variance + ε). */
ALWAYS_INLINE void moments_of(const float *x, int64_t size, float epsilon, vector *mean,
                              vector *inverse)
{
    vector sum = {0}, square = {0};
    for (int64_t d = 0; d < size; d++) {
        sum += load_vector(x + d * TILE_TOKENS);
    }
    *mean = sum / (float)size;
    for (int64_t d = 0; d < size; d++) {
        const vector deviation = load_vector(x + d * TILE_TOKENS) - *mean;
        square += deviation * deviation;
    }
    square = square / (float)size + epsilon;
    float roots[LANES];
    store_vector(roots, square);
    for (int i = 0; i < LANES; i++) {
        roots[i] = sqrtf(roots[i]);
    }
    *inverse = 1.0f / load_vector(roots);
}

void cpu_tile_normalise(float *tile, int64_t size, const cpu_head_norm *norm)
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        float *x = tile + lane;
        vector mean, inverse;
        moments_of(x, size, norm->epsilon, &mean, &inverse);
        for (int64_t d = 0; d < size; d++) {
            const float scale = norm->scale ? norm->scale[d] : 1.0f;
            const float shift = norm->shift ? norm->shift[d] : 0.0f;
            const vector normal = (load_vector(x + d * TILE_TOKENS) - mean) * inverse;
            store_vector(x + d * TILE_TOKENS, normal * scale + shift);
        }
    }
}

void cpu_tile_normalise_adjoint(const float *x, float *gradient, int64_t size,
                                const cpu_head_norm *norm, float *scale_sum, float *shift_sum)
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        vector mean, inverse, sum = {0}, sum_normal = {0};
        moments_of(x + lane, size, norm->epsilon, &mean, &inverse);
        for (int64_t d = 0; d < size; d++) {
            const int64_t at = d * TILE_TOKENS + lane;
            const vector normal = (load_vector(x + at) - mean) * inverse;
            vector slope = load_vector(gradient + at);
            store_vector(scale_sum + at, load_vector(scale_sum + at) + slope * normal);
            store_vector(shift_sum + at, load_vector(shift_sum + at) + slope);
            slope *= norm->scale ? norm->scale[d] : 1.0f;
            sum += slope;
            sum_normal += slope * normal;
            store_vector(gradient + at, slope);
        }
        sum /= (float)size;
        sum_normal /= (float)size;
        for (int64_t d = 0; d < size; d++) {
            const int64_t at = d * TILE_TOKENS + lane;
            const vector normal = (load_vector(x + at) - mean) * inverse;
            store_vector(gradient + at,
                         inverse * (load_vector(gradient + at) - sum - normal * sum_normal));
        }
    }
}

void cpu_tile_squares(const float *tile, int64_t size, float squares[TILE_TOKENS])
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        vector sum = {0};
        for (int64_t d = 0; d < size; d++) {
            const vector x = load_vector(tile + d * TILE_TOKENS + lane);
            sum += x * x;
        }
        store_vector(squares + lane, sum);
    }
}

void cpu_tile_scale(float *tile, int64_t size, bool rounded, float factor)
{
    for (int64_t at = 0; at < size * TILE_TOKENS; at += LANES) {
        const vector x = load_vector(tile + at);
        store_vector(tile + at, (rounded ? round_to_bf16(x) : x) * factor);
    }
}

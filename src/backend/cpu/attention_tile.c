#include "backend/cpu/attention_tile.h"

#include "backend/cpu/attention_vector.h"

/* Four floats: tiles are turned in squares of four, which every processor has shuffles for. */
typedef float four __attribute__((vector_size(16)));

LANES_INLINE four load_four(const float *from)
{
    four values;
    memcpy(&values, from, sizeof values);
    return values;
}

LANES_INLINE void store_four(float *to, four values)
{
    memcpy(to, &values, sizeof values);
}

LANES_INLINE void turn_square(four s[4])
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

void cpu_tile_load(cpu_tile tile, const float *const rows[TILE_TOKENS])
{
    const int64_t whole = tile.size / 4 * 4;
    for (int t = 0; t < TILE_TOKENS; t += 4) {
        const float *const from[4] = {rows[t], rows[t + 1], rows[t + 2], rows[t + 3]};
        float *to = tile.at + t;
        for (int64_t d = 0; d < whole; d += 4) {
            four square[4] = {load_four(from[0] + d), load_four(from[1] + d),
                              load_four(from[2] + d), load_four(from[3] + d)};
            turn_square(square);
            store_four(to, square[0]);
            store_four(to + tile.stride, square[1]);
            store_four(to + 2 * tile.stride, square[2]);
            store_four(to + 3 * tile.stride, square[3]);
            to += 4 * tile.stride;
        }
    }
    for (int64_t d = whole; d < tile.size; d++) {
        for (int t = 0; t < TILE_TOKENS; t++) {
            tile.at[d * tile.stride + t] = rows[t][d];
        }
    }
}

void cpu_tile_store(cpu_tile tile, float *const rows[TILE_TOKENS], bool accumulate)
{
    const int64_t whole = tile.size / 4 * 4;
    for (int t = 0; t < TILE_TOKENS; t += 4) {
        float *const to[4] = {rows[t], rows[t + 1], rows[t + 2], rows[t + 3]};
        const float *from = tile.at + t;
        for (int64_t d = 0; d < whole; d += 4) {
            four square[4] = {load_four(from), load_four(from + tile.stride),
                              load_four(from + 2 * tile.stride), load_four(from + 3 * tile.stride)};
            turn_square(square);
            for (int i = 0; i < 4; i++) {
                if (accumulate) {
                    square[i] += load_four(to[i] + d);
                }
                store_four(to[i] + d, square[i]);
            }
            from += 4 * tile.stride;
        }
    }
    for (int64_t d = whole; d < tile.size; d++) {
        for (int t = 0; t < TILE_TOKENS; t++) {
            const float value = tile.at[d * tile.stride + t];
            rows[t][d] = accumulate ? rows[t][d] + value : value;
        }
    }
}

/* Σ x of LANES tokens. Four sums, so that one addition need not wait for the one before. */
LANES_INLINE lanes sum_over_head(const float *x, int64_t stride, int64_t size)
{
    lanes sums[4] = {{0}};
    int64_t d = 0;
    for (; d + 4 <= size; d += 4) {
        for (int i = 0; i < 4; i++) {
            sums[i] += lanes_load(x + (d + i) * stride);
        }
    }
    for (; d < size; d++) {
        sums[0] += lanes_load(x + d * stride);
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Σ (x − mean)² likewise. */
LANES_INLINE lanes squares_over_head(const float *x, int64_t stride, int64_t size, lanes mean)
{
    lanes sums[4] = {{0}};
    int64_t d = 0;
    for (; d + 4 <= size; d += 4) {
        for (int i = 0; i < 4; i++) {
            const lanes deviation = lanes_load(x + (d + i) * stride) - mean;
            sums[i] += deviation * deviation;
        }
    }
    for (; d < size; d++) {
        const lanes deviation = lanes_load(x + d * stride) - mean;
        sums[0] += deviation * deviation;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/* Of LANES tokens: mean and 1/sqrt(variance + ε). */
LANES_INLINE void moments_of(const float *x, int64_t stride, int64_t size, float epsilon,
                             lanes *mean, lanes *inverse)
{
    *mean = sum_over_head(x, stride, size) / (float)size;
    const lanes variance = squares_over_head(x, stride, size, *mean) / (float)size;
    *inverse = 1.0f / root_of(variance + epsilon);
}

void cpu_tile_prepare(cpu_tile tile, const cpu_head_norm *norm, bool rounded, float factor)
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        float *x = tile.at + lane;
        lanes mean = {0}, inverse = {0};
        if (norm) {
            moments_of(x, tile.stride, tile.size, norm->epsilon, &mean, &inverse);
        }
        for (int64_t d = 0; d < tile.size; d++, x += tile.stride) {
            lanes value = lanes_load(x);
            if (norm) {
                value = (value - mean) * inverse;
                value = norm->scale ? value * norm->scale[d] : value;
                value = norm->shift ? value + norm->shift[d] : value;
            }
            lanes_store(x, (rounded ? round_to_bf16(value) : value) * factor);
        }
    }
}

void cpu_tile_normalise_adjoint(cpu_tile x, cpu_tile gradient, float factor,
                                const cpu_head_norm *norm, float *scale_sum, float *shift_sum)
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        const float *values = x.at + lane;
        float *slopes = gradient.at + lane;
        lanes mean, inverse, sum = {0}, sum_normal = {0};
        moments_of(values, x.stride, x.size, norm->epsilon, &mean, &inverse);
        for (int64_t d = 0; d < x.size; d++) {
            float *scale_sums = scale_sum + d * TILE_TOKENS + lane;
            float *shift_sums = shift_sum + d * TILE_TOKENS + lane;
            const lanes normal = (lanes_load(values + d * x.stride) - mean) * inverse;
            lanes slope = lanes_load(slopes + d * gradient.stride) * factor;
            lanes_store(scale_sums, lanes_load(scale_sums) + slope * normal);
            lanes_store(shift_sums, lanes_load(shift_sums) + slope);
            slope = norm->scale ? slope * norm->scale[d] : slope;
            sum += slope;
            sum_normal += slope * normal;
            lanes_store(slopes + d * gradient.stride, slope);
        }
        sum /= (float)x.size;
        sum_normal /= (float)x.size;
        for (int64_t d = 0; d < x.size; d++) {
            float *slope = slopes + d * gradient.stride;
            const lanes normal = (lanes_load(values + d * x.stride) - mean) * inverse;
            lanes_store(slope, inverse * (lanes_load(slope) - sum - normal * sum_normal));
        }
    }
}

void cpu_tile_inner(cpu_tile x, cpu_tile y, float inner[TILE_TOKENS])
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        const float *left = x.at + lane, *right = y.at + lane;
        lanes sum = {0}, other = {0};
        int64_t d = 0;
        for (; d + 2 <= x.size; d += 2) {
            sum += lanes_load(left + d * x.stride) * lanes_load(right + d * y.stride);
            other += lanes_load(left + (d + 1) * x.stride) * lanes_load(right + (d + 1) * y.stride);
        }
        if (d < x.size) {
            sum += lanes_load(left + d * x.stride) * lanes_load(right + d * y.stride);
        }
        lanes_store(inner + lane, sum + other);
    }
}

void cpu_tile_squares(cpu_tile tile, float squares[TILE_TOKENS])
{
    for (int lane = 0; lane < TILE_TOKENS; lane += LANES) {
        lanes_store(squares + lane,
                    squares_over_head(tile.at + lane, tile.stride, tile.size, (lanes){0}));
    }
}

#include <math.h>

#include "backend/ref/ref.h"
#include "graph/attention_reach.h"

enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT, ASKED };
enum { OUTPUT, LOG_SUM };

/* One head of one token, normalised over the head's columns when asked. */
typedef struct {
    double value[AR_HEAD_SIZE_MOST];  /* what enters the products */
    double normal[AR_HEAD_SIZE_MOST]; /* before scale and shift */
    double inverse;
} head_vector;

static void load(const ar_op_call *call, int input, int64_t row, int64_t head, head_vector *vector)
{
    const ar_op_attributes *a = call->attributes;
    const ar_matrix *x = &call->inputs[input];
    const int64_t size = a->head_size, first = head * a->head_stride[input];
    bool normalise = input == QUERY ? a->normalise_query : input == KEY && a->normalise_key;
    double mean = 0, square = 0;
    for (int64_t d = 0; d < size; d++) {
        vector->value[d] = ref_get(x, row, first + d);
        mean += vector->value[d] / (double)size;
    }
    if (!normalise) {
        return;
    }
    for (int64_t d = 0; d < size; d++) {
        square += (vector->value[d] - mean) * (vector->value[d] - mean) / (double)size;
    }
    vector->inverse = 1.0 / sqrt(square + a->epsilon);
    const ar_matrix *scale = &call->inputs[input == QUERY ? QUERY_SCALE : KEY_SCALE];
    const ar_matrix *shift = &call->inputs[input == QUERY ? QUERY_SHIFT : KEY_SHIFT];
    for (int64_t d = 0; d < size; d++) {
        vector->normal[d] = (vector->value[d] - mean) * vector->inverse;
        vector->value[d] = vector->normal[d] * (scale->data ? ref_get(scale, 0, d) : 1.0) +
                           (shift->data ? ref_get(shift, 0, d) : 0.0);
    }
}

/* A query: its row of the output, its row of q, and where that lies. */
typedef struct {
    int64_t output, row, sample, token;
} query_place;

static query_place place_of(const ar_op_call *call, int64_t output)
{
    const int64_t tokens = call->attributes->tokens[0];
    const int32_t *asked = call->inputs[ASKED].data;
    const int64_t row = asked ? asked[output * call->inputs[ASKED].stride] : output;
    return (query_place){output, row, row / tokens, row % tokens};
}

static double dot(const ar_op_call *call, const double *a, const double *b)
{
    double sum = 0;
    for (int64_t i = 0; i < call->attributes->head_size; i++) {
        sum += ref_operand(call, a[i]) * ref_operand(call, b[i]);
    }
    return sum;
}

static void forward_query(const ar_op_call *call, int64_t head, query_place place)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t size = a->head_size, sample = place.sample, i = place.token;
    const double factor = 1.0 / sqrt((double)size);
    static _Thread_local head_vector query, key, value;
    double largest = -INFINITY, sum = 0, result[AR_HEAD_SIZE_MOST] = {0};
    load(call, QUERY, place.row, head, &query);
    for (int64_t j = 0; j < a->tokens[1]; j++) {
        if (!ar_attention_sees(&a->reach, i, j)) {
            continue;
        }
        load(call, KEY, sample * a->tokens[1] + j, head, &key);
        largest = fmax(largest, factor * dot(call, query.value, key.value));
    }
    for (int64_t j = 0; j < a->tokens[1]; j++) {
        if (!ar_attention_sees(&a->reach, i, j)) {
            continue;
        }
        load(call, KEY, sample * a->tokens[1] + j, head, &key);
        load(call, VALUE, sample * a->tokens[1] + j, head, &value);
        double weight = exp(factor * dot(call, query.value, key.value) - largest);
        sum += weight;
        for (int64_t d = 0; d < size; d++) {
            result[d] += ref_operand(call, weight) * ref_operand(call, value.value[d]);
        }
    }
    for (int64_t d = 0; d < size; d++) {
        ref_set(&call->outputs[OUTPUT], place.output, head * size + d, result[d] / sum);
    }
    if (call->outputs[LOG_SUM].data) {
        ref_set(&call->outputs[LOG_SUM], place.output, head, largest + log(sum));
    }
}

void ref_attention_weights(const ar_op_call *call, int64_t sample, int64_t head, int64_t i,
                           double *weights)
{
    const ar_op_attributes *a = call->attributes;
    const double factor = 1.0 / sqrt((double)a->head_size);
    static _Thread_local head_vector query, key;
    double largest = -INFINITY, sum = 0;
    load(call, QUERY, sample * a->tokens[0] + i, head, &query);
    for (int64_t j = 0; j < a->tokens[1]; j++) {
        weights[j] = -INFINITY;
        if (ar_attention_sees(&a->reach, i, j)) {
            load(call, KEY, sample * a->tokens[1] + j, head, &key);
            weights[j] = factor * dot(call, query.value, key.value);
            largest = fmax(largest, weights[j]);
        }
    }
    for (int64_t j = 0; j < a->tokens[1]; j++) {
        weights[j] = exp(weights[j] - largest);
        sum += weights[j];
    }
    for (int64_t j = 0; j < a->tokens[1]; j++) {
        weights[j] /= sum;
    }
}

void ref_attention_forward(const ar_op_call *call)
{
    for (int64_t q = 0; q < call->outputs[OUTPUT].rows; q++) {
        for (int64_t h = 0; h < call->attributes->heads; h++) {
            forward_query(call, h, place_of(call, q));
        }
    }
}

/* Carry a gradient with respect to the normalised head back to the head and to scale and shift. */
static void give_head(const ar_op_call *call, int input, int64_t row, int64_t head,
                      const head_vector *vector, const double *gradient)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t size = a->head_size, first = head * a->head_stride[input];
    bool normalise = input == QUERY ? a->normalise_query : input == KEY && a->normalise_key;
    int scale_input = input == QUERY ? QUERY_SCALE : KEY_SCALE;
    int shift_input = input == QUERY ? QUERY_SHIFT : KEY_SHIFT;
    const ar_matrix *scale = &call->inputs[scale_input];
    double mean = 0, mean_normal = 0, inner[AR_HEAD_SIZE_MOST];
    for (int64_t d = 0; d < size; d++) {
        inner[d] = gradient[d];
        if (normalise && call->input_gradients[scale_input].data) {
            ref_add(&call->input_gradients[scale_input], 0, d, gradient[d] * vector->normal[d]);
        }
        if (normalise && call->input_gradients[shift_input].data) {
            ref_add(&call->input_gradients[shift_input], 0, d, gradient[d]);
        }
        if (normalise) {
            inner[d] *= scale->data ? ref_get(scale, 0, d) : 1.0;
            mean += inner[d] / (double)size;
            mean_normal += inner[d] * vector->normal[d] / (double)size;
        }
    }
    for (int64_t d = 0; call->input_gradients[input].data && d < size; d++) {
        double value = normalise
                           ? vector->inverse * (inner[d] - mean - vector->normal[d] * mean_normal)
                           : inner[d];
        ref_give(call, input, row, first + d, value);
    }
}

/* With p the softmax: dv_j = Σ_i p_ij dy_i; ds_ij = p_ij (dy_i·v_j − dy_i·y_i)/√D. */
static void adjoint_query(const ar_op_call *call, int64_t head, query_place place)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t size = a->head_size, sample = place.sample, i = place.token;
    const double factor = 1.0 / sqrt((double)size);
    static _Thread_local head_vector query, key, value;
    double result[AR_HEAD_SIZE_MOST] = {0}, dy[AR_HEAD_SIZE_MOST], inner = 0;
    load(call, QUERY, place.row, head, &query);
    for (int64_t d = 0; d < size; d++) {
        dy[d] = ref_get(&call->output_gradients[OUTPUT], place.output, head * size + d);
        inner += dy[d] * ref_get(&call->outputs[OUTPUT], place.output, head * size + d);
    }
    double log_sum = ref_get(&call->outputs[LOG_SUM], place.output, head);
    for (int64_t j = 0; j < a->tokens[1]; j++) {
        if (!ar_attention_sees(&a->reach, i, j)) {
            continue;
        }
        load(call, KEY, sample * a->tokens[1] + j, head, &key);
        load(call, VALUE, sample * a->tokens[1] + j, head, &value);
        double p = exp(factor * dot(call, query.value, key.value) - log_sum);
        double ds = p * (dot(call, dy, value.value) - inner) * factor;
        for (int64_t d = 0; d < size; d++) {
            result[d] += ref_operand(call, ds) * ref_operand(call, key.value[d]);
        }
    }
    give_head(call, QUERY, place.row, head, &query, result);
}

static void adjoint_key(const ar_op_call *call, int64_t sample, int64_t head, int64_t j)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t size = a->head_size, key_row = sample * a->tokens[1] + j;
    const double factor = 1.0 / sqrt((double)size);
    static _Thread_local head_vector query, key, value;
    double to_key[AR_HEAD_SIZE_MOST] = {0}, to_value[AR_HEAD_SIZE_MOST] = {0};
    load(call, KEY, key_row, head, &key);
    load(call, VALUE, key_row, head, &value);
    for (int64_t q = 0; q < call->outputs[OUTPUT].rows; q++) {
        const query_place place = place_of(call, q);
        if (place.sample != sample || !ar_attention_sees(&a->reach, place.token, j)) {
            continue;
        }
        double dy[AR_HEAD_SIZE_MOST], inner = 0;
        load(call, QUERY, place.row, head, &query);
        for (int64_t d = 0; d < size; d++) {
            dy[d] = ref_get(&call->output_gradients[OUTPUT], place.output, head * size + d);
            inner += dy[d] * ref_get(&call->outputs[OUTPUT], place.output, head * size + d);
        }
        double p = exp(factor * dot(call, query.value, key.value) -
                       ref_get(&call->outputs[LOG_SUM], place.output, head));
        double ds = p * (dot(call, dy, value.value) - inner) * factor;
        for (int64_t d = 0; d < size; d++) {
            to_key[d] += ref_operand(call, ds) * ref_operand(call, query.value[d]);
            to_value[d] += ref_operand(call, p) * ref_operand(call, dy[d]);
        }
    }
    give_head(call, KEY, key_row, head, &key, to_key);
    give_head(call, VALUE, key_row, head, &value, to_value);
}

/* Rows of q that nobody asked for have no gradient. */
static void clear_rows_not_asked(const ar_op_call *call)
{
    const ar_op_attributes *a = call->attributes;
    for (int64_t row = 0; row < call->inputs[QUERY].rows; row++) {
        for (int64_t h = 0; h < a->heads; h++) {
            for (int64_t d = 0; d < a->head_size; d++) {
                ref_give(call, QUERY, row, h * a->head_stride[QUERY] + d, 0.0);
            }
        }
    }
}

void ref_attention_adjoint(const ar_op_call *call)
{
    const ar_op_attributes *a = call->attributes;
    /* Every query and key adds to those of the norms. */
    for (int i = QUERY_SCALE; i <= KEY_SHIFT; i++) {
        const ar_matrix *gradient = &call->input_gradients[i];
        for (int64_t d = 0; gradient->data && !call->accumulate[i] && d < gradient->columns; d++) {
            ref_set(gradient, 0, d, 0.0);
        }
    }
    if (call->inputs[ASKED].data) {
        clear_rows_not_asked(call);
    }
    for (int64_t h = 0; h < a->heads; h++) {
        for (int64_t q = 0; q < call->outputs[OUTPUT].rows; q++) {
            adjoint_query(call, h, place_of(call, q));
        }
        for (int64_t row = 0; row < call->inputs[KEY].rows; row++) {
            adjoint_key(call, row / a->tokens[1], h, row % a->tokens[1]);
        }
    }
}

/* The attention of every path of the cpu backend against the reference: head sizes from below a
 * register to several, lengths that fill no block, few heads for many threads, float32 and bf16,
 * scores beyond what a power in float32 holds, and what is not finite. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "atmorep/backend.h"
#include "base/memory.h"
#include "base/random.h"

enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT, ASKED, INPUTS };
enum { OUTPUT, LOG_SUM, OUTPUTS };
enum { MOST_THREADS = 5 };

static const char *const paths[] = {"cpu-portable", "cpu-avx2", "cpu-avx512", "cpu-avx512_bf16"};
enum { PATHS = sizeof paths / sizeof *paths };

typedef struct {
    int64_t size, queries, keys;
    int64_t heads, samples; /* 0: 2 and 1 */
    bool normalised;        /* with scale and shift */
    double stretch;         /* of queries and keys; 0: 1 */
    bool equal_keys;
} problem;

/* A problem's tensors in one piece of memory; those of the adjoint behind those of the forward
 * pass. Queries, keys and values lie beside each other in rows where there are as many of each. */
typedef struct {
    problem of;
    ar_op_attributes attributes;
    ar_matrix inputs[INPUTS], outputs[OUTPUTS], input_gradients[INPUTS], output_gradients[OUTPUTS];
    bool accumulate[INPUTS];
    float *memory;
    int64_t values;
} tensors;

static ar_matrix cut(float *memory, int64_t *used, int64_t rows, int64_t columns)
{
    const ar_matrix matrix = {memory ? memory + *used : NULL, AR_TYPE_FLOAT32, rows, columns,
                              columns};
    *used += rows * columns;
    return matrix;
}

/* Place everything from `memory` on; returns how much it is. */
static int64_t place(tensors *t, float *memory)
{
    const problem *p = &t->of;
    const int64_t width = p->heads * p->size, query_rows = p->samples * p->queries;
    const int64_t key_rows = p->samples * p->keys;
    int64_t used = 0;
    for (int g = 0; g < 2; g++) {
        ar_matrix *to = g == 0 ? t->inputs : t->input_gradients;
        const ar_matrix keys_and_values = cut(memory, &used, key_rows, 2 * width);
        to[QUERY] = cut(memory, &used, query_rows, width);
        for (int i = KEY; i <= VALUE; i++) {
            to[i] = keys_and_values;
            to[i].columns = width;
            to[i].data = memory ? (float *)keys_and_values.data + (i == VALUE) * width : NULL;
        }
        for (int i = QUERY_SCALE; p->normalised && i <= KEY_SHIFT; i++) {
            to[i] = cut(memory, &used, 1, p->size);
        }
    }
    t->outputs[OUTPUT] = cut(memory, &used, query_rows, width);
    t->outputs[LOG_SUM] = cut(memory, &used, query_rows, p->heads);
    t->output_gradients[OUTPUT] = cut(memory, &used, query_rows, width);
    return used;
}

static void fill(ar_matrix matrix, ar_random *random, float mean, float deviation)
{
    for (int64_t r = 0; r < matrix.rows; r++) {
        for (int64_t c = 0; c < matrix.columns; c++) {
            ((float *)matrix.data)[r * matrix.stride + c] =
                mean + deviation * (float)ar_random_normal(random);
        }
    }
}

static tensors tensors_of(problem p)
{
    ar_error err;
    p.heads = p.heads ? p.heads : 2;
    p.samples = p.samples ? p.samples : 1;
    tensors t = {
        .of = p,
        .attributes = {.epsilon = 1e-5,
                       .normalise_query = p.normalised,
                       .normalise_key = p.normalised,
                       .heads = p.heads,
                       .head_size = p.size,
                       .head_stride = {p.size, p.size, p.size},
                       .tokens = {p.queries, p.keys},
                       .reach = {.queries = {1, 1, 1, p.queries}, .keys = {1, 1, 1, p.keys}}}};
    t.values = place(&t, NULL);
    assert_int_equal(ar_allocate(&t.memory, (size_t)t.values, sizeof(float), "tensors", &err), 0);
    place(&t, t.memory);
    ar_random random = {.seed = 3, .purpose = AR_RANDOM_TEST};
    const float stretch = p.stretch > 0 ? (float)p.stretch : 1.0f;
    fill(t.inputs[QUERY], &random, 0, stretch);
    fill(t.inputs[KEY], &random, 0, stretch);
    fill(t.inputs[VALUE], &random, 0.5f, 1);
    for (int i = QUERY_SCALE; p.normalised && i <= KEY_SHIFT; i++) {
        fill(t.inputs[i], &random, i == QUERY_SCALE || i == KEY_SCALE, 0.2f);
    }
    for (int64_t r = 1; p.equal_keys && r < t.inputs[KEY].rows; r++) {
        memcpy((float *)t.inputs[KEY].data + r * t.inputs[KEY].stride, t.inputs[KEY].data,
               (size_t)t.inputs[KEY].columns * sizeof(float));
    }
    fill(t.output_gradients[OUTPUT], &random, 0, 1);
    return t;
}

/* The same numbers in memory of their own. */
static tensors copy_of(const tensors *from)
{
    ar_error err;
    tensors t = *from;
    assert_int_equal(ar_allocate(&t.memory, (size_t)t.values, sizeof(float), "tensors", &err), 0);
    memcpy(t.memory, from->memory, (size_t)t.values * sizeof(float));
    place(&t, t.memory);
    return t;
}

/* Forward and adjoint of a copy; in room for more threads than there are. What is written anew was
 * not a number before, so that what is left out shows. */
static tensors run(const tensors *from, const char *backend_name, ar_type precision, int threads)
{
    ar_error err;
    const ar_backend *backend = ar_backend_find(backend_name);
    tensors t = copy_of(from);
    ar_op_call call = {.attributes = &t.attributes,
                       .input_count = INPUTS,
                       .output_count = OUTPUTS,
                       .inputs = t.inputs,
                       .outputs = t.outputs,
                       .input_gradients = t.input_gradients,
                       .output_gradients = t.output_gradients,
                       .accumulate = t.accumulate,
                       .threads = threads,
                       .precision = precision};
    size_t bytes = backend->workspace ? backend->workspace(AR_OP_ATTENTION, &call) : 0;
    unsigned char *workspace = NULL;
    assert_int_equal(ar_allocate(&workspace, bytes + 1, 1, "workspace", &err), 0);
    memset(workspace, 0xff, bytes);
    call.workspace = workspace;
    fill(t.outputs[OUTPUT], &(ar_random){.seed = 1}, NAN, 0);
    fill(t.outputs[LOG_SUM], &(ar_random){.seed = 1}, NAN, 0);
    for (int i = QUERY; i < ASKED; i++) {
        fill(t.input_gradients[i], &(ar_random){.seed = 1}, NAN, 0);
    }
    backend->forward[AR_OP_ATTENTION](&call);
    backend->adjoint[AR_OP_ATTENTION](&call);
    ar_free(workspace);
    return t;
}

static double norm(ar_matrix a, const ar_matrix *less)
{
    double sum = 0;
    for (int64_t r = 0; r < a.rows; r++) {
        for (int64_t c = 0; c < a.columns; c++) {
            double value = (double)((const float *)a.data)[r * a.stride + c];
            if (less) {
                value -= (double)((const float *)less->data)[r * less->stride + c];
            }
            sum += value * value;
        }
    }
    return sqrt(sum);
}

/* Gradients that are zero but for rounding: a softmax does not depend on what all scores of a query
 * share, such as a shift of all keys; of one key, or of equal ones, not on the scores. */
static bool vanishes(const problem *p, int input)
{
    const bool of_query = input == QUERY || input == QUERY_SCALE || input == QUERY_SHIFT;
    return input == KEY_SHIFT || (p->keys == 1 && input != VALUE) || (p->equal_keys && of_query);
}

/* Output, log-sum-exp and gradients in the norm; gradients that vanish against the whole. An
 * absolute error of log-sum-exp is a relative one of the weights. */
static void assert_near(const tensors *ours, const tensors *reference, const char *what,
                        double tolerance)
{
    const problem *p = &ours->of;
    double whole = 0;
    for (int i = QUERY; i < ASKED; i++) {
        whole = hypot(whole, norm(reference->input_gradients[i], NULL));
    }
    for (int i = 0; i < ASKED + OUTPUTS; i++) {
        const bool gradient = i < ASKED;
        const ar_matrix a = gradient ? ours->input_gradients[i] : ours->outputs[i - ASKED];
        const ar_matrix b =
            gradient ? reference->input_gradients[i] : reference->outputs[i - ASKED];
        double size = gradient && vanishes(p, i) ? whole : norm(b, NULL);
        if (i == ASKED + LOG_SUM) {
            size = fmax(size, sqrt((double)(b.rows * b.columns)));
        }
        const double error = norm(a, &b);
        if (!(error <= (gradient ? 3 : 1) * tolerance * size)) {
            fail_msg("%s: D %d, %d queries, %d keys: %s %d is off by %.2e", what, (int)p->size,
                     (int)p->queries, (int)p->keys, gradient ? "gradient" : "output",
                     gradient ? i : i - ASKED, error / size);
        }
    }
}

static void compare(problem p, ar_type precision, double tolerance)
{
    const tensors given = tensors_of(p);
    tensors reference = run(&given, "ref", precision, 1);
    for (int path = 0; path < PATHS; path++) {
        for (int threads = 1; ar_backend_find(paths[path]) && threads <= MOST_THREADS;
             threads += 2) {
            tensors ours = run(&given, paths[path], precision, threads);
            assert_near(&ours, &reference, paths[path], tolerance);
            ar_free(ours.memory);
        }
    }
    ar_free(reference.memory);
    float *memory = given.memory;
    ar_free(memory);
}

static const int64_t sizes[] = {5, 8, 16, 20, 24, 32, 48, 64, 80, 96, 128, 200};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Blocks are of 96 queries and keys, tiles of up to 24 rows, registers of 4, 8 or 16 numbers. */
static const int64_t lengths[][2] = {{1, 1}, {7, 7}, {31, 31}, {12, 100}, {98, 3}};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* float32: some tens of roundings of 6e-8 in sums of up to 200 terms, the tolerance of the op. */
static void all_sizes_and_lengths_in_float32(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++) {
        for (int l = 0; l < LENGTHS; l++) {
            compare((problem){.size = sizes[s],
                              .queries = lengths[l][0],
                              .keys = lengths[l][1],
                              .normalised = l % 2 == 0},
                    AR_TYPE_FLOAT32, 5e-6);
        }
    }
    compare((problem){.size = 32, .queries = 216, .keys = 216, .normalised = true}, AR_TYPE_FLOAT32,
            5e-6);
    compare((problem){.size = 12, .queries = 50, .keys = 201, .heads = 1, .samples = 3},
            AR_TYPE_FLOAT32, 5e-6);
}

/* bf16: weights and their slopes are rounded on both sides, but with other factors before, so that
 * each may differ by a step of 2^-8; what depends on one of them differs by as much. */
static void all_sizes_and_lengths_in_bf16(void **state)
{
    (void)state;
    for (int s = 1; s < SIZES; s++) {
        for (int l = 0; l < LENGTHS; l++) {
            compare((problem){.size = sizes[s],
                              .queries = lengths[l][0],
                              .keys = lengths[l][1],
                              .normalised = l % 2 == 0},
                    AR_TYPE_BFLOAT16, 1.0 / 256);
        }
    }
    compare((problem){.size = 32, .queries = 216, .keys = 216, .normalised = true},
            AR_TYPE_BFLOAT16, 1.0 / 256);
}

/* A query that sees one key gets its value, in bf16 rounded to its upper 16 bits and no more: the
 * operands are rounded, nothing else is. 2^-22 for the division by the weight. */
static void one_key_gives_its_rounded_value(void **state)
{
    (void)state;
    const tensors given = tensors_of((problem){.size = 33, .queries = 5, .keys = 1});
    for (int path = 0; path < PATHS; path++) {
        if (!ar_backend_find(paths[path])) {
            continue;
        }
        tensors ours = run(&given, paths[path], AR_TYPE_BFLOAT16, 1);
        const ar_matrix y = ours.outputs[OUTPUT];
        for (int64_t i = 0; i < y.rows * y.columns; i++) {
            const float value = ((const float *)given.inputs[VALUE].data)[i % y.columns];
            const double step = ldexp(1.0, ilogb((double)value) - 7);
            const double rounded = step * nearbyint((double)value / step);
            assert_true(fabs((double)((const float *)y.data)[i] - rounded) <=
                        ldexp(fabs(rounded), -22));
        }
        ar_free(ours.memory);
    }
    float *memory = given.memory;
    ar_free(memory);
}

/* Scores up to ±80 and far beyond, where e^s is no float32. A score s has an error of some 2^-24 s,
 * and its weight that relative error. */
static void large_scores(void **state)
{
    (void)state;
    compare((problem){.size = 32, .queries = 40, .keys = 130, .stretch = 5}, AR_TYPE_FLOAT32,
            80 * 1e-6);
    compare((problem){.size = 24, .queries = 40, .keys = 130, .stretch = 30}, AR_TYPE_FLOAT32,
            3000 * 1e-6);
}

/* All keys the same: every weight is 1 / keys, the output the mean of values, and a query gets no
 * gradient. */
static void equal_keys(void **state)
{
    (void)state;
    compare((problem){.size = 32, .queries = 13, .keys = 130, .equal_keys = true}, AR_TYPE_FLOAT32,
            5e-6);
    compare((problem){.size = 32, .queries = 13, .keys = 130, .stretch = 6, .equal_keys = true},
            AR_TYPE_FLOAT32, 80 * 1e-6);
}

/* Twice the same bits of everything; and of the output whatever the number of threads, as a query
 * is the work of one. */
static void same_bits(void **state)
{
    (void)state;
    const tensors given = tensors_of(
        (problem){.size = 20, .queries = 130, .keys = 130, .heads = 3, .normalised = true});
    for (int path = 0; path < PATHS; path++) {
        for (int p = 0; ar_backend_find(paths[path]) && p < 2; p++) {
            const ar_type precision = p == 0 ? AR_TYPE_FLOAT32 : AR_TYPE_BFLOAT16;
            tensors first = run(&given, paths[path], precision, MOST_THREADS);
            tensors second = run(&given, paths[path], precision, MOST_THREADS);
            tensors alone = run(&given, paths[path], precision, 1);
            assert_memory_equal(first.memory, second.memory, (size_t)first.values * sizeof(float));
            assert_memory_equal(first.outputs[OUTPUT].data, alone.outputs[OUTPUT].data,
                                (size_t)(130 * 60) * sizeof(float));
            ar_free(first.memory);
            ar_free(second.memory);
            ar_free(alone.memory);
        }
    }
    float *memory = given.memory;
    ar_free(memory);
}

/* A query that is not a number has an output that is none, and no other has; a key or value makes
 * all so. (An infinite key may have score −∞ and weight 0.) */
static void not_a_number_is_told(void **state)
{
    (void)state;
    const struct {
        int input;
        float value;
    } cases[] = {{QUERY, NAN}, {QUERY, INFINITY}, {KEY, NAN}, {VALUE, NAN}, {VALUE, INFINITY}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        tensors given = tensors_of((problem){.size = 8, .queries = 5, .keys = 40, .heads = 1});
        const ar_matrix *bad = &given.inputs[cases[c].input];
        ((float *)bad->data)[3 * bad->stride] = cases[c].value;
        for (int path = 0; path < PATHS; path++) {
            if (!ar_backend_find(paths[path])) {
                continue;
            }
            tensors ours = run(&given, paths[path], AR_TYPE_FLOAT32, 1);
            for (int64_t row = 0; row < 5; row++) {
                const float y = ((const float *)ours.outputs[OUTPUT].data)[row * 8];
                assert_int_equal(!isfinite(y), cases[c].input != QUERY || row == 3);
            }
            ar_free(ours.memory);
        }
        ar_free(given.memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes_and_lengths_in_float32),
        cmocka_unit_test(all_sizes_and_lengths_in_bf16),
        cmocka_unit_test(one_key_gives_its_rounded_value),
        cmocka_unit_test(large_scores),
        cmocka_unit_test(equal_keys),
        cmocka_unit_test(same_bits),
        cmocka_unit_test(not_a_number_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Times the kernels of attention alone, of one path of the cpu backend: forward and adjoint in
 * float32 and with bf16 operands, on one thread, by that thread's own time, in alternation with a
 * loop of multiply-adds in registers that stands for what the machine can do at that moment.
 * Counted are two products forward and five in the adjoint.
 *
 * bench-attention [PATH [TOKENS [D]]], for example cpu-avx512 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "atmorep/backend.h"
#include "base/memory.h"
#include "base/random.h"

/* The paths' own loops of multiply-adds, see backend/cpu/peak.h. */
double cpu_peak_burst_portable(ar_type precision, int64_t rounds);
#ifdef __x86_64__
double cpu_peak_burst_avx2(ar_type precision, int64_t rounds);
double cpu_peak_burst_avx512(ar_type precision, int64_t rounds);
double cpu_peak_burst_avx512_bf16(ar_type precision, int64_t rounds);
#endif

static const struct {
    const char *name;
    double (*burst)(ar_type precision, int64_t rounds);
} paths[] = {
#ifdef __x86_64__
    {"cpu-avx512_bf16", cpu_peak_burst_avx512_bf16},
    {"cpu-avx512", cpu_peak_burst_avx512},
    {"cpu-avx2", cpu_peak_burst_avx2},
#endif
    {"cpu-portable", cpu_peak_burst_portable},
};

enum { ROUNDS = 9, PEAK_ROUNDS = 1000 };
enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT, ASKED, INPUTS };
enum { OUTPUT, LOG_SUM, OUTPUTS };

typedef struct {
    int64_t tokens, size, heads;
    int64_t lines; /* 0, or axial: so many lines of so many tokens each */
} shape;

static const shape shapes[] = {
    {4320, 16, 2, 0}, {4320, 32, 2, 0}, {4320, 64, 1, 0},  {4320, 128, 1, 0}, {1728, 16, 8, 0},
    {1728, 32, 8, 0}, {1728, 64, 4, 0}, {1728, 128, 2, 0}, {648, 16, 8, 0},   {648, 32, 8, 0},
    {648, 64, 8, 0},  {648, 128, 4, 0}, {216, 16, 16, 0},  {216, 32, 16, 0},  {216, 64, 16, 0},
    {216, 128, 8, 0}, {12, 16, 8, 360}, {12, 32, 8, 360},  {12, 64, 8, 360},  {12, 128, 4, 360},
    {72, 16, 8, 0},   {216, 8, 16, 0},  {216, 20, 16, 0},  {216, 48, 16, 0},
};

/* One call on random numbers: query, key and value beside each other in rows, all normalised. */
typedef struct {
    ar_op_attributes attributes;
    ar_matrix inputs[INPUTS], outputs[OUTPUTS], input_gradients[INPUTS], output_gradients[OUTPUTS];
    bool accumulate[INPUTS];
    ar_op_call call;
    float *memory;
} example;

static double thread_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static ar_matrix cut(float **next, int64_t rows, int64_t columns)
{
    const ar_matrix matrix = {*next, AR_TYPE_FLOAT32, rows, columns, columns};
    *next += rows * columns;
    return matrix;
}

static ar_status example_init(example *e, const ar_backend *backend, shape s, ar_type precision,
                              ar_error *err)
{
    ar_status status = AR_OK;
    const int64_t lines = s.lines ? s.lines : 1, rows = s.tokens * lines, width = s.heads * s.size;
    *e = (example){
        .attributes = {.epsilon = 1e-5,
                       .normalise_query = true,
                       .normalise_key = true,
                       .heads = s.heads,
                       .head_size = s.size,
                       .head_stride = {s.size, s.size, s.size},
                       .tokens = {s.tokens, s.tokens},
                       .reach = {.queries = {1, 1, 1, s.tokens}, .keys = {1, 1, 1, s.tokens}}}};
    e->call = (ar_op_call){.attributes = &e->attributes,
                           .input_count = INPUTS,
                           .output_count = OUTPUTS,
                           .inputs = e->inputs,
                           .outputs = e->outputs,
                           .input_gradients = e->input_gradients,
                           .output_gradients = e->output_gradients,
                           .accumulate = e->accumulate,
                           .threads = 1,
                           .precision = precision};
    const size_t workspace = backend->workspace(AR_OP_ATTENTION, &e->call) / sizeof(float);
    const int64_t values = rows * (8 * width + s.heads) + 8 * s.size;
    AR_TRY(ar_allocate(&e->memory, (size_t)values + workspace, sizeof(float), "tensors", err));
    float *next = e->memory;
    for (int g = 0; g < 2; g++) {
        ar_matrix *to = g == 0 ? e->inputs : e->input_gradients;
        const ar_matrix joint = cut(&next, rows, 3 * width);
        for (int i = QUERY; i <= VALUE; i++) {
            to[i] = joint;
            to[i].columns = width;
            to[i].data = (float *)joint.data + i * width;
        }
        for (int i = QUERY_SCALE; i < ASKED; i++) {
            to[i] = cut(&next, 1, s.size);
        }
    }
    e->outputs[OUTPUT] = cut(&next, rows, width);
    e->output_gradients[OUTPUT] = cut(&next, rows, width);
    e->outputs[LOG_SUM] = cut(&next, rows, s.heads);
    e->call.workspace = next;
    ar_random random = {.seed = 1, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < values; i++) {
        e->memory[i] = (float)ar_random_normal(&random);
    }
    for (int i = QUERY_SCALE; i <= KEY_SHIFT; i++) {
        for (int64_t d = 0; d < s.size; d++) {
            float *value = (float *)e->inputs[i].data + d;
            *value = 0.1f * *value + (i == QUERY_SCALE || i == KEY_SCALE ? 1.0f : 0.0f);
        }
    }
cleanup:
    return status;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

/* Operations a second of the loop, over about as long a time as a kernel took. */
static double peak_over(double seconds, ar_type precision, int path)
{
    const double start = thread_seconds();
    double done = 0, elapsed = 0;
    while (elapsed < seconds) {
        done += paths[path].burst(precision, PEAK_ROUNDS);
        elapsed = thread_seconds() - start;
    }
    return done / elapsed;
}

/* Operations a second of a kernel, and their ratio to those of the loop before and after it. */
typedef struct {
    double ratio[ROUNDS], best, best_peak;
} series;

static void add_round(series *to, int round, ar_kernel kernel, const ar_op_call *call,
                      double operations, int repeats, int path)
{
    const double start = thread_seconds();
    kernel(call); /* what the loop left of the caches is not the kernel's to lose */
    const double seconds = repeats * (thread_seconds() - start) / 2;
    const double before = peak_over(seconds, call->precision, path);
    const double middle = thread_seconds();
    for (int i = 0; i < repeats; i++) {
        kernel(call);
    }
    const double speed = repeats * operations / (thread_seconds() - middle);
    const double peak = (before + peak_over(seconds, call->precision, path)) / 2;
    to->ratio[round] = speed / peak;
    to->best = fmax(to->best, speed);
    to->best_peak = fmax(to->best_peak, peak);
}

static void time_shape(const ar_backend *backend, int path, shape s)
{
    const int64_t lines = s.lines ? s.lines : 1;
    const double product = 2.0 * (double)(s.tokens * s.tokens * s.size * s.heads * lines);
    const int repeats = 1 + (int)(3e8 / product);
    printf("%6d %4d %6d %6d", (int)s.tokens, (int)s.size, (int)s.heads, (int)lines);
    for (int p = 0; p < 2; p++) {
        const ar_type precision = p == 0 ? AR_TYPE_FLOAT32 : AR_TYPE_BFLOAT16;
        example e;
        ar_error err;
        if (example_init(&e, backend, s, precision, &err) != AR_OK) {
            fprintf(stderr, "%s\n", err.message);
            exit(1);
        }
        series forward = {.best = 0}, adjoint = {.best = 0};
        for (int round = 0; round < ROUNDS; round++) {
            add_round(&forward, round, backend->forward[AR_OP_ATTENTION], &e.call, 2 * product,
                      repeats, path);
            add_round(&adjoint, round, backend->adjoint[AR_OP_ATTENTION], &e.call, 5 * product,
                      repeats, path);
        }
        printf("   %6.1f %6.1f %8.1f %6.1f", 100 * median(forward.ratio),
               100 * forward.best / forward.best_peak, 100 * median(adjoint.ratio),
               100 * adjoint.best / adjoint.best_peak);
        ar_free(e.memory);
    }
    printf("\n");
    fflush(stdout);
}

int main(int count, char **arguments)
{
    const int64_t tokens = count > 2 ? atoll(arguments[2]) : 0;
    const int64_t size = count > 3 ? atoll(arguments[3]) : 0;
    for (int path = 0; path < (int)(sizeof paths / sizeof *paths); path++) {
        const ar_backend *backend = ar_backend_find(paths[path].name);
        if (!backend || (count > 1 && strcmp(arguments[1], paths[path].name) != 0)) {
            continue;
        }
        printf("%s, one thread, %% of the peak: median of %d, and best of best\n", backend->name,
               ROUNDS);
        printf("%6s %4s %6s %6s   %13s %15s   %13s %15s\n", "tokens", "D", "heads", "lines",
               "float32: fwd", "adjoint", "bf16: fwd", "adjoint");
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            if ((!tokens || shapes[i].tokens == tokens) && (!size || shapes[i].size == size)) {
                time_shape(backend, path, shapes[i]);
            }
        }
        return 0;
    }
    fprintf(stderr, "a path that this processor can run: cpu-portable, cpu-avx2, cpu-avx512, "
                    "cpu-avx512_bf16\n");
    return 2;
}

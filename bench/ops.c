/* Times every op of a real model's size (the large cases of tests/backend/op_cases.h), forward and
 * adjoint by themselves, and AdamW: milliseconds, GFLOP/s as a share of the peak of multiply-adds
 * that is measured beside every round, and GB/s as a share of the memory's triad.
 *
 *     build/release/bin/bench-ops --op attention --precision bf16 --json ops.json
 *     build/release/bin/bench-ops --backend cpu-avx2 --backend cpu-portable --threads 1
 */
#include <cjson/cJSON.h>
#include <getopt.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/op_cases.h"
#include "base/file.h"
#include "graph/op.h"
#include "op_call.h"

enum { ROUNDS_MOST = 99, BACKENDS_MOST = 8, PASSES = 2 };
static const char *const pass_names[PASSES] = {"forward", "adjoint"};

typedef struct {
    const char *backends[BACKENDS_MOST];
    int backend_count, rounds, threads;
    const char *pattern, *json;         /* part of a case's name; file to write; NULL */
    bool precisions[AR_TYPE_INT32 + 1]; /* which to time */
    cJSON *results;
} bench;

/* A backend and what its processor could do. */
typedef struct {
    const ar_backend *backend;
    double bandwidth; /* bytes a second */
} measured_path;

/* Times of one pass in all rounds. */
typedef struct {
    double seconds[ROUNDS_MOST], share[ROUNDS_MOST];
} pass_times;

static void fail(const char *message)
{
    fprintf(stderr, "bench-ops: %s\n", message);
    exit(1);
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

/* On one thread the time of that thread, which others on the machine do not lengthen. */
static double seconds_now(int threads)
{
    struct timespec now;
    clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds of one run; what is quick is run often enough for the clock. */
static double time_pass(void (*run)(const void *work, int pass), const void *work, int pass,
                        int threads)
{
    const double wanted = 2e-3, begin = seconds_now(threads);
    int64_t count = 0;
    double now = begin;
    for (; now - begin < wanted; now = seconds_now(threads), count++) {
        run(work, pass);
    }
    return (now - begin) / (double)count;
}

/* What is timed: `run` of a pass, its operations and bytes. */
typedef struct {
    const char *name, *op;
    ar_type precision;
    void (*run)(const void *work, int pass);
    const void *work;
    int passes;
    double operations[PASSES], bytes[PASSES];
} workload;

static void report(bench *b, const measured_path *path, const workload *w, int pass,
                   pass_times *times)
{
    const double best_share = 1; /* shares above it are the peak's noise */
    double middle = median(times->seconds, b->rounds), share = median(times->share, b->rounds);
    const char *precision = w->precision == AR_TYPE_BFLOAT16 ? "bf16" : "float32";
    const double rate = w->operations[pass] / middle, speed = w->bytes[pass] / middle;
    share = share < best_share ? share : best_share;
    printf("%-48s %-7s %-7s %9.3f %9.3f %8.1f %4.0f %% %7.1f %4.0f %%\n", w->name, precision,
           pass_names[pass], 1e3 * times->seconds[0], 1e3 * middle, 1e-9 * rate, 100 * share,
           1e-9 * speed, 100 * speed / path->bandwidth);
    fflush(stdout);
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "case", w->name);
    cJSON_AddStringToObject(line, "op", w->op);
    cJSON_AddStringToObject(line, "pass", pass_names[pass]);
    cJSON_AddStringToObject(line, "backend", path->backend->name);
    cJSON_AddStringToObject(line, "precision", precision);
    cJSON_AddNumberToObject(line, "threads", b->threads);
    cJSON_AddNumberToObject(line, "best_ms", 1e3 * times->seconds[0]);
    cJSON_AddNumberToObject(line, "median_ms", 1e3 * middle);
    cJSON_AddNumberToObject(line, "gflops", 1e-9 * rate);
    cJSON_AddNumberToObject(line, "share_of_peak", share);
    cJSON_AddNumberToObject(line, "gb_s", 1e-9 * speed);
    cJSON_AddNumberToObject(line, "share_of_triad", speed / path->bandwidth);
    cJSON_AddItemToArray(b->results, line);
}

static void time_workload(bench *b, const measured_path *path, const workload *w)
{
    static pass_times times[PASSES];
    for (int round = -1; round < b->rounds; round++) {
        const double peak = path->backend->peak(w->precision, b->threads, 4e-3);
        for (int pass = 0; pass < w->passes; pass++) {
            const double seconds = time_pass(w->run, w->work, pass, b->threads);
            if (round >= 0) {
                times[pass].seconds[round] = seconds;
                times[pass].share[round] = w->operations[pass] / seconds / peak;
            }
        }
    }
    for (int pass = 0; pass < w->passes; pass++) {
        report(b, path, w, pass, &times[pass]);
    }
}

/* ---- ops ------------------------------------------------------------------------------------- */

static void run_op(const void *work, int pass)
{
    op_call_run(work, pass == 1);
}

static void time_case(bench *b, const measured_path *path, const op_case *chosen, ar_type precision)
{
    ar_graph *graph = NULL;
    ar_tensor output;
    op_call op;
    ar_error err = {""};
    if (ar_graph_create(&graph, AR_TYPE_FLOAT32, &err) != AR_OK) {
        fail(err.message);
    }
    chosen->build(graph, chosen, &output);
    if (ar_graph_finish(graph, &err) != AR_OK ||
        op_call_init(&op, graph, chosen->op, path->backend, precision, b->threads, &err) != AR_OK) {
        fail(err.message);
    }
    time_workload(b, path,
                  &(workload){.name = chosen->name,
                              .op = ar_op_find(chosen->op)->name,
                              .precision = precision,
                              .run = run_op,
                              .work = &op,
                              .passes = 2,
                              .operations = {op.operations[0], op.operations[1]},
                              .bytes = {op.bytes[0], op.bytes[1]}});
    op_call_release(&op);
    ar_graph_destroy(&graph);
}

static void time_cases(bench *b, const measured_path *path)
{
    for (int c = 0; c < OP_CASE_COUNT; c++) {
        const op_case *chosen = &op_cases[c];
        const bool products = chosen->op == AR_OP_LINEAR || chosen->op == AR_OP_ATTENTION;
        if (!chosen->large || (b->pattern && !strstr(chosen->name, b->pattern))) {
            continue;
        }
        if (b->precisions[AR_TYPE_FLOAT32]) {
            time_case(b, path, chosen, AR_TYPE_FLOAT32);
        }
        if (b->precisions[AR_TYPE_BFLOAT16] && products) {
            time_case(b, path, chosen, AR_TYPE_BFLOAT16);
        }
    }
}

/* ---- the optimiser --------------------------------------------------------------------------- */

typedef struct {
    const ar_backend *backend;
    ar_adamw_call call;
} optimiser_work;

/* The first pass is the norm of the gradients, the second the step. */
static void run_optimiser(const void *work, int pass)
{
    const optimiser_work *o = work;
    if (pass == 0) {
        volatile double squares =
            o->backend->sum_of_squares(o->call.gradients, o->call.count, o->call.threads);
        (void)squares;
    } else {
        o->backend->adamw(&o->call);
    }
}

static void time_optimiser(bench *b, const measured_path *path)
{
    enum { COUNT = 32 << 20, BLOCKS = 4 };
    static const char name[] = "adamw 32 M parameters: norm, step";
    float *blocks[BLOCKS];
    ar_error err = {""};
    if ((b->pattern && !strstr(name, b->pattern)) || !b->precisions[AR_TYPE_FLOAT32]) {
        return;
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (ar_allocate(&blocks[i], COUNT, sizeof(float), "parameters", &err) != AR_OK) {
            fail(err.message);
        }
        for (int k = 0; k < COUNT; k++) {
            blocks[i][k] = 1e-3f;
        }
    }
    const optimiser_work work = {.backend = path->backend,
                                 .call = {.count = COUNT,
                                          .parameters = blocks[0],
                                          .first_moment = blocks[1],
                                          .second_moment = blocks[2],
                                          .gradients = blocks[3],
                                          .gradient_scale = 1,
                                          .learning_rate = 1e-6,
                                          .beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8,
                                          .step = 10,
                                          .threads = b->threads}};
    time_workload(b, path,
                  &(workload){.name = name,
                              .op = "adamw",
                              .precision = AR_TYPE_FLOAT32,
                              .run = run_optimiser,
                              .work = &work,
                              .passes = 2,
                              .operations = {2.0 * COUNT, 13.0 * COUNT},
                              .bytes = {4.0 * COUNT, 28.0 * COUNT}});
    for (int i = 0; i < BLOCKS; i++) {
        ar_free(blocks[i]);
    }
}

/* ---- the program ----------------------------------------------------------------------------- */

static const char usage[] = "usage: bench-ops [OPTION...]\n"
                            "  --backend NAME              cpu (default), or a path of it such as "
                            "cpu-avx2; may be repeated\n"
                            "  --op TEXT                   only cases whose name contains TEXT\n"
                            "  --precision float32|bf16    of products (default: both)\n"
                            "  --threads N                 (default: as OpenMP has it)\n"
                            "  --rounds N                  (default: 9)\n"
                            "  --json FILE                 write the results here too\n";

static void parse(bench *b, int argc, char **argv)
{
    const struct option options[] = {{"backend", 1, NULL, 'b'},   {"op", 1, NULL, 'o'},
                                     {"precision", 1, NULL, 'p'}, {"threads", 1, NULL, 't'},
                                     {"rounds", 1, NULL, 'r'},    {"json", 1, NULL, 'j'},
                                     {NULL, 0, NULL, 0}};
    const char *precision = NULL;
    bool wrong = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'b':
            wrong |= b->backend_count == BACKENDS_MOST;
            b->backends[b->backend_count < BACKENDS_MOST ? b->backend_count++ : 0] = optarg;
            break;
        case 'o':
            b->pattern = optarg;
            break;
        case 'p':
            precision = optarg;
            wrong |= strcmp(optarg, "float32") != 0 && strcmp(optarg, "bf16") != 0;
            break;
        case 't':
            b->threads = atoi(optarg);
            break;
        case 'r':
            b->rounds = atoi(optarg);
            break;
        case 'j':
            b->json = optarg;
            break;
        default:
            wrong = true;
        }
    }
    if (wrong || optind < argc || b->threads < 1 || b->rounds < 1 || b->rounds > ROUNDS_MOST) {
        fputs(usage, stderr);
        exit(2);
    }
    b->precisions[AR_TYPE_FLOAT32] = !precision || strcmp(precision, "float32") == 0;
    b->precisions[AR_TYPE_BFLOAT16] = !precision || strcmp(precision, "bf16") == 0;
    if (b->backend_count == 0) {
        b->backends[b->backend_count++] = "cpu";
    }
}

static void write_json(const bench *b)
{
    char *text = cJSON_Print(b->results);
    ar_error err = {""};
    if (!text || ar_file_write_whole(b->json, text, strlen(text), &err) != AR_OK) {
        fail(err.message);
    }
    cJSON_free(text);
}

int main(int argc, char **argv)
{
    bench b = {.rounds = 9, .threads = omp_get_max_threads(), .results = cJSON_CreateArray()};
    ar_error err = {""};
    parse(&b, argc, argv);
    for (int i = 0; i < b.backend_count; i++) {
        measured_path path = {NULL, 0};
        if (ar_backend_choose(&path.backend, b.backends[i], &err) != AR_OK) {
            fail(err.message);
        }
        if (!path.backend->peak || !path.backend->bandwidth) {
            fail("this backend does not tell what its processor can do");
        }
        path.bandwidth = path.backend->bandwidth(b.threads);
        printf("%s, %d threads, triad %.1f GB/s\n%-48s %-7s %-7s %9s %9s %8s %6s %7s %6s\n",
               path.backend->name, b.threads, 1e-9 * path.bandwidth, "op", "", "", "best ms",
               "median", "GFLOP/s", "of FMA", "GB/s", "triad");
        time_cases(&b, &path);
        time_optimiser(&b, &path);
    }
    if (b.json) {
        write_json(&b);
    }
    cJSON_Delete(b.results);
    return 0;
}

/* One table of cases for all ops: each builds a small graph whose every continuous input is a
 * parameter and whose end is a scalar. The same table drives the comparison of backends, the check
 * of adjoints against finite differences, and the timing in bench/. */
#ifndef TESTS_BACKEND_OP_CASES_H
#define TESTS_BACKEND_OP_CASES_H

#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/graph.h"

typedef struct op_case op_case;
struct op_case {
    const char *name;
    ar_op_kind op;
    /* Sizes of the case; what they mean is the builder's. */
    int64_t rows, in, out, heads, tokens, other_tokens, members;
    bool first_flag, second_flag;
    int64_t asked;            /* rows that are queries; 0: all */
    ar_attention_reach reach; /* with tokens and other_tokens those of its axes */
    bool large;               /* of a real model's size: for timing, too slow for the reference */
    /* Record the graph; the scalar at its end and, if there is one, the tensor to compare. */
    ar_tensor (*build)(ar_graph *graph, const op_case *c, ar_tensor *output);
};

static ar_tensor parameter(ar_graph *graph, const char *name, int64_t rows, int64_t columns)
{
    return ar_graph_parameter(graph, name, rows == 1 ? 1 : 2, rows, columns);
}

/* The scalar: mean squared distance of `output` to fixed random numbers. */
static ar_tensor distance_to_random(ar_graph *graph, ar_tensor output, int64_t rows,
                                    int64_t columns)
{
    double *values = NULL;
    ar_error err;
    if (ar_allocate(&values, (size_t)(rows * columns), sizeof *values, "a target", &err) != AR_OK) {
        return AR_NO_TENSOR;
    }
    ar_random random = {.seed = 5, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < rows * columns; i++) {
        values[i] = ar_random_normal(&random);
    }
    ar_tensor target = ar_graph_constant(graph, "target", rows, columns, values);
    ar_free(values);
    return ar_graph_loss(
        graph, "distance",
        (ar_loss){
            .kind = AR_OP_LOSS_MSE, .first = output, .second = AR_NO_TENSOR, .target = target});
}

static ar_tensor build_linear(ar_graph *g, const op_case *c, ar_tensor *output)
{
    *output = ar_graph_linear(
        g, "y",
        (ar_linear){.input = parameter(g, "x", c->rows, c->in),
                    .weight = parameter(g, "weight", c->out, c->in),
                    .bias = c->first_flag ? parameter(g, "bias", 1, c->out) : AR_NO_TENSOR,
                    .residual =
                        c->first_flag ? parameter(g, "residual", c->rows, c->out) : AR_NO_TENSOR,
                    .gelu = c->second_flag,
                    .into = AR_NO_TENSOR});
    return distance_to_random(g, *output, c->rows, c->out);
}

/* first_flag: with scale and shift; second_flag: of an activation that has another gradient too */
static ar_tensor build_layer_norm(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor x = parameter(g, "x", c->rows, c->in);
    if (c->second_flag) {
        x = ar_graph_layer_norm(g, "before", x, AR_NO_TENSOR, AR_NO_TENSOR);
    }
    *output = ar_graph_layer_norm(g, "y", x,
                                  c->first_flag ? parameter(g, "scale", 1, c->in) : AR_NO_TENSOR,
                                  c->first_flag ? parameter(g, "shift", 1, c->in) : AR_NO_TENSOR);
    ar_tensor end = distance_to_random(g, *output, c->rows, c->in);
    if (!c->second_flag) {
        return end;
    }
    ar_tensor terms[2] = {end, distance_to_random(g, x, c->rows, c->in)};
    return ar_graph_weighted_sum(g, "sum", terms, (double[]){1.3, 0.4}, 2);
}

/* first_flag: norms with scale and shift; second_flag: keys only are normalised */
static ar_tensor build_attention(ar_graph *g, const op_case *c, ar_tensor *output)
{
    int64_t size = c->in, keys = c->other_tokens ? c->other_tokens : c->tokens;
    ar_attention a = {.heads = c->heads,
                      .head_size = size,
                      .query_tokens = c->tokens,
                      .key_tokens = keys,
                      .reach = c->reach,
                      .normalise_query = c->first_flag,
                      .normalise_key = c->first_flag || c->second_flag,
                      .asked = AR_NO_TENSOR,
                      .query_scale = AR_NO_TENSOR,
                      .query_shift = AR_NO_TENSOR,
                      .key_scale = AR_NO_TENSOR,
                      .key_shift = AR_NO_TENSOR,
                      .into = AR_NO_TENSOR};
    if (c->first_flag) {
        a.query_scale = parameter(g, "query scale", 1, size);
        a.query_shift = parameter(g, "query shift", 1, size);
        a.key_scale = parameter(g, "key scale", 1, size);
        a.key_shift = parameter(g, "key shift", 1, size);
    }
    if (c->other_tokens == 0) {
        ar_tensor all = parameter(g, "qkv", c->rows * c->tokens, 3 * c->heads * size);
        a.query = ar_graph_columns(g, all, 0, 3 * c->heads * size);
        a.key = ar_graph_columns(g, all, size, 3 * c->heads * size - size);
        a.value = ar_graph_columns(g, all, 2 * size, 3 * c->heads * size - 2 * size);
        a.query_stride = a.key_stride = a.value_stride = 3 * size;
    } else {
        ar_tensor kv = parameter(g, "kv", c->rows * keys, 2 * c->heads * size);
        a.query = parameter(g, "q", c->rows * c->tokens, c->heads * size);
        a.key = ar_graph_columns(g, kv, 0, 2 * c->heads * size);
        a.value = ar_graph_columns(g, kv, size, 2 * c->heads * size - size);
        a.query_stride = size;
        a.key_stride = a.value_stride = 2 * size;
    }
    if (c->asked > 0) {
        a.asked = ar_graph_input(g, "asked", AR_TYPE_INT32, (ar_rows){0, c->asked}, 1);
    }
    *output = ar_graph_attention(g, "y", a);
    return distance_to_random(g, *output, c->asked ? c->asked : c->rows * c->tokens,
                              c->heads * size);
}

static ar_tensor build_positions(ar_graph *g, const op_case *c, ar_tensor *output)
{
    static const int64_t few[] = {2, 3, 2, 5}, many[] = {5, 12, 6, 12};
    const int64_t *n = c->large ? many : few, rows = c->rows * n[0] * n[1] * n[2] * n[3];
    ar_tensor table = ar_graph_factorised_positions(
        g, "table", parameter(g, "level", n[0], c->in), parameter(g, "time", n[1], c->in),
        parameter(g, "latitude", n[2], c->in), parameter(g, "longitude", n[3], c->in));
    *output = ar_graph_add_periodic(g, "y", parameter(g, "x", rows, c->in), table);
    return distance_to_random(g, *output, rows, c->in);
}

static ar_tensor build_gather(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor index = ar_graph_input(g, "index", AR_TYPE_INT32, (ar_rows){0, c->out}, 1);
    *output = ar_graph_gather_rows(g, "y", parameter(g, "x", c->rows, c->in), index);
    return distance_to_random(g, *output, c->out, c->in);
}

/* The distance of `output` alone, or with that of the activation it was made of: then the adjoint
 * of what lies between adds to a gradient instead of writing it. */
static ar_tensor end_of(ar_graph *g, const op_case *c, ar_tensor input, ar_tensor output)
{
    const ar_tensor_record *in = ar_graph_tensor(g, input), *out = ar_graph_tensor(g, output);
    const int64_t in_rows = in->rows.multiple, in_columns = in->columns;
    ar_tensor terms[2] = {distance_to_random(g, output, out->rows.multiple, out->columns)};
    if (!c->first_flag) {
        return terms[0];
    }
    terms[1] = distance_to_random(g, input, in_rows, in_columns);
    return ar_graph_weighted_sum(g, "sum", terms, (double[]){1.3, 0.4}, 2);
}

static ar_tensor build_patches(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor x = ar_graph_layer_norm(g, "blocks", parameter(g, "x", c->rows, 2 * 6 * 6),
                                      AR_NO_TENSOR, AR_NO_TENSOR);
    *output = ar_graph_cut_patches(g, "y", x, (int64_t[]){2, 6, 6}, (int64_t[]){1, 3, 2});
    return end_of(g, c, x, *output);
}

static ar_tensor build_join_rows(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor x = ar_graph_layer_norm(g, "rows", parameter(g, "x", c->rows * c->tokens, c->in),
                                      AR_NO_TENSOR, AR_NO_TENSOR);
    *output = ar_graph_join_rows(g, "y", x, c->tokens);
    return end_of(g, c, x, *output);
}

/* Samples of c->tokens rows; all active, as the numbers that fill integers are. */
static ar_tensor build_dropout(ar_graph *g, const op_case *c, ar_tensor *output)
{
    const int64_t rows = c->rows * c->tokens;
    *output = ar_graph_dropout(
        g, "y",
        (ar_dropout){.input = parameter(g, "x", rows, c->in),
                     .residual =
                         c->first_flag ? parameter(g, "residual", rows, c->in) : AR_NO_TENSOR,
                     .draw = ar_graph_input(g, "draw", AR_TYPE_INT32, (ar_rows){0, c->rows}, 5),
                     .probability = 0.3,
                     .stream = 9});
    return distance_to_random(g, *output, rows, c->in);
}

static ar_tensor build_tails(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor parts[64], weight, bias;
    for (int64_t n = 0; n < c->members; n++) {
        const char *const names[] = {"scale", "shift", "weight", "bias"};
        for (int p = 0; p < 4; p++) {
            char name[32];
            snprintf(name, sizeof name, "%s %d", names[p], (int)n);
            parts[4 * n + p] = parameter(g, name, p == 2 ? c->out : 1, p == 3 ? c->out : c->in);
        }
    }
    ar_graph_fold_tails(g, "tails", parts, c->members, &weight, &bias);
    *output = ar_graph_linear(g, "y",
                              (ar_linear){.input = parameter(g, "x", c->rows, c->in),
                                          .weight = weight,
                                          .bias = bias,
                                          .residual = AR_NO_TENSOR,
                                          .into = AR_NO_TENSOR});
    return distance_to_random(g, *output, c->rows, c->members * c->out);
}

/* A constant of `base` and normal or uniform random numbers. */
static ar_tensor random_constant(ar_graph *g, const char *name, int64_t rows, int64_t columns,
                                 double base, bool normal)
{
    double *values = NULL;
    if (ar_allocate(&values, (size_t)(rows * columns), sizeof *values, name, NULL) != AR_OK) {
        return AR_NO_TENSOR;
    }
    ar_random random = {.seed = 9, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < rows * columns; i++) {
        values[i] = base + (normal ? ar_random_normal(&random) : ar_random_uniform(&random));
    }
    ar_tensor constant = ar_graph_constant(g, name, rows, columns, values);
    ar_free(values);
    return constant;
}

static ar_tensor build_statistics(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor mean, deviation;
    ar_graph_ensemble_statistics(g, "statistics", parameter(g, "x", c->rows, c->members * c->out),
                                 c->members, &mean, &deviation);
    *output = deviation;
    ar_tensor terms[2] = {distance_to_random(g, mean, c->rows, c->out),
                          distance_to_random(g, deviation, c->rows, c->out)};
    return ar_graph_weighted_sum(g, "sum", terms, (double[]){0.7, 1.9}, 2);
}

/* A token of in × tokens × other_tokens points, where places in it matter. */
static ar_tensor build_loss(ar_graph *g, const op_case *c, ar_tensor *output)
{
    ar_tensor ensemble = parameter(g, "x", c->rows, c->members * c->out), mean, deviation;
    ar_tensor target = random_constant(g, "truth", c->rows, c->out, 0, true);
    ar_loss loss = {.kind = c->op,
                    .first = ensemble,
                    .second = AR_NO_TENSOR,
                    .target = target,
                    .members = c->members,
                    .fair = c->first_flag,
                    .token_size = {c->in, c->tokens, c->other_tokens}};
    const bool of_mean = c->op == AR_OP_LOSS_MSE || c->op == AR_OP_LOSS_SOBOLEV_H1;
    const bool of_gaussian =
        c->op == AR_OP_LOSS_STATS || c->op == AR_OP_LOSS_STATS_AREA || c->op == AR_OP_LOSS_CRPS;
    if (of_mean || of_gaussian) {
        ar_graph_ensemble_statistics(g, "statistics", ensemble, c->members, &mean, &deviation);
        loss.first = mean;
        loss.second = of_gaussian ? deviation : AR_NO_TENSOR;
    } else if (c->op == AR_OP_LOSS_WEIGHTED_MSE) {
        /* Different for every row of points. */
        loss.second = random_constant(g, "weights", c->rows, c->tokens, 0.1, false);
    }
    *output = ar_graph_loss(g, "loss", loss);
    return *output;
}

/* Odd sizes on purpose: nothing divides a vector, a block or the number of threads. */
static const op_case op_cases[] = {
    {.name = "linear", .op = AR_OP_LINEAR, .rows = 13, .in = 7, .out = 11, .build = build_linear},
    {"linear, bias and residual", AR_OP_LINEAR, 13, 17, 5, .first_flag = true,
     .build = build_linear},
    {"linear, gelu", AR_OP_LINEAR, 9, 33, 19, .second_flag = true, .build = build_linear},
    {"linear, all", AR_OP_LINEAR, 37, 12, 70, .first_flag = true, .second_flag = true,
     .build = build_linear},
    {"layer norm", AR_OP_LAYER_NORM, 11, 37, .build = build_layer_norm},
    {"layer norm, affine", AR_OP_LAYER_NORM, 7, 20, .first_flag = true, .build = build_layer_norm},
    {"layer norm, many registers and a rest", AR_OP_LAYER_NORM, 23, 75, .first_flag = true,
     .build = build_layer_norm},
    {"layer norm, added", AR_OP_LAYER_NORM, 9, 72, .second_flag = true, .build = build_layer_norm},
    {"self attention", AR_OP_ATTENTION, 2, 8, .heads = 3, .tokens = 19, .build = build_attention},
    {"self attention, affine norms", AR_OP_ATTENTION, 2, 12, .heads = 2, .tokens = 45,
     .first_flag = true, .build = build_attention},
    {"cross attention, keys normed", AR_OP_ATTENTION, 3, 16, .heads = 2, .tokens = 5,
     .other_tokens = 23, .second_flag = true, .build = build_attention},
    {"cross attention, many blocks", AR_OP_ATTENTION, 1, 5, .heads = 1, .tokens = 70,
     .other_tokens = 300, .build = build_attention},
    {"self attention of some rows", AR_OP_ATTENTION, 3, 8, .heads = 2, .tokens = 9,
     .second_flag = true, .asked = 8, .build = build_attention},
    {"cross attention of some rows", AR_OP_ATTENTION, 2, 20, .heads = 3, .tokens = 70,
     .other_tokens = 41, .second_flag = true, .asked = 45, .build = build_attention},
    {"self attention, nothing asked of a sample", AR_OP_ATTENTION, 3, 8, .heads = 2, .tokens = 31,
     .asked = 9, .build = build_attention},
    {"axial attention, time", AR_OP_ATTENTION, 2, 8, .heads = 3, .tokens = 2 * 5 * 3 * 4,
     .reach = {.queries = {2, 5, 3, 4}, .keys = {2, 5, 3, 4}, .limited = {true, false, true, true}},
     .first_flag = true, .build = build_attention},
    {"axial attention, longitude", AR_OP_ATTENTION, 1, 8, .heads = 2, .tokens = 2 * 2 * 37,
     .reach = {.queries = {1, 2, 2, 37},
               .keys = {1, 2, 2, 37},
               .limited = {true, true, true, false}},
     .build = build_attention},
    {"axial cross attention, level, other tokens", AR_OP_ATTENTION, 2, 5, .heads = 2,
     .tokens = 3 * 2 * 3 * 5, .other_tokens = 2 * 3 * 2 * 4,
     .reach = {.queries = {3, 2, 3, 5}, .keys = {2, 3, 2, 4}, .limited = {false, true, true, true}},
     .second_flag = true, .build = build_attention},
    {"local attention", AR_OP_ATTENTION, 1, 12, .heads = 2, .tokens = 2 * 3 * 3 * 7,
     .reach = {.queries = {2, 3, 3, 7},
               .keys = {2, 3, 3, 7},
               .limited = {false, true, true, true},
               .distance = {0, 1, 1, 2}},
     .second_flag = true, .build = build_attention},
    {"local cross attention, other tokens", AR_OP_ATTENTION, 2, 8, .heads = 1, .tokens = 3 * 5 * 7,
     .other_tokens = 3 * 2 * 3 * 11,
     .reach = {.queries = {1, 3, 5, 7},
               .keys = {3, 2, 3, 11},
               .limited = {false, true, true, true},
               .distance = {0, 0, 1, 2}},
     .second_flag = true, .build = build_attention},
    {"local in time, runs of many blocks", AR_OP_ATTENTION, 1, 5, .heads = 1, .tokens = 4 * 2 * 23,
     .reach = {.queries = {1, 4, 2, 23},
               .keys = {1, 4, 2, 23},
               .limited = {false, true, false, false},
               .distance = {0, 2, 0, 0}},
     .build = build_attention},
    {"local in longitude only, few queries at a place", AR_OP_ATTENTION, 1, 8, .heads = 1,
     .tokens = 3 * 40, .other_tokens = 2 * 2 * 50,
     .reach = {.queries = {1, 3, 1, 40},
               .keys = {2, 1, 2, 50},
               .limited = {false, false, false, true},
               .distance = {0, 0, 0, 12}},
     .build = build_attention},
    {"positions", AR_OP_FACTORISED_POSITIONS, 2, 9, .build = build_positions},
    {"positions, two blocks of columns", AR_OP_FACTORISED_POSITIONS, 1, 75,
     .build = build_positions},
    {"dropout", AR_OP_DROPOUT, 3, 70, .tokens = 5, .build = build_dropout},
    {"dropout, residual", AR_OP_DROPOUT, 2, 13, .tokens = 7, .first_flag = true,
     .build = build_dropout},
    {"dropout, many counters and a rest", AR_OP_DROPOUT, 2, 301, .tokens = 3, .first_flag = true,
     .build = build_dropout},
    {"gather rows", AR_OP_GATHER_ROWS, 23, 6, 7, .build = build_gather},
    {"patches", AR_OP_CUT_PATCHES, 5, .build = build_patches},
    {"patches, added", AR_OP_CUT_PATCHES, 5, .first_flag = true, .build = build_patches},
    {"joined rows", AR_OP_JOIN_ROWS, 7, 11, .tokens = 5, .build = build_join_rows},
    {"joined rows, added", AR_OP_JOIN_ROWS, 7, 11, .tokens = 5, .first_flag = true,
     .build = build_join_rows},
    {"tails", AR_OP_FOLD_TAILS, 9, 10, 7, .members = 3, .build = build_tails},
    {"ensemble statistics", AR_OP_ENSEMBLE_STATISTICS, 11, .out = 9, .members = 5,
     .build = build_statistics},
    {"ensemble statistics, many values", AR_OP_ENSEMBLE_STATISTICS, 3, .out = 261, .members = 3,
     .build = build_statistics},
    {"mse", AR_OP_LOSS_MSE, 11, .out = 9, .members = 4, .build = build_loss},
    {"mse ensemble", AR_OP_LOSS_MSE_ENSEMBLE, 11, .out = 9, .members = 4, .build = build_loss},
    {"weighted mse", AR_OP_LOSS_WEIGHTED_MSE, 11, .in = 2, .tokens = 3, .other_tokens = 5,
     .out = 30, .members = 3, .build = build_loss},
    {"sobolev", AR_OP_LOSS_SOBOLEV_H1, 11, .in = 2, .tokens = 3, .other_tokens = 5, .out = 30,
     .members = 3, .build = build_loss},
    {"sobolev, one row of points", AR_OP_LOSS_SOBOLEV_H1, 7, .in = 2, .tokens = 1,
     .other_tokens = 4, .out = 8, .members = 3, .build = build_loss},
    {"stats", AR_OP_LOSS_STATS, 11, .out = 9, .members = 4, .build = build_loss},
    {"stats area", AR_OP_LOSS_STATS_AREA, 11, .out = 9, .members = 4, .build = build_loss},
    {"crps", AR_OP_LOSS_CRPS, 11, .out = 9, .members = 4, .build = build_loss},
    {"stats, many values", AR_OP_LOSS_STATS, 4, .out = 149, .members = 4, .build = build_loss},
    {"stats area, many values", AR_OP_LOSS_STATS_AREA, 4, .out = 149, .members = 4,
     .build = build_loss},
    {"crps, many values", AR_OP_LOSS_CRPS, 4, .out = 149, .members = 4, .build = build_loss},
    {"kernel crps, many values", AR_OP_LOSS_KERNEL_CRPS, 5, .out = 75, .members = 16,
     .build = build_loss},
    {"kernel crps", AR_OP_LOSS_KERNEL_CRPS, 11, .out = 9, .members = 5, .build = build_loss},
    {"kernel crps, fair", AR_OP_LOSS_KERNEL_CRPS, 11, .out = 9, .members = 5, .first_flag = true,
     .build = build_loss},
    {"linear 3456 x 128 -> 384", AR_OP_LINEAR, 3456, 128, 384, .large = true,
     .build = build_linear},
    {"linear, gelu 3456 x 128 -> 256", AR_OP_LINEAR, 3456, 128, 256, .first_flag = true,
     .second_flag = true, .large = true, .build = build_linear},
    {"linear 4320 x 512 -> 1024", AR_OP_LINEAR, 4320, 512, 1024, .large = true,
     .build = build_linear},
    {"layer norm 3456 x 128", AR_OP_LAYER_NORM, 3456, 128, .large = true,
     .build = build_layer_norm},
    {"layer norm, affine 4320 x 256", AR_OP_LAYER_NORM, 4320, 256, .first_flag = true,
     .large = true, .build = build_layer_norm},
    {"layer norm, affine 1944 x 1024", AR_OP_LAYER_NORM, 1944, 1024, .first_flag = true,
     .large = true, .build = build_layer_norm},
    {"factorised positions 4320 x 256", AR_OP_FACTORISED_POSITIONS, 1, 256, .large = true,
     .build = build_positions},
    {"adding positions 2 x 4320 x 256", AR_OP_ADD_PERIODIC, 2, 256, .large = true,
     .build = build_positions},
    {"gather rows 1440 of 4320 x 256", AR_OP_GATHER_ROWS, 4321, 256, 1440, .large = true,
     .build = build_gather},
    {"patches 4320 x 72", AR_OP_CUT_PATCHES, 4320, .large = true, .build = build_patches},
    {"joined rows 4320 x 12 x 32", AR_OP_JOIN_ROWS, 4320, 32, .tokens = 12, .large = true,
     .build = build_join_rows},
    {"ensemble statistics 2160 x 16 x 243", AR_OP_ENSEMBLE_STATISTICS, 2160, .out = 243,
     .members = 16, .large = true, .build = build_statistics},
    {"mse 2160 x 243", AR_OP_LOSS_MSE, 2160, .out = 243, .members = 2, .large = true,
     .build = build_loss},
    {"mse ensemble 2160 x 16 x 243", AR_OP_LOSS_MSE_ENSEMBLE, 2160, .out = 243, .members = 16,
     .large = true, .build = build_loss},
    {"weighted mse 2160 x 16 x 243", AR_OP_LOSS_WEIGHTED_MSE, 2160, .in = 3, .tokens = 9,
     .other_tokens = 9, .out = 243, .members = 16, .large = true, .build = build_loss},
    {"sobolev 2160 x 243", AR_OP_LOSS_SOBOLEV_H1, 2160, .in = 3, .tokens = 9, .other_tokens = 9,
     .out = 243, .members = 2, .large = true, .build = build_loss},
    {"stats 2160 x 243", AR_OP_LOSS_STATS, 2160, .out = 243, .members = 2, .large = true,
     .build = build_loss},
    {"stats area 2160 x 243", AR_OP_LOSS_STATS_AREA, 2160, .out = 243, .members = 2, .large = true,
     .build = build_loss},
    {"crps 2160 x 243", AR_OP_LOSS_CRPS, 2160, .out = 243, .members = 2, .large = true,
     .build = build_loss},
    {"kernel crps 2160 x 16 x 243", AR_OP_LOSS_KERNEL_CRPS, 2160, .out = 243, .members = 16,
     .large = true, .build = build_loss},
    {"dropout 3456 x 256", AR_OP_DROPOUT, 48, 256, .tokens = 72, .first_flag = true, .large = true,
     .build = build_dropout},
    {"self attention 48 x 8 heads of 16, 72 tokens", AR_OP_ATTENTION, 48, 16, .heads = 8,
     .tokens = 72, .first_flag = true, .large = true, .build = build_attention},
    {"self attention 1 x 8 heads of 32, 4320 tokens", AR_OP_ATTENTION, 1, 32, .heads = 8,
     .tokens = 4320, .large = true, .build = build_attention},
    {"axial in time 1 x 8 heads of 32, 4320 tokens", AR_OP_ATTENTION, 1, 32, .heads = 8,
     .tokens = 5 * 12 * 6 * 12,
     .reach = {.queries = {5, 12, 6, 12},
               .keys = {5, 12, 6, 12},
               .limited = {true, false, true, true}},
     .large = true, .build = build_attention},
    {"axial in level 1 x 8 heads of 32, 4320 tokens", AR_OP_ATTENTION, 1, 32, .heads = 8,
     .tokens = 5 * 12 * 6 * 12,
     .reach = {.queries = {5, 12, 6, 12},
               .keys = {5, 12, 6, 12},
               .limited = {false, true, true, true}},
     .large = true, .build = build_attention},
    {"local 2, 1, 2 1 x 8 heads of 32, 4320 tokens", AR_OP_ATTENTION, 1, 32, .heads = 8,
     .tokens = 5 * 12 * 6 * 12,
     .reach = {.queries = {5, 12, 6, 12},
               .keys = {5, 12, 6, 12},
               .limited = {false, true, true, true},
               .distance = {0, 2, 1, 2}},
     .large = true, .build = build_attention},
    {"tails 8 of 9 values, 1152 x 128", AR_OP_FOLD_TAILS, 1152, 128, 9, .members = 8, .large = true,
     .build = build_tails},
};
enum { OP_CASE_COUNT = sizeof op_cases / sizeof op_cases[0] };

#endif

/* The ensemble: N tails over the same tokens, recorded with as few products as their layers allow.
 */
#include <stdio.h>

#include "base/memory.h"
#include "model/layers.h"

static int64_t columns_of(const ar_recording *r, ar_tensor tensor)
{
    return ar_tensor_exists(tensor) ? ar_graph_tensor(r->graph, tensor)->columns : 1;
}

static int64_t members_of(const ar_recording *r)
{
    return r->configuration->model.tails;
}

/* Linear layer `step` of one tail: "<tail>.<place>", as a sequence of layer norm, (linear, GELU)…,
 * linear is numbered. */
static void name_of_tail_linear(char name[96], int64_t decoder, int64_t member, int64_t step)
{
    snprintf(name, 96, "tails.%lld.tail_nets.%lld.%lld", (long long)decoder, (long long)member,
             (long long)(1 + 2 * step));
}

/* The first linear layer of all tails as one product, their layer norms folded in: [M, N·columns].
 */
static ar_tensor record_first_of_tails(const ar_recording *r, int64_t decoder, ar_tensor tokens,
                                       int64_t columns, bool gelu)
{
    const int64_t members = members_of(r), width = columns_of(r, tokens);
    ar_tensor *parts = NULL, weight, bias;
    ar_error error;
    ar_status status = ar_allocate(&parts, (size_t)(4 * members), sizeof *parts, "tails", &error);
    if (status != AR_OK) {
        ar_graph_fail(r->graph, status, &error);
        return AR_NO_TENSOR;
    }
    for (int64_t n = 0; n < members; n++) {
        char norm[96], linear[96];
        snprintf(norm, sizeof norm, "tails.%lld.tail_nets.%lld.0", (long long)decoder,
                 (long long)n);
        name_of_tail_linear(linear, decoder, n, 0);
        parts[4 * n] = ar_record_parameter(r, 1, 1, width, "%s.weight", norm);
        parts[4 * n + 1] = ar_record_parameter(r, 1, 1, width, "%s.bias", norm);
        parts[4 * n + 2] = ar_record_parameter(r, 2, columns, width, "%s.weight", linear);
        parts[4 * n + 3] = ar_record_parameter(r, 1, 1, columns, "%s.bias", linear);
    }
    ar_graph_fold_tails(r->graph, "folded tails", parts, members, &weight, &bias);
    ar_free(parts);
    return ar_graph_linear(r->graph, gelu ? "hidden tails" : "ensemble",
                           (ar_linear){.input = ar_record_norm(r, tokens),
                                       .weight = weight,
                                       .bias = bias,
                                       .residual = AR_NO_TENSOR,
                                       .gelu = gelu,
                                       .into = AR_NO_TENSOR});
}

/* A later one: each tail has its own columns of the state, and a product of its own. */
static ar_tensor record_next_of_tails(const ar_recording *r, int64_t decoder, ar_tensor state,
                                      int64_t step, int64_t columns, bool gelu)
{
    const int64_t members = members_of(r), width = columns_of(r, state) / members;
    ar_rows rows = ar_tensor_exists(state) ? ar_graph_tensor(r->graph, state)->rows : (ar_rows){0};
    ar_tensor next =
        ar_graph_activation(r->graph, gelu ? "hidden tails" : "ensemble", rows, members * columns);
    for (int64_t n = 0; n < members; n++) {
        char name[96];
        name_of_tail_linear(name, decoder, n, step);
        ar_record_linear(r, name, ar_graph_columns(r->graph, state, n * width, width), columns,
                         true, gelu, AR_NO_TENSOR,
                         ar_graph_columns(r->graph, next, n * columns, columns));
    }
    return next;
}

ar_tensor ar_record_tails(const ar_recording *r, int64_t decoder, ar_tensor tokens)
{
    const int64_t hidden = r->configuration->model.tail_layers;
    const int64_t width = columns_of(r, tokens), values = r->fields[r->field].values;
    ar_tensor state =
        record_first_of_tails(r, decoder, tokens, hidden > 0 ? width : values, hidden > 0);
    for (int64_t step = 1; step <= hidden; step++) {
        bool last = step == hidden;
        state = record_next_of_tails(r, decoder, state, step, last ? values : width, !last);
    }
    return state;
}

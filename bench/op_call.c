#include "op_call.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/op.h"

enum { VALUES, GRADIENTS };

static size_t bytes_of(const ar_tensor_record *tensor)
{
    return (size_t)(tensor->rows.multiple * tensor->columns) * 4;
}

static void fill(void *block, const ar_tensor_record *tensor, uint32_t number)
{
    const int64_t count = tensor->rows.multiple * tensor->columns;
    ar_random random = {.seed = 1, .step = number, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < count; i++) {
        if (tensor->type == AR_TYPE_INT32) {
            ((int32_t *)block)[i] = (int32_t)(3 * i + 1);
        } else {
            ((float *)block)[i] = (float)(1 + 0.2 * ar_random_normal(&random));
        }
    }
}

/* The matrix of a tensor, in a block that all views of its root share. */
static ar_status take_matrix(op_call *op, const ar_graph *graph, int32_t id, int what,
                             ar_matrix *matrix, ar_error *err)
{
    if (id < 0) {
        return AR_OK;
    }
    const ar_tensor_record *record = &graph->tensors[id], *root = ar_graph_root(graph, id);
    void **block = &op->blocks[2 * record->root + what];
    if (!*block) {
        ar_status status = ar_allocate(block, bytes_of(root), 1, "a tensor", err);
        if (status != AR_OK) {
            return status;
        }
        fill(*block, root, (uint32_t)(2 * record->root + what));
    }
    if (what == VALUES && root->role == AR_ROLE_CONSTANT) {
        memcpy(*block, root->values, bytes_of(root));
    }
    *matrix = (ar_matrix){.data = (char *)*block + 4 * record->first_column,
                          .type = record->type,
                          .rows = record->rows.multiple,
                          .columns = record->columns,
                          .stride = root->columns};
    return AR_OK;
}

static ar_status make_matrices(op_call *op, const ar_graph *graph, const ar_node *node,
                               ar_error *err)
{
    ar_status status = AR_OK;
    const int in = node->input_count, out = node->output_count;
    const int gradient_outputs = ar_op_find(node->kind)->gradient_outputs;
    AR_TRY(ar_allocate(&op->matrices, 2 * (size_t)(in + out), sizeof *op->matrices, "a call", err));
    AR_TRY(ar_allocate(&op->accumulate, (size_t)in, sizeof *op->accumulate, "a call", err));
    ar_matrix *inputs = op->matrices, *outputs = inputs + in, *input_gradients = outputs + out,
              *output_gradients = input_gradients + in;
    for (int i = 0; i < in; i++) {
        AR_TRY(take_matrix(op, graph, node->inputs[i], VALUES, &inputs[i], err));
        if (ar_op_input_has_gradient(node, i)) {
            AR_TRY(take_matrix(op, graph, node->inputs[i], GRADIENTS, &input_gradients[i], err));
        }
    }
    for (int o = 0; o < out; o++) {
        AR_TRY(take_matrix(op, graph, node->outputs[o], VALUES, &outputs[o], err));
        if (o < gradient_outputs) {
            AR_TRY(take_matrix(op, graph, node->outputs[o], GRADIENTS, &output_gradients[o], err));
        }
    }
    op->forward = (ar_op_call){.attributes = &node->attributes,
                               .input_count = in,
                               .output_count = out,
                               .inputs = inputs,
                               .outputs = outputs,
                               .accumulate = op->accumulate};
    op->adjoint = op->forward;
    op->adjoint.input_gradients = input_gradients;
    op->adjoint.output_gradients = output_gradients;
cleanup:
    return status;
}

ar_status op_call_init(op_call *op, const ar_graph *graph, ar_op_kind kind,
                       const ar_backend *backend, ar_type precision, int threads, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_node *node = graph->nodes;
    while (node->kind != kind) {
        node++;
    }
    *op = (op_call){.backend = backend->forward[kind] ? backend : ar_backend_find("ref"),
                    .kind = kind,
                    .block_count = 2 * graph->tensor_count};
    AR_TRY(ar_allocate(&op->blocks, op->block_count, sizeof *op->blocks, "a call", err));
    AR_TRY(make_matrices(op, graph, node, err));
    op->forward.precision = op->adjoint.precision = precision;
    op->forward.threads = op->adjoint.threads = threads;
    const size_t bytes = backend->workspace ? backend->workspace(kind, &op->forward) : 0;
    AR_TRY(ar_allocate(&op->workspace, bytes, 1, "workspace", err));
    op->forward.workspace = op->adjoint.workspace = op->workspace;
    for (int adjoint = 0; adjoint < 2; adjoint++) {
        const ar_op_call *call = adjoint ? &op->adjoint : &op->forward;
        op->operations[adjoint] = ar_op_find(kind)->operations(node, call, adjoint);
        op->bytes[adjoint] = ar_op_bytes(node, call, adjoint);
    }
    op_call_run(op, false);
cleanup:
    if (status != AR_OK) {
        op_call_release(op);
    }
    return status;
}

void op_call_release(op_call *op)
{
    for (size_t b = 0; op->blocks && b < op->block_count; b++) {
        ar_free(op->blocks[b]);
    }
    ar_free(op->blocks);
    ar_free(op->workspace);
    ar_free(op->matrices);
    ar_free(op->accumulate);
    *op = (op_call){0};
}

void op_call_run(const op_call *op, bool adjoint)
{
    (adjoint ? op->backend->adjoint : op->backend->forward)[op->kind](adjoint ? &op->adjoint
                                                                              : &op->forward);
}

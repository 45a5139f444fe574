#include "products.h"

#include "graph/attention_reach.h"

static double rows_of(const ar_graph *graph, const ar_tensor_record *tensor)
{
    const ar_rows rows = tensor->rows;
    return (double)(rows.multiple *
                    (rows.dimension ? graph->dimensions[rows.dimension].largest : 1));
}

product_operations products_count(const ar_graph *graph)
{
    product_operations count = {0};
    for (size_t n = 0; n < graph->node_count; n++) {
        const ar_node *node = &graph->nodes[n];
        const ar_op_attributes *a = &node->attributes;
        if (node->kind == AR_OP_LINEAR) {
            const ar_tensor_record *input = &graph->tensors[node->inputs[0]],
                                   *weight = &graph->tensors[node->inputs[1]];
            const double product =
                2 * rows_of(graph, input) * (double)(weight->rows.multiple * weight->columns);
            count.forward += product;
            count.adjoint += product * (input->wants_gradient + weight->wants_gradient);
        } else if (node->kind == AR_OP_ATTENTION) {
            const ar_tensor_record *output = &graph->tensors[node->outputs[0]];
            const double product = 2 * rows_of(graph, output) / (double)a->tokens[0] *
                                   ar_attention_pairs(&a->reach) *
                                   (double)(a->heads * a->head_size);
            count.forward += 2 * product;
            count.adjoint += 4 * product;
            count.recomputed += product;
        }
    }
    return count;
}

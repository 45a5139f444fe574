/* The tape: a model recorded once as coarse ops on matrices, then planned into one arena and run
 * again every step. Building calls never fail one by one: the first wrong shape is kept in the
 * graph and returned by ar_graph_finish, and every later call is a no-op. */
#ifndef AR_GRAPH_GRAPH_H
#define AR_GRAPH_GRAPH_H

#include "atmorep/backend.h"
#include "atmorep/status.h"

typedef struct {
    int32_t id; /* index into the graph's tensors; −1: none */
} ar_tensor;
#define AR_NO_TENSOR ((ar_tensor){-1})
static inline bool ar_tensor_exists(ar_tensor tensor)
{
    return tensor.id >= 0;
}

/* Rows of a tensor: `multiple` times what a dimension is set to (dimension 0 is always 1). */
typedef struct {
    int dimension;
    int64_t multiple;
} ar_rows;

typedef enum {
    AR_ROLE_INPUT,
    AR_ROLE_CONSTANT, /* values given once, kept in the graph */
    AR_ROLE_PARAMETER,
    AR_ROLE_ACTIVATION,
    AR_ROLE_VIEW, /* a block of columns of another tensor */
} ar_tensor_role;

typedef struct {
    ar_tensor_role role;
    ar_type type;
    ar_rows rows;
    int64_t columns;
    int32_t root;         /* itself, or the tensor that a view looks into */
    int64_t first_column; /* of a view */
    bool keep;            /* readable after the run */
    bool wants_gradient;  /* it is a parameter that is not frozen, or depends on one */
    int64_t offset;       /* parameter: index of its first value in the parameter block */
    void *values;         /* constant */
    char *name;
} ar_tensor_record;

typedef struct {
    ar_op_kind kind;
    char *name; /* as it was recorded */
    ar_op_attributes attributes;
    int input_count, output_count;
    int32_t *inputs, *outputs; /* tensor ids, −1 for absent */
    int32_t block;             /* number of its block; 0: in none */
} ar_node;

/* A parameter: its name in the released model and its place in the parameter block. */
typedef struct {
    int32_t tensor;
    const char *name;  /* borrowed from the tensor */
    const char *alias; /* a second name for the same values, or NULL; owned by the graph */
    int rank;          /* 1: [columns], 2: [rows, columns] */
    int64_t rows, columns, offset;
} ar_parameter;

typedef struct {
    char *name;
    int64_t largest;
} ar_dimension;

typedef struct ar_graph {
    ar_type type; /* of all values but indices */
    ar_dimension *dimensions;
    size_t dimension_count, dimension_capacity;
    ar_tensor_record *tensors;
    size_t tensor_count, tensor_capacity;
    ar_node *nodes;
    size_t node_count, node_capacity;
    ar_parameter *parameters;
    size_t parameter_count, parameter_capacity;
    int64_t parameter_values; /* length of the parameter block */
    int32_t block_count;      /* blocks begun so far */
    bool in_block;
    ar_status status;
    ar_error error;
} ar_graph;

AR_USE_RESULT ar_status ar_graph_create(ar_graph **graph, ar_type type, ar_error *err);
void ar_graph_destroy(ar_graph **graph); /* NULL-safe, sets NULL */
/* The first error of the building calls. */
AR_USE_RESULT ar_status ar_graph_finish(ar_graph *graph, ar_error *err);
/* Keep a failure of who is building, so that ar_graph_finish tells it. */
void ar_graph_fail(ar_graph *graph, ar_status status, const ar_error *error);

/* A row count that may change from step to step, up to `largest`. Returns its number. */
int ar_graph_dimension(ar_graph *graph, const char *name, int64_t largest);

ar_tensor ar_graph_input(ar_graph *graph, const char *name, ar_type type, ar_rows rows,
                         int64_t columns);
/* Values are converted from double and copied. */
ar_tensor ar_graph_constant(ar_graph *graph, const char *name, int64_t rows, int64_t columns,
                            const double *values);
/* rank 1: rows must be 1. The same name twice is the same tensor if the shapes agree. */
ar_tensor ar_graph_parameter(ar_graph *graph, const char *name, int rank, int64_t rows,
                             int64_t columns);
void ar_graph_alias(ar_graph *graph, ar_tensor parameter, const char *alias);
/* An activation to be filled piecewise through views by *_into calls. */
ar_tensor ar_graph_activation(ar_graph *graph, const char *name, ar_rows rows, int64_t columns);
ar_tensor ar_graph_columns(ar_graph *graph, ar_tensor tensor, int64_t first, int64_t count);
/* The nodes recorded between these two are a block, a layer for example, that a plan may compute
 * again in the adjoint. Blocks do not nest. */
void ar_graph_begin_block(ar_graph *graph);
void ar_graph_end_block(ar_graph *graph);
/* Of a finished graph: no gradient reaches the parameters with frozen[parameter_count] any more,
 * nor anything that depends on them alone. */
void ar_graph_freeze(ar_graph *graph, const bool *frozen);
/* Keep a tensor's values readable after a run. */
void ar_graph_keep(ar_graph *graph, ar_tensor tensor);
const ar_tensor_record *ar_graph_tensor(const ar_graph *graph, ar_tensor tensor);
/* The tensor that a view looks into, or the tensor itself. */
static inline const ar_tensor_record *ar_graph_root(const ar_graph *graph, int32_t id)
{
    return &graph->tensors[graph->tensors[id].root];
}
/* Parameter by name or alias, NULL if there is none. Borrowed. */
const ar_parameter *ar_graph_find_parameter(const ar_graph *graph, const char *name);

/* The ops; what they compute stands in atmorep/backend.h. Optional inputs are AR_NO_TENSOR. */
typedef struct {
    ar_tensor input, weight, bias, residual;
    bool gelu;
    ar_tensor into; /* AR_NO_TENSOR: a new activation */
} ar_linear;
ar_tensor ar_graph_linear(ar_graph *graph, const char *name, ar_linear linear);
ar_tensor ar_graph_layer_norm(ar_graph *graph, const char *name, ar_tensor input, ar_tensor scale,
                              ar_tensor shift);
typedef struct {
    ar_tensor query, key, value;
    ar_tensor query_scale, query_shift, key_scale, key_shift;
    int64_t heads, head_size;
    int64_t query_stride, key_stride, value_stride;
    int64_t query_tokens, key_tokens;
    ar_attention_reach reach; /* zeroed: every query sees every key */
    ar_tensor asked; /* rows that are queries; AR_NO_TENSOR: all. Needs a reach without limits */
    bool normalise_query, normalise_key;
    ar_tensor into;
} ar_attention;
ar_tensor ar_graph_attention(ar_graph *graph, const char *name, ar_attention attention);
ar_tensor ar_graph_add_periodic(ar_graph *graph, const char *name, ar_tensor input,
                                ar_tensor table);
ar_tensor ar_graph_factorised_positions(ar_graph *graph, const char *name, ar_tensor level,
                                        ar_tensor time, ar_tensor latitude, ar_tensor longitude);
/* `draw` [B,5] has a row a sample of the input's rows; residual optional. */
typedef struct {
    ar_tensor input, residual, draw;
    double probability;
    uint32_t stream;
} ar_dropout;
ar_tensor ar_graph_dropout(ar_graph *graph, const char *name, ar_dropout dropout);
ar_tensor ar_graph_gather_rows(ar_graph *graph, const char *name, ar_tensor input, ar_tensor index);
ar_tensor ar_graph_cut_patches(ar_graph *graph, const char *name, ar_tensor input,
                               const int64_t block[3], const int64_t patch[3]);
/* Every `rows` rows beside each other in one. */
ar_tensor ar_graph_join_rows(ar_graph *graph, const char *name, ar_tensor input, int64_t rows);
/* parts[4·members]: scale, shift, weight, bias of each tail. */
void ar_graph_fold_tails(ar_graph *graph, const char *name, const ar_tensor *parts, int64_t members,
                         ar_tensor *weight, ar_tensor *bias);
void ar_graph_ensemble_statistics(ar_graph *graph, const char *name, ar_tensor ensemble,
                                  int64_t members, ar_tensor *mean, ar_tensor *deviation);
/* `first` is the ensemble, the mean, the mean with `second` the deviation, or the ensemble with
 * `second` the weights of rows, as the loss wants. */
typedef struct {
    ar_op_kind kind;
    ar_tensor first, second, target;
    int64_t members;
    bool fair;
    int64_t token_size[3]; /* st, sy, sx, for losses that look at places in a token */
} ar_loss;
ar_tensor ar_graph_loss(ar_graph *graph, const char *name, ar_loss loss);
ar_tensor ar_graph_weighted_sum(ar_graph *graph, const char *name, const ar_tensor *terms,
                                const double *weights, int64_t count);

#endif

#include "backend/cpu/onednn/onednn_product.h"

#include <omp.h>
#include <pthread.h>
#include <string.h>

#include "backend/cpu/onednn/onednn_version.h"

#define TRY(call)                                                                                  \
    do {                                                                                           \
        if ((call) != dnnl_success) {                                                              \
            goto cleanup;                                                                          \
        }                                                                                          \
    } while (0)

/* What a primitive is made for. Compared by bytes, so cleared before it is filled. */
typedef struct {
    int64_t m, n, k, a_stride, b_stride, c_stride, residual_stride;
    int threads;
    bool transpose_a, transpose_b, accumulate, bf16, bias, gelu, residual;
} key;

/* The operands as oneDNN reads them: where they are, or rounded copies that the slot owns. */
enum { A, B, OPERANDS };
enum { C, BIAS, RESIDUAL, PLACES };

typedef struct {
    key made_for;
    int64_t last_used;                   /* 0: empty */
    dnnl_memory_t given[OPERANDS];       /* float32, in the caller's memory */
    dnnl_memory_t rounded[OPERANDS];     /* bfloat16, NULL for float32 */
    dnnl_primitive_t rounding[OPERANDS]; /* from given to rounded */
    dnnl_memory_t place[PLACES];         /* NULL where there is none */
    dnnl_primitive_t matmul;
} slot;

enum { SLOTS = 64 };

/* All of these behind the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static dnnl_engine_t engine;
static dnnl_stream_t stream;
static slot slots[SLOTS];
static int64_t clock_of_uses;

static void slot_release(slot *s)
{
    for (int i = 0; i < OPERANDS; i++) {
        dnnl_memory_destroy(s->given[i]);
        dnnl_memory_destroy(s->rounded[i]);
        dnnl_primitive_destroy(s->rounding[i]);
    }
    for (int i = 0; i < PLACES; i++) {
        dnnl_memory_destroy(s->place[i]);
    }
    dnnl_primitive_destroy(s->matmul);
    memset(s, 0, sizeof *s);
}

static key key_of(const matrix_product *p)
{
    key k;
    memset(&k, 0, sizeof k);
    k.m = p->m;
    k.n = p->n;
    k.k = p->k;
    k.a_stride = p->a_stride;
    k.b_stride = p->b_stride;
    k.c_stride = p->c_stride;
    k.residual_stride = p->finish.residual ? p->finish.residual_stride : 0;
    k.threads = p->threads;
    k.transpose_a = p->transpose_a;
    k.transpose_b = p->transpose_b;
    k.accumulate = p->accumulate;
    k.bf16 = p->precision == AR_TYPE_BFLOAT16;
    k.bias = p->finish.bias;
    k.gelu = p->finish.gelu;
    k.residual = p->finish.residual;
    return k;
}

/* Matrix [rows, columns] in memory, or its transpose there. */
static dnnl_status_t matrix_layout(own_layout *own, int64_t rows, int64_t columns, int64_t stride,
                                   bool transposed)
{
    const dnnl_dims_t sizes = {rows, columns};
    const dnnl_dims_t strides = {transposed ? 1 : stride, transposed ? stride : 1};
    return layout_init(own, sizes, dnnl_f32, strides);
}

static dnnl_status_t finish_of(dnnl_primitive_attr_t attributes, dnnl_post_ops_t finish, key k,
                               layout residual)
{
    dnnl_status_t status = dnnl_success;
    if (k.accumulate) {
        status = append_sum(finish);
    }
    if (k.gelu && status == dnnl_success) {
        status = append_gelu(finish);
    }
    if (k.residual && status == dnnl_success) {
        status = dnnl_post_ops_append_binary(finish, dnnl_binary_add, residual);
    }
    return status == dnnl_success ? dnnl_primitive_attr_set_post_ops(attributes, finish) : status;
}

/* A rounded copy of an operand in the layout the primitive wants it in. */
static dnnl_status_t round_operand(slot *s, int i, layout given, layout wanted)
{
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = dnnl_memory_create(&s->rounded[i], wanted, engine, DNNL_MEMORY_ALLOCATE);
    if (status == dnnl_success) {
        status =
            dnnl_reorder_primitive_desc_create(&description, given, engine, wanted, engine, NULL);
    }
    if (status == dnnl_success) {
        status = dnnl_primitive_create(&s->rounding[i], description);
    }
    dnnl_primitive_desc_destroy(description);
    return status;
}

/* The layouts of a product; `matmul` ones are those in which its operands are multiplied. */
typedef struct {
    own_layout given[OPERANDS], multiplied[OPERANDS], place[PLACES];
} product_layouts;

static bool layouts_init(product_layouts *l, key k)
{
    const dnnl_dims_t a = {k.m, k.k}, b = {k.k, k.n};
    const dnnl_status_t statuses[] = {
        matrix_layout(&l->given[A], k.m, k.k, k.a_stride, k.transpose_a),
        matrix_layout(&l->given[B], k.k, k.n, k.b_stride, k.transpose_b),
        k.bf16 ? layout_init_any(&l->multiplied[A], a, dnnl_bf16)
               : matrix_layout(&l->multiplied[A], k.m, k.k, k.a_stride, k.transpose_a),
        k.bf16 ? layout_init_any(&l->multiplied[B], b, dnnl_bf16)
               : matrix_layout(&l->multiplied[B], k.k, k.n, k.b_stride, k.transpose_b),
        matrix_layout(&l->place[C], k.m, k.n, k.c_stride, false),
        matrix_layout(&l->place[BIAS], 1, k.n, k.n, false),
        matrix_layout(&l->place[RESIDUAL], k.m, k.n, k.residual ? k.residual_stride : k.n, false),
    };
    bool well = true;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        well = well && statuses[i] == dnnl_success;
    }
    return well;
}

static void layouts_release(product_layouts *l)
{
    for (int i = 0; i < OPERANDS; i++) {
        layout_release(&l->given[i]);
        layout_release(&l->multiplied[i]);
    }
    for (int i = 0; i < PLACES; i++) {
        layout_release(&l->place[i]);
    }
}

static bool slot_init(slot *s, key k)
{
    bool well = false;
    product_layouts l;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t finish = NULL;
    dnnl_primitive_desc_t description = NULL;
    const bool present[PLACES] = {true, k.bias, k.residual};
    memset(&l, 0, sizeof l);
    if (!layouts_init(&l, k)) {
        goto cleanup;
    }
    TRY(dnnl_primitive_attr_create(&attributes));
    TRY(dnnl_post_ops_create(&finish));
    TRY(finish_of(attributes, finish, k, layout_of(&l.place[RESIDUAL])));
    TRY(describe_matmul(&description, engine, layout_of(&l.multiplied[A]),
                        layout_of(&l.multiplied[B]), k.bias ? layout_of(&l.place[BIAS]) : NULL,
                        layout_of(&l.place[C]), attributes));
    TRY(dnnl_primitive_create(&s->matmul, description));
    for (int i = 0; i < OPERANDS; i++) {
        TRY(dnnl_memory_create(&s->given[i], layout_of(&l.given[i]), engine, DNNL_MEMORY_NONE));
        if (k.bf16) {
            TRY(round_operand(
                s, i, layout_of(&l.given[i]),
                dnnl_primitive_desc_query_md(
                    description, i == A ? dnnl_query_src_md : dnnl_query_weights_md, 0)));
        }
    }
    for (int i = 0; i < PLACES; i++) {
        if (present[i]) {
            TRY(dnnl_memory_create(&s->place[i], layout_of(&l.place[i]), engine, DNNL_MEMORY_NONE));
        }
    }
    s->made_for = k;
    well = true;
cleanup:
    layouts_release(&l);
    dnnl_primitive_desc_destroy(description);
    dnnl_post_ops_destroy(finish);
    dnnl_primitive_attr_destroy(attributes);
    if (!well) {
        slot_release(s);
    }
    return well;
}

/* The slot made for this, or the one not used for longest made anew. NULL if that fails. */
static slot *slot_for(key k)
{
    slot *oldest = &slots[0];
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].last_used > 0 && memcmp(&slots[i].made_for, &k, sizeof k) == 0) {
            return &slots[i];
        }
        if (slots[i].last_used < oldest->last_used) {
            oldest = &slots[i];
        }
    }
    slot_release(oldest);
    return slot_init(oldest, k) ? oldest : NULL;
}

static bool execute(slot *s, const matrix_product *p)
{
    bool well = false;
    const void *operands[OPERANDS] = {p->a, p->b};
    const void *places[PLACES] = {p->c, p->finish.bias, p->finish.residual};
    for (int i = 0; i < OPERANDS; i++) {
        TRY(dnnl_memory_set_data_handle(s->given[i], (void *)operands[i]));
        if (s->rounding[i]) {
            TRY(dnnl_primitive_execute(
                s->rounding[i], stream, 2,
                (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, s->given[i]}, {DNNL_ARG_TO, s->rounded[i]}}));
        }
    }
    /* The residual's place is that of the binary operation behind a sum and a GELU. */
    const int before = s->made_for.accumulate + s->made_for.gelu;
    const int names[PLACES] = {DNNL_ARG_DST, DNNL_ARG_BIAS,
                               DNNL_ARG_ATTR_MULTIPLE_POST_OP(before) | DNNL_ARG_SRC_1};
    dnnl_exec_arg_t arguments[OPERANDS + PLACES] = {
        {DNNL_ARG_SRC, s->rounded[A] ? s->rounded[A] : s->given[A]},
        {DNNL_ARG_WEIGHTS, s->rounded[B] ? s->rounded[B] : s->given[B]},
    };
    int count = OPERANDS;
    for (int i = 0; i < PLACES; i++) {
        if (s->place[i]) {
            TRY(dnnl_memory_set_data_handle(s->place[i], (void *)places[i]));
            arguments[count++] = (dnnl_exec_arg_t){names[i], s->place[i]};
        }
    }
    TRY(dnnl_primitive_execute(s->matmul, stream, count, arguments));
    TRY(dnnl_stream_wait(stream));
    well = true;
cleanup:
    return well;
}

static bool engine_is_there(void)
{
    if (!engine && dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) {
        engine = NULL;
    }
    if (engine && !stream &&
        dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) != dnnl_success) {
        stream = NULL;
    }
    return stream;
}

bool onednn_multiply(const matrix_product *p)
{
    if (p->m == 0 || p->n == 0 || p->k == 0) {
        return false;
    }
    bool done = false;
    pthread_mutex_lock(&lock);
    /* Primitives are made for, and run on, as many threads as OpenMP would use now. */
    const int threads = omp_get_max_threads();
    omp_set_num_threads(p->threads);
    if (engine_is_there()) {
        slot *s = slot_for(key_of(p));
        done = s && execute(s, p);
        if (done) {
            s->last_used = ++clock_of_uses;
        }
    }
    omp_set_num_threads(threads);
    pthread_mutex_unlock(&lock);
    return done;
}

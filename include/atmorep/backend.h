/* What a writer of a backend sees: the ops of the graph, the matrices they work on, and the table
 * of functions a backend fills. A slot left NULL falls back to the reference backend.
 *
 * Every tensor is a matrix [rows, columns] in row-major order with a row stride, so that a block of
 * columns of a larger matrix is a matrix too. Symbols: R rows (tokens of all samples), E embedding,
 * K and N columns in and out, M masked rows, N members, V values of a token. */
#ifndef ATMOREP_BACKEND_H
#define ATMOREP_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef enum {
    AR_TYPE_FLOAT32,
    AR_TYPE_FLOAT64,
    AR_TYPE_BFLOAT16, /* as the precision of products only: no tensor is stored in it */
    AR_TYPE_INT32,
} ar_type;

/* A matrix in memory. Element (r, c) is at data + (r·stride + c)·size. */
typedef struct {
    void *data; /* NULL: absent (an optional input, a gradient nobody wants) */
    ar_type type;
    int64_t rows, columns, stride;
} ar_matrix;

typedef enum {
    /* y = x Wᵀ [+ b]; with gelu y = gelu(that), exact with erf; [+ residual].
     * in: x [R,K], W [N,K], b [1,N]?, residual [R,N]?   out: y [R,N], z [R,N] (before gelu)? */
    AR_OP_LINEAR,
    /* y = (x − mean) / sqrt(variance + ε) [· scale + shift], over the columns (Ba et al. 2016).
     * in: x [R,E], scale [1,E]?, shift [1,E]?   out: y [R,E], statistics [R,2] (mean, 1/sqrt) */
    AR_OP_LAYER_NORM,
    /* softmax(q kᵀ/√D) v per sample and head (Vaswani et al. 2017), q and k normalised over D first
     * when asked; the softmax of a query is over the keys within its reach. Head h of q is at
     * columns h·head_stride[0], of k and v at h·head_stride[1], [2] of their matrices. rows /
     * tokens[0] samples of tokens[0] queries and tokens[1] keys. With `asked`, whose M entries are
     * unique rows of q, in any order, only these are queries: y and log-sum-exp have a row for
     * each, and the reach has no limits. in: q [R], k, v, q scale [1,D]?, q shift?, k scale?, k
     * shift?, asked [M,1] int32? out: y [R or M, H·D], log-sum-exp of the scores [R or M, H] */
    AR_OP_ATTENTION,
    /* y = x + table[row mod T].   in: x [R,E], table [T,E]   out: y [R,E] */
    AR_OP_ADD_PERIODIC,
    /* table[((l·nt + t)·ny + y)·nx + x] = level[l] + time[t] + latitude[y] + longitude[x].
     * in: level [L,E], time [nt,E], latitude [ny,E], longitude [nx,E]   out: table [T,E] */
    AR_OP_FACTORISED_POSITIONS,
    /* y = keep·x/(1−p) [+ residual], where keep is 0 with probability p and else 1 (Srivastava et
     * al. 2014), or y = x [+ residual] for samples that are not active. Row i of a sample's R/B
     * rows keeps column c where word c mod 4 of Philox 4x32-10 is at least ⌊2³² p⌋, for the counter
     * (i·⌈C/4⌉ + ⌊c/4⌋, number of the sample, step, stream) and the key seed: the mask of a sample
     * does not depend on its batch, and the adjoint draws it again. in: x [R,C], residual [R,C]?,
     * draw [B,5] int32 (seed low and high, step, number of the sample, 1: active)   out: y [R,C] */
    AR_OP_DROPOUT,
    /* y[i] = x[index[i]]; indices are unique.   in: x [R,E], index [M,1] int32   out: y [M,E] */
    AR_OP_GATHER_ROWS,
    /* Row r of x holds a block [st, sy, sx] of points; y has its P = (st/pt)·(sy/py)·(sx/px)
     * patches [pt, py, px] in rows r·P … r·P + P − 1, in row-major order of blocks and of points.
     * in: x [R, st·sy·sx]   out: y [R·P, pt·py·px] */
    AR_OP_CUT_PATCHES,
    /* Every P rows beside each other: y[r] = [x[r·P] | … | x[r·P + P − 1]].
     * in: x [R·P, E]   out: y [R, P·E] */
    AR_OP_JOIN_ROWS,
    /* The affine part of each tail's layer norm folded into its linear layer:
     * W' = W diag(scale), b' = b + W shift, tails below each other.
     * in: per tail scale [1,E], shift [1,E], W [V,E], b [1,V]   out: W' [N·V,E], b' [1,N·V] */
    AR_OP_FOLD_TAILS,
    /* Mean and unbiased standard deviation over members.
     * in: ensemble [M,N·V]   out: mean [M,V], standard deviation [M,V] */
    AR_OP_ENSEMBLE_STATISTICS,
    /* Losses: means over all M·V values; 0 when M = 0.   last in: target [M,V]   out: [1,1] */
    AR_OP_LOSS_MSE,          /* (mean − y)².   in: mean */
    AR_OP_LOSS_MSE_ENSEMBLE, /* mean over members of (x_i − y)².   in: ensemble */
    /* Σ a (x_i − y)² / (N Σ a), the sums over all values and members; the weight a, such as the cos
     * φ of equal steps in latitude and longitude, is that of a token's row of points; 0 when Σ a =
     * 0. in: ensemble, a [M,sy] */
    AR_OP_LOSS_WEIGHTED_MSE,
    /* ⟨e²⟩ + ⟨(∂y e)²⟩ + ⟨(∂x e)²⟩ of the error e = mean − y, the discrete norm of the Sobolev
     * space H¹ (Adams and Fournier 2003, 3.1) with the grid's step as unit: ∂ are differences of
     * neighbours inside a token (to the next row, to the next column), each ⟨⟩ a mean over all
     * there are. A wave e^{i(kx+ly)} of the error weighs 1 + 4 sin²(k/2) + 4 sin²(l/2), from 1 for
     * the largest scales to 9 for the smallest.   in: mean */
    AR_OP_LOSS_SOBOLEV_H1,
    AR_OP_LOSS_STATS, /* (1 − exp(−(y−μ)²/2σ²))² + √σ (Lessig et al. 2023).   in: μ, σ */
    /* A²/5 + √σ, where A = erf(|y−μ|/√2σ) = ∫ N(x; μ, σ²) dx over |x−μ| < |y−μ| is the probability
     * of being nearer to μ than the truth is: 0 at y = μ, 1 far away. After the statistical loss of
     * the same name of the AtmoRep code (2023), which takes erf(|y−μ|/σ²), no area unless σ = √2.
     * in: μ, σ */
    AR_OP_LOSS_STATS_AREA,
    AR_OP_LOSS_CRPS, /* of the normal distribution N(μ, σ²) (Gneiting et al. 2005).   in: μ, σ */
    /* 1/N Σ|x_i − y| − 1/(2N²) ΣΣ|x_i − x_j| (Gneiting and Raftery 2007); with fair 1/(2N(N−1))
     * (Ferro 2014).   in: ensemble */
    AR_OP_LOSS_KERNEL_CRPS,
    /* Σ weight_i s_i.   in: scalars [1,1]   out: [1,1] */
    AR_OP_WEIGHTED_SUM,
    AR_OP_COUNT
} ar_op_kind;

/* Inputs of attention: the three matrices, four of the norms, and the rows that are asked for. */
enum { AR_ATTENTION_INPUTS = 8, AR_HEAD_SIZE_MOST = 1024 };

/* The keys that a query of attention sees. Tokens of a sample lie on four axes, row-major
 * [level][time][latitude][longitude]. Queries and keys divide the same cube, each axis into equal
 * tokens, but not always into as many: query token p covers [p, p + 1)/queries of an axis, key
 * token r covers [r, r + 1)/keys. On a limited axis p sees the keys that overlap
 * [p − distance, p + 1 + distance)/queries; distance 0 leaves those at its own place. A query sees
 * the keys that it sees on all four axes. Attention along one axis is a limit of distance 0 on the
 * three others. Nothing wraps. */
typedef struct {
    int64_t queries[4], keys[4]; /* tokens along each axis */
    bool limited[4];
    int64_t distance[4]; /* in tokens of the queries */
} ar_attention_reach;

typedef struct {
    bool gelu;      /* linear */
    double epsilon; /* layer norm, and q/k norm of attention */
    bool normalise_query, normalise_key;
    int64_t heads, head_size; /* attention: H, D */
    int64_t head_stride[3];   /* attention: columns from one head to the next in q, k, v */
    int64_t tokens[2];        /* attention: queries and keys a sample */
    ar_attention_reach reach; /* attention */
    int64_t extents[4];       /* positions: L, nt, ny, nx */
    int64_t block[3];         /* patches: st, sy, sx */
    int64_t patch[3];         /* patches: pt, py, px */
    int64_t rows;             /* joined rows: P */
    int64_t members;          /* tails, statistics, ensemble losses: N */
    bool fair;                /* kernel CRPS */
    double dropout;           /* p, from 0 to below 1 */
    uint32_t stream;          /* dropout: which of the random streams of a sample */
    int64_t token_size[3];    /* weighted and Sobolev losses: st, sy, sx */
    const double *weights;    /* weighted sum, one an input */
} ar_op_attributes;

typedef struct {
    const ar_op_attributes *attributes;
    int input_count, output_count;
    const ar_matrix *inputs, *outputs;
    /* Adjoint only. A gradient of an input with data NULL is not wanted; otherwise it is added to
     * where accumulate[i] and overwritten where not (all its elements). Slots are served in order.
     * A gradient of an output with data NULL is zero. */
    const ar_matrix *input_gradients, *output_gradients;
    const bool *accumulate;
    void *workspace; /* as many bytes as the backend's workspace function asked for */
    /* Inference, where the op's packed input does not change between runs: as many bytes as the
     * backend's packed function asked for, in which the kernel leaves that input in an order of its
     * own when is_packed is false, and finds it when it is true. NULL: there is no such place. */
    void *packed;
    bool is_packed;
    /* Linear with a GELU, computed again for its adjoint: the output before the GELU is there and
     * stays, only what follows from it is wanted. */
    bool finish_only;
    int threads;
    /* With AR_TYPE_BFLOAT16 both operands of every matrix product, those inside attention and of
     * the adjoints included, are rounded to bfloat16 (to nearest, ties to even) and the products
     * are summed in float32 or better; everything else is as with AR_TYPE_FLOAT32. */
    ar_type precision;
} ar_op_call;

typedef void (*ar_kernel)(const ar_op_call *call);

/* One step of AdamW (Loshchilov and Hutter 2019, as PyTorch computes it) on `count` values:
 * p −= lr·λ·p; m, v moments; p −= lr/(1−β1ᵗ) · m / (sqrt(v)/sqrt(1−β2ᵗ) + ε). */
typedef struct {
    int64_t count;
    float *parameters, *first_moment, *second_moment;
    const float *gradients;
    double gradient_scale; /* from clipping */
    double learning_rate, weight_decay, beta1, beta2, epsilon;
    int64_t step; /* from 1 */
    int threads;
} ar_adamw_call;

typedef struct ar_backend {
    const char *name;
    /* Can this backend compute in `type`? */
    bool (*supports)(ar_type type);
    /* Bytes of workspace that a kernel wants for the largest call. */
    size_t (*workspace)(ar_op_kind kind, const ar_op_call *largest);
    /* Bytes in which a kernel wants to keep the weight of a linear op from run to run (NULL: none).
     */
    size_t (*packed)(ar_op_kind kind, const ar_op_call *largest);
    ar_kernel forward[AR_OP_COUNT];
    ar_kernel adjoint[AR_OP_COUNT];
    void (*adamw)(const ar_adamw_call *call);
    /* Σ x² in double, in an order that depends on count and threads only. */
    double (*sum_of_squares)(const float *values, int64_t count, int threads);
    /* Most floating-point operations a second, 2 a multiply-add, that these threads can do in
     * products of `precision`: multiply-adds in registers, the best of some that take `seconds`
     * together. NULL: not measured. */
    double (*peak)(ar_type precision, int threads, double seconds);
    /* Bytes a second between memory and these threads: a = b + s·c over 192 MiB (the triad of
     * STREAM, McCalpin 1995, two reads and a write counted), the best of five; 0 if there is no
     * memory for it. NULL: not measured. */
    double (*bandwidth)(int threads);
} ar_backend;

/* The backends that are built in: "ref" (plain loops, float32 and float64) and "cpu" (fast,
 * float32), which is the best of its paths that this processor can run; "cpu-portable", "cpu-avx2",
 * "cpu-avx512", "cpu-avx512_bf16" are each one of them. NULL for another name and for a path that
 * this processor cannot run. Borrowed, constant, thread-safe. */
const ar_backend *ar_backend_find(const char *name);
/* The same for a name that a user gave (NULL: "cpu"), with an error that says what there is. */
AR_USE_RESULT ar_status ar_backend_choose(const ar_backend **backend, const char *name,
                                          ar_error *err);

#endif

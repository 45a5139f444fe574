/* What a plan computes again in the adjoint instead of keeping it: of the nodes inside blocks
 * (layers, mostly), all or those that cost little. The bits are the same in all modes. */
#ifndef AR_GRAPH_RECOMPUTE_H
#define AR_GRAPH_RECOMPUTE_H

typedef enum {
    AR_RECOMPUTE_NONE,              /* all that the adjoint reads is kept */
    AR_RECOMPUTE_ALL_BUT_PRODUCTS,  /* linear layers and attention are kept: what is computed again
                                     * costs about as much as reading it */
    AR_RECOMPUTE_ALL_BUT_ATTENTION, /* attention is kept: a forward pass of the linear layers more,
                                     * little where sequences are long */
    AR_RECOMPUTE_ALL,               /* only what enters a block is kept: a forward pass more */
    AR_RECOMPUTE_COUNT,             /* of the ways above, each with less memory and more work */
    AR_RECOMPUTE_AUTO = AR_RECOMPUTE_COUNT, /* the last of them with at most 6 % more operations */
} ar_recompute;

#endif

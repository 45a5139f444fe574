/* Matrix products by oneDNN's matmul primitives, instead of the own kernels where a build has it
 * (-DATMOREP_ONEDNN) and a user asks for it: the environment's ATMOREP_PRODUCTS=onednn (own by
 * default). Compiled once; oneDNN chooses its instructions itself. */
#ifndef AR_BACKEND_CPU_ONEDNN_ONEDNN_PRODUCT_H
#define AR_BACKEND_CPU_ONEDNN_ONEDNN_PRODUCT_H

#include "backend/cpu/matrix_product.h"

/* Does the environment ask for oneDNN's products? Read once; thread-safe. A word that is neither
 * own nor onednn, and onednn where it is not built in, are told as a warning and mean own. */
bool onednn_is_asked_for(void);

/* Compute the product, its finish included, except finish.before_gelu, which has to be NULL.
 * Returns false and leaves C alone where oneDNN is not built in, cannot do it, or has no memory.
 * Primitives are kept for the shapes used last. The same shape and number of threads give the same
 * bits. Thread-safe: products of several threads wait for each other. */
bool onednn_multiply(const matrix_product *product);

#endif

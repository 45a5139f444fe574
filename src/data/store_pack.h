/* How the values of a store are stored, and what is lost by it. */
#ifndef AR_DATA_STORE_PACK_H
#define AR_DATA_STORE_PACK_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    AR_STORE_FLOAT32,  /* as they are */
    AR_STORE_BFLOAT16, /* rounded to 8 significant bits, kept in float32 whose low half is zero and
                        * takes no room once it is compressed; relative error at most 2⁻⁸ */
    AR_STORE_INT16,    /* value = scale_factor · integer + add_offset (CF-1.8, 8.1) in 65535 steps
                        * between the smallest and the largest value; error at most half a step */
} ar_store_type;

const char *ar_store_type_name(ar_store_type type);
int64_t ar_store_type_bytes(ar_store_type type);

enum { AR_STORE_MISSING = -32768 }; /* of AR_STORE_INT16 */

typedef struct {
    ar_store_type type;
    double scale, offset; /* of AR_STORE_INT16 */
} ar_store_packing;

/* What packing changed, over values that are not missing. */
typedef struct {
    double largest, squares; /* of |stored − value|, and the sum of their squares */
    int64_t count;
} ar_store_error;

/* The packing for values between smallest and largest; what is never there (smallest > largest)
 * gets one too. */
ar_store_packing ar_store_packing_choose(ar_store_type type, float smallest, float largest);

/* Pack values[count] to packed[count], float or int16_t, and replace the values by what a reader
 * finds, missing ones by NAN. Adds to *error. Pure, thread-safe. */
void ar_store_pack(const ar_store_packing *packing, float *values, int64_t count, void *packed,
                   ar_store_error *error);

#endif

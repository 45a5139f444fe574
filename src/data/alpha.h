/* α, the auxiliary information, other than it is: tokens are told another date, while the data
 * stays the same. */
#ifndef AR_DATA_ALPHA_H
#define AR_DATA_ALPHA_H

#include <stdint.h>

/* Zeros: as it is. */
typedef struct {
    int64_t later; /* seconds that are added to the date */
    int64_t years; /* that are added to the year that this gives */
} ar_alpha;

#endif

/* From stored numbers to physical ones, as the CF conventions (1.11, sections 2.5.1 and 8.1) say:
 *     value = stored · scale_factor + add_offset,
 * and NaN where stored equals _FillValue or missing_value or lies outside valid_min, valid_max or
 * valid_range. The same for every format. Pure functions. */
#ifndef AR_IO_UNPACK_H
#define AR_IO_UNPACK_H

#include "io/number.h"
#include "io/source.h"

enum { AR_MISSING_MAX = 8 };

typedef struct {
    ar_number_type type;
    bool scaled; /* scale or offset is given */
    double scale, offset;
    int missing_count;
    double missing[AR_MISSING_MAX]; /* stored values that mean missing */
    double smallest, largest;       /* the valid range, ±infinity where open */
    bool range_is_unpacked;         /* it bounds physical values, not stored ones */
} ar_packing;

/* Where values go: one of the two is NULL. */
typedef struct {
    float *floats;
    double *doubles;
} ar_values;

/* Take the packing of `variable` from its attributes; type is the stored type. An attribute of a
 * kind or length that makes no sense is an error that names it (AR_ERROR_INPUT). As the netCDF
 * User's Guide says, a valid range is one of stored values unless the variable is a packed integer
 * and the range is not of integers; "_Unsigned" = "true" makes a signed type unsigned. */
AR_USE_RESULT ar_status ar_packing_init(ar_packing *packing, ar_number_type type,
                                        const ar_variable *variable, ar_error *err);
/* One more stored value that means missing. */
AR_USE_RESULT ar_status ar_packing_add_missing(ar_packing *packing, double stored, ar_error *err);

/* Unpack `count` stored numbers at `raw` (any alignment) to element `at` and following of `values`.
 * Physical values are computed in double and rounded once. */
void ar_unpack(const ar_packing *packing, const void *raw, int64_t count, ar_values values,
               int64_t at);
/* Are stored numbers floats that need no more than ar_unpack_in_place? */
bool ar_packing_is_plain(const ar_packing *packing);
/* Such numbers, as they are stored, to physical values. */
void ar_unpack_in_place(const ar_packing *packing, float *values, int64_t count);
/* The physical value of one stored number that has been widened. */
double ar_unpack_number(const ar_packing *packing, double stored);

#endif

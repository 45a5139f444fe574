/* Fields that no file holds and two fields of the files determine: vorticity, divergence,
 * streamfunction, velocity potential and speed of a wind, and the wind of vorticity and divergence.
 * Private to the room. */
#ifndef AR_DATA_FIELD_DERIVED_H
#define AR_DATA_FIELD_DERIVED_H

#include "data/field_data.h"

typedef struct ar_field_derived ar_field_derived;

/* Find the two fields of request->from, with all else of the request, and describe the derived one
 * in `field` (all but `values`; released with ar_field_data_release in any case). The two have to
 * agree in grid, levels and times. A name that is no derived field, two that do not determine it,
 * units that are none of a wind or of vorticity, and a grid that the derivation cannot use
 * (field/wind.h) are errors. Close with ar_field_derived_close in any case. */
AR_USE_RESULT ar_status ar_field_derived_open(ar_field_derived **derived, ar_field_data *field,
                                              const char *const *paths, int64_t path_count,
                                              const ar_field_request *request, ar_error *err);
/* As ar_field_reader_read; what the two fields need is held a few times at once. Several threads
 * may call it. */
AR_USE_RESULT ar_status ar_field_derived_read(const ar_field_derived *derived, int64_t first,
                                              int64_t count, float *values, ar_error *err);
/* As ar_field_reader_file, of both fields. */
const char *ar_field_derived_file(const ar_field_derived *derived, int64_t index);
void ar_field_derived_close(ar_field_derived **derived); /* NULL-safe, sets NULL */

#endif

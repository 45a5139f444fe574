/* The words of data.grid.method, for the configurations of training and of stores. */
#ifndef AR_DATA_REGRID_NAMES_H
#define AR_DATA_REGRID_NAMES_H

#include <cyaml/cyaml.h>

#include "data/field_data.h"

enum { AR_FIELD_REGRID_WAYS = 4 };

/* In the order of ar_field_regrid_way. */
extern const cyaml_strval_t ar_field_regrid_names[AR_FIELD_REGRID_WAYS];
const char *ar_field_regrid_way_name(ar_field_regrid_way way);

#endif

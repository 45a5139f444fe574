#include "data/regrid_names.h"

const cyaml_strval_t ar_field_regrid_names[AR_FIELD_REGRID_WAYS] = {
    {"automatic", AR_FIELD_REGRID_AUTOMATIC},
    {"area", AR_FIELD_REGRID_AREA},
    {"bilinear", AR_FIELD_REGRID_BILINEAR},
    {"harmonics", AR_FIELD_REGRID_HARMONICS}};

const char *ar_field_regrid_way_name(ar_field_regrid_way way)
{
    return ar_field_regrid_names[way].str;
}

/* By which names a field goes, and which variable of a file it is. Private to the room. */
#ifndef AR_DATA_FIELD_NAMES_H
#define AR_DATA_FIELD_NAMES_H

#include <stddef.h>

#include "data/field_data.h"

/* How surely a variable is the wanted field; the least of these in all files is taken. */
typedef enum {
    AR_MATCH_STANDARD_NAME = 1, /* by standard_name or GRIB_cfName */
    AR_MATCH_SHORT_NAME,        /* by GRIB_shortName or GRIB_paramId */
    AR_MATCH_VARIABLE_NAME,     /* by its name in the file */
    AR_MATCH_DOUBTFUL,          /* by standard_name, but its other names say something more special:
                                 * t2m has the standard name of t */
    AR_MATCH_NONE,
} ar_name_match;

/* Find the variable of `source` that is the wanted field; NULL and AR_MATCH_NONE if none is.
 * Several that match equally well are an error that names them. Only variables with latitude and
 * longitude count; where none of them is the field, one without that is and that the source says
 * cannot be read is an error with the reason. */
AR_USE_RESULT ar_status ar_field_find_variable(const ar_source *source,
                                               const ar_field_request *request,
                                               const ar_variable **variable, ar_name_match *match,
                                               ar_error *err);

/* Append "a, b, c", the names of the variables with latitude and longitude, to text of `size`. */
void ar_field_list_variables(const ar_source *source, char *text, size_t size);

/* Position of the dimension of `role` in a variable, or −1. */
int ar_variable_find_role(const ar_source *source, const ar_variable *variable,
                          ar_dimension_role role);

#endif

/* Parameters' names are "<kind>.<number>.<rest>", such as encoders.0.heads.3.proj_out.weight: the
 * number is that of a field, or of a predicted field among those. Pure functions. */
#ifndef AR_MODEL_PARAMETER_PART_H
#define AR_MODEL_PARAMETER_PART_H

#include "model/configuration.h"

enum { AR_PARAMETER_NAME_SIZE = 320 };

typedef enum {
    AR_PART_ENCODER,
    AR_PART_EMBEDDING,
    AR_PART_TOKEN_INFO,
    AR_PART_DISPLACEMENT,
    AR_PART_POSITIONS,
    AR_PART_DECODER, /* numbered, as the tails, in the order of the predicted fields */
    AR_PART_TAIL,
    AR_PART_KINDS
} ar_part_kind;

typedef struct {
    ar_part_kind kind;
    int64_t number;
    const char *rest; /* borrowed from the name */
} ar_parameter_part;

/* False when a name is not of this form. */
bool ar_parameter_part_parse(const char *name, ar_parameter_part *part);

/* Index of the field that a part belongs to, -1 if the configuration has none of its number. */
int64_t ar_parameter_part_field(const ar_configuration *configuration,
                                const ar_parameter_part *part);

/* The name of the same part of a field in a configuration, where it may have another number; false
 * where the field has no such part. */
bool ar_parameter_part_name(const ar_parameter_part *part, const ar_configuration *configuration,
                            int64_t field, char name[AR_PARAMETER_NAME_SIZE]);

#endif

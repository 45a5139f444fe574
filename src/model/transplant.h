/* Parameters of trained models put into another model, field by field: fields find themselves by
 * name, whatever their number is in either, and a model may be coupled to more fields than those it
 * comes from. */
#ifndef AR_MODEL_TRANSPLANT_H
#define AR_MODEL_TRANSPLANT_H

#include "io/safetensors.h"
#include "model/model.h"

/* A trained model. */
typedef struct {
    ar_safetensors *file;                  /* borrowed */
    const ar_configuration *configuration; /* borrowed */
} ar_donor;

typedef struct {
    const ar_donor *donors; /* [donor_count] */
    int64_t donor_count;
    int64_t donor_of_field[AR_FIELD_MAX]; /* of each field of the model; −1: the field is new */
    /* Fields of donors that nobody misses: couplings to them are left out. */
    const char *const *dropped; /* [dropped_count] */
    int64_t dropped_count;
    /* Shell patterns of the model's parameters that the donors need not have, or have in another
     * shape, and of the donors' tensors that may be left out. */
    const char *const *allow_missing; /* [allow_missing_count] */
    int64_t allow_missing_count;
} ar_transplant;

typedef struct {
    int64_t copied;  /* parameters that are as they were */
    int64_t widened; /* that have new parts, for new couplings */
    int64_t started; /* that have starting values: of new fields and couplings, or allowed */
} ar_transplant_counts;

/* Put the donors' parameters into the block parameters[graph->parameter_values], which holds
 * starting values.
 *
 * A new coupling, or a new head of one, keeps the starting values of its queries, keys and values,
 * while the columns of proj_out that read it are zero: at first it changes nothing (but for the
 * order in which a backend adds), and its gradient is not zero (as for the low-rank updates of Hu
 * et al. 2021).
 *
 * Whatever else does not fit is an error that says which tensors, how many, and what was expected:
 * a parameter that a donor lacks or has in another shape, a tensor of a donor's field that has no
 * place, and settings that tensors do not show, such as the number of heads. The block is then not
 * to be used. */
AR_USE_RESULT ar_status ar_transplant_parameters(const ar_transplant *transplant,
                                                 const ar_model *model, float *parameters,
                                                 ar_transplant_counts *counts, ar_error *err);

#endif

/* What a new run starts from: models that were trained, field by field
 * (`train --from RUN --field name=RUN2`), and the fields that it leaves out. */
#ifndef AR_TRAIN_ORIGIN_H
#define AR_TRAIN_ORIGIN_H

#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

enum { AR_ORIGIN_DONORS = 1 + AR_FIELD_MAX };

typedef struct {
    const ar_train_options *options; /* borrowed */
    ar_checkpoint donors[AR_ORIGIN_DONORS];
    int64_t donor_count;
    int64_t donor_of_field[AR_FIELD_MAX]; /* −1: starting values */
    char *text; /* for checkpoints to keep: whence each field comes, line by line; NULL: nowhere */
} ar_origin;

/* Take the fields of options->drop_fields out of the configuration, and for a new run open the
 * models it starts from and find each field's. A field that one side does not have is an error
 * unless it is dropped, or the configuration's own: then it is new. For a run that goes on nothing
 * is opened. Release with ar_origin_release in any case. */
AR_USE_RESULT ar_status ar_origin_open(ar_origin *origin, const ar_train_options *options,
                                       ar_configuration *configuration, bool new_run,
                                       ar_error *err);
/* Put what the models hold into the parameters of a new run, which have starting values, and say
 * so; fills origin->text, and closes the models. */
AR_USE_RESULT ar_status ar_origin_fill(ar_origin *origin, const ar_model *model, float *parameters,
                                       ar_error *err);
/* For a run that goes on: what its checkpoint tells. */
AR_USE_RESULT ar_status ar_origin_keep(ar_origin *origin, const ar_checkpoint *checkpoint,
                                       ar_error *err);
void ar_origin_release(ar_origin *origin); /* safe on zeroed */

#endif

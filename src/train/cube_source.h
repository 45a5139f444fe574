/* Where the cubes of a run come from: the training or validation times of a dataset, all in memory,
 * or month by month where they do not fit. */
#ifndef AR_TRAIN_CUBE_SOURCE_H
#define AR_TRAIN_CUBE_SOURCE_H

#include "data/residence.h"
#include "train/dataset.h"

typedef struct {
    ar_dataset *dataset;
    ar_field_data fields[AR_FIELD_MAX]; /* the dataset's, each with months of this source; borrowed
                                         */
    const ar_field_data *field_pointers[AR_FIELD_MAX];
    ar_tau tau;               /* targets lie within the times of this source */
    ar_cube_space space;      /* of `fields`, with `tau`: this struct must not move */
    ar_sampler sampler;       /* draws cubes of steps */
    ar_month_schedule months; /* of a dataset that is read by months; `sampler` draws from it */
    bool is_whole;            /* all of its times are in memory after the first wait */
    ar_residence *residence;  /* NULL while there is none */
} ar_cube_source;

/* A source of the cubes of `sampling` that lie within [first_time, last_time] of a dataset that is
 * ready; borrowed. Release with ar_cube_source_release in any case. */
AR_USE_RESULT ar_status ar_cube_source_init(ar_cube_source *source, ar_dataset *dataset,
                                            const ar_sampling *sampling, int64_t first_time,
                                            int64_t last_time, ar_error *err);
void ar_cube_source_release(ar_cube_source *source);

/* Divide what memory the configuration allows between months of training and of validation (whose
 * sampler has no windows where there is none), and say so. Validation is kept as a whole where it
 * takes no more than half, then training where it fits into the rest. Where few months fit, they
 * are cut into parts of 16, 8 … 1 days. Too little for two days of all fields is an error that
 * tells how much is needed. Does nothing where all is in memory. */
AR_USE_RESULT ar_status ar_cube_source_divide_memory(ar_cube_source *training,
                                                     ar_cube_source *validation,
                                                     const ar_configuration *configuration,
                                                     ar_error *err);

/* Begin to read what the first step needs, and what comes after it up to the last one. Does nothing
 * where all is in memory, or being read. */
AR_USE_RESULT ar_status ar_cube_source_start(ar_cube_source *source, int64_t first_step,
                                             int64_t last_step, ar_error *err);
/* Does what is in memory change from step to step? */
bool ar_cube_source_changes(const ar_cube_source *source);
/* Let go of the months, but for those of a source that is kept whole. */
void ar_cube_source_pause(ar_cube_source *source);

#endif

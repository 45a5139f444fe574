/* The data of a configuration: its fields, in memory or to be read month by month, their
 * normalisation, and the space that cubes are drawn from. */
#ifndef AR_TRAIN_DATASET_H
#define AR_TRAIN_DATASET_H

#include "data/batch.h"
#include "data/field_reader.h"
#include "model/configuration.h"

typedef struct {
    int64_t field_count;
    ar_field_data fields[AR_FIELD_MAX];
    ar_field_reader
        *readers[AR_FIELD_MAX]; /* of fields whose values are not in memory; else NULL */
    bool by_months;             /* there are such fields: all that are not static */
    ar_normalisation normalisations[AR_FIELD_MAX];
    ar_field_tokens tokens[AR_FIELD_MAX];
    const ar_field_data *field_pointers[AR_FIELD_MAX];
    const ar_normalisation *normalisation_pointers[AR_FIELD_MAX];
    bool is_stream[AR_FIELD_MAX];    /* its data and normalisation belong to another field */
    int64_t stream_of[AR_FIELD_MAX]; /* that field; −1 */
    ar_tau tau; /* of the configuration, whose lists it borrows; `space` does not have it */
    int64_t timed_field;                       /* the first that is not static */
    ar_cube_space space;                       /* points into this struct, which must not move */
    int64_t training_first, training_last;     /* seconds, inclusive; 0, −1 if unknown */
    int64_t validation_first, validation_last; /* 0, −1 without validation */
    int64_t statistics_first, statistics_last; /* of ar_dataset_normalise_by; 0, −1 without */
} ar_dataset;

/* The times to load: ISO texts, both inclusive, NULL: open; and how much earlier than start and
 * later than end. */
typedef struct {
    const char *start, *end;
    int64_t seconds_before, seconds_after;
} ar_dataset_period;

/* Load the fields of `configuration` from `paths`, the times of `period` only. Levels that the
 * configuration leaves open are written into it. Call ar_dataset_ready when the normalisations are
 * filled. Release with ar_dataset_release in any case.
 */
AR_USE_RESULT ar_status ar_dataset_load(ar_dataset *dataset, ar_configuration *configuration,
                                        const char *const *paths, int64_t path_count,
                                        const ar_dataset_period *period, ar_error *err);
/* The same with at most `most_bytes` of values in memory: where there are more, only static fields
 * are loaded, and those with times are described and have readers. */
AR_USE_RESULT ar_status ar_dataset_open(ar_dataset *dataset, ar_configuration *configuration,
                                        const char *const *paths, int64_t path_count,
                                        const ar_dataset_period *period, double most_bytes,
                                        ar_error *err);
/* Bytes of one time of a field. */
double ar_dataset_time_bytes(const ar_field_data *field);
/* The times that training needs: those of the training and validation periods and between. */
ar_dataset_period ar_dataset_training_period(const ar_configuration *configuration);
/* Warn where the data ends before a period does, or begins after it. */
void ar_dataset_warn_of_ends(const ar_dataset *dataset, const ar_configuration *configuration);
/* What the statistics of a field are of: what the configuration says; of a static field, which
 * knows no months and would be zero everywhere if it were normalised by point, the whole globe. */
void ar_dataset_statistics(const ar_configuration *configuration, int64_t field,
                           ar_normalisation_period *period, ar_normalisation_area *area);
/* Warn where, with random masks, one field shows the targets of another because both hold the same
 * variable. */
void ar_dataset_warn_of_copies(const ar_dataset *dataset, const ar_configuration *configuration);
/* Compute the normalisations from the training period alone. */
AR_USE_RESULT ar_status ar_dataset_normalise(ar_dataset *dataset,
                                             const ar_configuration *configuration, ar_error *err);
/* Compute the normalisations from all times within `period` of the same data, which is read for
 * it month by month, as far as fields and levels go: for models that come without statistics.
 * Call it after ar_dataset_load. */
AR_USE_RESULT ar_status ar_dataset_normalise_by(ar_dataset *dataset,
                                                ar_configuration *configuration,
                                                const char *const *paths, int64_t path_count,
                                                const ar_dataset_period *period, ar_error *err);
/* Make and check the cube space. */
AR_USE_RESULT ar_status ar_dataset_ready(ar_dataset *dataset, const ar_configuration *configuration,
                                         ar_error *err);
/* Warn where times within [first, last] lie in a month that training never saw, so that overall
 * statistics stand in for the month's; true: it did warn. `what` begins the line. */
bool ar_dataset_warn_of_months(const ar_dataset *dataset, int64_t first, int64_t last,
                               const char *what);
void ar_dataset_release(ar_dataset *dataset);

#endif

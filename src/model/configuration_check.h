/* What is wrong with the values of a configuration, apart from the file they came from. Private to
 * the configuration. */
#ifndef AR_MODEL_CONFIGURATION_CHECK_H
#define AR_MODEL_CONFIGURATION_CHECK_H

#include "model/configuration.h"

typedef struct {
    char key[128];     /* such as fields[1].coupled[0] */
    char message[768]; /* what was found there and what would be right */
} ar_configuration_fault;

/* Look for the first fault; AR_ERROR_INPUT with *fault filled, or AR_OK. Fills coupled_index
 * and coupled_heads, and prediction_order where prediction_count is 0. */
AR_USE_RESULT ar_status ar_configuration_find_fault(ar_configuration *configuration,
                                                    ar_configuration_fault *fault);

/* Used between the files of the check. */
enum { AR_WIDEST_EMBEDDING = 1 << 20, AR_MOST_HEADS = 4096 };
/* Fill the fault and return AR_ERROR_INPUT; `key` may be fault->key itself. */
ar_status ar_configuration_refuse(ar_configuration_fault *fault, const char *key,
                                  const char *format, ...) AR_PRINTF(3, 4);
AR_USE_RESULT ar_status ar_configuration_check_integer(ar_configuration_fault *fault,
                                                       const char *key, int64_t value,
                                                       int64_t least, int64_t most);
AR_USE_RESULT ar_status ar_configuration_check_number(ar_configuration_fault *fault,
                                                      const char *key, double value, double least,
                                                      double most);
/* The name of field i; then, when all names are right, the rest of it. */
AR_USE_RESULT ar_status ar_configuration_check_name(const ar_configuration *configuration,
                                                    int64_t i, ar_configuration_fault *fault);
/* What field i is a stream of; fills stream_index. */
AR_USE_RESULT ar_status ar_configuration_check_stream(ar_configuration *configuration, int64_t i,
                                                      ar_configuration_fault *fault);
AR_USE_RESULT ar_status ar_configuration_check_field(ar_configuration *configuration, int64_t i,
                                                     ar_configuration_fault *fault);
/* `training:`, but for the ranges of whole numbers. */
AR_USE_RESULT ar_status ar_configuration_check_training(const ar_configuration *configuration,
                                                        ar_configuration_fault *fault);
/* `tau:` and data.token_stride. */
AR_USE_RESULT ar_status ar_configuration_check_tau(const ar_configuration *configuration,
                                                   ar_configuration_fault *fault);
/* `masking:`, but for its strategy. */
AR_USE_RESULT ar_status ar_configuration_check_masks(const ar_masking *masking,
                                                     ar_configuration_fault *fault);
/* `sampling:`. */
AR_USE_RESULT ar_status ar_configuration_check_sampling(const ar_configuration *configuration,
                                                        ar_configuration_fault *fault);

#endif

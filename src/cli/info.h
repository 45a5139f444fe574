/* The parts of `atmorep info`: each adds what it has to tell to a tree of JSON, which is printed as
 * such or as indented lines. */
#ifndef AR_CLI_INFO_H
#define AR_CLI_INFO_H

#include <cjson/cJSON.h>

#include "atmorep/status.h"
#include "model/configuration.h"

/* The variables of a file or store. attributes: all of theirs, not only what names them. */
AR_USE_RESULT ar_status ar_info_add_source(cJSON *tree, const char *path, bool attributes,
                                           ar_error *err);

/* A YAML configuration, or the JSON of a released model. */
AR_USE_RESULT ar_status ar_info_add_configuration(cJSON *tree, const char *path, bool released,
                                                  ar_error *err);
/* A run's checkpoint. */
AR_USE_RESULT ar_status ar_info_add_checkpoint(cJSON *tree, const char *path, ar_error *err);
/* The tensors of a .mod; of a .safetensors, if it is no checkpoint, which is told as one. */
AR_USE_RESULT ar_status ar_info_add_torch(cJSON *tree, const char *path, ar_error *err);
AR_USE_RESULT ar_status ar_info_add_safetensors(cJSON *tree, const char *path, ar_error *err);

/* The name of a training step's GFLOP in the cost. */
#define AR_INFO_STEP "GFLOP a training step, executed"

/* Parameters, operations and memory, before anything runs or is allocated. Levels that the
 * configuration leaves to the data are one. */
AR_USE_RESULT ar_status ar_info_add_cost(cJSON *tree, ar_configuration *configuration,
                                         ar_error *err);

/* The processor, the path of the cpu backend that is used on it, and its peaks, which are measured
 * (half a second). Where the tree has a cost, also what its arithmetic takes at these peaks. */
void ar_info_add_machine(cJSON *tree, int threads);

/* Print the tree as indented lines. */
void ar_info_print(const cJSON *tree);

#endif

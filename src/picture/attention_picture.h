/* Pictures of attention maps, drawn by GMT: for each attention one page with a panel a layer, which
 * shows how the attention of the query token is shared among the places of the key tokens (mean of
 * the heads, sum over levels and times). */
#ifndef AR_PICTURE_ATTENTION_PICTURE_H
#define AR_PICTURE_ATTENTION_PICTURE_H

#include "atmorep/status.h"

/* Draw folder/<variable>.png for every attention of folder/attention.nc. Without GMT there are none
 * and a warning; a GMT that fails is an error. */
AR_USE_RESULT ar_status ar_attention_pictures(const char *folder, ar_error *err);

#endif

/* Pictures of attention maps, drawn by GMT: for each attention one page with a panel a layer, which
 * shows how the attention of the query token is shared among the places of the key tokens (mean of
 * the heads, sum over levels and times). */
#ifndef AR_PICTURE_ATTENTION_PICTURE_H
#define AR_PICTURE_ATTENTION_PICTURE_H

#include "atmorep/status.h"

/* Take a picture that was drawn; `caption` tells what is on it. */
typedef ar_status ar_attention_drawn(void *context, const char *file, const char *caption,
                                     ar_error *err);

/* AR_OK when there are attention maps in source/attention.nc. */
AR_USE_RESULT ar_status ar_attention_check(const char *source, ar_error *err);

/* Draw folder/<variable>.png for every attention of source/attention.nc, and tell `drawn`, if not
 * NULL. Without GMT there are none and a warning; a GMT that fails is an error. */
AR_USE_RESULT ar_status ar_attention_pictures(const char *source, const char *folder,
                                              ar_attention_drawn *drawn, void *context,
                                              ar_error *err);

#endif

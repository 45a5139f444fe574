/* What a preparation would read, how large its result would be, and how long it would take. Private
 * to the room. */
#ifndef AR_DATA_STORE_ESTIMATE_H
#define AR_DATA_STORE_ESTIMATE_H

#include "data/store_plan.h"

/* Lines for a reader, the caller's to ar_free. One chunk's times of every field are read, packed,
 * compressed and put into moments to see how long that takes; nothing is written. */
AR_USE_RESULT ar_status ar_store_estimate(const ar_store_plan *plan, int workers, char **text,
                                          ar_error *err);

#endif

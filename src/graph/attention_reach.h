/* Which keys a query of attention sees: on every axis a range of neighbouring tokens, so the keys
 * of a query are a box. Both ends of a range never fall as the query moves up the axis, and no
 * range is empty. Source of the definition: ar_attention_reach in atmorep/backend.h. */
#ifndef AR_GRAPH_ATTENTION_REACH_H
#define AR_GRAPH_ATTENTION_REACH_H

#include "atmorep/backend.h"

/* Axes of a sample's tokens, outermost first. */
enum { AR_AXIS_LEVEL, AR_AXIS_TIME, AR_AXIS_LATITUDE, AR_AXIS_LONGITUDE, AR_AXIS_COUNT };

typedef struct {
    int64_t first, end;
} ar_key_range;

/* Keys along `axis` that the query token at `position` of that axis sees. */
ar_key_range ar_attention_range(const ar_attention_reach *reach, int axis, int64_t position);

/* Does query token `query` of a sample see key token `key`? */
bool ar_attention_sees(const ar_attention_reach *reach, int64_t query, int64_t key);

/* Is there an axis on which some query sees less than all keys? */
bool ar_attention_limits(const ar_attention_reach *reach, int axis);

/* Pairs of a query and a key it sees, in one sample. */
double ar_attention_pairs(const ar_attention_reach *reach);

#endif

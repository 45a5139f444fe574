/* Which part of a variable a plot shows. Private to the room. */
#ifndef AR_PICTURE_PLOT_SELECTION_H
#define AR_PICTURE_PLOT_SELECTION_H

#include "data/field_data.h"
#include "picture/plot.h"

typedef struct {
    ar_source *source;                              /* borrowed */
    const ar_variable *variable;                    /* of the source */
    int latitude_at, longitude_at;                  /* positions of dimensions; −1: it has none */
    int free_at;                                    /* dimension of a line; −1 for a map */
    int64_t start[AR_RANK_MAX], count[AR_RANK_MAX]; /* what is read */
    char where[160]; /* "850 hPa, 2001-03-01T06:00": what was chosen, for the heading */
} ar_plot_selection;

/* Choose variable and part by the options; release nothing. */
AR_USE_RESULT ar_status ar_plot_select(ar_plot_selection *selection, ar_source *source,
                                       const ar_plot_options *options, ar_error *err);

/* The coordinate of a dimension, values[length], or 0, 1, … where it has none. */
AR_USE_RESULT ar_status ar_plot_read_coordinate(const ar_plot_selection *selection, int dimension,
                                                double *values, ar_error *err);

#endif

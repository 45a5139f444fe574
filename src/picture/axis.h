/* An axis of a chart: what it spans, and where its ticks are. */
#ifndef AR_PICTURE_AXIS_H
#define AR_PICTURE_AXIS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    AR_AXIS_LINEAR,
    AR_AXIS_LOGARITHMIC,
    AR_AXIS_HOURS, /* linear, with ticks at 1, 2, 3, 6, 12 hours and whole days */
} ar_axis_kind;

enum { AR_AXIS_TICKS_MOST = 24 };

typedef struct {
    ar_axis_kind kind;
    double low, high; /* low < high; of a logarithmic axis low > 0 */
    int tick_count;
    double ticks[AR_AXIS_TICKS_MOST]; /* ascending, from low to high */
    int decimals;                     /* of labels */
} ar_axis;

/* An axis that holds low … high, with about `wanted` ticks. A linear one begins and ends at a tick,
 * or, where `exact`, at these limits; a logarithmic one at these limits always, with ticks at
 * powers of ten, or at 1, 2 and 5 of each where fewer than three powers lie inside. Limits that are
 * equal or not finite, or not positive on a logarithmic axis, give one around them all the same.
 * Pure. */
void ar_axis_choose(ar_axis *axis, ar_axis_kind kind, double low, double high, bool exact,
                    int wanted);

/* The smallest of 1, 2, 5 times a power of ten that is not below `raw` > 0. */
double ar_axis_round_step(double raw);

/* 0 at low, 1 at high. NaN where the axis has no such place. */
double ar_axis_place(const ar_axis *axis, double value);

/* A tick's label in UTF-8: as many decimals as the step needs, "10⁻⁵" on a logarithmic axis, and
 * "2·10⁻⁷" where plain digits would be long. */
void ar_axis_label(const ar_axis *axis, double tick, char text[48]);

/* Append a digit or minus sign, raised, to text[size], which holds a string. */
void ar_axis_superscript(char *text, size_t size, char letter);

#endif

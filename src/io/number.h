/* The types of numbers that files hold, and how their bytes become double. Pure functions. */
#ifndef AR_IO_NUMBER_H
#define AR_IO_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum { AR_NUMBER_SIGNED, AR_NUMBER_UNSIGNED, AR_NUMBER_FLOATING } ar_number_kind;

typedef struct {
    ar_number_kind kind;
    int bytes;    /* 1, 2, 4 or 8; floating: 2, 4 or 8 */
    bool swapped; /* byte order is not this machine's */
} ar_number_type;

/* Read a type as numpy writes it: "<f4", ">i2", "|u1", "|b1" (a truth value is an unsigned byte).
 * False for anything that is not a number of a known size. */
bool ar_number_type_parse(ar_number_type *type, const char *name);

/* Widen `count` numbers that lie packed and perhaps unaligned at `raw`. Integers beyond 2^53 are
 * rounded. */
void ar_number_widen(ar_number_type type, const void *raw, int64_t count, double *values);

/* The nearest value that the type holds: an attribute written in decimal or in a wider type becomes
 * comparable with stored values. An integer type keeps a value that it cannot hold as it is, except
 * that an unsigned type takes a negative value modulo its range (CF's _Unsigned). */
double ar_number_round(ar_number_type type, double value);

float ar_number_from_half(uint16_t bits);     /* IEEE 754 binary16, exact */
float ar_number_from_bfloat16(uint16_t bits); /* exact */

#endif

/* Fields made in memory from a formula, for the tests of this room. */
#ifndef TESTS_DATA_SYNTHETIC_H
#define TESTS_DATA_SYNTHETIC_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "data/field_data.h"

typedef float (*value_formula)(int64_t time, int64_t level, int64_t row, int64_t column);

typedef struct {
    const char *name;
    int64_t nlat, nlon;
    double north, west, step; /* degrees */
    int64_t level_count, time_count;
    int64_t first_time, time_step; /* seconds */
    value_formula formula;
} synthetic_shape;

/* Exact in single precision, and without any pattern that an error of indexing would preserve. */
static inline float scrambled_value(int64_t time, int64_t level, int64_t row, int64_t column)
{
    return (float)((time * 7919 + level * 104729 + row * 1299709 + column * 15485863) % 1009 - 300);
}

static inline void synthetic_field(ar_field_data *field, const synthetic_shape *shape)
{
    *field = (ar_field_data){.level_count = shape->level_count,
                             .time_count = shape->time_count,
                             .calendar = AR_CALENDAR_PROLEPTIC_GREGORIAN};
    snprintf(field->name, sizeof field->name, "%s", shape->name);
    double latitude[256], longitude[512];
    for (int64_t i = 0; i < shape->nlat; i++) {
        latitude[i] = shape->north - shape->step * (double)i;
    }
    for (int64_t j = 0; j < shape->nlon; j++) {
        longitude[j] = shape->west + shape->step * (double)j;
    }
    ar_grid_order order;
    assert_int_equal(ar_grid_init(&field->grid, &order, latitude, shape->nlat, longitude,
                                  shape->nlon, shape->name, NULL),
                     AR_OK);
    int64_t points = shape->nlat * shape->nlon;
    assert_int_equal(
        ar_allocate(&field->levels, (size_t)shape->level_count, sizeof(double), "", NULL), AR_OK);
    assert_int_equal(
        ar_allocate(&field->times, (size_t)shape->time_count, sizeof(int64_t), "", NULL), AR_OK);
    assert_int_equal(ar_allocate(&field->values,
                                 (size_t)(shape->time_count * shape->level_count * points),
                                 sizeof(float), "", NULL),
                     AR_OK);
    for (int64_t l = 0; l < shape->level_count; l++) {
        field->levels[l] = 100 + (double)l;
    }
    float *value = field->values;
    for (int64_t t = 0; t < shape->time_count; t++) {
        field->times[t] = shape->first_time + t * shape->time_step;
        for (int64_t l = 0; l < shape->level_count; l++) {
            for (int64_t k = 0; k < points; k++) {
                *value++ = shape->formula(t, l, k / shape->nlon, k % shape->nlon);
            }
        }
    }
}

#endif

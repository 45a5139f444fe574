/* What a GRIB file holds: its fields, sorted into groups that are one variable each. Fields of a
 * group have parameter, kind of level, kind of step, unit and grid in common and differ in member,
 * time of validity and level. Private to the io room. */
#ifndef AR_IO_GRIB_INDEX_H
#define AR_IO_GRIB_INDEX_H

#include "io/grib_file.h"
#include "io/grib_keys.h"

/* One field and what it is of. */
typedef struct {
    ar_grib_message message;
    int field; /* within the message */
    int64_t group, member, time, reference;
    double level;
} ar_grib_record;

/* Different values in ascending order. */
typedef struct {
    double *values;
    int64_t count;
} ar_grib_line;

typedef struct {
    ar_grib_keys keys;                   /* of its first field in the file */
    int64_t first, count;                /* its records */
    ar_grib_line members, times, levels; /* those that at least one field has */
    int64_t *row_points;                 /* [2·gaussian] of a reduced grid; else NULL */
    char *problem;                       /* why it cannot be read; NULL: it can */
} ar_grib_group;

typedef struct {
    ar_grib_record *records; /* by group, member, time, level, place in the file */
    size_t record_count, record_capacity;
    ar_grib_group *groups; /* in the order of the file */
    size_t group_count, group_capacity;
    int64_t message_count;
    bool editions[3]; /* [1], [2]: are there messages of it? */
} ar_grib_index;

/* Read the keys of all fields of the file. What makes a single variable unreadable becomes the
 * problem of its group: a grid that nothing can be made of, and two different fields for the same
 * member, time and level. A damaged message, or none at all, is an error. */
AR_USE_RESULT ar_status ar_grib_index_init(ar_grib_index *index, ar_grib_file *file, ar_error *err);
void ar_grib_index_release(ar_grib_index *index);

/* The field of a group for a member, time and level; NULL: there is none. Borrowed. */
const ar_grib_record *ar_grib_index_find(const ar_grib_index *index, const ar_grib_group *group,
                                         double member, double time, double level);

/* "member 3, level 500, time 2020-01-01T06:00", with what the group's fields differ in. */
void ar_grib_index_describe(const ar_grib_group *group, int64_t member, double level, int64_t time,
                            char *text, size_t size);

#endif

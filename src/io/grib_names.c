#include <stdio.h>
#include <string.h>

#include "io/grib_names.h"

void ar_grib_name_group(const ar_grib_index *index, int64_t which, char *name, size_t size)
{
    const ar_grib_keys *own = &index->groups[which].keys;
    bool levels_differ = false, steps_differ = false;
    int number = 1;
    for (int64_t i = 0; i < (int64_t)index->group_count; i++) {
        const ar_grib_keys *other = &index->groups[i].keys;
        if (strcmp(own->short_name, other->short_name) != 0) {
            continue;
        }
        if (strcmp(own->level_type, other->level_type) != 0) {
            levels_differ = true;
        } else if (strcmp(own->step_type, other->step_type) != 0) {
            steps_differ = true;
        } else if (i < which) {
            number++;
        }
    }
    const bool tell_level = levels_differ && strcmp(own->level_type, "isobaricInhPa") != 0;
    char count[16] = "";
    if (number > 1) {
        snprintf(count, sizeof count, "_%d", number);
    }
    snprintf(name, size, "%s%s%s%s%s%s", own->short_name, tell_level ? "_" : "",
             tell_level ? own->level_type : "", steps_differ ? "_" : "",
             steps_differ ? own->step_type : "", count);
}

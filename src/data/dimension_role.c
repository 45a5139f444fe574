/* What a dimension is: by the CF attributes of its coordinate variable, else by its name. */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "data/field_data.h"

typedef struct {
    const char *text;
    ar_dimension_role role;
} meaning;

static const meaning standard_names[] = {
    {"time", AR_ROLE_TIME},
    {"forecast_reference_time", AR_ROLE_TIME},
    {"latitude", AR_ROLE_LATITUDE},
    {"longitude", AR_ROLE_LONGITUDE},
    {"air_pressure", AR_ROLE_LEVEL},
    {"model_level_number", AR_ROLE_LEVEL},
    {"height", AR_ROLE_LEVEL},
    {"altitude", AR_ROLE_LEVEL},
    {"depth", AR_ROLE_LEVEL},
    {"geopotential_height", AR_ROLE_LEVEL},
    {"air_potential_temperature", AR_ROLE_LEVEL},
    {"atmosphere_sigma_coordinate", AR_ROLE_LEVEL},
    {"atmosphere_hybrid_sigma_pressure_coordinate", AR_ROLE_LEVEL},
    /* coordinates of projected and rotated grids are neither latitude nor longitude */
    {"projection_x_coordinate", AR_ROLE_OTHER},
    {"projection_y_coordinate", AR_ROLE_OTHER},
    {"grid_latitude", AR_ROLE_OTHER},
    {"grid_longitude", AR_ROLE_OTHER},
    {"realization", AR_ROLE_OTHER},
    {"forecast_period", AR_ROLE_OTHER},
};

static const meaning coordinate_units[] = {
    {"degrees_north", AR_ROLE_LATITUDE},
    {"degree_north", AR_ROLE_LATITUDE},
    {"degree_N", AR_ROLE_LATITUDE},
    {"degrees_N", AR_ROLE_LATITUDE},
    {"degreeN", AR_ROLE_LATITUDE},
    {"degreesN", AR_ROLE_LATITUDE},
    {"degrees_east", AR_ROLE_LONGITUDE},
    {"degree_east", AR_ROLE_LONGITUDE},
    {"degree_E", AR_ROLE_LONGITUDE},
    {"degrees_E", AR_ROLE_LONGITUDE},
    {"degreeE", AR_ROLE_LONGITUDE},
    {"degreesE", AR_ROLE_LONGITUDE},
    {"Pa", AR_ROLE_LEVEL},
    {"hPa", AR_ROLE_LEVEL},
    {"mb", AR_ROLE_LEVEL},
    {"mbar", AR_ROLE_LEVEL},
    {"millibar", AR_ROLE_LEVEL},
    {"millibars", AR_ROLE_LEVEL},
};

static const meaning names[] = {
    {"time", AR_ROLE_TIME},          {"valid_time", AR_ROLE_TIME},
    {"latitude", AR_ROLE_LATITUDE},  {"lat", AR_ROLE_LATITUDE},
    {"lats", AR_ROLE_LATITUDE},      {"longitude", AR_ROLE_LONGITUDE},
    {"lon", AR_ROLE_LONGITUDE},      {"lons", AR_ROLE_LONGITUDE},
    {"level", AR_ROLE_LEVEL},        {"levels", AR_ROLE_LEVEL},
    {"lev", AR_ROLE_LEVEL},          {"pressure_level", AR_ROLE_LEVEL},
    {"model_level", AR_ROLE_LEVEL},  {"isobaricInhPa", AR_ROLE_LEVEL},
    {"isobaricInPa", AR_ROLE_LEVEL}, {"plev", AR_ROLE_LEVEL},
    {"pressure", AR_ROLE_LEVEL},     {"hybrid", AR_ROLE_LEVEL},
    {"hybridLevel", AR_ROLE_LEVEL},  {"height", AR_ROLE_LEVEL},
    {"depth", AR_ROLE_LEVEL},
};

#define FIND(table, text, role) find_meaning(table, sizeof(table) / sizeof *(table), text, role)

static bool find_meaning(const meaning *table, size_t count, const char *text,
                         ar_dimension_role *role)
{
    for (size_t i = 0; text && i < count; i++) {
        if (strcasecmp(table[i].text, text) == 0) {
            *role = table[i].role;
            return true;
        }
    }
    return false;
}

static bool find_by_axis(const char *axis, const char *units, ar_dimension_role *role)
{
    if (!axis) {
        return false;
    }
    bool degrees = units && strncasecmp(units, "degree", 6) == 0;
    if (strcasecmp(axis, "T") == 0) {
        *role = AR_ROLE_TIME;
    } else if (strcasecmp(axis, "Z") == 0) {
        *role = AR_ROLE_LEVEL;
    } else if (strcasecmp(axis, "Y") == 0 && degrees) {
        *role = AR_ROLE_LATITUDE;
    } else if (strcasecmp(axis, "X") == 0 && degrees) {
        *role = AR_ROLE_LONGITUDE;
    } else {
        return false;
    }
    return true;
}

ar_dimension_role ar_dimension_find_role(const ar_source *source, const char *dimension)
{
    ar_dimension_role role = AR_ROLE_OTHER;
    const ar_variable *coordinate = *dimension ? ar_source_find(source, dimension) : NULL;
    if (coordinate) {
        const char *units = ar_source_text(source, coordinate, "units");
        const char *positive = ar_source_text(source, coordinate, "positive");
        if (FIND(standard_names, ar_source_text(source, coordinate, "standard_name"), &role) ||
            FIND(coordinate_units, units, &role) ||
            find_by_axis(ar_source_text(source, coordinate, "axis"), units, &role)) {
            return role;
        }
        if (units && strstr(units, " since ")) {
            return AR_ROLE_TIME;
        }
        if (positive) {
            return AR_ROLE_LEVEL;
        }
    }
    FIND(names, dimension, &role);
    return role;
}

#include "data/field_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/file_grid.h"

enum { NAMES_MAX = 10 };

/* Names of one field: CF standard name first ("" where CF has none that belongs to it alone), then
 * GRIB short name, names in netCDF files (ERA5's, CMIP's, NCEP's, MERRA-2's; in capitals too) and
 * the names of released AtmoRep configurations. */
static const char *const known_fields[][NAMES_MAX] = {
    {"atmosphere_relative_vorticity", "vo", "vorticity", "relative_vorticity"},
    {"divergence_of_wind", "d", "divergence"},
    {"atmosphere_horizontal_streamfunction", "strf", "stream_function", "streamfunction"},
    {"atmosphere_horizontal_velocity_potential", "vp", "vpot", "velocity_potential"},
    {"wind_speed", "ws"},
    {"air_temperature", "t", "temperature", "ta", "air"},
    {"eastward_wind", "u", "velocity_u", "u_component_of_wind", "ua", "uwnd"},
    {"northward_wind", "v", "velocity_v", "v_component_of_wind", "va", "vwnd"},
    {"lagrangian_tendency_of_air_pressure", "w", "velocity_z", "vertical_velocity", "wap", "omega",
     "vertical_pressure_velocity"},
    {"specific_humidity", "q", "hus", "shum", "qv"},
    {"relative_humidity", "r", "hur", "rhum", "rh"},
    {"geopotential", "z"},
    {"geopotential_height", "gh", "zg", "hgt", "h", "edge_heights"},
    {"air_pressure_at_mean_sea_level", "msl", "mean_sea_level_pressure", "psl", "prmsl",
     "air_pressure_at_sea_level", "slp", "sea_level_pressure"},
    {"surface_air_pressure", "sp", "ps", "surface_pressure"},
    {"", "2t", "t2m", "2m_temperature", "tas"},
    {"", "2d", "d2m", "2m_dewpoint_temperature"},
    {"", "10u", "u10", "10m_u_component_of_wind", "uas", "u10m"},
    {"", "10v", "v10", "10m_v_component_of_wind", "vas", "v10m"},
    {"", "tp", "total_precipitation", "total_precip"},
    {"sea_surface_temperature", "sst", "tos"},
    {"", "skt", "skin_temperature"},
    {"", "tcwv", "total_column_water_vapour", "prw", "tqv"},
    {"atmosphere_boundary_layer_thickness", "blh", "boundary_layer_height"},
    {"cloud_area_fraction", "tcc", "total_cloud_cover"},
    {"land_binary_mask", "lsm", "land_sea_mask"},
};
enum { KNOWN_FIELDS = sizeof known_fields / sizeof *known_fields };

/* Which known field a name means, or −1. */
static int find_known(const char *name)
{
    for (int i = 0; name && *name && i < KNOWN_FIELDS; i++) {
        for (int k = 0; k < NAMES_MAX && known_fields[i][k]; k++) {
            if (strcasecmp(known_fields[i][k], name) == 0) {
                return i;
            }
        }
    }
    return -1;
}

const char *ar_field_standard_name(const char *name)
{
    const int known = find_known(name);
    return known >= 0 && known_fields[known][0][0] ? known_fields[known][0] : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Does a name mean the wanted field, as itself or as another name of the same known field? */
static bool means(const char *name, const char *wanted, int wanted_known)
{
    return same_text(name, wanted) || (wanted_known >= 0 && find_known(name) == wanted_known);
}

bool ar_field_same_name(const char *a, const char *b)
{
    return means(a, b, find_known(b));
}

/* Is `wanted` "paramId" and the number of the variable's parameter in ECMWF's table? */
static bool has_parameter(const ar_source *source, const ar_variable *variable, const char *wanted)
{
    double parameter;
    char own[32];
    if (!ar_source_number(source, variable, "GRIB_paramId", &parameter) || parameter < 1) {
        return false;
    }
    snprintf(own, sizeof own, "paramId%.0f", parameter);
    return strcmp(wanted, own) == 0;
}

/* cfgrib writes "unknown" where it does not know a name, NCEP "pressure" for the pressure of
 * anything. */
static const char *get_name(const ar_source *source, const ar_variable *variable,
                            const char *attribute)
{
    const char *text = ar_source_text(source, variable, attribute);
    const bool says_nothing =
        !text || !*text || strcmp(text, "unknown") == 0 || strcmp(text, "pressure") == 0;
    return says_nothing ? NULL : text;
}

static ar_name_match match_variable(const ar_source *source, const ar_variable *variable,
                                    const char *wanted)
{
    int known = find_known(wanted);
    const char *standard = get_name(source, variable, "standard_name");
    const char *cf_name = get_name(source, variable, "GRIB_cfName");
    const char *short_name = get_name(source, variable, "GRIB_shortName");
    bool literal = same_text(short_name, wanted) || same_text(variable->name, wanted);
    if (means(standard, wanted, known) || means(cf_name, wanted, known)) {
        int own = find_known(short_name);
        own = own >= 0 ? own : find_known(variable->name);
        return own < 0 || own == known || literal ? AR_MATCH_STANDARD_NAME : AR_MATCH_DOUBTFUL;
    }
    if (means(short_name, wanted, known) || has_parameter(source, variable, wanted)) {
        return AR_MATCH_SHORT_NAME;
    }
    /* another name of the field is only believed where no standard name contradicts it */
    bool contradicted = standard && known >= 0 && known_fields[known][0][0] != '\0';
    if (same_text(variable->name, wanted) ||
        (!contradicted && means(variable->name, wanted, known))) {
        return AR_MATCH_VARIABLE_NAME;
    }
    return AR_MATCH_NONE;
}

int ar_variable_find_role(const ar_source *source, const ar_variable *variable,
                          ar_dimension_role role)
{
    for (int i = 0; i < variable->rank; i++) {
        if (ar_dimension_find_role(source, variable->dimensions[i]) == role) {
            return i;
        }
    }
    return -1;
}

static bool is_horizontal(const ar_source *source, const ar_variable *variable)
{
    return ar_file_grid_is_linear(source, variable) ||
           (ar_variable_find_role(source, variable, AR_ROLE_LATITUDE) >= 0 &&
            ar_variable_find_role(source, variable, AR_ROLE_LONGITUDE) >= 0);
}

static ar_status fail_as_ambiguous(const ar_source *source, const char *wanted,
                                   const ar_variable *a, const ar_variable *b, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: variables %s and %s may both be the field %s; the variable has to be named",
                   ar_source_path(source), a->name, b->name, wanted);
}

static ar_name_match match_request(const ar_source *source, const ar_variable *candidate,
                                   const ar_field_request *request)
{
    if (request->variable) {
        return strcmp(request->variable, candidate->name) == 0 ? AR_MATCH_STANDARD_NAME
                                                               : AR_MATCH_NONE;
    }
    return match_variable(source, candidate, request->name);
}

/* A variable that would be the field if it were on a grid that can be read is told. */
static ar_status check_unreadable(const ar_source *source, const ar_field_request *request,
                                  ar_error *err)
{
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *candidate = ar_source_variable(source, i);
        const char *problem = ar_source_problem(source, candidate);
        if (problem && match_request(source, candidate, request) < AR_MATCH_DOUBTFUL) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s", ar_source_path(source), problem);
        }
    }
    return AR_OK;
}

/* The same of a GRIB file, on two grids or in two units, told apart by a number in the name only?
 */
static bool are_twins(const ar_source *source, const ar_variable *a, const ar_variable *b)
{
    static const char *const attributes[] = {"GRIB_shortName", "GRIB_typeOfLevel", "GRIB_stepType"};
    bool same = true;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        const char *of_a = ar_source_text(source, a, attributes[i]);
        same = same && of_a && same_text(of_a, ar_source_text(source, b, attributes[i]));
    }
    return same;
}

ar_status ar_field_find_variable(const ar_source *source, const ar_field_request *request,
                                 const ar_variable **variable, ar_name_match *match, ar_error *err)
{
    *variable = NULL;
    *match = AR_MATCH_NONE;
    const ar_variable *rival = NULL;
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *candidate = ar_source_variable(source, i);
        if (!is_horizontal(source, candidate)) {
            continue;
        }
        ar_name_match found = match_request(source, candidate, request);
        if (found == AR_MATCH_NONE || found > *match) {
            continue;
        }
        bool equal = *variable && found == *match;
        const bool twins = equal && are_twins(source, *variable, candidate);
        /* among equals the one that is called just so is meant */
        if (equal && !twins && same_text((*variable)->name, request->name)) {
            continue;
        }
        rival = twins || (equal && !same_text(candidate->name, request->name)) ? *variable : NULL;
        *variable = candidate;
        *match = found;
    }
    if (rival) {
        return fail_as_ambiguous(source, request->name, rival, *variable, err);
    }
    return *variable ? AR_OK : check_unreadable(source, request, err);
}

void ar_field_list_variables(const ar_source *source, char *text, size_t size)
{
    const char *separator = "";
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *variable = ar_source_variable(source, i);
        size_t used = strlen(text);
        if (is_horizontal(source, variable) && used + 1 < size) {
            snprintf(text + used, size - used, "%s%s", separator, variable->name);
            separator = ", ";
        }
    }
    if (!*separator) {
        snprintf(text + strlen(text), size - strlen(text), "no variable on latitude and longitude");
    }
}

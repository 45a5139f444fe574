#include "picture/plot_selection.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Where a list of names is cut. */
enum { LIST_SIZE = 400 };

static void append(char *text, size_t size, const char *piece)
{
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", piece);
}

static int find_role(const ar_source *source, const ar_variable *variable, ar_dimension_role role)
{
    for (int i = 0; i < variable->rank; i++) {
        if (ar_dimension_find_role(source, variable->dimensions[i]) == role) {
            return i;
        }
    }
    return -1;
}

/* Something to draw: numbers on some dimension that are not themselves a coordinate. */
static bool is_drawable(const ar_source *source, const ar_variable *variable)
{
    bool some = false;
    for (int i = 0; i < variable->rank; i++) {
        some |= variable->shape[i] > 1;
        if (strcmp(variable->dimensions[i], variable->name) == 0) {
            return false;
        }
    }
    return variable->readable && some && ar_source_problem(source, variable) == NULL;
}

static ar_status choose_variable(ar_plot_selection *it, const char *name, ar_error *err)
{
    const char *path = ar_source_path(it->source);
    char list[LIST_SIZE] = "";
    int64_t found = 0;
    for (int64_t i = 0; i < ar_source_variable_count(it->source); i++) {
        const ar_variable *variable = ar_source_variable(it->source, i);
        if (is_drawable(it->source, variable)) {
            it->variable = variable;
            append(list, sizeof list, variable->name);
            found++;
        }
    }
    if (name) {
        it->variable = ar_source_find(it->source, name);
        if (!it->variable) {
            return ar_fail(err, AR_ERROR_USAGE, "%s: there is no variable %s; to be drawn are %s",
                           path, name, list);
        }
        const char *problem = ar_source_problem(it->source, it->variable);
        if (problem || !it->variable->readable) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s cannot be read%s%s", path, name,
                           problem ? ": " : "", problem ? problem : "");
        }
    } else if (found != 1) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: --var is missing; there %s %s", path,
                       found > 0 ? "are" : "is", found > 0 ? list : "no variable to draw");
    }
    return AR_OK;
}

ar_status ar_plot_read_coordinate(const ar_plot_selection *it, int dimension, double *values,
                                  ar_error *err)
{
    const char *name = it->variable->dimensions[dimension];
    const int64_t start = 0, length = it->variable->shape[dimension];
    const ar_variable *coordinate = *name ? ar_source_find(it->source, name) : NULL;
    if (coordinate && coordinate->readable && coordinate->rank == 1 &&
        coordinate->shape[0] == length) {
        return ar_source_read_double(it->source, coordinate, &start, &length, values, err);
    }
    for (int64_t i = 0; i < length; i++) {
        values[i] = (double)i;
    }
    return AR_OK;
}

static ar_status decode_times(const ar_plot_selection *it, int dimension, ar_time_unit *unit,
                              ar_error *err)
{
    const char *name = it->variable->dimensions[dimension];
    const ar_variable *coordinate = *name ? ar_source_find(it->source, name) : NULL;
    const char *units = coordinate ? ar_source_text(it->source, coordinate, "units") : NULL;
    if (!units) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: %s has no units, such as \"hours since 2001-01-01\"",
                       ar_source_path(it->source), name);
    }
    return ar_time_unit_parse(unit, units, ar_source_text(it->source, coordinate, "calendar"), err);
}

/* The index of the wanted time, the first where none is wanted, and its text. */
static ar_status choose_time(ar_plot_selection *it, int dimension, const char *wanted,
                             ar_error *err)
{
    const int64_t count = it->variable->shape[dimension];
    char first[32] = "", last[32] = "";
    double *values = NULL;
    int64_t time, target = 0, found = wanted ? -1 : 0;
    ar_time_unit unit;
    ar_status status = AR_OK;
    AR_TRY(decode_times(it, dimension, &unit, err));
    AR_TRY(ar_allocate(&values, (size_t)count, sizeof *values, "times", err));
    AR_TRY(ar_plot_read_coordinate(it, dimension, values, err));
    if (wanted) {
        AR_TRY(ar_time_parse(&target, wanted, unit.calendar, err));
    }
    for (int64_t i = 0; i < count; i++) {
        AR_TRY(ar_time_unit_decode(&unit, values[i], &time, err));
        ar_time_format(time, unit.calendar, last);
        if (i == 0) {
            memcpy(first, last, sizeof first);
        }
        found = found < 0 && time == target ? i : found;
    }
    if (found < 0) {
        status = ar_fail(err, AR_ERROR_USAGE, "%s: %s has no time %s; there are %lld, %s to %s",
                         ar_source_path(it->source), it->variable->name, wanted, (long long)count,
                         first, last);
        goto cleanup;
    }
    it->start[dimension] = found;
    append(it->where, sizeof it->where, wanted ? wanted : first);
cleanup:
    ar_free(values);
    return status;
}

static ar_status choose_level(ar_plot_selection *it, int dimension, const double *wanted,
                              ar_error *err)
{
    const int64_t count = it->variable->shape[dimension];
    const char *name = it->variable->dimensions[dimension];
    const ar_variable *coordinate = *name ? ar_source_find(it->source, name) : NULL;
    const char *units = coordinate ? ar_source_text(it->source, coordinate, "units") : NULL;
    char list[LIST_SIZE] = "", text[96];
    double *values = NULL;
    int64_t found = wanted ? -1 : 0;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&values, (size_t)count, sizeof *values, "levels", err));
    AR_TRY(ar_plot_read_coordinate(it, dimension, values, err));
    for (int64_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%.10g", values[i]);
        append(list, sizeof list, text);
        if (wanted && found < 0 && fabs(values[i] - *wanted) <= 1e-6 * fabs(*wanted)) {
            found = i;
        }
    }
    if (found < 0) {
        status = ar_fail(err, AR_ERROR_USAGE, "%s: %s has no level %g; its levels are %s",
                         ar_source_path(it->source), it->variable->name, *wanted, list);
        goto cleanup;
    }
    it->start[dimension] = found;
    snprintf(text, sizeof text, "%.10g%s%s", values[found], units ? " " : "", units ? units : "");
    append(it->where, sizeof it->where, text);
cleanup:
    ar_free(values);
    return status;
}

static ar_status choose_index(ar_plot_selection *it, int dimension, int64_t wanted, ar_error *err)
{
    const int64_t count = it->variable->shape[dimension];
    char text[96];
    if (wanted < 0 || wanted >= count) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: %s of %s has the indices 0 to %lld, not %lld",
                       ar_source_path(it->source), it->variable->dimensions[dimension],
                       it->variable->name, (long long)count - 1, (long long)wanted);
    }
    it->start[dimension] = wanted;
    snprintf(text, sizeof text, "%s %lld", it->variable->dimensions[dimension], (long long)wanted);
    append(it->where, sizeof it->where, text);
    return AR_OK;
}

/* The nearest point: of longitudes, by the shorter way round. */
static ar_status choose_nearest(ar_plot_selection *it, int dimension, double wanted, bool around,
                                ar_error *err)
{
    const int64_t count = it->variable->shape[dimension];
    double *values = NULL, least = INFINITY;
    char text[48];
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&values, (size_t)count, sizeof *values, "coordinates", err));
    AR_TRY(ar_plot_read_coordinate(it, dimension, values, err));
    for (int64_t i = 0; i < count; i++) {
        const double apart = values[i] - wanted;
        const double distance = fabs(around ? remainder(apart, 360) : apart);
        if (distance < least) {
            least = distance;
            it->start[dimension] = i;
        }
    }
    const double found = values[it->start[dimension]];
    const char *const side = found < 0 ? (around ? "W" : "S") : (around ? "E" : "N");
    snprintf(text, sizeof text, "%g %s", fabs(found), side);
    append(it->where, sizeof it->where, text);
cleanup:
    ar_free(values);
    return status;
}

/* A line runs along the times, else the levels, else any dimension that has more than one value and
 * no value was asked for. */
static int find_free(const ar_plot_selection *it, const ar_plot_options *options)
{
    const ar_variable *variable = it->variable;
    const int time = find_role(it->source, variable, AR_ROLE_TIME);
    const int level = find_role(it->source, variable, AR_ROLE_LEVEL);
    if (time >= 0 && variable->shape[time] > 1 && !options->time) {
        return time;
    }
    if (level >= 0 && variable->shape[level] > 1 && !options->level) {
        return level;
    }
    for (int i = 0; i < variable->rank; i++) {
        if (i != time && i != level && i != it->latitude_at && i != it->longitude_at &&
            variable->shape[i] > 1) {
            return i;
        }
    }
    return -1;
}

static ar_status choose_part(ar_plot_selection *it, int dimension, const ar_plot_options *options,
                             ar_error *err)
{
    const bool needed = it->variable->shape[dimension] > 1;
    if (dimension == it->latitude_at) {
        return choose_nearest(it, dimension, options->latitude, false, err);
    }
    if (dimension == it->longitude_at) {
        return choose_nearest(it, dimension, options->longitude, true, err);
    }
    switch (ar_dimension_find_role(it->source, it->variable->dimensions[dimension])) {
    case AR_ROLE_TIME:
        return choose_time(it, dimension, options->time, err);
    case AR_ROLE_LEVEL:
        return choose_level(it, dimension, options->level, err);
    default:
        return needed ? choose_index(it, dimension, options->member, err) : AR_OK;
    }
}

ar_status ar_plot_select(ar_plot_selection *it, ar_source *source, const ar_plot_options *options,
                         ar_error *err)
{
    *it = (ar_plot_selection){.source = source, .free_at = -1};
    ar_status status = choose_variable(it, options->variable, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_variable *variable = it->variable;
    it->latitude_at = find_role(source, variable, AR_ROLE_LATITUDE);
    it->longitude_at = find_role(source, variable, AR_ROLE_LONGITUDE);
    const bool grid = it->latitude_at >= 0 && it->longitude_at >= 0;
    const bool map = grid && !options->at_place;
    if (options->at_place && !grid) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: %s has no latitudes and longitudes for --at",
                       ar_source_path(source), variable->name);
    }
    for (int i = 0; i < variable->rank; i++) {
        if (variable->shape[i] < 1) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s is empty: its dimension %s has no value",
                           ar_source_path(source), variable->name, variable->dimensions[i]);
        }
    }
    if (map && (variable->shape[it->latitude_at] < 2 || variable->shape[it->longitude_at] < 2)) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "%s: %s has %lld latitudes and %lld longitudes, and a map needs two of each; "
            "--at draws a line",
            ar_source_path(source), variable->name, (long long)variable->shape[it->latitude_at],
            (long long)variable->shape[it->longitude_at]);
    }
    it->free_at = map ? -1 : find_free(it, options);
    if (!map && it->free_at < 0) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: %s is a single number there, and no line",
                       ar_source_path(source), variable->name);
    }
    for (int i = 0; i < variable->rank; i++) {
        const bool whole =
            i == it->free_at || (map && (i == it->latitude_at || i == it->longitude_at));
        it->count[i] = whole ? variable->shape[i] : 1;
        if (!whole) {
            status = choose_part(it, i, options, err);
        }
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

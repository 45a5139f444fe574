/* GRIB files of many producers (../shared/data/formats/grib): values are those of ecCodes' own
 * grib_get_data, point by point, and what cannot be read says so. */
#ifdef ATMOREP_GRIB
#include "fixtures.h"

#include "io/grib_variables.h"

#define FOLDER "../shared/data/formats/grib"

enum { FIELDS_MAX = 6 };

typedef struct {
    const char *name;
    int readable;      /* variables */
    const char *words; /* of the error of opening it, or of reading what is not readable */
} grib_file;

static const grib_file files[] = {
    {"ERA5_levels.grib", 3, NULL},
    {"alternate-scanning.grib", 1, NULL},
    {"era5-levels-corrupted.grib", 0, "message damaged 7777"},
    {"era5-levels-members.grib", 2, NULL},
    {"fields_with_missing_values.grib", 1, NULL},
    {"forecast_ml.grib", 6, NULL},
    {"gfs.t12z.pgrbf120.2p5deg.grib2", 125, "differ"},
    {"hpa_and_pa.grib", 1, NULL},
    {"lambert_grid.grib", 0, "lambert regular_ll"},
    {"reduced_gg.grib", 1, NULL},
    {"regular_gg_ml.grib", 1, NULL},
    {"regular_gg_ml_g2.grib", 1, NULL},
    {"regular_gg_pl.grib", 1, NULL},
    {"regular_ll_msl.grib", 1, NULL},
    {"scanning_mode_64.grib", 1, NULL},
    {"spectral.grb", 1, NULL},
    {"spherical_harmonics.grib", 1, NULL},
    {"t_on_different_level_types.grib", 2, NULL},
    {"tp_on_different_grid_resolutions.grib", 2, NULL},
    {"uv_on_different_levels.grib", 2, NULL},
};

/* Which field of the file, counted from 1 as ecCodes' tools count, is a record? */
static int64_t count_fields(const ar_grib_index *index, const ar_grib_record *wanted)
{
    int64_t before = 0, last = 0;
    for (int64_t number = 1; number < wanted->message.number; number++) {
        for (size_t i = 0; i < index->record_count; i++) {
            const ar_grib_message *message = &index->records[i].message;
            if (message->number == number && last != number) {
                before += message->field_count;
                last = number;
            }
        }
    }
    return before + wanted->field + 1;
}

static double *read_axis(ar_source *source, const char *name, int64_t *count)
{
    ar_error err = {""};
    const ar_variable *variable = ar_source_find(source, name);
    *count = variable->shape[0];
    double *values = malloc((size_t)*count * sizeof *values);
    assert_int_equal(read_whole(source, variable, values, &err), AR_OK);
    return values;
}

static int64_t find_degrees(const double *values, int64_t count, double wanted)
{
    for (int64_t i = 0; i < count; i++) {
        if (fabs(remainder(values[i] - wanted, 360)) < 2e-3) {
            return i;
        }
    }
    return -1;
}

/* Compare a slice [nlat][nlon] with what grib_get_data prints of field number `field`. ecCodes 2.28
 * does not turn alternating rows: with its coordinates neighbours across rows of the file with such
 * a grid differ by 5 K on average, with those of code table 3.4 by 0.6 K. */
static void compare_slice(ar_source *source, const ar_variable *variable, const double *slice,
                          int64_t field, bool alternating)
{
    char command[LINE], line[LINE];
    int64_t nlat, nlon, points = 0;
    double *latitude = read_axis(source, variable->dimensions[variable->rank - 2], &nlat);
    double *longitude = read_axis(source, variable->dimensions[variable->rank - 1], &nlon);
    snprintf(command, sizeof command,
             "grib_get_data -m nan -L '%%.6f %%.6f' -F '%%.9e' -w count=%lld '%s'",
             (long long)field, ar_source_path(source));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe)) {
        double at[2], right;
        if (sscanf(line, "%lf %lf %lf", &at[0], &at[1], &right) != 3) {
            continue; /* the heading */
        }
        int64_t i = find_degrees(latitude, nlat, at[0]), j = find_degrees(longitude, nlon, at[1]);
        if (i < 0 || j < 0) {
            fail_msg("%s: %s has no point at %g, %g", ar_source_path(source), variable->name, at[0],
                     at[1]);
        }
        j = alternating && i % 2 == 1 ? nlon - 1 - j : j;
        double value = slice[i * nlon + j];
        if (!same(value, right, 1e-8 * fabs(right))) {
            fail_msg("%s: %s (field %lld) at %g, %g is %.10g, right is %.10g",
                     ar_source_path(source), variable->name, (long long)field, at[0], at[1], value,
                     right);
        }
        points++;
    }
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(points, nlat * nlon);
    free(latitude);
    free(longitude);
}

/* The same of values in one dimension, which grib_get_data prints in their order; of spherical
 * harmonics it has none to print. */
static void compare_line(ar_source *source, const ar_variable *variable, const double *values,
                         int64_t field)
{
    char command[LINE], line[LINE];
    int64_t points = 0, count = variable->shape[variable->rank - 1];
    if (strcmp(ar_source_text(source, variable, "GRIB_gridType"), "sh") == 0) {
        for (int64_t i = 0; i < count; i++) {
            assert_true(isfinite(values[i]));
        }
        return;
    }
    snprintf(command, sizeof command, "grib_get_data -m nan -F '%%.9e' -w count=%lld '%s'",
             (long long)field, ar_source_path(source));
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe)) {
        double right;
        if (sscanf(line, "%*f %*f %lf", &right) == 1) {
            assert_true(points < count && same(values[points], right, 1e-8 * fabs(right)));
            points++;
        }
    }
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(points, count);
}

static int64_t place_of(const ar_grib_line *line, double value)
{
    for (int64_t i = 0; i < line->count; i++) {
        if (line->values[i] == value) {
            return i;
        }
    }
    return -1;
}

static void check_record(ar_source *source, int64_t index, const ar_grib_record *record)
{
    const ar_grib_source *grib = source->state;
    const ar_grib_entry *entry = &grib->entries[index];
    const ar_grib_group *group = &grib->index.groups[entry->group];
    const ar_variable *variable = ar_source_variable(source, index);
    const bool linear = strcmp(variable->dimensions[variable->rank - 1], "values") == 0;
    int64_t start[AR_RANK_MAX] = {0}, count[AR_RANK_MAX];
    ar_error err = {""};
    int d = 0;
    for (int i = 0; i < variable->rank; i++) {
        count[i] = i < variable->rank - (linear ? 1 : 2) ? 1 : variable->shape[i];
    }
    if (entry->has_member) {
        start[d++] = place_of(&group->members, (double)record->member);
    }
    start[d++] = place_of(&group->times, (double)record->time);
    if (entry->has_level) {
        start[d++] = place_of(&group->levels, record->level);
    }
    double *slice = malloc((size_t)(count[d] * (linear ? 1 : count[d + 1])) * sizeof *slice);
    if (ar_source_read_double(source, variable, start, count, slice, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const int64_t number = count_fields(&grib->index, record);
    if (linear) {
        compare_line(source, variable, slice, number);
    } else {
        compare_slice(source, variable, slice, number, group->keys.grid.alternating);
    }
    free(slice);
}

/* A few fields of every file, from its begin to its end. */
static int check_fields(ar_source *source)
{
    const ar_grib_source *grib = source->state;
    const int64_t count = (int64_t)grib->index.record_count;
    const int64_t stride = count > FIELDS_MAX ? count / FIELDS_MAX : 1;
    int compared = 0;
    for (int64_t i = 0; i < count; i += stride) {
        const ar_grib_record *record = &grib->index.records[i];
        for (int64_t v = 0; v < ar_source_variable_count(source); v++) {
            if (grib->entries[v].group == record->group &&
                !ar_source_problem(source, ar_source_variable(source, v))) {
                check_record(source, v, record);
                compared++;
            }
        }
    }
    return compared;
}

static void check_problem(const grib_file *file, const char *message)
{
    char words[128];
    snprintf(words, sizeof words, "%s", file->words ? file->words : "nothing");
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
        if (!strstr(message, word)) {
            fail_msg("%s: the message lacks \"%s\": %s", file->name, word, message);
        }
    }
}

static void check_file(const grib_file *file, bool have_tools)
{
    char path[256];
    ar_source *source = NULL;
    ar_error err = {""};
    snprintf(path, sizeof path, FOLDER "/%s", file->name);
    if (ar_source_open(&source, path, &err) != AR_OK) {
        print_message("%s: error: %s\n", file->name, err.message);
        assert_int_equal(file->readable, 0);
        check_problem(file, err.message);
        return;
    }
    const ar_grib_source *grib = source->state;
    int readable = 0, unreadable = 0;
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const char *problem = ar_source_problem(source, ar_source_variable(source, i));
        readable += grib->entries[i].axis < 0 && !problem;
        unreadable += problem != NULL;
        if (problem) {
            check_problem(file, problem);
        }
    }
    int compared = have_tools ? check_fields(source) : 0;
    print_message("%s: %s, %d variables readable, %d not; %d fields compared\n", file->name,
                  ar_source_format(source), readable, unreadable, compared);
    assert_int_equal(readable, file->readable);
    ar_source_close(&source);
}

static void real_files(void **state)
{
    (void)state;
    if (!have_data(FOLDER)) {
        skip();
    }
    bool have_tools = run_command("command -v grib_get_data >/dev/null") == 0;
    if (!have_tools) {
        print_message("grib_get_data is not there: values are not compared\n");
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_file(&files[i], have_tools);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_files)};
    setenv("ATMOREP_CACHE", "", 1); /* leave no index at home */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    return 77; /* a build without ecCodes: test_grib says what it does with such files */
}
#endif

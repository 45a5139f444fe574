#include "verify/truth_ensemble_file.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/source.h"

/* The coordinate that numbers members; NULL where there is none. */
static const ar_variable *find_numbers(const ar_source *source)
{
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *variable = ar_source_variable(source, i);
        const char *standard_name = ar_source_text(source, variable, "standard_name");
        if (variable->rank == 1 && variable->readable && standard_name &&
            strcmp(standard_name, "realization") == 0) {
            return variable;
        }
    }
    return NULL;
}

/* *numbers [*count] is the caller's to ar_free. */
static ar_status read_numbers(double **numbers, int64_t *count, const char *path, ar_error *err)
{
    ar_source *source = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_source_open(&source, path, err));
    const ar_variable *variable = find_numbers(source);
    if (!variable) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: no coordinate has the standard_name realization; a truth ensemble "
                         "numbers its members by one",
                         path);
        goto cleanup;
    }
    *count = variable->shape[0];
    AR_TRY(ar_allocate(numbers, (size_t)*count, sizeof **numbers, "the numbers of members", err));
    AR_TRY(ar_source_read_double(source, variable, (int64_t[]){0}, count, *numbers, err));
    for (int64_t k = 0; k < *count; k++) {
        if (!(fabs((*numbers)[k]) <= INT32_MAX)) {
            status = ar_fail(err, AR_ERROR_INPUT, "%s: %s %g is no number of a member", path,
                             variable->name, (*numbers)[k]);
            goto cleanup;
        }
    }
cleanup:
    ar_source_close(&source);
    return status;
}

ar_status ar_truth_ensemble_file_open(ar_truth_ensemble_file *file,
                                      const ar_truth_settings *settings,
                                      const ar_forecast_file *forecast,
                                      const ar_forecast_field *field, ar_error *err)
{
    /* However long ago it began, or later than all that is wanted: only what is read costs. */
    const int64_t century = 36525 * (int64_t)86400;
    ar_truth_settings own = *settings;
    double *numbers = NULL;
    int64_t count = 0;
    ar_status status = AR_OK;
    *file = (ar_truth_ensemble_file){0};
    own.start -= century;
    own.end += century;
    own.window_bytes = 1; /* a time: the next one wanted may be of another lead time */
    AR_TRY(read_numbers(&numbers, &count, own.paths[0], err));
    AR_TRY(
        ar_allocate(&file->members, (size_t)count, sizeof *file->members, "members of truth", err));
    for (int64_t k = 0; k < count; k++) {
        const int64_t number = (int64_t)numbers[k];
        own.member = &number;
        AR_TRY(ar_truth_open(&file->members[k], &own, forecast, field, err));
        file->member_count++;
    }
    if (count > 0) {
        file->analysis = file->members[0].field->times[0];
    }
cleanup:
    ar_free(numbers);
    if (status != AR_OK) {
        ar_truth_ensemble_file_close(file);
    }
    return status;
}

void ar_truth_ensemble_file_close(ar_truth_ensemble_file *file)
{
    for (int64_t k = 0; k < file->member_count; k++) {
        ar_truth_close(&file->members[k]);
    }
    ar_free(file->members);
    *file = (ar_truth_ensemble_file){0};
}

ar_status ar_truth_ensemble_file_read(ar_truth_ensemble_file *file, int64_t time, int64_t level,
                                      float *values, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t k = 0; status == AR_OK && k < file->member_count; k++) {
        ar_truth *member = &file->members[k];
        const float *all = NULL;
        status = ar_truth_read(member, time, &all, err);
        if (status == AR_OK) {
            memcpy(values + k * member->alignment.points, all + level * member->alignment.points,
                   (size_t)member->alignment.points * sizeof *values);
        }
    }
    return status;
}

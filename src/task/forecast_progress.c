#include "task/forecast_progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"

enum { LONGEST_LINE = 64 };

ar_status ar_forecast_progress_write(const char *path, int64_t complete,
                                     const ar_forecast_array *arrays, int count, ar_error *err)
{
    ar_atomic_file file = {0};
    char line[LONGEST_LINE];
    ar_status status = AR_OK;
    const size_t length = (size_t)snprintf(line, sizeof line, "%lld\n", (long long)complete);
    uint64_t checksum = ar_hash(line, length, 0);
    AR_TRY(ar_atomic_file_open(&file, path, err));
    AR_TRY(ar_atomic_file_write(&file, line, length, err));
    for (int i = 0; i < count; i++) {
        const size_t bytes = arrays[i].count * sizeof(float);
        checksum = ar_hash(arrays[i].values, bytes, checksum);
        AR_TRY(ar_atomic_file_write(&file, arrays[i].values, bytes, err));
    }
    AR_TRY(ar_atomic_file_write(&file, &checksum, sizeof checksum, err));
    AR_TRY(ar_atomic_file_commit(&file, err));
cleanup:
    ar_atomic_file_abandon(&file);
    return status;
}

static ar_status open_file(FILE **stream, const char *path, char line[LONGEST_LINE], ar_error *err)
{
    *stream = fopen(path, "rb");
    if (!*stream) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (!fgets(line, LONGEST_LINE, *stream)) {
        line[0] = '\0';
    }
    return AR_OK;
}

ar_status ar_forecast_progress_count(const char *path, int64_t time_count, int64_t *complete,
                                     ar_error *err)
{
    FILE *stream;
    char line[LONGEST_LINE], *end;
    ar_status status = open_file(&stream, path, line, err);
    if (status != AR_OK) {
        return status;
    }
    fclose(stream);
    errno = 0;
    const long long number = strtoll(line, &end, 10);
    if (end == line || *end != '\n' || errno != 0 || number < 0 || number > time_count) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: should begin with a number from 0 to %lld, of times that are complete; "
                       "to begin anew leave out --resume",
                       path, (long long)time_count);
    }
    *complete = number;
    return AR_OK;
}

/* The file has just the size that the arrays make. */
static ar_status check_size(const char *path, size_t length, const ar_forecast_array *arrays,
                            int count, ar_error *err)
{
    int64_t found, wanted = (int64_t)(length + sizeof(uint64_t));
    ar_status status = ar_path_size(path, &found, err);
    for (int i = 0; i < count; i++) {
        wanted += (int64_t)(arrays[i].count * sizeof(float));
    }
    if (status == AR_OK && found != wanted) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: %lld bytes; should be %lld; to begin anew leave out --resume", path,
                         (long long)found, (long long)wanted);
    }
    return status;
}

ar_status ar_forecast_progress_read(const char *path, const ar_forecast_array *arrays, int count,
                                    ar_error *err)
{
    FILE *stream = NULL;
    char line[LONGEST_LINE];
    uint64_t checksum, found = 0;
    bool whole = true;
    ar_status status = AR_OK;
    AR_TRY(open_file(&stream, path, line, err));
    AR_TRY(check_size(path, strlen(line), arrays, count, err));
    checksum = ar_hash(line, strlen(line), 0);
    for (int i = 0; whole && i < count; i++) {
        whole = fread(arrays[i].values, sizeof(float), arrays[i].count, stream) == arrays[i].count;
        checksum = ar_hash(arrays[i].values, arrays[i].count * sizeof(float), checksum);
    }
    whole = whole && fread(&found, sizeof found, 1, stream) == 1;
    if (!whole || found != checksum) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: its checksum is wrong, the file is damaged; to begin anew leave out "
                         "--resume",
                         path);
    }
cleanup:
    if (stream) {
        fclose(stream);
    }
    return status;
}

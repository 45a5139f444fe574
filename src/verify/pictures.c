/* The pictures of fields that a verification leaves beside its scores: drawn or not, the scores
 * stand. */
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "verify/field_film.h"

ar_status ar_verification_keep_picture(ar_verification *run, const ar_report_map *picture,
                                       ar_error *err)
{
    ar_status status = ar_grow(&run->maps, &run->map_capacity, run->map_count + 1,
                               sizeof *run->maps, "the maps", err);
    if (status == AR_OK) {
        run->maps[run->map_count++] = *picture;
    }
    return status;
}

void ar_verification_picture_failed(ar_verification *run, const char *file, const ar_error *why)
{
    ar_log(AR_LOG_WARNING, "%s is not drawn: %s", file, why->message);
    if (run->failed_pictures++ == 0) {
        (void)ar_fail(&run->picture_error, AR_ERROR_SYSTEM, "%s: %s", file, why->message);
    }
}

ar_status ar_verification_prepare_films(ar_verification *run, ar_error *err)
{
    ar_forecast_file *file = &run->forecast;
    ar_status status = AR_OK;
    AR_TRY(
        ar_allocate(&run->films, (size_t)file->field_count, sizeof *run->films, "the films", err));
    for (int64_t f = 0; f < file->field_count; f++) {
        AR_TRY(ar_field_film_init(&run->films[f], run, &file->fields[f], err));
    }
cleanup:
    return status;
}

ar_status ar_verification_draw_films(ar_verification *run, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t f = 0; status == AR_OK && f < run->forecast.field_count; f++) {
        status = ar_field_film_draw(&run->films[f], err);
    }
    return status;
}

void ar_verification_release_films(ar_verification *run)
{
    for (int64_t f = 0; run->films && f < run->forecast.field_count; f++) {
        ar_field_film_release(&run->films[f]);
    }
    ar_free(run->films);
}

ar_status ar_verification_tell_pictures(const ar_verification *run, ar_error *err)
{
    if (run->failed_pictures == 0) {
        return AR_OK;
    }
    return ar_fail(
        err, AR_ERROR_SYSTEM,
        "%s holds scores and report, but %lld picture%s could not be drawn; the first: %s",
        run->options->out, (long long)run->failed_pictures, run->failed_pictures == 1 ? "" : "s",
        run->picture_error.message);
}

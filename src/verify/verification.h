/* One verification while it runs: what verify.c sets up and field_scores.c fills, field by field.
 */
#ifndef AR_VERIFY_VERIFICATION_H
#define AR_VERIFY_VERIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/field_data.h"
#include "verify/forecast_file.h"
#include "verify/report.h"
#include "atmorep/atmorep.h"

typedef struct {
    const ar_verify_options *options;
    ar_forecast_file forecast;
    int64_t climatology_start, climatology_end;
    ar_region *regions; /* [region_count], the first the whole grid */
    int64_t region_count;
    int64_t *lead_times; /* [lead_count] the different ones, ascending */
    int64_t lead_count;
    int64_t first_time; /* of all valid times: where blocks of days begin */
    int64_t block_days, resamples;
    bool draw_maps;
    ar_score *scores;
    size_t score_count, score_capacity;
    ar_level_score *level_scores;
    size_t level_score_count, level_score_capacity;
    ar_harmonics *harmonics; /* NULL: the grid has no spectra */
    ar_field_spectra *spectra;
    size_t spectra_count, spectra_capacity;
    ar_report_map *maps;
    size_t map_count, map_capacity;
} ar_verification;

/* One field and its truth. */
typedef struct {
    const ar_forecast_field *field;
    const ar_field_data *truth;
    const int64_t *valid_index; /* [time_count] in truth; −1 where it has no such time */
    float *members;             /* [member_count][nlat][nlon] room for one level */
} ar_level_source;

/* Append the energy scores of all levels of a field together to run->level_scores, for which they
 * are read once more, time by time. */
AR_USE_RESULT ar_status ar_verification_score_levels(ar_verification *run,
                                                     const ar_level_source *source, ar_error *err);

/* A level's key in JSON, and its text with the unit. */
void ar_verification_describe_level(const ar_forecast_field *field, int64_t level, char key[32],
                                    char text[48]);

/* Append the spectra of kinetic energy wherever those of vorticity are, with divergence where that
 * is too; of a forecast without vorticity, those of its winds, for which it reads them and their
 * truth again. */
AR_USE_RESULT ar_status ar_verification_add_energy(ar_verification *run, ar_error *err);

/* Score one field of the forecast file at all its levels and lead times: load its truth, append to
 * run->scores, for each region, and to run->spectra, and, when run->draw_maps, draw a map a level.
 * Truth that lacks times is told as a warning; truth that has none of them is an error. */
AR_USE_RESULT ar_status ar_verification_score_field(ar_verification *run,
                                                    const ar_forecast_field *field, ar_error *err);

#endif

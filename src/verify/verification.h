/* One verification while it runs: what verify.c sets up and field_scorer.h fills, field by field.
 */
#ifndef AR_VERIFY_VERIFICATION_H
#define AR_VERIFY_VERIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field/regrid.h"
#include "verify/forecast_file.h"
#include "verify/report.h"
#include "verify/rival.h"
#include "atmorep/atmorep.h"

struct ar_field_film;

typedef struct {
    const ar_verify_options *options;
    ar_forecast_file forecast;
    int64_t climatology_start, climatology_end;
    ar_region *regions; /* [region_count], the first the whole grid */
    int64_t region_count;
    ar_place *places; /* [place_count] */
    int64_t place_count;
    const ar_regrid_method *regrid; /* of truth; NULL: none */
    int64_t *lead_times;            /* [lead_count] the different ones that are scored, ascending */
    int64_t lead_count;
    int64_t first_time; /* of all valid times: where blocks of days begin */
    int64_t block_days, resamples;
    double dry_millimetres; /* below which SEEPS takes a time for dry */
    bool draw_maps;
    bool new_folder;  /* options->out was not there before */
    ar_rival *rivals; /* [rival_count] */
    ar_rival_name *rival_names;
    int64_t rival_count;
    ar_score *scores;
    size_t score_count, score_capacity;
    ar_level_score *level_scores;
    size_t level_score_count, level_score_capacity;
    ar_harmonics *harmonics; /* NULL: the grid has no spectra */
    ar_field_spectra *spectra;
    size_t spectra_count, spectra_capacity;
    ar_report_map *maps;
    size_t map_count, map_capacity;
    struct ar_field_film *films;    /* [field_count of the forecast] */
    int64_t failed_pictures;        /* that should be there and are not */
    ar_error picture_error;         /* why, of the first of them */
    ar_configuration configuration; /* of options->model */
    ar_training_curves curves;
    ar_conditional_score *conditional_scores;
    size_t conditional_score_count, conditional_score_capacity;
    ar_place_score *place_scores;
    size_t place_score_count, place_score_capacity;
} ar_verification;

/* With run->options and run->forecast given: check them and choose all else. */
AR_USE_RESULT ar_status ar_verification_prepare(ar_verification *run, ar_error *err);
/* When all is scored: write what goes into the folder, the scores first. Pictures that could not be
 * drawn are for the caller to tell: ar_verification_tell_pictures. *table is its to ar_free. */
AR_USE_RESULT ar_status ar_verification_conclude(ar_verification *run, char **table, ar_error *err);
/* Safe on a zeroed one; a folder that prepare made and nothing was written to goes, too. */
void ar_verification_release(ar_verification *run);

/* Make run->lead_times of the options and of the forecast; one that it does not have is an error
 * that tells what it has. */
AR_USE_RESULT ar_status ar_verification_choose_leads(ar_verification *run, ar_error *err);

/* Index of a lead time in run->lead_times; −1: it is not scored. */
int64_t ar_verification_find_lead(const ar_verification *run, int64_t lead_time);

/* Keep a picture for the report. */
AR_USE_RESULT ar_status ar_verification_keep_picture(ar_verification *run,
                                                     const ar_report_map *picture, ar_error *err);
/* Tell as a warning, and keep for the end, that a picture could not be drawn. */
void ar_verification_picture_failed(ar_verification *run, const char *file, const ar_error *why);
/* AR_OK when all could be; else an error that tells how many could not, and the first of them. */
AR_USE_RESULT ar_status ar_verification_tell_pictures(const ar_verification *run, ar_error *err);

/* Read the training curves of options->model, and look at options->attention, where given. */
AR_USE_RESULT ar_status ar_verification_open_model(ar_verification *run, ar_error *err);
/* Draw the attention maps into the folder attention beside the scores. */
AR_USE_RESULT ar_status ar_verification_draw_attention(ar_verification *run, ar_error *err);

/* A film for each field; ar_field_scorer_add adds its frames, and they are drawn at the end. */
AR_USE_RESULT ar_status ar_verification_prepare_films(ar_verification *run, ar_error *err);
AR_USE_RESULT ar_status ar_verification_draw_films(ar_verification *run, ar_error *err);
void ar_verification_release_films(ar_verification *run); /* safe where there are none */

/* Append the spectra of a field, or made from it, at a level and the lead time of an index; they
 * are taken and become means over times. Without any time there is nothing to append. */
AR_USE_RESULT ar_status ar_verification_append_spectra(ar_verification *run,
                                                       const ar_forecast_field *field,
                                                       int64_t level, int64_t lead,
                                                       ar_mean_spectra *spectra, ar_error *err);

/* Append the spectra of kinetic energy wherever those of vorticity are, with divergence where that
 * is too; of a forecast without vorticity, those of its winds, for which it reads them and their
 * truth again, time by time. */
AR_USE_RESULT ar_status ar_verification_add_energy(ar_verification *run, ar_error *err);
/* The first of it: with nothing to read. */
AR_USE_RESULT ar_status ar_verification_add_energy_of_rotation(ar_verification *run, ar_error *err);

/* Score one field of the forecast file at all its levels and lead times: append to
 * run->scores and run->level_scores, for each region, to run->spectra and run->place_scores, and,
 * when run->draw_maps, draw a map a level. Truth that lacks times is told as a warning; truth that
 * has none of them is an error. */
AR_USE_RESULT ar_status ar_verification_score_field(ar_verification *run,
                                                    const ar_forecast_field *field, ar_error *err);

/* Compare all fields of the forecast file with the ensembles of truth of the options, if there are
 * any, and append to run->conditional_scores. Files that no forecast began with do not count; none
 * that one did is an error. Holds a time of all levels of all members of truth, and a level of the
 * members of both. */
AR_USE_RESULT ar_status ar_verification_score_truth_ensemble(ar_verification *run, ar_error *err);

#endif

/* The public interface of the AtmoRep library: what the program's commands do, as calls. Every call
 * may take minutes to hours; it tells its progress to the sinks of atmorep/log.h and prints nothing
 * itself. Calls may not run at the same time in one process: they set the number of OpenMP threads.
 * With as many threads as there are processors they pin them while the call runs, unless
 * OMP_PROC_BIND or its like is set. */
#ifndef ATMOREP_ATMOREP_H
#define ATMOREP_ATMOREP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "atmorep/log.h"
#include "atmorep/profile.h"
#include "atmorep/status.h"

/* "0.1.0"; static. */
const char *ar_version(void);

/* ---- the nature run ---- */

typedef enum {
    AR_NATURE_GRID_REGULAR,  /* equal steps of latitude, with the poles, and of longitude */
    AR_NATURE_GRID_GAUSSIAN, /* the model's own */
} ar_nature_grid;

typedef enum {
    AR_NATURE_PRESSURE_LEVELS, /* hPa */
    AR_NATURE_SIGMA_LEVELS,    /* pressure over surface pressure, above 0 and at most 1 */
    AR_NATURE_MODEL_LEVELS,    /* all the model's own */
} ar_nature_level_kind;

/* The model and what drives it (docs/nature-run.md). */
typedef struct {
    int64_t truncation, nlev;
    const double *sigma_interfaces;       /* [nlev + 1] from 0 to 1; NULL: equal layers */
    int64_t steps_per_hour;               /* 0: what suits the truncation */
    int64_t diffusion_order;              /* 4 or 8 */
    double diffusion_hours;               /* e-folding time of the shortest wave; 0: no diffusion */
    double filter_strength, filter_alpha; /* ν/2 and α of Williams (2009) */
    bool held_suarez;                     /* relaxation of temperature, and friction */
    bool water_cycle;                     /* humidity, evaporation, rain */
    bool seasonal_cycle;
    bool land;        /* continents */
    double orography; /* factor on the mountains; 0: flat */
} ar_nature_model_options;

/* What is written (docs/nature-run.md). */
typedef struct {
    int64_t every_hours; /* between times */
    ar_nature_grid grid;
    int64_t longitudes; /* of the regular grid, even; 0: as many as the model's own */
    ar_nature_level_kind level_kind;
    const double *levels; /* [level_count], all rising or all falling; unused for the model's own */
    int64_t level_count;
    const char *const *variables; /* [variable_count] names; none: all there are */
    int64_t variable_count;
} ar_nature_output_options;

typedef struct {
    ar_nature_model_options model;
    int64_t days, spin_up_days; /* written, and before that */
    ar_nature_output_options output;
    uint64_t seed;
    const char *start;   /* date of the first time after spin-up */
    const char *out;     /* .nc or .zarr */
    int64_t zarr_format; /* of a .zarr: 2 (0 too) or 3 */
    const char *from;    /* state whose next `days` are wanted, or NULL: from rest */
    double perturb;      /* m/s (rms) of noise of `seed` added to the state of `from`; 0: none */
    int64_t ensemble;    /* so many members from that state, each with noise of its own; 0: one run,
                            without a dimension `realization` */
    int64_t member;      /* of which member the noise is; where ensemble is 0 */
    const char *state;   /* file that receives the state at the end, or NULL */
    int64_t checkpoint_days; /* simulated ones between checkpoints */
    bool resume;             /* go on with what is unfinished, if there is anything */
    int64_t threads;         /* 0: as many as OpenMP has */
    const volatile sig_atomic_t *interrupt; /* not 0: come to a clean end; may be NULL */
} ar_nature_run_options;

/* T31 with 8 layers, water, seasons, continents and mountains, 100 days after 200 of spin-up, every
 * 6 hours on five pressure levels of the regular grid; `out` is to be set. Pure. */
ar_nature_run_options ar_nature_run_default_options(void);
/* Held & Suarez (1994): no water, seasons, continents, mountains. */
void ar_nature_run_make_dry(ar_nature_model_options *model);

/* Read a YAML file (docs/nature-run.md) into options: keys that it does not have leave what is
 * there. AR_ERROR_INPUT names line, key and what would be right; options are then unchanged. What
 * options point to afterwards is *configuration's: destroy it after their last use. */
typedef struct ar_nature_configuration ar_nature_configuration;
AR_USE_RESULT ar_status ar_nature_configuration_read(ar_nature_configuration **configuration,
                                                     const char *path,
                                                     ar_nature_run_options *options, ar_error *err);
/* NULL-safe, sets NULL. */
void ar_nature_configuration_destroy(ar_nature_configuration **configuration);

/* Run and write. Until the end everything lies in the folder `out`.part, with the last good state:
 * after an interrupt (AR_ERROR_INTERRUPTED), a kill or a numeric failure (which names hour and
 * place) it is there still, and the same options with `resume` go on with it, to the same bits as
 * without a stop. `out` appears when it is complete. */
AR_USE_RESULT ar_status ar_nature_run(const ar_nature_run_options *options, ar_error *err);

/* ---- preparing data ---- */

typedef struct {
    const char *configuration;     /* YAML (docs/data.md); that of a training run will do */
    const char *const *data_paths; /* files, stores, glob patterns; none: data.paths */
    int64_t data_path_count;
    const char *start, *end; /* first and last time, ISO text; NULL: as the configuration says */
    const char *out;         /* the store, a .zarr */
    int64_t threads;         /* at most 1024; 0: as many as OpenMP would use */
    const volatile sig_atomic_t *interrupt; /* not 0: come to a clean end; may be NULL */
} ar_prepare_options;

/* Make one store of all fields of the configuration, with monthly statistics and the provenance of
 * every value. Until the end everything lies in the folder `out`.part: after an interrupt
 * (AR_ERROR_INTERRUPTED) or a kill the same call goes on with it, to the same bits as without a
 * stop. `out` appears when it is complete and was read back; one that is there already is left
 * alone if it is the same, else it is an AR_ERROR_USAGE. */
AR_USE_RESULT ar_status ar_prepare(const ar_prepare_options *options, ar_error *err);
/* What ar_prepare would read, how large the result would be and how long it would take, from a
 * short measured read, as lines of text; free it with ar_text_free. Nothing is written. */
AR_USE_RESULT ar_status ar_prepare_estimate(const ar_prepare_options *options, char **text,
                                            ar_error *err);

/* ---- training ---- */

typedef struct {
    const char *run; /* folder; made if it is not there */
    bool resume;     /* go on from the newest checkpoint, if there is one */
    /* What a new run starts from: a run folder, a checkpoint, weights that `atmorep convert` made,
     * or a released model's .mod; NULL: starting values. Fields find themselves by name; new ones
     * get starting values. */
    const char *from;
    /* "name=RUN": this field from another one. */
    const char *const *field_sources;
    int64_t field_source_count;
    /* Fields that are left out, of the configuration too. */
    const char *const *drop_fields;
    int64_t drop_field_count;
    /* Shell patterns of parameters that may be missing or have another shape there. */
    const char *const *allow_missing;
    int64_t allow_missing_count;
    int64_t threads;                        /* at most 1024; 0: as many as OpenMP would use */
    const char *backend;                    /* "cpu"; NULL means that */
    ar_profile *profile;                    /* receives where the time went; may be NULL */
    const volatile sig_atomic_t *interrupt; /* not 0: write a checkpoint and end; may be NULL */
} ar_train_options;

/* Train as the YAML configuration at `path` says (docs/configuration.md), or a released model's
 * JSON (docs/released-models.md), with
 * settings[setting_count] of the form "training.steps=500" applied to it. The run folder receives
 * configuration.yaml, metrics.jsonl and checkpoints. AR_ERROR_INTERRUPTED when *interrupt asked for
 * an end (state is saved), AR_ERROR_NUMERIC when the loss or gradient was not finite in too many
 * steps in a row, which are skipped (what was there before them is saved). */
AR_USE_RESULT ar_status ar_train_file(const char *path, const char *const *settings,
                                      int64_t setting_count, const ar_train_options *options,
                                      ar_error *err);

/* ---- forecasting ---- */

typedef struct {
    /* A run folder, a checkpoint, what `atmorep convert` made, or a released model's .mod. */
    const char *model;
    const char *configuration; /* of a .mod: model_id<ID>.json; NULL: the one beside it */
    /* Where the model has no statistics of its data: the times of `data_paths` that they are
     * computed from, ISO text, both inclusive; NULL: the first, the last. */
    const char *normalise_start, *normalise_end;
    const char *const *data_paths; /* files, stores, glob patterns */
    int64_t data_path_count;
    const char *start, *end; /* first and last valid time, ISO text, both inclusive; NULL end: start
                              */
    int64_t every_hours;     /* between valid times */
    const char *const *times; /* [time_count] valid times, instead of start and end */
    int64_t time_count;
    const double *place; /* [2] latitude and longitude, degrees: forecast the point nearest to it
                          * alone, by one cube around it; NULL: the whole grid */
    /* From the last known time to the valid one, and from that to the next known one; 0: none is
     * known before, after. The first alone is a forecast, the second a hindcast, both together
     * interpolate. */
    int64_t lead_hours, next_hours;
    /* Fill in gaps, of any place and time, instead: "missing", what is missing in the data; or a
     * file whose variables, called as those of the data or `mask`, are 1 where a value is to be
     * filled in, else 0 (docs/forecast-file.md). NULL: forecast; else lead_hours and next_hours are
     * 0. */
    const char *gaps;
    /* Another output than the tokens' own, of a model that was trained for it: words with commas
     * between them, time=HOURSh (later), rows=N and columns=N (points to the south and east),
     * stride=N (every N-th point). NULL: none. start and end are valid times of that output. */
    const char *tau;
    /* Counterfactual: forecast a second time with tokens that are told another year, day or hour,
     * such as "year=1990", "day+30" or "hour=12" (docs/forecast-file.md), and write how the means
     * differ. NULL: none. */
    const char *alpha;
    /* Forecasts of lead_hours, 2·lead_hours, … steps·lead_hours, each from those before it; 0 or 1:
     * of lead_hours alone. start and end are then valid times of the first. until_hours is
     * the last of them instead of their number; 0: steps says it. */
    int64_t steps, until_hours;
    bool feed_members;   /* each member goes on from itself; false: all from the mean */
    bool feed_draws;     /* each from a state that is drawn (global grids), instead of a member */
    double overlap;      /* least share of a tile that its neighbour covers too, [0, 1) */
    const char *out;     /* what to write (docs/forecast-file.md): a .nc or .zarr */
    int64_t zarr_format; /* of a .zarr: 2 (0 too) or 3 */
    const char *layout;  /* "cf" (NULL too), or "weatherbench" */
    bool resume;         /* go on with what a stop left in OUT.part, or begin if nothing is there */
    int64_t threads;     /* at most 1024; 0: as many as OpenMP would use */
    const char *backend; /* NULL: "cpu" */
    const char *precision;                  /* of matrix products: "float32" (NULL too) or "bf16" */
    ar_profile *profile;                    /* receives where the time went; may be NULL */
    const volatile sig_atomic_t *interrupt; /* not 0: give up; may be NULL */
} ar_forecast_options;

/* Forecast, hindcast, interpolate or fill every valid time whose known times are all in the data;
 * times that are not are left out with a warning, and none at all is an error. The file appears
 * when it is complete. Until then all lies in the folder OUT.part: a forecast that is killed,
 * interrupted or fails goes on with the same options and `resume`, after the last time that it
 * completed, to the same bytes; without `resume` it begins anew. */
AR_USE_RESULT ar_status ar_forecast(const ar_forecast_options *options, ar_error *err);

/* ---- attention maps ---- */

typedef struct {
    const char *model;             /* a run folder or a checkpoint file */
    const char *const *data_paths; /* files, stores, glob patterns */
    int64_t data_path_count;
    const char *time;           /* last time of the cube, ISO text; the query token holds it */
    double latitude, longitude; /* degrees; the cube lies around this place */
    const double *level;        /* of the query token; NULL: the first of each field */
    bool forecast;              /* mask the last times as in a forecast; false: nothing masked */
    const char *out;            /* folder for attention.nc (docs/attention.md) */
    int64_t threads;            /* at most 1024; 0: as many as OpenMP would use */
} ar_attention_options;

/* Write the weights with which one query token of each field attends to all others, for every
 * layer, head and coupled field. Times that the data does not have, and a place or level outside of
 * it, are errors. */
AR_USE_RESULT ar_status ar_attention_maps(const ar_attention_options *options, ar_error *err);

/* ---- verification ---- */

typedef struct {
    const char *forecast;           /* a file of docs/forecast-file.md */
    const char *const *truth_paths; /* files, stores, globs */
    int64_t truth_count;
    const char *out; /* folder for report.html, scores.json, scores.txt, maps and figures */
    /* Period for climatology and damping; NULL: the forecast file's training_start, training_end.
     */
    const char *climatology_start, *climatology_end;
    bool maps; /* draw maps (needs GMT), and charts as PNG, too (rsvg-convert), beside SVG */
    /* FIELD=VALUE in the forecast's unit: score the event that the field is above the value. */
    const char *const *thresholds;
    int64_t threshold_count;
    /* Regions to be scored beside the whole grid: names, or boxes NAME=NORTH,WEST,SOUTH,EAST. */
    const char *const *regions;
    int64_t region_count;
    const char *regrid; /* truth on another grid comes to the forecast's: "bilinear", "area"; NULL:
                         * it is an error */
    /* Other forecasts to compare with, NAME=FILE or FILE, as the forecast or without members and
     * times of training. */
    const char *const *baselines;
    int64_t baseline_count;
    const char *const *lead_hours; /* score these lead times, numbers; none: all there are */
    int64_t lead_hour_count;
    /* Ensembles of truth (files or glob patterns), each from one analysis, its first time:
     * forecasts that began there are compared with this true distribution. */
    const char *const *truth_ensembles;
    int64_t truth_ensemble_count;
    /* Places at which the distribution of values is compared, NAME=LATITUDE,LONGITUDE each. */
    const char *const *places;
    int64_t place_count;
    /* SEEPS of precipitation: what is less than so many mm (a day, of a rate) is dry; 0: 0.25 mm.
     */
    double dry_millimetres;
    /* Confidence by resampling blocks of days; 0: blocks of 5 days, 1000 resamples. */
    int64_t block_days, resamples;
    /* For the report alone: the run folder of the model, for its training curves, and a folder of
     * ar_attention_maps; NULL: none. */
    const char *model, *attention;
} ar_verify_options;

/* Score the forecast; report.html, scores.json, scores.txt, map_<variable>[_<level>].png and the
 * folder figures appear in options->out. `table` receives the text of scores.txt; free it with
 * ar_text_free. */
AR_USE_RESULT ar_status ar_verify(const ar_verify_options *options, char **table, ar_error *err);

typedef struct {
    const char *model;             /* as of ar_forecast_options */
    const char *const *data_paths; /* files, stores, glob patterns */
    int64_t data_path_count;
    const char *start, *end; /* cubes lie between these times, ISO text, both inclusive */
    /* Of the tokens of a predicted field and level a share drawn from 0 to `ratio` is masked, as in
     * training; 0: the ratio that the model was trained with. */
    double ratio;
    int64_t samples; /* cubes, drawn by area */
    uint64_t seed;
    const char *out;                        /* a JSON file of the scores; NULL: none */
    int64_t threads;                        /* at most 1024; 0: as many as OpenMP would use */
    const char *backend;                    /* NULL: "cpu" */
    const volatile sig_atomic_t *interrupt; /* not 0: give up; may be NULL */
} ar_evaluate_options;

/* Mask random tokens and score what the model fills in (docs/verification.md): `table` receives a
 * text to be freed with ar_text_free. Times of the training period are an error. */
AR_USE_RESULT ar_status ar_evaluate(const ar_evaluate_options *options, char **table,
                                    ar_error *err);

/* Forecast and score each time as it comes: the scores, and the files in options->out, of ar_verify
 * with the forecast's file, which need not be there: forecast->out may be NULL. options->forecast
 * is not looked at, options->truth_ensembles have to be none. Memory does not grow with the number
 * of times (docs/verification.md). */
AR_USE_RESULT ar_status ar_forecast_verify(const ar_forecast_options *forecast,
                                           const ar_verify_options *options, char **table,
                                           ar_error *err);

/* Free a text that a call of this library gave. NULL-safe. */
void ar_text_free(char *text);

#endif

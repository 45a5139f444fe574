#include <stdlib.h>
#include <string.h>

#include "atmorep/atmorep.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/interrupt.h"

/* "T42" or "42". */
static ar_status parse_truncation(const char *text, int64_t *truncation, ar_error *err)
{
    char *end = NULL;
    const char *digits = *text == 'T' ? text + 1 : text;
    *truncation = strtoll(digits, &end, 10);
    return end == digits || *end ? ar_fail(err, AR_ERROR_USAGE,
                                           "--truncation %s: a triangular truncation such as T42 "
                                           "is wanted",
                                           text)
                                 : AR_OK;
}

static ar_status parse_levels(const ar_text_list *texts, const char *option, const char *wanted,
                              double **levels, ar_error *err)
{
    ar_status status = ar_allocate(levels, texts->count, sizeof **levels, "levels", err);
    for (int64_t i = 0; status == AR_OK && i < texts->count; i++) {
        char *end = NULL;
        (*levels)[i] = strtod(texts->items[i], &end);
        if (end == texts->items[i] || *end) {
            status = ar_fail(err, AR_ERROR_USAGE, "--%s %s: %s is wanted", option, texts->items[i],
                             wanted);
        }
    }
    return status;
}

/* Which levels to write, of the two options that say it; *levels is the caller's to ar_free. */
static ar_status choose_levels(const ar_text_list *pressures, const ar_text_list *sigmas,
                               ar_nature_output_options *output, double **levels, ar_error *err)
{
    ar_status status = AR_OK;
    if (pressures->count > 0 && sigmas->count > 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--pressure-levels and --sigma-levels; should be one of them");
    }
    if (sigmas->count == 1 && strcmp(sigmas->items[0], "model") == 0) {
        output->level_kind = AR_NATURE_MODEL_LEVELS;
        return AR_OK;
    }
    if (pressures->count > 0) {
        AR_TRY(parse_levels(pressures, "pressure-levels", "a pressure in hPa", levels, err));
        output->level_kind = AR_NATURE_PRESSURE_LEVELS;
    } else if (sigmas->count > 0) {
        AR_TRY(
            parse_levels(sigmas, "sigma-levels", "a number up to 1, or model alone", levels, err));
        output->level_kind = AR_NATURE_SIGMA_LEVELS;
    }
    if (*levels) {
        output->levels = *levels;
        output->level_count = pressures->count + sigmas->count;
    }
cleanup:
    return status;
}

static ar_status parse_grid(const char *text, ar_nature_grid *grid, ar_error *err)
{
    if (strcmp(text, "regular") != 0 && strcmp(text, "gaussian") != 0) {
        return ar_fail(err, AR_ERROR_USAGE, "--grid %s: regular or gaussian is wanted", text);
    }
    *grid = *text == 'g' ? AR_NATURE_GRID_GAUSSIAN : AR_NATURE_GRID_REGULAR;
    return AR_OK;
}

static const int64_t NOT_GIVEN = INT64_MIN;

/* What the line says that is more than a number or a name; NULL, empty, false: nothing. */
typedef struct {
    const char *configuration, *truncation, *grid;
    ar_text_list pressures, sigmas, variables;
    int64_t seed, layers;
    bool dry;
} line_texts;

static void release_texts(line_texts *texts)
{
    ar_text_list_release(&texts->pressures);
    ar_text_list_release(&texts->sigmas);
    ar_text_list_release(&texts->variables);
}

static ar_status take_texts(const line_texts *texts, ar_nature_run_options *o, double **levels,
                            ar_error *err)
{
    ar_status status = AR_OK;
    if (texts->truncation) {
        AR_TRY(parse_truncation(texts->truncation, &o->model.truncation, err));
    }
    if (texts->grid) {
        AR_TRY(parse_grid(texts->grid, &o->output.grid, err));
    }
    if (texts->layers != NOT_GIVEN) {
        o->model.nlev = texts->layers;
        o->model.sigma_interfaces = NULL;
    }
    if (texts->dry) {
        ar_nature_run_make_dry(&o->model);
    }
    AR_TRY(choose_levels(&texts->pressures, &texts->sigmas, &o->output, levels, err));
    if (texts->variables.count > 0) {
        o->output.variables = texts->variables.items;
        o->output.variable_count = texts->variables.count;
    }
    o->seed = (uint64_t)texts->seed;
cleanup:
    return status;
}

static bool parse_line(ar_nature_run_options *o, line_texts *texts, int argc, char **argv,
                       int *exit_code)
{
    const ar_option options[] = {
        {"out", "FILE", "what to write, a netCDF file (.nc) or a Zarr group (.zarr)", AR_OPTION_OUT,
         &o->out, false},
        {"zarr-format", "2|3", "version of a Zarr group that is written (default 2)",
         AR_OPTION_INTEGER, &o->zarr_format, false},
        {"config", "FILE.yaml",
         "take options from this file; those of the command line override it", AR_OPTION_TEXT,
         &texts->configuration, false},
        {"truncation", "T", "triangular truncation, T21, T31, T42, T63, T85 … (default T31)",
         AR_OPTION_TEXT, &texts->truncation, false},
        {"levels", "N", "equal layers of the model (default 8)", AR_OPTION_INTEGER, &texts->layers,
         false},
        {"dry", NULL,
         "no water, seasons, continents, mountains: the forcing of Held and Suarez alone",
         AR_OPTION_FLAG, &texts->dry, false},
        {"days", "DAYS", "to write (default 100)", AR_OPTION_INTEGER, &o->days, false},
        {"spin-up-days", "DAYS", "before the first time that is written (default 200)",
         AR_OPTION_INTEGER, &o->spin_up_days, false},
        {"every", "HOURS", "between times (default 6)", AR_OPTION_INTEGER, &o->output.every_hours,
         false},
        {"start", "T", "date of the first time after spin-up (default 2001-01-01)", AR_OPTION_TIME,
         &o->start, false},
        {"seed", "S", "of the noise that weather grows from (default 1)", AR_OPTION_INTEGER,
         &texts->seed, false},
        {"pressure-levels", "HPA", "levels to write (default 850 700 500 300 200)", AR_OPTION_LIST,
         &texts->pressures, false},
        {"sigma-levels", "SIGMA",
         "levels of pressure over surface pressure instead; model: the model's own", AR_OPTION_LIST,
         &texts->sigmas, false},
        {"grid", "GRID", "regular, with the poles, or gaussian, the model's own (default regular)",
         AR_OPTION_TEXT, &texts->grid, false},
        {"longitudes", "N",
         "of the regular grid, with N/2 + 1 latitudes (default: the model's own)",
         AR_OPTION_INTEGER, &o->output.longitudes, false},
        {"variables", "NAME", "what to write (default: all there are)", AR_OPTION_LIST,
         &texts->variables, false},
        {"state", "FILE", "save the state of the end here", AR_OPTION_OUT, &o->state, false},
        {"from", "FILE",
         "begin with a saved state and write the next --days; its date is that of --start and "
         "--spin-up-days of the run that saved it",
         AR_OPTION_TEXT, &o->from, false},
        {"perturb", "SPEED", "m/s of noise, by --seed, on the state of --from", AR_OPTION_NUMBER,
         &o->perturb, false},
        {"ensemble", "N", "members from that state, each with noise of its own", AR_OPTION_INTEGER,
         &o->ensemble, false},
        {"member", "M", "run the member M of such an ensemble alone (default 0)", AR_OPTION_INTEGER,
         &o->member, false},
        {"resume", NULL, "go on with what a stop left in FILE.part, if there is anything",
         AR_OPTION_FLAG, &o->resume, false},
        {"checkpoint-days", "DAYS", "simulated days between checkpoints (default 10)",
         AR_OPTION_INTEGER, &o->checkpoint_days, false},
        {"threads", "N", "threads to use (default: all cores); the result is the same for any N",
         AR_OPTION_INTEGER, &o->threads, false},
        {0}};
    const ar_command_line line = {
        .command = "nature-run",
        .description = "Make reanalysis-like data with the built-in atmosphere model.",
        .options = options,
        .example = "atmorep nature-run --truncation T31 --levels 8 --spin-up-days 200 --days 120 "
                   "--every 6 --out nature.zarr --state nature.state\n"
                   "atmorep nature-run --truncation T31 --levels 8 --days 10 --from nature.state "
                   "--ensemble 20 --perturb 0.1 --out ensemble.zarr"};
    return ar_command_line_parse(&line, argc, argv, exit_code);
}

int ar_command_nature_run(int argc, char **argv)
{
    ar_nature_run_options o = ar_nature_run_default_options();
    line_texts texts = {.seed = (int64_t)o.seed, .layers = NOT_GIVEN};
    ar_nature_configuration *configuration = NULL;
    double *levels = NULL;
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!parse_line(&o, &texts, argc, argv, &exit_code)) {
        goto release;
    }
    if (texts.configuration) {
        /* the file into the defaults, then the line again, over what the file says */
        o = ar_nature_run_default_options();
        AR_TRY(ar_nature_configuration_read(&configuration, texts.configuration, &o, &err));
        release_texts(&texts);
        texts = (line_texts){.seed = (int64_t)o.seed, .layers = NOT_GIVEN};
        if (!parse_line(&o, &texts, argc, argv, &exit_code)) {
            goto release;
        }
    }
    AR_TRY(take_texts(&texts, &o, &levels, &err));
    o.interrupt = ar_catch_interrupts();
    AR_TRY(ar_nature_run(&o, &err));
cleanup:
    exit_code = ar_command_end("nature-run", status, &err);
release:
    ar_free(levels);
    release_texts(&texts);
    ar_nature_configuration_destroy(&configuration);
    return exit_code;
}

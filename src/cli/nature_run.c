#include <stdlib.h>

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

static ar_status parse_levels(const ar_text_list *texts, double **levels, ar_error *err)
{
    ar_status status = ar_allocate(levels, texts->count, sizeof **levels, "levels", err);
    for (int64_t i = 0; status == AR_OK && i < texts->count; i++) {
        char *end = NULL;
        (*levels)[i] = strtod(texts->items[i], &end);
        if (end == texts->items[i] || *end) {
            status = ar_fail(err, AR_ERROR_USAGE,
                             "--pressure-levels %s: a pressure in hPa is wanted", texts->items[i]);
        }
    }
    return status;
}

int ar_command_nature_run(int argc, char **argv)
{
    const double usual_levels[] = {850, 700, 500, 300, 200};
    ar_nature_run_options o = {.nlev = 8,
                               .days = 100,
                               .spin_up_days = 200,
                               .every_hours = 6,
                               .start = "2001-01-01",
                               .levels_hpa = usual_levels,
                               .level_count = sizeof usual_levels / sizeof *usual_levels};
    const char *truncation = "T31";
    ar_text_list level_texts = {0};
    double *levels = NULL;
    int64_t seed = 1;
    const ar_option options[] = {
        {"out", "FILE", "what to write, a netCDF file (.nc) or a Zarr group (.zarr)",
         AR_OPTION_TEXT, &o.out, true},
        {"truncation", "T", "triangular truncation, T21, T31, T42, T63, T85 … (default T31)",
         AR_OPTION_TEXT, &truncation, false},
        {"levels", "N", "layers of the model (default 8)", AR_OPTION_INTEGER, &o.nlev, false},
        {"days", "DAYS", "to write (default 100)", AR_OPTION_INTEGER, &o.days, false},
        {"spin-up-days", "DAYS", "before the first time that is written (default 200)",
         AR_OPTION_INTEGER, &o.spin_up_days, false},
        {"every", "HOURS", "between times (default 6)", AR_OPTION_INTEGER, &o.every_hours, false},
        {"start", "T", "date of the first time (default 2001-01-01)", AR_OPTION_TEXT, &o.start,
         false},
        {"seed", "S", "of the noise that weather grows from (default 1)", AR_OPTION_INTEGER, &seed,
         false},
        {"pressure-levels", "HPA", "levels to write (default 850 700 500 300 200)", AR_OPTION_LIST,
         &level_texts, false},
        {"longitudes", "N",
         "of the regular grid, with N/2 + 1 latitudes (default: the model's own)",
         AR_OPTION_INTEGER, &o.longitudes, false},
        {"state", "FILE", "save the state here, every 10 days, at the end and when interrupted",
         AR_OPTION_TEXT, &o.state, false},
        {"from", "FILE", "go on from a saved state; the other options as before but for --out",
         AR_OPTION_TEXT, &o.from, false},
        {"perturb", "SPEED",
         "m/s of noise, by --seed, on the state of --from: a member of an ensemble",
         AR_OPTION_NUMBER, &o.perturb, false},
        {"threads", "N", "threads to use (default: all cores); the result is the same for any N",
         AR_OPTION_INTEGER, &o.threads, false},
        {0}};
    const ar_command_line line = {
        .command = "nature-run",
        .description = "Make reanalysis-like data with the built-in atmosphere model.",
        .options = options,
        .example = "atmorep nature-run --truncation T31 --levels 8 --spin-up-days 200 --days 120 "
                   "--every 6 --out nature.nc"};
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    AR_TRY(parse_truncation(truncation, &o.truncation, &err));
    if (level_texts.count > 0) {
        AR_TRY(parse_levels(&level_texts, &levels, &err));
        o.levels_hpa = levels;
        o.level_count = level_texts.count;
    }
    o.seed = (uint64_t)seed;
    o.interrupt = ar_catch_interrupts();
    AR_TRY(ar_nature_run(&o, &err));
cleanup:
    exit_code = ar_command_end("nature-run", status, &err);
release:
    ar_free(levels);
    ar_text_list_release(&level_texts);
    return exit_code;
}

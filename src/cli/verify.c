#include "cli/cli.h"
#include "cli/score_options.h"

static ar_status verify(ar_verify_options *options, const ar_score_choices *choices, ar_error *err)
{
    char *table = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_score_choices_apply(choices, options, err));
    AR_TRY(ar_verify(options, &table, err));
    AR_TRY(ar_score_choices_print(choices, table, options->out, err));
cleanup:
    ar_text_free(table);
    return status;
}

int ar_command_verify(int argc, char **argv)
{
    ar_verify_options options = {0};
    ar_score_choices choices = ar_score_choices_init();
    ar_text_list truth = {0}, leads = {0}, ensembles = {0};
    enum { OWN_OPTIONS = 7 };
    ar_option declared[OWN_OPTIONS + AR_SCORE_OPTION_COUNT + 1] = {
        {"forecast", "FILE",
         "the forecast (.nc or .zarr), as atmorep forecast writes it, in either layout",
         AR_OPTION_TEXT, &options.forecast, true},
        {"truth", "STORE", "files, stores or globs with the truth", AR_OPTION_LIST, &truth, true},
        {"out", "DIR", "folder for report.html, scores.json, scores.txt, maps and figures",
         AR_OPTION_OUT, &options.out, true},
        {"lead-hours", "H", "score these lead times only (default: all that the forecast has)",
         AR_OPTION_LIST, &leads, false},
        {"truth-ensemble", "FILE",
         "compare with the true distribution: ensembles of truth, each from an analysis that "
         "forecasts began with",
         AR_OPTION_LIST, &ensembles, false},
        {"model", "RUN", "show the training curves of this run folder, too", AR_OPTION_TEXT,
         &options.model, false},
        {"attention", "DIR", "show the attention maps that atmorep attention wrote there, too",
         AR_OPTION_TEXT, &options.attention, false},
    };
    ar_score_options_declare(declared + OWN_OPTIONS, &choices);
    const ar_command_line line = {
        .command = "verify",
        .description =
            "Score an ensemble forecast against truth, latitude-weighted: RMSE, bias, "
            "anomaly\n"
            "correlation, CRPS (plain and fair), spread/skill ratio, energy score, "
            "ignorance, rank\n"
            "histogram, calibration, SEEPS and Brier scores, beside persistence, damped\n"
            "persistence and climatology.\n"
            "Times inside the training period are refused.",
        .options = declared,
        .example = "atmorep verify --forecast forecast.nc --truth 'era5/*.zarr' --out scores",
    };
    int exit_code = AR_EXIT_FAILED;
    if (ar_command_line_parse(&line, argc, argv, &exit_code)) {
        ar_error err;
        options.truth_paths = truth.items;
        options.truth_count = truth.count;
        options.truth_ensembles = ensembles.items;
        options.truth_ensemble_count = ensembles.count;
        options.lead_hours = leads.items;
        options.lead_hour_count = leads.count;
        exit_code = ar_command_end("verify", verify(&options, &choices, &err), &err);
    }
    ar_text_list_release(&truth);
    ar_text_list_release(&leads);
    ar_text_list_release(&ensembles);
    ar_score_choices_release(&choices);
    return exit_code;
}

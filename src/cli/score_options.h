/* What `verify` and all that forecasts with `--verify` have in common: which scores there are, and
 * how they are printed. */
#ifndef AR_CLI_SCORE_OPTIONS_H
#define AR_CLI_SCORE_OPTIONS_H

#include "atmorep/atmorep.h"
#include "cli/cli.h"

enum { AR_SCORE_OPTION_COUNT = 12 };

typedef struct {
    const char *climatology_start, *climatology_end, *regrid;
    ar_text_list thresholds, regions, places, baselines;
    double dry_millimetres;
    int64_t block_days, resamples;
    bool no_maps, json;
} ar_score_choices;

/* The defaults; release with ar_score_choices_release. */
ar_score_choices ar_score_choices_init(void);
void ar_score_choices_release(ar_score_choices *choices);

/* The options, ended by one without a name, whose destinations lie in *choices. */
void ar_score_options_declare(ar_option declared[AR_SCORE_OPTION_COUNT + 1],
                              ar_score_choices *choices);

/* The name of an option that was given; NULL: all is as by default. */
const char *ar_score_choices_given(const ar_score_choices *choices);

/* Check what was chosen, and put it into *options, which borrows it; what else there is stays. */
AR_USE_RESULT ar_status ar_score_choices_apply(const ar_score_choices *choices,
                                               ar_verify_options *options, ar_error *err);

/* Print the table, or with --json scores.json as it stands in the folder `out`. */
AR_USE_RESULT ar_status ar_score_choices_print(const ar_score_choices *choices, const char *table,
                                               const char *out, ar_error *err);

#endif

#include "verify/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "verify/student_t.h"

enum { SECONDS_PER_DAY = 86400, SCORES = 6 };

/* The block of a number, made where it is not there yet. Times mostly come in order, so that it is
 * looked for from the end. */
static ar_status find_block(ar_bootstrap *bootstrap, int64_t number, ar_bootstrap_block **block,
                            ar_error *err)
{
    size_t at = bootstrap->block_count;
    while (at > 0 && bootstrap->blocks[at - 1].number > number) {
        at--;
    }
    if (at == 0 || bootstrap->blocks[at - 1].number < number) {
        ar_status status =
            ar_grow(&bootstrap->blocks, &bootstrap->capacity, bootstrap->block_count + 1,
                    sizeof *bootstrap->blocks, "the sums of blocks of days", err);
        if (status != AR_OK) {
            return status;
        }
        memmove(bootstrap->blocks + at + 1, bootstrap->blocks + at,
                (bootstrap->block_count - at) * sizeof *bootstrap->blocks);
        bootstrap->blocks[at] = (ar_bootstrap_block){.number = number};
        bootstrap->block_count++;
        at++;
    }
    *block = &bootstrap->blocks[at - 1];
    return AR_OK;
}

ar_status ar_bootstrap_add(ar_bootstrap *bootstrap, int64_t time, const ar_ensemble_sums *model,
                           const ar_ensemble_sums *opponent, ar_error *err)
{
    ar_bootstrap_block *block = NULL;
    int64_t number = (time - bootstrap->first_time) / (bootstrap->block_days * SECONDS_PER_DAY);
    ar_status status = find_block(bootstrap, number, &block, err);
    if (status == AR_OK) {
        ar_ensemble_sums_join(&block->model, model);
        if (opponent) {
            ar_ensemble_sums_join(&block->paired, model);
            ar_ensemble_sums_join(&block->opponent, opponent);
        }
    }
    return status;
}

void ar_bootstrap_release(ar_bootstrap *bootstrap)
{
    ar_free(bootstrap->blocks);
    *bootstrap = (ar_bootstrap){0};
}

/* RMSE, CRPS, their differences to the opponent and skill, of as many blocks drawn with
 * replacement.
 */
static void draw_scores(const ar_bootstrap *bootstrap, int64_t resample, double scores[SCORES])
{
    ar_random stream = {.purpose = AR_RANDOM_BOOTSTRAP, .sample = (uint32_t)resample};
    ar_bootstrap_block sums = {0};
    for (size_t i = 0; i < bootstrap->block_count; i++) {
        int64_t drawn = ar_random_below(&stream, (int64_t)bootstrap->block_count);
        ar_ensemble_sums_join(&sums.model, &bootstrap->blocks[drawn].model);
        ar_ensemble_sums_join(&sums.paired, &bootstrap->blocks[drawn].paired);
        ar_ensemble_sums_join(&sums.opponent, &bootstrap->blocks[drawn].opponent);
    }
    scores[0] = ar_error_sums_rmse(&sums.model.mean);
    scores[1] = ar_ensemble_sums_crps(&sums.model);
    const double rmse = ar_error_sums_rmse(&sums.paired.mean);
    const double crps = ar_ensemble_sums_crps(&sums.paired);
    const double its_rmse = ar_error_sums_rmse(&sums.opponent.mean);
    const double its_crps = ar_ensemble_sums_crps(&sums.opponent);
    scores[2] = rmse - its_rmse;
    scores[3] = crps - its_crps;
    scores[4] = 1 - rmse / its_rmse;
    scores[5] = 1 - crps / its_crps;
}

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double quantile(const double *sorted, int64_t count, double part)
{
    double place = part * (double)(count - 1);
    int64_t below = (int64_t)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

/* Resamples of n blocks vary less than scores do, by (n − 1)/n, and know their deviation no better
 * than n blocks do. A percentile that is further out mends both (Hesterberg 2015, section 5.3):
 * Φ(−sqrt(n/(n − 1)) t) with t of Student's distribution, which tends to 2.5 %. */
static double outer_part(int64_t blocks)
{
    const double n = (double)blocks;
    const double t = ar_student_t_quantile(0.95, blocks - 1) * sqrt(n / (n - 1));
    return erfc(t / sqrt(2)) / 2;
}

/* Of the resamples for which the score exists: without a point that counts, one does not. */
static ar_interval interval_of(double *scores, int64_t count, double part)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isnan(scores[i])) {
            scores[kept++] = scores[i];
        }
    }
    if (kept == 0) {
        return (ar_interval){NAN, NAN};
    }
    qsort(scores, (size_t)kept, sizeof *scores, compare_numbers);
    return (ar_interval){quantile(scores, kept, part), quantile(scores, kept, 1 - part)};
}

ar_status ar_bootstrap_read(const ar_bootstrap *bootstrap, ar_confidence *confidence, ar_error *err)
{
    const ar_interval none = {NAN, NAN};
    int64_t count = bootstrap->resamples;
    double *scores = NULL;
    *confidence =
        (ar_confidence){(int64_t)bootstrap->block_count, none, none, none, none, none, none};
    if (bootstrap->block_count < 2) {
        return AR_OK;
    }
    ar_status status =
        ar_allocate(&scores, SCORES * (size_t)count, sizeof *scores, "scores of resamples", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i < count; i++) {
        double drawn[SCORES];
        draw_scores(bootstrap, i, drawn);
        for (int k = 0; k < SCORES; k++) {
            scores[k * count + i] = drawn[k];
        }
    }
    const double part = outer_part((int64_t)bootstrap->block_count);
    confidence->rmse = interval_of(scores, count, part);
    confidence->crps = interval_of(scores + count, count, part);
    confidence->rmse_difference = interval_of(scores + 2 * count, count, part);
    confidence->crps_difference = interval_of(scores + 3 * count, count, part);
    confidence->rmse_skill = interval_of(scores + 4 * count, count, part);
    confidence->crps_skill = interval_of(scores + 5 * count, count, part);
    ar_free(scores);
    return AR_OK;
}

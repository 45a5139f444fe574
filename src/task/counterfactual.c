#include "task/counterfactual.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "task/forecast_times.h"

/* ---- what is asked for ------------------------------------------------------------------------
 */

/* One word into *told; false: it is none of those that there are. */
static bool read_word(ar_told_date *told, const char *word)
{
    char name[8], sign, rest;
    int64_t number;
    if (sscanf(word, "%7[a-z]%c%5" SCNd64 "%c", name, &sign, &number, &rest) != 3 || number < 0) {
        return false;
    }
    const bool day = strcmp(name, "day") == 0, hour = strcmp(name, "hour") == 0;
    if (sign == '=' && strcmp(name, "year") == 0) {
        told->has_year = true;
        told->year = number;
    } else if (sign == '=' && day && number < 366) {
        told->has_day = true;
        told->day = number;
    } else if (sign == '=' && hour && number < 24) {
        told->has_hour = true;
        told->hour = number;
    } else if ((sign == '+' || sign == '-') && (day || hour)) {
        told->later += (sign == '+' ? 1 : -1) * (day ? 86400 : 3600) * number;
    } else {
        return false;
    }
    return true;
}

static ar_status read_words(ar_told_date *told, const char *text, ar_error *err)
{
    for (const char *at = text;; at++) {
        char word[32] = "";
        const size_t length = strcspn(at, ",");
        if (length < sizeof word) {
            memcpy(word, at, length);
        }
        if (!read_word(told, word)) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "--alpha %s: '%.*s' should be year=1990, day=0 to 365, hour=0 to 23, or "
                           "day+30, day-30, hour+6, hour-6",
                           text, (int)length, at);
        }
        at += length;
        if (!*at) {
            return AR_OK;
        }
    }
}

static ar_status check(const ar_told_date *told, const ar_forecast_options *o,
                       const ar_dataset *dataset, const ar_blend *blends, ar_error *err)
{
    if (told->has_year && dataset->space.token_info == AR_TOKEN_INFO_HARMONIC) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--alpha %s: tokens of this model know the day and the hour, but no year "
                       "(model.token_info.kind: harmonic)",
                       o->alpha);
    }
    if (o->tau || (!o->gaps && ar_forecast_steps(o) > 1)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--alpha %s with %s: one pass at tokens' own times only", o->alpha,
                       o->tau ? "--tau" : "a roll-out");
    }
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        if (blends[f].members && blends[f].member_count < 2) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "--alpha %s: the model has one member; significance needs two at least",
                           o->alpha);
        }
    }
    return AR_OK;
}

ar_status ar_counterfactual_init(ar_counterfactual *c, const ar_forecast_options *o,
                                 const ar_dataset *dataset, const ar_blend *blends, ar_error *err)
{
    size_t largest = 0;
    ar_status status = AR_OK;
    *c = (ar_counterfactual){.space = dataset->space};
    AR_TRY(read_words(&c->told, o->alpha, err));
    AR_TRY(check(&c->told, o, dataset, blends, err));
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        const ar_blend *blend = &blends[f];
        if (blend->members) {
            const size_t values =
                (size_t)(blend->level_count * blend->grid->nlat * blend->grid->nlon);
            largest = values > largest ? values : largest;
            AR_TRY(ar_allocate(&c->factual[f], values * (size_t)blend->member_count, sizeof(float),
                               "the factual run", err));
        }
    }
    AR_TRY(ar_allocate(&c->difference, largest, sizeof(float), "differences", err));
    AR_TRY(ar_allocate(&c->p_value, largest, sizeof(float), "significance", err));
cleanup:
    return status;
}

void ar_counterfactual_release(ar_counterfactual *c)
{
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        ar_free(c->factual[f]);
    }
    ar_free(c->difference);
    ar_free(c->p_value);
    *c = (ar_counterfactual){0};
}

const ar_cube_space *ar_counterfactual_space(ar_counterfactual *c, int64_t valid)
{
    const ar_calendar calendar = c->space.fields[0]->calendar;
    const ar_date date = ar_time_date(valid, calendar);
    ar_alpha *alpha = &c->space.alpha;
    *alpha = (ar_alpha){.later = c->told.later};
    alpha->later += c->told.has_hour ? 3600 * (c->told.hour - date.hour) : 0;
    alpha->later +=
        c->told.has_day ? 86400 * (c->told.day - ar_time_day_of_year(valid, calendar)) : 0;
    alpha->years = c->told.has_year ? c->told.year - date.year : 0;
    return &c->space;
}

/* ---- what changes -----------------------------------------------------------------------------
 */

void ar_counterfactual_keep(ar_counterfactual *c, const ar_blend *blends)
{
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        const ar_blend *blend = &blends[f];
        if (blend->members) {
            memcpy(c->factual[f], blend->members,
                   (size_t)(blend->level_count * blend->member_count * blend->grid->nlat *
                            blend->grid->nlon) *
                       sizeof(float));
        }
    }
}

double ar_student_two_sided(double t, int64_t freedom)
{
    const double angle = atan2(fabs(t), sqrt((double)freedom)), cosine = cos(angle);
    const bool odd = freedom % 2 != 0;
    double term = odd ? cosine : 1, sum = freedom > 1 ? term : 0;
    for (int64_t k = odd ? 3 : 2; k < freedom; k += 2) {
        term *= cosine * cosine * (double)(k - 1) / (double)k;
        sum += term;
    }
    const double inside = odd ? 2 / M_PI * (angle + sin(angle) * sum) : sin(angle) * sum;
    return fmax(0, 1 - inside);
}

/* Members are pairs, the same tail of the network for the same data: the paired test. Where none
 * differs, nothing is significant; where all differ by the same, everything is. */
void ar_counterfactual_compare(ar_counterfactual *c, int64_t field, const ar_blend *blend)
{
    const int64_t points = blend->grid->nlat * blend->grid->nlon, count = blend->member_count;
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < blend->level_count * points; at++) {
        const int64_t first = at / points * count * points + at % points;
        const float *other = blend->members + first, *factual = c->factual[field] + first;
        double sum = 0, square = 0;
        for (int64_t n = 0; n < count; n++) {
            sum += (double)other[n * points] - (double)factual[n * points];
        }
        const double mean = sum / (double)count;
        for (int64_t n = 0; n < count; n++) {
            const double d = (double)other[n * points] - (double)factual[n * points] - mean;
            square += d * d;
        }
        const double error = sqrt(square / (double)(count - 1) / (double)count);
        c->difference[at] = (float)mean;
        c->p_value[at] = isnan(mean) ? NAN
                         : mean == 0 ? 1.0f
                         : error > 0 ? (float)ar_student_two_sided(mean / error, count - 1)
                                     : 0.0f;
    }
}

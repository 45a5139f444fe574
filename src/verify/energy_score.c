#include "verify/energy_score.h"

#include <math.h>

#include "base/memory.h"

ar_status ar_energy_score_init(ar_energy_score *score, const ar_score_area *area,
                               int64_t member_count, ar_error *err)
{
    *score = (ar_energy_score){.area = *area, .member_count = member_count};
    size_t twice_pairs = 0;
    ar_status status = AR_OK;
    if (!ar_size_product((size_t)member_count, (size_t)member_count + 1, &twice_pairs)) {
        return ar_fail(err, AR_ERROR_MEMORY, "%lld members are too many to score",
                       (long long)member_count);
    }
    AR_TRY(ar_allocate(&score->point_weights, (size_t)(area->nlat * area->nlon), sizeof(double),
                       "weights of points", err));
    AR_TRY(ar_allocate(&score->distances, twice_pairs / 2, sizeof(double),
                       "distances between members", err));
cleanup:
    if (status != AR_OK) {
        ar_energy_score_release(score);
    }
    return status;
}

void ar_energy_score_share_room(ar_energy_score *score, double *room)
{
    if (!score->room_is_shared) {
        ar_free(score->point_weights);
    }
    score->point_weights = room;
    score->room_is_shared = true;
}

void ar_energy_score_release(ar_energy_score *score)
{
    if (!score->room_is_shared) {
        ar_free(score->point_weights);
    }
    ar_free(score->distances);
    *score = (ar_energy_score){0};
}

/* Weights that sum to 1 over the points that count; false when none does. */
static bool weigh_points(ar_energy_score *score, const float *members, const float *truth)
{
    const ar_score_area *area = &score->area;
    int64_t points = area->nlat * area->nlon;
    double sum = 0;
    for (int64_t at = 0; at < points; at++) {
        double weight = ar_score_area_weight(area, at / area->nlon, at % area->nlon);
        bool there = !isnan(truth[at]);
        for (int64_t k = 0; there && k < score->member_count; k++) {
            there = !isnan(members[k * points + at]);
        }
        score->point_weights[at] = there ? weight : 0;
        sum += score->point_weights[at];
    }
    for (int64_t at = 0; sum > 0 && at < points; at++) {
        score->point_weights[at] /= sum;
    }
    return sum > 0;
}

static double square_distance(const ar_energy_score *score, const float *a, const float *b)
{
    double squares = 0;
    for (int64_t at = 0; at < score->area.nlat * score->area.nlon; at++) {
        if (score->point_weights[at] > 0) {
            double difference = (double)a[at] - (double)b[at];
            squares += score->point_weights[at] * difference * difference;
        }
    }
    return squares;
}

void ar_energy_score_add_level(ar_energy_score *score, const float *members, const float *truth)
{
    if (!weigh_points(score, members, truth)) {
        return;
    }
    int64_t n = score->member_count, points = score->area.nlat * score->area.nlon;
    /* Row i holds the distances to members j < i, and last that to the truth. Rows get longer, so
     * threads take them one by one; sums are in order afterwards. */
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < n; i++) {
        double *row = score->distances + i * (i + 1) / 2;
        for (int64_t j = 0; j <= i; j++) {
            row[j] +=
                square_distance(score, members + i * points, j < i ? members + j * points : truth);
        }
    }
    score->levels++;
}

void ar_energy_score_end_time(ar_energy_score *score)
{
    if (score->levels == 0) {
        return;
    }
    int64_t n = score->member_count;
    double to_truth = 0;
    for (int64_t i = 0; i < n; i++) {
        double *row = score->distances + i * (i + 1) / 2;
        for (int64_t j = 0; j <= i; j++) {
            double distance = sqrt(row[j] / (double)score->levels);
            score->pairs += j < i ? distance : 0;
            to_truth += j < i ? 0 : distance;
            row[j] = 0;
        }
    }
    score->distance += to_truth / (double)n;
    score->levels = 0;
    score->times++;
}

void ar_energy_score_add(ar_energy_score *score, const float *members, const float *truth)
{
    ar_energy_score_add_level(score, members, truth);
    ar_energy_score_end_time(score);
}

/* 1/(2 N²) ΣΣ over all i, j is 1/N² Σ over i < j; fair likewise. */
static double score_with(const ar_energy_score *score, double pair_count)
{
    return score->times > 0 ? (score->distance - score->pairs / pair_count) / (double)score->times
                            : NAN;
}

double ar_energy_score_plain(const ar_energy_score *score)
{
    double n = (double)score->member_count;
    return score_with(score, n * n);
}

double ar_energy_score_fair(const ar_energy_score *score)
{
    double n = (double)score->member_count;
    return n > 1 ? score_with(score, n * (n - 1)) : NAN;
}

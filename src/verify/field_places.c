#include "verify/field_places.h"

#include "base/memory.h"

static ar_place_samples *samples_of(const ar_field_places *places, int64_t lead, int64_t level)
{
    return &places->samples[(lead * places->field->level_count + level) * places->run->place_count];
}

ar_status ar_field_places_init(ar_field_places *places, ar_verification *run,
                               const ar_forecast_field *field, ar_error *err)
{
    *places = (ar_field_places){.run = run, .field = field};
    size_t count = (size_t)run->place_count * (size_t)run->lead_count * (size_t)field->level_count;
    return count > 0 ? ar_allocate(&places->samples, count, sizeof *places->samples,
                                   "the values at places", err)
                     : AR_OK;
}

static void release_lead(ar_field_places *places, int64_t lead)
{
    int64_t count = places->field->level_count * places->run->place_count;
    for (int64_t i = 0; i < count; i++) {
        ar_place_samples_release(&samples_of(places, lead, 0)[i]);
    }
}

void ar_field_places_release(ar_field_places *places)
{
    for (int64_t lead = 0; places->samples && lead < places->run->lead_count; lead++) {
        release_lead(places, lead);
    }
    ar_free(places->samples);
    *places = (ar_field_places){0};
}

ar_status ar_field_places_add(ar_field_places *places, int64_t lead, int64_t level,
                              const float *members, const float *truth, ar_error *err)
{
    const ar_grid *grid = &places->run->forecast.grid;
    ar_status status = AR_OK;
    for (int64_t i = 0; status == AR_OK && i < places->run->place_count; i++) {
        int64_t point = places->run->places[i].point;
        status = ar_place_samples_add(&samples_of(places, lead, level)[i], members + point,
                                      places->field->member_count, grid->nlat * grid->nlon,
                                      truth[point], err);
    }
    return status;
}

static ar_status append_score(ar_field_places *places, int64_t lead, int64_t level, int64_t place,
                              ar_error *err)
{
    ar_verification *run = places->run;
    const ar_forecast_field *field = places->field;
    ar_status status =
        ar_grow(&run->place_scores, &run->place_score_capacity, run->place_score_count + 1,
                sizeof *run->place_scores, "the scores of places", err);
    if (status == AR_OK) {
        ar_place_score *score = &run->place_scores[run->place_score_count++];
        *score = (ar_place_score){.place = place,
                                  .variable = field->variable,
                                  .units = field->units,
                                  .lead_hours = (double)run->lead_times[lead] / 3600,
                                  .member_count = field->member_count};
        ar_forecast_field_describe_level(field, level, score->level, score->level_text);
        ar_place_scores_read(&score->scores, &samples_of(places, lead, level)[place]);
    }
    return status;
}

ar_status ar_field_places_end_lead(ar_field_places *places, int64_t lead, ar_error *err)
{
    ar_status status = AR_OK;
    if (!places->samples) {
        return AR_OK;
    }
    for (int64_t level = 0; level < places->field->level_count; level++) {
        for (int64_t i = 0; status == AR_OK && i < places->run->place_count; i++) {
            if (samples_of(places, lead, level)[i].truth_count > 0) {
                status = append_score(places, lead, level, i, err);
            }
        }
    }
    release_lead(places, lead);
    return status;
}

/* The checks of `sampling:` and of the shapes of masks, and what `sampling:` says for a sampler. */
#include <stdio.h>

#include "model/configuration_check.h"

/* A list that is empty or has so many entries. */
static ar_status check_count(ar_configuration_fault *fault, const char *key, int64_t count,
                             int64_t right, const char *entries)
{
    if (count == 0 || count == right) {
        return AR_OK;
    }
    return ar_configuration_refuse(fault, key, "has %lld entr%s; should be %s, or [] for all",
                                   (long long)count, count == 1 ? "y" : "ies", entries);
}

static ar_status check_entry(ar_configuration_fault *fault, const char *key, int64_t at,
                             double value, double least, double most)
{
    char path[64];
    snprintf(path, sizeof path, "%s[%lld]", key, (long long)at);
    return ar_configuration_check_number(fault, path, value, least, most);
}

static ar_status check_region(const ar_sampling_configuration *sampling,
                              ar_configuration_fault *fault)
{
    ar_status status = check_count(fault, "sampling.region", sampling->region_count, 4,
                                   "[north, west, south, east] in degrees");
    for (int64_t i = 0; status == AR_OK && i < sampling->region_count; i++) {
        const double most = i % 2 == 0 ? 90 : 360;
        status = check_entry(fault, "sampling.region", i, sampling->region[i], -most, most);
    }
    if (status != AR_OK || sampling->region_count == 0) {
        return status;
    }
    const double *r = sampling->region, width = r[3] - r[1];
    if (r[0] <= r[2]) {
        return ar_configuration_refuse(fault, "sampling.region",
                                       "is from %g N to %g N; should be [north, west, south, east] "
                                       "with north above south",
                                       r[2], r[0]);
    }
    if (width == 0 || width > 360) {
        return ar_configuration_refuse(fault, "sampling.region",
                                       "goes from %g E to %g E; should go east by more than 0 and "
                                       "at most 360 degrees",
                                       r[1], r[3]);
    }
    return AR_OK;
}

static ar_status check_location(const ar_sampling_configuration *sampling,
                                ar_configuration_fault *fault)
{
    ar_status status = check_count(fault, "sampling.location", sampling->location_count, 2,
                                   "[latitude, longitude] in degrees");
    for (int64_t i = 0; status == AR_OK && i < sampling->location_count; i++) {
        const double most = i == 0 ? 90 : 360;
        status = check_entry(fault, "sampling.location", i, sampling->location[i], -most, most);
    }
    if (status == AR_OK && sampling->location_count > 0 && sampling->region_count > 0) {
        status = ar_configuration_refuse(fault, "sampling.location",
                                         "is there beside sampling.region; should be one of them");
    }
    return status;
}

ar_status ar_configuration_check_masks(const ar_masking *masking, ar_configuration_fault *fault)
{
    const struct {
        const char *key;
        double value;
    } shares[] = {{"masking.whole_times", masking->whole_times},
                  {"masking.whole_places", masking->whole_places},
                  {"masking.together", masking->together}};
    ar_status status = AR_OK;
    for (int i = 0; status == AR_OK && i < 3; i++) {
        status = ar_configuration_check_number(fault, shares[i].key, shares[i].value, 0, 1);
        if (status == AR_OK && shares[i].value > 0 && masking->strategy != AR_MASK_BERT) {
            status = ar_configuration_refuse(fault, shares[i].key,
                                             "is %g, but masking.strategy is forecast; should be "
                                             "left away",
                                             shares[i].value);
        }
    }
    const double sum = masking->whole_times + masking->whole_places;
    if (status == AR_OK && sum > 1) {
        status = ar_configuration_refuse(fault, "masking.whole_places",
                                         "and masking.whole_times have the sum %g; should be at "
                                         "most 1",
                                         sum);
    }
    return status;
}

ar_status ar_configuration_check_sampling(const ar_configuration *configuration,
                                          ar_configuration_fault *fault)
{
    const ar_sampling_configuration *sampling = &configuration->sampling;
    ar_status status = check_region(sampling, fault);
    if (status == AR_OK) {
        status = check_location(sampling, fault);
    }
    char key[64];
    for (int64_t i = 0; status == AR_OK && i < sampling->month_count; i++) {
        snprintf(key, sizeof key, "sampling.months[%lld]", (long long)i);
        status = ar_configuration_check_integer(fault, key, sampling->months[i], 1, 12);
    }
    for (int64_t i = 0; status == AR_OK && i < sampling->hour_count; i++) {
        snprintf(key, sizeof key, "sampling.hours[%lld]", (long long)i);
        status = ar_configuration_check_integer(fault, key, sampling->hours[i], 0, 23);
    }
    return status;
}

ar_sampling ar_configuration_sampling(const ar_configuration *configuration)
{
    const ar_sampling_configuration *from = &configuration->sampling;
    ar_sampling sampling = {.has_region = from->region_count > 0,
                            .has_location = from->location_count > 0};
    if (sampling.has_region) {
        sampling.north = from->region[0];
        sampling.west = from->region[1];
        sampling.south = from->region[2];
        sampling.east = from->region[3];
    }
    if (sampling.has_location) {
        sampling.latitude = from->location[0];
        sampling.longitude = from->location[1];
    }
    for (int64_t i = 0; i < from->month_count; i++) {
        sampling.months |= 1u << from->months[i];
    }
    for (int64_t i = 0; i < from->hour_count; i++) {
        sampling.hours |= 1u << from->hours[i];
    }
    return sampling;
}

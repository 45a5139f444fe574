#include "model/configuration_check.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "field/time.h"

/* Bounds far outside of what any machine trains, so that products of sizes stay small integers. */
enum { MOST_LAYERS = 1000, MOST_WINDOW = 100000 };

ar_status ar_configuration_refuse(ar_configuration_fault *fault, const char *key,
                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    if (key != fault->key) {
        snprintf(fault->key, sizeof fault->key, "%s", key);
    }
    return AR_ERROR_INPUT;
}

ar_status ar_configuration_check_integer(ar_configuration_fault *fault, const char *key,
                                         int64_t value, int64_t least, int64_t most)
{
    if (value >= least && value <= most) {
        return AR_OK;
    }
    return ar_configuration_refuse(fault, key,
                                   "is %lld; should be a whole number from %lld to %lld",
                                   (long long)value, (long long)least, (long long)most);
}

ar_status ar_configuration_check_number(ar_configuration_fault *fault, const char *key,
                                        double value, double least, double most)
{
    if (value >= least && value <= most) {
        return AR_OK;
    }
    return ar_configuration_refuse(fault, key, "is %g; should be a number from %g to %g", value,
                                   least, most);
}

typedef struct {
    const char *key;
    size_t offset; /* in ar_configuration */
    int64_t least, most;
} integer_range;

typedef struct {
    const char *key;
    size_t offset;
    double least, most;
} number_range;

static ar_status check_ranges(const ar_configuration *configuration, ar_configuration_fault *fault)
{
#define AT(member) offsetof(ar_configuration, member)
    static const integer_range integers[] = {
        {"seed", AT(seed), 0, INT64_MAX},
        {"data.time_step_hours", AT(time_step_hours), 1, 24 * 366},
        {"data.member", AT(member), -1, 1 << 30},
        {"data.samples_per_month", AT(samples_per_month), 1, 1 << 30},
        {"model.encoder.layers", AT(model.encoder_layers), 1, MOST_LAYERS},
        {"model.encoder.heads", AT(model.encoder_heads), 1, AR_MOST_HEADS},
        {"model.encoder.mlp_layers", AT(model.encoder_mlp_layers), 2, MOST_LAYERS},
        {"model.decoder.layers", AT(model.decoder_layers), 0, MOST_LAYERS},
        {"model.decoder.heads", AT(model.decoder_heads), 1, AR_MOST_HEADS},
        {"model.decoder.mlp_layers", AT(model.decoder_mlp_layers), 2, MOST_LAYERS},
        {"model.decoder.cross_rate", AT(model.decoder_cross_rate), 1, MOST_LAYERS},
        {"model.coupling_heads", AT(model.coupling_heads), 1, AR_MOST_HEADS},
        {"model.attention.window[0]", AT(model.attention_window[0]), 0, MOST_WINDOW},
        {"model.attention.window[1]", AT(model.attention_window[1]), 0, MOST_WINDOW},
        {"model.attention.window[2]", AT(model.attention_window[2]), 0, MOST_WINDOW},
        {"model.tails", AT(model.tails), 1, 4096},
        {"model.tail_layers", AT(model.tail_layers), 0, MOST_LAYERS},
        {"model.token_info.width", AT(model.token_info_width), 1, AR_WIDEST_EMBEDDING},
        {"training.batch", AT(training.batch), 1, 1 << 20},
        {"training.validation_samples", AT(training.validation_samples), 1, 1 << 24},
    };
    static const number_range numbers[] = {
        {"data.memory_gib", AT(memory_gib), 0, 1e9},
        {"model.decoder.cross_ratio", AT(model.decoder_cross_ratio), 0, 1},
        {"training.weight_decay", AT(training.weight_decay), 0, 10},
        {"training.dropout", AT(training.dropout), 0, 0.9},
        {"training.gradient_clip", AT(training.gradient_clip), 0, 1e9},
    };
    const char *base = (const char *)configuration;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int64_t value;
        memcpy(&value, base + integers[i].offset, sizeof value);
        ar_status status = ar_configuration_check_integer(fault, integers[i].key, value,
                                                          integers[i].least, integers[i].most);
        if (status != AR_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double value;
        memcpy(&value, base + numbers[i].offset, sizeof value);
        ar_status status = ar_configuration_check_number(fault, numbers[i].key, value,
                                                         numbers[i].least, numbers[i].most);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
#undef AT
}

/* A grid reaches from pole to pole. */
static ar_status check_grid(const ar_configuration *configuration, ar_configuration_fault *fault)
{
    const double step = configuration->regridding.step;
    if (step == 0 || ar_grid_step_divides_globe(step)) {
        return AR_OK;
    }
    return ar_configuration_refuse(fault, "data.grid.step",
                                   "is %g; should be a number of degrees of which 180 is a "
                                   "multiple, such as 2.5, or 0 for the grid of the files",
                                   step);
}

/* Decoder layer j crosses to the state after encoder layer (last − j·rate). */
static ar_status check_decoder(const ar_model_configuration *model, ar_configuration_fault *fault)
{
    if (model->decoder_layers == 0) {
        return AR_OK;
    }
    double cross_heads = (double)model->decoder_heads * model->decoder_cross_ratio;
    if (fabs(cross_heads - round(cross_heads)) > 1e-9) {
        return ar_configuration_refuse(
            fault, "model.decoder.cross_ratio",
            "is %g, which of model.decoder.heads = %lld makes %g cross heads; should "
            "make a whole number",
            model->decoder_cross_ratio, (long long)model->decoder_heads, cross_heads);
    }
    int64_t reached = (model->decoder_layers - 1) * model->decoder_cross_rate;
    if (reached > model->encoder_layers - 1) {
        return ar_configuration_refuse(
            fault, "model.decoder.layers",
            "is %lld, which in steps of cross_rate %lld needs %lld encoder layers to "
            "attend to, but model.encoder.layers is %lld; should be at most %lld",
            (long long)model->decoder_layers, (long long)model->decoder_cross_rate,
            (long long)(reached + 1), (long long)model->encoder_layers,
            (long long)((model->encoder_layers - 1) / model->decoder_cross_rate + 1));
    }
    return AR_OK;
}

static ar_status check_prediction(ar_configuration *configuration, ar_configuration_fault *fault)
{
    int64_t predicted = 0;
    double weight = 0;
    bool order_given = configuration->prediction_count != 0, listed[AR_FIELD_MAX] = {false};
    for (int64_t i = 0; i < configuration->field_count; i++) {
        if (configuration->fields[i].predicted) {
            if (!order_given) {
                configuration->prediction_order[predicted] = i;
            }
            predicted++;
            weight += configuration->fields[i].loss_weight;
        }
    }
    if (predicted == 0 || !(weight > 0)) {
        return ar_configuration_refuse(
            fault, "fields",
            "has no field that is predicted with a loss_weight above 0; should have at "
            "least one");
    }
    if (!order_given) {
        configuration->prediction_count = predicted;
    }
    bool complete = configuration->prediction_count == predicted;
    for (int64_t k = 0; complete && k < predicted; k++) {
        int64_t field = configuration->prediction_order[k];
        complete = field >= 0 && field < configuration->field_count &&
                   configuration->fields[field].predicted && !listed[field];
        listed[complete ? field : 0] = true;
    }
    if (!complete) {
        return ar_configuration_refuse(
            fault, "prediction_order",
            "does not match the fields; should name each predicted field once (%lld of "
            "them), or be left away",
            (long long)predicted);
    }
    return AR_OK;
}

/* The four times as numbers of one calendar. The data's calendar is not known yet: the standard
 * one, or the 360-day one where a date (such as February 30) exists only there. */
static ar_status parse_times(const char *const texts[4], int64_t times[4], int *wrong,
                             ar_error *err)
{
    static const ar_calendar calendars[] = {AR_CALENDAR_STANDARD, AR_CALENDAR_360_DAY};
    ar_status status = AR_OK;
    for (int c = 0; c < 2; c++) {
        ar_error other;
        int k = 0;
        for (; k < 4; k++) {
            status = texts[k] ? ar_time_parse(&times[k], texts[k], calendars[c], c ? &other : err)
                              : AR_OK;
            if (status != AR_OK) {
                break;
            }
        }
        if (status == AR_OK) {
            return AR_OK;
        }
        *wrong = c == 0 ? k : *wrong;
    }
    return status;
}

static ar_status check_periods(const ar_configuration *configuration, ar_configuration_fault *fault)
{
    static const char *const keys[4] = {"data.training.start", "data.training.end",
                                        "data.validation.start", "data.validation.end"};
    const char *const texts[4] = {configuration->training_start, configuration->training_end,
                                  configuration->validation_start, configuration->validation_end};
    int64_t times[4] = {0};
    int wrong = 0;
    ar_error err = {""};
    if (parse_times(texts, times, &wrong, &err) != AR_OK) {
        return ar_configuration_refuse(
            fault, keys[wrong],
            "is '%.40s'; should be a date such as 2025-12-01 or 2025-12-01T06:00 "
            "(%.200s)",
            texts[wrong], err.message);
    }
    for (int k = 0; k < 4; k += 2) {
        if (!texts[k] != !texts[k + 1]) {
            return ar_configuration_refuse(fault, keys[texts[k] ? k + 1 : k],
                                           "is missing; should be there when %s is",
                                           keys[texts[k] ? k : k + 1]);
        }
        if (texts[k] && times[k + 1] < times[k]) {
            return ar_configuration_refuse(fault, keys[k + 1],
                                           "is %s, before %s = %s; should not be earlier",
                                           texts[k + 1], keys[k], texts[k]);
        }
    }
    if (configuration->path_count > 0 && !texts[0]) {
        return ar_configuration_refuse(
            fault, "data.training",
            "is missing; should be the period to train on: {start: 2025-12-01, end: "
            "2026-01-31T18}");
    }
    if (texts[2] && !texts[0]) {
        return ar_configuration_refuse(fault, "data.validation",
                                       "is there without data.training; should be both");
    }
    if (texts[2] && times[2] <= times[1] && times[0] <= times[3]) {
        return ar_configuration_refuse(
            fault, "data.validation",
            "is %s to %s, which overlaps data.training, %s to %s; should share no time "
            "with it",
            texts[2], texts[3], texts[0], texts[1]);
    }
    return AR_OK;
}

ar_status ar_configuration_find_fault(ar_configuration *configuration,
                                      ar_configuration_fault *fault)
{
    *fault = (ar_configuration_fault){0};
    if (configuration->field_count < 1 || configuration->field_count > AR_FIELD_MAX) {
        return ar_configuration_refuse(fault, "fields", "has %lld entries; should be 1 to %d",
                                       (long long)configuration->field_count, AR_FIELD_MAX);
    }
    ar_status status = check_ranges(configuration, fault);
    if (status == AR_OK) {
        status = check_grid(configuration, fault);
    }
    if (status == AR_OK && configuration->masking.strategy == AR_MASK_FORECAST) {
        status = ar_configuration_check_integer(fault, "masking.forecast_tokens",
                                                configuration->masking.forecast_tokens, 1, 100000);
    }
    if (status == AR_OK) {
        status = ar_configuration_check_masks(&configuration->masking, fault);
    }
    for (int64_t i = 0; status == AR_OK && i < configuration->field_count; i++) {
        status = ar_configuration_check_name(configuration, i, fault);
    }
    for (int64_t i = 0; status == AR_OK && i < configuration->field_count; i++) {
        status = ar_configuration_check_field(configuration, i, fault);
    }
    if (status == AR_OK) {
        status = check_decoder(&configuration->model, fault);
    }
    if (status == AR_OK) {
        status = check_prediction(configuration, fault);
    }
    if (status == AR_OK) {
        status = ar_configuration_check_training(configuration, fault);
    }
    if (status == AR_OK) {
        status = check_periods(configuration, fault);
    }
    if (status == AR_OK) {
        status = ar_configuration_check_sampling(configuration, fault);
    }
    if (status == AR_OK) {
        status = ar_configuration_check_tau(configuration, fault);
    }
    return status;
}

#include "model/parameter_part.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *prefix;
    bool predicted; /* numbered in the order of the predicted fields */
} kinds[AR_PART_KINDS] = {
    [AR_PART_ENCODER] = {"encoders.", false},
    [AR_PART_EMBEDDING] = {"embeds.", false},
    [AR_PART_TOKEN_INFO] = {"embeds_token_info.", false},
    [AR_PART_DISPLACEMENT] = {"embeds_displacement.", false},
    [AR_PART_POSITIONS] = {"positions.", false},
    [AR_PART_DECODER] = {"decoders.", true},
    [AR_PART_TAIL] = {"tails.", true},
};

bool ar_parameter_part_parse(const char *name, ar_parameter_part *part)
{
    for (int k = 0; k < AR_PART_KINDS; k++) {
        const size_t length = strlen(kinds[k].prefix);
        long long number;
        int used = 0;
        if (strncmp(name, kinds[k].prefix, length) == 0 &&
            sscanf(name + length, "%6lld.%n", &number, &used) == 1 && used > 0 && number >= 0) {
            *part = (ar_parameter_part){(ar_part_kind)k, number, name + length + used};
            return true;
        }
    }
    return false;
}

int64_t ar_parameter_part_field(const ar_configuration *configuration,
                                const ar_parameter_part *part)
{
    const bool predicted = kinds[part->kind].predicted;
    const int64_t count = predicted ? configuration->prediction_count : configuration->field_count;
    if (part->number >= count) {
        return -1;
    }
    return predicted ? configuration->prediction_order[part->number] : part->number;
}

bool ar_parameter_part_name(const ar_parameter_part *part, const ar_configuration *configuration,
                            int64_t field, char name[AR_PARAMETER_NAME_SIZE])
{
    int64_t number = field;
    if (kinds[part->kind].predicted) {
        number = 0;
        while (number < configuration->prediction_count &&
               configuration->prediction_order[number] != field) {
            number++;
        }
        if (number == configuration->prediction_count) {
            return false;
        }
    }
    snprintf(name, AR_PARAMETER_NAME_SIZE, "%s%lld.%s", kinds[part->kind].prefix, (long long)number,
             part->rest);
    return true;
}

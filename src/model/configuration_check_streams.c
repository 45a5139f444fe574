/* What is wrong with a stream: a field that shows another one's values in other tokens. */
#include <stdio.h>
#include <string.h>

#include "model/configuration_check.h"

static const char *field_key(ar_configuration_fault *fault, int64_t field, const char *key)
{
    snprintf(fault->key, sizeof fault->key, "fields[%lld].%s", (long long)field, key);
    return fault->key;
}

static bool has_levels_of(const ar_field_configuration *stream, const ar_field_configuration *field)
{
    return stream->level_count == field->level_count &&
           (stream->level_count == 0 ||
            memcmp(stream->levels, field->levels,
                   (size_t)stream->level_count * sizeof *stream->levels) == 0);
}

/* What a stream has from its field it does not say itself. */
static ar_status check_keys(const ar_field_configuration *stream,
                            const ar_field_configuration *field, int64_t i,
                            ar_configuration_fault *fault)
{
    if (stream->variable) {
        return ar_configuration_refuse(
            fault, field_key(fault, i, "variable"),
            "is '%.80s', but a stream has the data of its field, %s; should be left away",
            stream->variable, field->name);
    }
    if (!has_levels_of(stream, field)) {
        return ar_configuration_refuse(fault, field_key(fault, i, "levels"),
                                       "differ from those of %s, which this is a stream of; should "
                                       "be the same",
                                       field->name);
    }
    if (stream->is_static) {
        return ar_configuration_refuse(fault, field_key(fault, i, "static"),
                                       "is true, but the field is a stream of %s; should be left "
                                       "away",
                                       field->name);
    }
    if (stream->predicted) {
        return ar_configuration_refuse(fault, field_key(fault, i, "predicted"),
                                       "is true, but a stream only shows what %s does; should be "
                                       "false, or be left away",
                                       field->name);
    }
    if (stream->tokens.mask_ratio > 0) {
        return ar_configuration_refuse(fault, field_key(fault, i, "masking.ratio"),
                                       "is %g, but a stream hides what %s hides; should be 0, or "
                                       "be left away",
                                       stream->tokens.mask_ratio, field->name);
    }
    return AR_OK;
}

ar_status ar_configuration_check_stream(ar_configuration *configuration, int64_t i,
                                        ar_configuration_fault *fault)
{
    ar_field_configuration *stream = &configuration->fields[i];
    int64_t of = 0;
    while (of < configuration->field_count &&
           strcmp(configuration->fields[of].name, stream->stream_of) != 0) {
        of++;
    }
    if (of == configuration->field_count || of == i || configuration->fields[of].stream_of ||
        configuration->fields[of].is_static) {
        return ar_configuration_refuse(
            fault, field_key(fault, i, "stream_of"),
            "is '%.80s'; should be the name of another field here that is neither static nor a "
            "stream itself",
            stream->stream_of);
    }
    stream->stream_index = of;
    return check_keys(stream, &configuration->fields[of], i, fault);
}

#include "data/store_pack.h"

#include <math.h>
#include <string.h>

static const double STEPS = 65534; /* between −32767 and 32767 */

static const struct {
    const char *name;
    int64_t bytes;
} types[] = {[AR_STORE_FLOAT32] = {"float32", 4},
             [AR_STORE_BFLOAT16] = {"bfloat16", 4},
             [AR_STORE_INT16] = {"int16", 2}};

const char *ar_store_type_name(ar_store_type type)
{
    return types[type].name;
}

int64_t ar_store_type_bytes(ar_store_type type)
{
    return types[type].bytes;
}

ar_store_packing ar_store_packing_choose(ar_store_type type, float smallest, float largest)
{
    ar_store_packing packing = {.type = type, .scale = 1, .offset = 0};
    if (smallest <= largest) {
        double range = (double)largest - smallest;
        packing.offset = smallest + range / 2;
        packing.scale = range > 0 ? range / STEPS : 1;
    }
    return packing;
}

/* To nearest, ties to even, as processors do it. What would round to infinity is cut off. */
static float round_to_bfloat16(float value)
{
    uint32_t bits, rounded;
    memcpy(&bits, &value, sizeof bits);
    rounded = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    if ((rounded & 0x7f800000u) == 0x7f800000u) {
        rounded = bits & 0xffff0000u;
    }
    memcpy(&value, &rounded, sizeof value);
    return value;
}

static int16_t quantise(const ar_store_packing *packing, float value)
{
    double step = rint((value - packing->offset) / packing->scale);
    return (int16_t)(step < -32767 ? -32767 : step > 32767 ? 32767 : step);
}

void ar_store_pack(const ar_store_packing *packing, float *values, int64_t count, void *packed,
                   ar_store_error *error)
{
    float *floats = packed;
    int16_t *integers = packed;
    for (int64_t i = 0; i < count; i++) {
        const float value = values[i];
        const bool missing = isnan(value);
        float stored = missing ? NAN : value;
        if (packing->type == AR_STORE_INT16) {
            integers[i] = missing ? AR_STORE_MISSING : quantise(packing, value);
            stored = missing ? NAN : (float)(integers[i] * packing->scale + packing->offset);
        } else {
            if (packing->type == AR_STORE_BFLOAT16 && !missing) {
                stored = round_to_bfloat16(value);
            }
            floats[i] = stored;
        }
        values[i] = stored;
        if (!missing && stored != value) {
            double difference = fabs((double)stored - value);
            error->largest = difference > error->largest ? difference : error->largest;
            error->squares += difference * difference;
        }
        error->count += !missing;
    }
}

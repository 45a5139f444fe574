#include "io/number.h"

#include <math.h>
#include <string.h>

static bool host_is_little_endian(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

bool ar_number_type_parse(ar_number_type *type, const char *name)
{
    if (strlen(name) != 3) {
        return false;
    }
    char order = name[0], kind = name[1];
    int bytes = name[2] - '0';
    bool floating = kind == 'f' && (bytes == 2 || bytes == 4 || bytes == 8);
    bool integer =
        (kind == 'i' || kind == 'u') && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
    bool truth = kind == 'b' && bytes == 1;
    bool ordered = order == '<' || order == '>' || (order == '|' && bytes == 1);
    if (!ordered || !(floating || integer || truth)) {
        return false;
    }
    *type = (ar_number_type){
        .kind = floating      ? AR_NUMBER_FLOATING
                : kind == 'i' ? AR_NUMBER_SIGNED
                              : AR_NUMBER_UNSIGNED,
        .bytes = bytes,
        .swapped = bytes > 1 && (order == '<') != host_is_little_endian(),
    };
    return true;
}

float ar_number_from_half(uint16_t bits)
{
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    float magnitude;
    if (exponent == 31) {
        magnitude = fraction ? NAN : INFINITY;
    } else if (exponent == 0) {
        magnitude = ldexpf((float)fraction, -24);
    } else {
        magnitude = ldexpf((float)(fraction + 1024), exponent - 25);
    }
    return bits & 0x8000 ? -magnitude : magnitude;
}

float ar_number_from_bfloat16(uint16_t bits)
{
    uint32_t word = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static inline uint16_t word16(const unsigned char *at, bool swapped)
{
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return swapped ? __builtin_bswap16(word) : word;
}

static inline uint32_t word32(const unsigned char *at, bool swapped)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return swapped ? __builtin_bswap32(word) : word;
}

static inline uint64_t word64(const unsigned char *at, bool swapped)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return swapped ? __builtin_bswap64(word) : word;
}

static inline float float32(uint32_t word)
{
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static inline double float64(uint64_t word)
{
    double value;
    memcpy(&value, &word, sizeof value);
    return value;
}

static void widen_floating(int bytes, bool swapped, const unsigned char *at, int64_t count,
                           double *values)
{
    if (bytes == 2) {
        for (int64_t i = 0; i < count; i++) {
            values[i] = ar_number_from_half(word16(at + 2 * i, swapped));
        }
    } else if (bytes == 4) {
        for (int64_t i = 0; i < count; i++) {
            values[i] = float32(word32(at + 4 * i, swapped));
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            values[i] = float64(word64(at + 8 * i, swapped));
        }
    }
}

static void widen_signed(int bytes, bool swapped, const unsigned char *at, int64_t count,
                         double *values)
{
    for (int64_t i = 0; i < count; i++) {
        switch (bytes) {
        case 1:
            values[i] = (int8_t)at[i];
            break;
        case 2:
            values[i] = (int16_t)word16(at + 2 * i, swapped);
            break;
        case 4:
            values[i] = (int32_t)word32(at + 4 * i, swapped);
            break;
        default:
            values[i] = (double)(int64_t)word64(at + 8 * i, swapped);
        }
    }
}

static void widen_unsigned(int bytes, bool swapped, const unsigned char *at, int64_t count,
                           double *values)
{
    for (int64_t i = 0; i < count; i++) {
        switch (bytes) {
        case 1:
            values[i] = at[i];
            break;
        case 2:
            values[i] = word16(at + 2 * i, swapped);
            break;
        case 4:
            values[i] = word32(at + 4 * i, swapped);
            break;
        default:
            values[i] = (double)word64(at + 8 * i, swapped);
        }
    }
}

void ar_number_widen(ar_number_type type, const void *raw, int64_t count, double *values)
{
    switch (type.kind) {
    case AR_NUMBER_FLOATING:
        widen_floating(type.bytes, type.swapped, raw, count, values);
        break;
    case AR_NUMBER_SIGNED:
        widen_signed(type.bytes, type.swapped, raw, count, values);
        break;
    case AR_NUMBER_UNSIGNED:
        widen_unsigned(type.bytes, type.swapped, raw, count, values);
        break;
    }
}

double ar_number_round(ar_number_type type, double value)
{
    if (type.kind == AR_NUMBER_FLOATING && type.bytes == 4) {
        return (float)value;
    }
    if (type.kind == AR_NUMBER_UNSIGNED && value < 0) {
        return value + ldexp(1, 8 * type.bytes);
    }
    return value;
}

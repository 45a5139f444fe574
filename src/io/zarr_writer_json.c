/* Numbers and letters of the JSON that zarr-python reads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/zarr_writer_private.h"

cJSON *ar_zarr_json_number(double number, bool integer)
{
    char text[40];
    if (isnan(number)) {
        return cJSON_CreateRaw("NaN");
    }
    if (isinf(number)) {
        return cJSON_CreateRaw(number < 0 ? "-Infinity" : "Infinity");
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    if (integer) {
        snprintf(text, sizeof text, "%.0f", number);
    } else if (!strpbrk(text, ".e")) {
        strcat(text, ".0");
    }
    return cJSON_CreateRaw(text);
}

/* Length of the UTF-8 sequence at `text`, 0 when it is none (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
static int sequence_length(const unsigned char *text)
{
    static const struct {
        unsigned char first, last, second_first, second_last;
        int length;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last) {
            continue;
        }
        if (forms[i].length > 1 &&
            (text[1] < forms[i].second_first || text[1] > forms[i].second_last)) {
            return 0;
        }
        for (int b = 2; b < forms[i].length; b++) {
            if ((text[b] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return 0;
}

bool ar_zarr_json_is_utf8(const char *text)
{
    int length = 1;
    while (*text && length > 0) {
        length = sequence_length((const unsigned char *)text);
        text += length;
    }
    return length > 0;
}

/* The code point of a UTF-8 sequence. */
static uint32_t decode_sequence(const unsigned char *text, int length)
{
    uint32_t code = length == 1 ? text[0] : text[0] & (0xffu >> (length + 1));
    for (int b = 1; b < length; b++) {
        code = code << 6 | (text[b] & 0x3f);
    }
    return code;
}

size_t ar_zarr_json_to_ascii(const char *json, char *ascii)
{
    size_t used = 0;
    while (*json) {
        const unsigned char *text = (const unsigned char *)json;
        int length = sequence_length(text);
        uint32_t code = length ? decode_sequence(text, length) : 0xfffd;
        if (code < 0x80) {
            ascii[used++] = *json;
        } else if (code < 0x10000) {
            used += (size_t)sprintf(ascii + used, "\\u%04x", (unsigned)code);
        } else {
            used += (size_t)sprintf(ascii + used, "\\u%04x\\u%04x",
                                    (unsigned)(0xd800 + ((code - 0x10000) >> 10)),
                                    (unsigned)(0xdc00 + (code & 0x3ff)));
        }
        json += length ? length : 1;
    }
    ascii[used] = '\0';
    return used;
}

#include "io/zarr_fill_text.h"

#include <stdint.h>
#include <string.h>

enum { DIGITS = 11, BITS = 6, PADDING = DIGITS * BITS - 64 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool ar_zarr_fill_parse(const char *text, double *number)
{
    uint64_t word = 0;
    if (strlen(text) != DIGITS + 1 || text[DIGITS] != '=') {
        return false;
    }
    for (int i = 0; i < DIGITS; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit) {
            return false;
        }
        uint64_t value = (uint64_t)(digit - digits);
        word = i < DIGITS - 1 ? word << BITS | value : word << (BITS - PADDING) | value >> PADDING;
    }
    word = __builtin_bswap64(word); /* the first byte is the lowest */
    memcpy(number, &word, sizeof *number);
    return true;
}

void ar_zarr_fill_print(double number, char text[AR_ZARR_FILL_TEXT])
{
    uint64_t word;
    memcpy(&word, &number, sizeof word);
    word = __builtin_bswap64(word);
    for (int i = 0; i < DIGITS - 1; i++) {
        text[i] = digits[word >> (64 - BITS * (i + 1)) & 63];
    }
    text[DIGITS - 1] = digits[word << PADDING & 63];
    memcpy(text + DIGITS, "=", 2);
}

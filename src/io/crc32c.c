/* Eight bytes a step by eight tables ("slicing by 8": Kounavis and Berry, 2005, A systematic
 * approach to building high performance software-based CRC generators). */
#include "io/crc32c.h"

#include <pthread.h>

enum { SLICES = 8 };

/* tables[k][b]: what byte b does to the remainder when k bytes follow it. */
static uint32_t tables[SLICES][256];
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    const uint32_t reflected_polynomial = 0x82f63b78;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++) {
            remainder = remainder >> 1 ^ (remainder & 1 ? reflected_polynomial : 0);
        }
        tables[0][byte] = remainder;
    }
    for (int k = 1; k < SLICES; k++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = tables[k - 1][byte];
            tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
        }
    }
}

uint32_t ar_crc32c(const void *data, size_t bytes)
{
    const unsigned char *at = data;
    uint32_t remainder = 0xffffffff;
    pthread_once(&made, make_tables);
    for (; bytes >= SLICES; bytes -= SLICES, at += SLICES) {
        uint32_t first = remainder ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 |
                                      (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
        remainder = tables[7][first & 0xff] ^ tables[6][first >> 8 & 0xff] ^
                    tables[5][first >> 16 & 0xff] ^ tables[4][first >> 24] ^ tables[3][at[4]] ^
                    tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
    }
    for (; bytes > 0; bytes--, at++) {
        remainder = remainder >> 8 ^ tables[0][(remainder ^ *at) & 0xff];
    }
    return ~remainder;
}

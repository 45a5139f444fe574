/* By tables: eight bytes a step by eight tables ("slicing by 8": Kounavis and Berry, 2005, A
 * systematic approach to building high performance software-based CRC generators). */
#include "io/crc32c.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

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

uint32_t ar_crc32c_by_tables(const void *data, size_t bytes)
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

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_instruction(const unsigned char *at,
                                                                 size_t bytes)
{
    uint64_t remainder = 0xffffffff;
    for (; bytes >= sizeof(uint64_t); bytes -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        remainder = __builtin_ia32_crc32di(remainder, word);
    }
    for (; bytes > 0; bytes--, at++) {
        remainder = __builtin_ia32_crc32qi((uint32_t)remainder, *at);
    }
    return ~(uint32_t)remainder;
}

static bool has_instruction(void)
{
    return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t by_instruction(const unsigned char *at, size_t bytes)
{
    return ar_crc32c_by_tables(at, bytes);
}

static bool has_instruction(void)
{
    return false;
}
#endif

uint32_t ar_crc32c(const void *data, size_t bytes)
{
    return has_instruction() ? by_instruction(data, bytes) : ar_crc32c_by_tables(data, bytes);
}

/* An animation is its frames: chunks in the order that the standard asks for, numbered without a
 * gap, each with its CRC, and data that are those of the frames. The PNGs are made here with zlib
 * alone. */
#include "picture/apng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "temporary_folder.h"

enum { WIDTH = 3, HEIGHT = 2, ROW = 1 + 3 * WIDTH };

static char paths[3][96];

static void put_chunk(unsigned char *png, size_t *at, const char *type, const void *data,
                      uint32_t bytes)
{
    const uint32_t numbers[] = {bytes};
    for (int i = 0; i < 4; i++) {
        png[(*at)++] = (unsigned char)(numbers[0] >> (24 - 8 * i));
    }
    memcpy(png + *at, type, 4);
    memcpy(png + *at + 4, data, bytes);
    const uLong crc = crc32(0, png + *at, 4 + bytes);
    *at += 4 + bytes;
    for (int i = 0; i < 4; i++) {
        png[(*at)++] = (unsigned char)(crc >> (24 - 8 * i));
    }
}

/* RGB of one colour; its data in two IDATs. Returns how many bytes. */
static size_t make_png(unsigned char png[512], int width, unsigned char colour)
{
    unsigned char rows[HEIGHT * (1 + 3 * 8)], packed[256];
    const unsigned char header[13] = {0, 0, 0, (unsigned char)width, 0, 0, 0, HEIGHT, 8, 2};
    uLongf bytes = sizeof packed;
    size_t at = 8;
    memset(rows, colour, sizeof rows);
    rows[0] = rows[1 + 3 * width] = 0; /* no filter */
    assert_int_equal(compress(packed, &bytes, rows, (uLong)(HEIGHT * (1 + 3 * width))), Z_OK);
    memcpy(png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(png, &at, "IHDR", header, sizeof header);
    put_chunk(png, &at, "IDAT", packed, 5);
    put_chunk(png, &at, "IDAT", packed + 5, (uint32_t)bytes - 5);
    put_chunk(png, &at, "IEND", "", 0);
    return at;
}

static void write_frame(int index, int width, unsigned char colour)
{
    ar_error err;
    unsigned char png[512];
    const size_t bytes = make_png(png, width, colour);
    snprintf(paths[index], sizeof paths[index], "%s/%d.png", folder, index);
    assert_int_equal(ar_file_write_whole(paths[index], png, bytes, &err), AR_OK);
}

static uint32_t number_at(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Unpack data[bytes] of a frame: every point has its colour. */
static void assert_colour(const unsigned char *data, size_t bytes, unsigned char colour)
{
    unsigned char rows[HEIGHT * ROW];
    uLongf room = sizeof rows;
    assert_int_equal(uncompress(rows, &room, data, (uLong)bytes), Z_OK);
    assert_int_equal(room, sizeof rows);
    for (int i = 0; i < HEIGHT * ROW; i++) {
        assert_int_equal(rows[i], i % ROW == 0 ? 0 : colour);
    }
}

static void an_animation_is_its_frames(void **state)
{
    (void)state;
    static const char *const order[] = {"IHDR", "acTL", "fcTL", "IDAT", "IDAT", "fcTL",
                                        "fdAT", "fdAT", "fcTL", "fdAT", "fdAT", "IEND"};
    const char *const frames[] = {paths[0], paths[1], paths[2]};
    char path[96], *text = NULL;
    unsigned char data[3][256];
    size_t bytes = 0, used[3] = {0}, at = 8;
    uint32_t sequence = 0;
    int frame = -1;
    ar_error err;
    for (int i = 0; i < 3; i++) {
        write_frame(i, WIDTH, (unsigned char)(10 * (i + 1)));
    }
    snprintf(path, sizeof path, "%s/all.png", folder);
    assert_int_equal(ar_apng_write(path, frames, 3, 500, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(path, 1 << 16, &text, &bytes, &err), AR_OK);
    const unsigned char *png = (const unsigned char *)text;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        assert_true(at + 12 <= bytes);
        const uint32_t length = number_at(png + at);
        const unsigned char *type = png + at + 4, *chunk = png + at + 8;
        assert_memory_equal(type, order[i], 4);
        assert_true(at + 12 + length <= bytes);
        assert_int_equal(number_at(chunk + length), crc32(0, type, 4 + length));
        const bool numbered = memcmp(type, "fdAT", 4) == 0;
        if (memcmp(type, "acTL", 4) == 0) {
            assert_int_equal(number_at(chunk), 3);
            assert_int_equal(number_at(chunk + 4), 0);
        }
        if (memcmp(type, "fcTL", 4) == 0 || numbered) {
            assert_int_equal(number_at(chunk), sequence++);
        }
        if (memcmp(type, "fcTL", 4) == 0) {
            frame++;
            assert_int_equal(number_at(chunk + 4), WIDTH);
            assert_int_equal(number_at(chunk + 8), HEIGHT);
            assert_int_equal(number_at(chunk + 20), (frame == 2 ? 1500u : 500u) << 16 | 1000);
        } else if (numbered || memcmp(type, "IDAT", 4) == 0) {
            const uint32_t skipped = numbered ? 4 : 0;
            memcpy(data[frame] + used[frame], chunk + skipped, length - skipped);
            used[frame] += length - skipped;
        }
        at += 12 + length;
    }
    assert_int_equal(at, bytes);
    for (int i = 0; i < 3; i++) {
        assert_colour(data[i], used[i], (unsigned char)(10 * (i + 1)));
    }
    ar_free(text);
}

static void frames_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    const char *const frames[] = {paths[0], paths[1]};
    char path[96];
    unsigned char png[512];
    ar_error err;
    snprintf(path, sizeof path, "%s/none.png", folder);
    write_frame(0, WIDTH, 1);
    write_frame(1, WIDTH + 1, 1);
    assert_int_equal(ar_apng_write(path, frames, 2, 500, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "1.png: is 4 x 2, the first frame is 3 x 2"));
    /* cut anywhere: an error, and no file */
    const size_t bytes = make_png(png, WIDTH, 1);
    for (size_t kept = 0; kept < bytes; kept++) {
        assert_int_equal(ar_file_write_whole(paths[1], png, kept, &err), AR_OK);
        assert_int_equal(ar_apng_write(path, frames, 2, 500, &err), AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "1.png: "));
        assert_false(ar_path_exists(path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_animation_is_its_frames),
        cmocka_unit_test(frames_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

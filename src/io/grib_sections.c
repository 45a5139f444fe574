#include "io/grib_sections.h"

#include <stdbool.h>
#include <string.h>

enum { SECTIONS = 8, HEAD_2 = 16, SAME_BITMAP = 254 };

int64_t ar_grib_number(const unsigned char *bytes, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++) {
        number = number << 8 | bytes[i];
    }
    return number > INT64_MAX ? INT64_MAX : (int64_t)number;
}

static ar_status fail_section(int section, int64_t told, size_t left, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "its section %d says that it has %lld bytes, which cannot be (%zu are left)",
                   section, (long long)told, left);
}

/* Edition 1: sections 1, 2 (grid), 3 (bitmap) and 4, of which the flags of section 1 tell whether
 * they are there. The data section of a long message tells something else than its length, and
 * there may be padding behind it. */
static ar_status check_edition_1(const unsigned char *message, size_t length, ar_error *err)
{
    static const int64_t fewest[] = {0, 28, 32, 6, 11};
    const bool is_long = message[4] & 0x80;
    bool present[] = {false, true, false, false, true};
    size_t at = 8, end = length - 4;
    for (int section = 1; section <= 4; section++) {
        if (!present[section]) {
            continue;
        }
        int64_t told = end - at >= 3 ? ar_grib_number(message + at, 3) : 0;
        if (section == 4 && is_long && told < 120) {
            told = (int64_t)(end - at);
        }
        if (told < fewest[section] || (size_t)told > end - at) {
            return fail_section(section, told, end - at, err);
        }
        if (section == 1) {
            present[2] = message[at + 7] & 0x80;
            present[3] = message[at + 7] & 0x40;
        }
        at += (size_t)told;
    }
    return AR_OK;
}

/* May `section` follow `before`? (Manual on Codes, regulation 92.1.6: sections 2 to 7, 3 to 7 or 4
 * to 7 may be repeated.) */
static bool may_follow(int section, int before)
{
    if (before == 1) {
        return section == 2 || section == 3;
    }
    if (before == 7) {
        return section >= 2 && section <= 4;
    }
    return section == before + 1;
}

static ar_status check_edition_2(const unsigned char *message, size_t length, int *field_count,
                                 ar_error *err)
{
    static const int64_t fewest[SECTIONS] = {0, 21, 5, 14, 9, 11, 6, 5};
    size_t at = HEAD_2, end = length - 4;
    int before = 0;
    bool bitmap = false;
    *field_count = 0;
    while (at < end) {
        int64_t told = end - at >= 5 ? ar_grib_number(message + at, 4) : 0;
        int section = told ? message[at + 4] : 0;
        if (section < 1 || section > 7 || !may_follow(section, before)) {
            return ar_fail(err, AR_ERROR_INPUT, "after its section %d comes section %d", before,
                           section);
        }
        if (told < fewest[section] || (size_t)told > end - at) {
            return fail_section(section, told, end - at, err);
        }
        if (section == 6) {
            bitmap |= message[at + 5] == 0;
            if (message[at + 5] == SAME_BITMAP && !bitmap) {
                return ar_fail(err, AR_ERROR_INPUT,
                               "its section 6 refers to a bitmap before it, and there is none");
            }
        }
        *field_count += section == 7;
        before = section;
        at += (size_t)told;
    }
    return before == 7 ? AR_OK
                       : ar_fail(err, AR_ERROR_INPUT, "it ends after its section %d", before);
}

ar_status ar_grib_sections_check(const unsigned char *message, size_t length, int edition,
                                 int *field_count, ar_error *err)
{
    if (memcmp(message + length - 4, "7777", 4) != 0) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "after the %zu bytes that it says it has there is no \"7777\"; it is damaged", length);
    }
    if (edition == 2) {
        return check_edition_2(message, length, field_count, err);
    }
    *field_count = 1;
    return check_edition_1(message, length, err);
}

size_t ar_grib_sections_cut(const unsigned char *message, size_t length, int index,
                            unsigned char *field)
{
    const unsigned char *latest[SECTIONS] = {NULL}, *bitmap = NULL;
    size_t used = HEAD_2;
    for (size_t at = HEAD_2; at < length - 4; at += (size_t)ar_grib_number(message + at, 4)) {
        int section = message[at + 4];
        latest[section] = message + at;
        if (section == 6 && message[at + 5] == 0) {
            bitmap = message + at;
        }
        if (section == 7 && index-- == 0) {
            break;
        }
    }
    if (latest[6][5] == SAME_BITMAP) {
        latest[6] = bitmap;
    }
    memcpy(field, message, HEAD_2);
    for (int section = 1; section < SECTIONS; section++) {
        size_t bytes = latest[section] ? (size_t)ar_grib_number(latest[section], 4) : 0;
        if (bytes > 0) {
            memcpy(field + used, latest[section], bytes);
            used += bytes;
        }
    }
    memcpy(field + used, "7777", 4);
    used += 4;
    for (int i = 0; i < 8; i++) {
        field[8 + i] = (unsigned char)((uint64_t)used >> (8 * (7 - i)));
    }
    return used;
}

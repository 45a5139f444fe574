#include "picture/markup.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* Length of the UTF-8 character at `text` that XML allows, 0 where there is none. Overlong forms
 * and surrogates are none (RFC 3629); nor are U+FFFE and U+FFFF (XML 1.0, production 2). */
static size_t character_length(const unsigned char *text)
{
    if (text[0] < 0x80) {
        return text[0] >= ' ' || text[0] == '\t' || text[0] == '\n' || text[0] == '\r';
    }
    const size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4) {
        return 0;
    }
    uint32_t code = text[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (text[i] & 0x3f);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool allowed = code >= smallest[length] && code <= 0x10ffff &&
                         (code < 0xd800 || code > 0xdfff) && code != 0xfffe && code != 0xffff;
    return allowed ? length : 0;
}

void ar_markup_add(ar_growing_text *out, const char *text)
{
    static const struct {
        char letter;
        const char *reference;
    } references[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    while (*text) {
        const size_t plain = strcspn(text, "&<>\"'");
        size_t at = 0;
        while (at < plain) {
            const size_t length = character_length((const unsigned char *)text + at);
            if (length > 0) {
                ar_text_add(out, "%.*s", (int)length, text + at);
            } else {
                ar_text_add(out, "\xef\xbf\xbd");
            }
            at += length > 0 ? length : 1;
        }
        text += plain;
        for (size_t i = 0; *text && i < sizeof references / sizeof references[0]; i++) {
            if (*text == references[i].letter) {
                ar_text_add(out, "%s", references[i].reference);
                text++;
                break;
            }
        }
    }
}

void ar_markup_add_base64(ar_growing_text *out, const void *data, size_t bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { GROUPS = 256 };
    const unsigned char *from = data;
    for (size_t at = 0; at < bytes;) {
        char text[4 * GROUPS + 1];
        size_t used = 0;
        for (; at < bytes && used < 4 * GROUPS; at += 3) {
            const size_t left = bytes - at;
            const uint32_t group = (uint32_t)from[at] << 16 |
                                   (left > 1 ? (uint32_t)from[at + 1] << 8 : 0) |
                                   (left > 2 ? from[at + 2] : 0);
            text[used++] = letters[group >> 18];
            text[used++] = letters[group >> 12 & 63];
            text[used++] = left > 1 ? letters[group >> 6 & 63] : '=';
            text[used++] = left > 2 ? letters[group & 63] : '=';
        }
        text[used] = '\0';
        ar_text_add(out, "%s", text);
    }
}

/* Animated PNG (PNG, third edition, W3C 2025, section 11.3.6): PNG files of one size after each
 * other, which browsers show in a loop and other programs as the first of them. */
#ifndef AR_PICTURE_APNG_H
#define AR_PICTURE_APNG_H

#include <stdint.h>

#include "atmorep/status.h"

/* Write frames[count], paths of PNG files without a palette that have the same size, depth and kind
 * of colour, as the file `path`, whole or not at all; each is shown for so many milliseconds, the
 * last three times as long. Frames that do not fit each other, or are no whole PNG, are errors that
 * name the file. */
AR_USE_RESULT ar_status ar_apng_write(const char *path, const char *const *frames, int64_t count,
                                      int milliseconds, ar_error *err);

#endif

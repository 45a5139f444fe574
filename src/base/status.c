#include "atmorep/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message is one line whatever a file's strings contain. */
static void keep_one_line(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ') {
            *text = ' ';
        }
    }
}

ar_status ar_fail(ar_error *err, ar_status code, const char *format, ...)
{
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(err->message, sizeof err->message, format, arguments);
        va_end(arguments);
        keep_one_line(err->message);
    }
    return code;
}

ar_status ar_fail_within(ar_error *err, ar_status code, const char *format, ...)
{
    if (err) {
        ar_error whole;
        va_list arguments;
        va_start(arguments, format);
        int used = vsnprintf(whole.message, sizeof whole.message, format, arguments);
        va_end(arguments);
        if (used >= 0 && (size_t)used < sizeof whole.message) {
            snprintf(whole.message + used, sizeof whole.message - (size_t)used, ": %.*s",
                     (int)(sizeof whole.message - (size_t)used - 3), err->message);
        }
        keep_one_line(whole.message);
        *err = whole;
    }
    return code;
}

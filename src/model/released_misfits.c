#include "model/released_misfits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SHOWN = 3 };

void ar_problems_note(ar_problems *list, const char *format, ...)
{
    char text[sizeof list->text];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (list->count++ < MOST_SHOWN && length >= 0 &&
        (size_t)length + 2 < sizeof list->text - list->used) {
        list->used += (size_t)snprintf(list->text + list->used, sizeof list->text - list->used,
                                       "%s%s", list->used ? ", " : "", text);
    }
}

void ar_shape_format(int rank, const int64_t *shape, char text[96])
{
    size_t used = (size_t)snprintf(text, 96, "[");
    for (int i = 0; i < rank && used < 70; i++) {
        used +=
            (size_t)snprintf(text + used, 96 - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
    }
    snprintf(text + used, 96 - used, "]");
}

static void append_problems(char *text, size_t size, const ar_problems *list, const char *one,
                            const char *many)
{
    size_t used = strlen(text);
    if (list->count > 0) {
        snprintf(text + used, size - used, "%s%lld %s: %s%s", used ? "; " : "",
                 (long long)list->count, list->count == 1 ? one : many, list->text,
                 list->count > MOST_SHOWN ? ", ..." : "");
    }
}

ar_status ar_misfits_status(const ar_misfits *misfits, const char *const *paths, int64_t path_count,
                            const char *configuration, ar_error *err)
{
    char text[900] = "", more[32] = "";
    append_problems(text, sizeof text, &misfits->missing, "parameter is missing",
                    "parameters are missing");
    append_problems(text, sizeof text, &misfits->shape, "tensor has a wrong shape or type",
                    "tensors have wrong shapes or types");
    append_problems(text, sizeof text, &misfits->unknown, "tensor is not of this model",
                    "tensors are not of this model");
    if (path_count > 1) {
        snprintf(more, sizeof more, " and %lld more", (long long)path_count - 1);
    }
    return text[0] ? ar_fail(err, AR_ERROR_INPUT, "%s%s: does not fit %s: %s", paths[0], more,
                             configuration, text)
                   : AR_OK;
}

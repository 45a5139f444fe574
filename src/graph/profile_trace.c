/* The Trace Event Format:
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "graph/op.h"
#include "graph/profile_private.h"

/* A JSON string; names of nodes may hold what a configuration's author wrote. */
static void add_string(ar_growing_text *out, const char *text)
{
    ar_text_add(out, "\"");
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20) {
            ar_text_add(out, "\\u%04x", (unsigned)*c);
        } else {
            ar_text_add(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
        }
    }
    ar_text_add(out, "\"");
}

static void add_event(ar_growing_text *out, const ar_profile *profile,
                      const ar_profile_event *event)
{
    const ar_profile_op *op = &event->op;
    ar_text_add(out, ",\n{\"name\":");
    add_string(out, event->part ? event->part : profile->names[op->node]);
    ar_text_add(out, ",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":1,\"tid\":1",
                event->part ? "part" : ar_profile_direction_name(op->direction), 1e6 * event->start,
                1e6 * event->seconds);
    ar_text_add(out, ",\"args\":{\"step\":%lld", (long long)event->step);
    if (!event->part) {
        ar_text_add(out, ",\"op\":\"%s\",\"GFLOP\":%.6g,\"rows\":%lld,\"columns\":%lld",
                    ar_op_find(profile->kinds[op->node])->name, 1e-9 * op->operations,
                    (long long)op->rows, (long long)op->columns);
    }
    if (op->bytes > 0) {
        ar_text_add(out, ",\"MB\":%.6g", 1e-6 * op->bytes);
    }
    ar_text_add(out, "}}");
}

ar_status ar_profile_write_trace(const ar_profile *profile, const char *path, ar_error *err)
{
    ar_growing_text out = {.err = err};
    const int64_t end = profile->last_count;
    const int64_t begin = end > AR_PROFILE_EVENTS ? end - AR_PROFILE_EVENTS : 0;
    ar_text_add(&out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
                      "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,"
                      "\"args\":{\"name\":\"atmorep\"}}");
    for (int64_t i = 0; i < profile->first_count; i++) {
        add_event(&out, profile, &profile->first[i]);
    }
    for (int64_t i = begin; i < end; i++) {
        const ar_profile_event *event = &profile->last[i % AR_PROFILE_EVENTS];
        if (event->step > profile->steps - AR_PROFILE_STEPS) {
            add_event(&out, profile, event);
        }
    }
    ar_text_add(&out, "\n]}\n");
    ar_status status = out.status;
    if (status == AR_OK) {
        status = ar_file_write_whole(path, out.text, out.length, err);
    }
    ar_free(out.text);
    return status;
}

#include "io/grib_library.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t before_first_use = PTHREAD_ONCE_INIT;

/* Of the call that is running in this thread. */
static _Thread_local bool running;
static _Thread_local jmp_buf way_out;
static _Thread_local char said[256]; /* what ecCodes said first */

static void keep(const grib_context *context, int level, const char *text)
{
    (void)context;
    if (running && !said[0] && (level == CODES_LOG_ERROR || level == CODES_LOG_FATAL)) {
        snprintf(said, sizeof said, "%s", text);
    }
}

/* ecCodes asserts what damaged bytes may break. Going on would be reading what is not there; what
 * the call has allocated until here is given up. */
static void leave(const char *text)
{
    if (!running) {
        abort(); /* somebody else's call */
    }
    snprintf(said, sizeof said, "%s", text);
    longjmp(way_out, 1);
}

static void set_up(void)
{
    codes_context_set_logging_proc(NULL, keep);
    codes_set_codes_assertion_failed_proc(leave);
}

static int run_locked(const unsigned char *bytes, size_t length, ar_grib_work work, void *argument)
{
    codes_handle *volatile handle = NULL;
    volatile int code = CODES_INTERNAL_ERROR;
    running = true;
    said[0] = '\0';
    if (setjmp(way_out) == 0) {
        handle = bytes ? codes_handle_new_from_message(NULL, bytes, length) : NULL;
        code = bytes && !handle ? CODES_DECODING_ERROR : work(handle, argument);
        if (handle) {
            codes_handle_delete(handle);
        }
    }
    running = false;
    return code;
}

ar_status ar_grib_library_run(const unsigned char *bytes, size_t length, ar_grib_work work,
                              void *argument, ar_error *err)
{
    pthread_once(&before_first_use, set_up);
    pthread_mutex_lock(&library_lock);
    int code = run_locked(bytes, length, work, argument);
    pthread_mutex_unlock(&library_lock);
    if (code == CODES_SUCCESS) {
        return AR_OK;
    }
    return ar_fail(err, code == CODES_OUT_OF_MEMORY ? AR_ERROR_MEMORY : AR_ERROR_INPUT,
                   "ecCodes: %s%s%s", codes_get_error_message(code), said[0] ? ": " : "", said);
}

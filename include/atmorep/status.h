/* How every function of AtmoRep says that it failed.
 *
 * A function that can fail returns an ar_status and takes an `ar_error *` as its last argument.
 * The message is one line that names the file, variable, key or value at fault, what was found and
 * what would be right. It is written on failure only; on success *err is untouched.
 * Wrong files, data and configurations are errors; only a broken invariant of the program aborts.
 */
#ifndef ATMOREP_STATUS_H
#define ATMOREP_STATUS_H

typedef enum {
    AR_OK = 0,
    AR_ERROR_USAGE,       /* the call or command line is wrong */
    AR_ERROR_INPUT,       /* a file, its data or a configuration is wrong */
    AR_ERROR_SYSTEM,      /* the operating system refused: open, write, full disk … */
    AR_ERROR_MEMORY,      /* not enough memory */
    AR_ERROR_NUMERIC,     /* a computation left the finite numbers */
    AR_ERROR_INTERRUPTED, /* SIGINT or SIGTERM asked for an end; state has been saved */
} ar_status;

typedef struct {
    char message[1024]; /* one line, zero terminated, no newline */
} ar_error;

#if defined(__GNUC__)
#define AR_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define AR_USE_RESULT __attribute__((warn_unused_result))
#else
#define AR_PRINTF(format_at, first_at)
#define AR_USE_RESULT
#endif

/* Write a message to `err` (may be NULL) and return `code`, so that a caller can
 * `return ar_fail(err, AR_ERROR_INPUT, "…", …)`. Thread-safe. */
ar_status ar_fail(ar_error *err, ar_status code, const char *format, ...) AR_PRINTF(3, 4);

/* Put "context: " before the message that `err` already holds and return `code`. */
ar_status ar_fail_within(ar_error *err, ar_status code, const char *format, ...) AR_PRINTF(3, 4);

/* Run `call`; when it fails keep its status in the local `status` and jump to `cleanup`. */
#define AR_TRY(call)                                                                               \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != AR_OK) {                                                                     \
            goto cleanup;                                                                          \
        }                                                                                          \
    } while (0)

#endif

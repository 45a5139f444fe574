#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"

static const double SECONDS_BETWEEN_PLAIN_LINES = 10.0;

typedef struct {
    bool terminal, quiet, verbose;
    bool line_open; /* a progress line stands on the terminal without its newline */
    double last_plain_line;
} console_state;

static console_state console;

static void write_log(void *context, ar_log_level level, const char *line)
{
    const console_state *state = context;
    if ((state->quiet && level != AR_LOG_WARNING) || (!state->verbose && level == AR_LOG_DETAIL)) {
        return;
    }
    ar_console_finish_line();
    fprintf(stderr, "%s%s\n", level == AR_LOG_WARNING ? "warning: " : "", line);
}

/* The bytes of `line` that fit into `columns` columns, not cutting a UTF-8 character. */
static int bytes_that_fit(const char *line, int columns)
{
    int bytes = 0;
    for (int used = 0; line[bytes]; bytes++) {
        bool starts_character = ((unsigned char)line[bytes] & 0xc0) != 0x80;
        if (starts_character && used++ == columns) {
            break;
        }
    }
    return bytes;
}

static int terminal_columns(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    /* One column stays free: some terminals wrap when the last one is written. */
    return (known ? size.ws_col : 80) - 1;
}

static void write_progress(void *context, const char *line, bool finished)
{
    console_state *state = context;
    if (state->quiet) {
        return;
    }
    if (state->terminal) {
        fprintf(stderr, "\r\033[K%.*s%s", bytes_that_fit(line, terminal_columns()), line,
                finished ? "\n" : "");
        fflush(stderr);
        state->line_open = !finished;
        return;
    }
    double now = ar_clock_seconds();
    if (finished || now - state->last_plain_line >= SECONDS_BETWEEN_PLAIN_LINES) {
        fprintf(stderr, "%s\n", line);
        state->last_plain_line = now;
    }
}

void ar_console_install(void)
{
    const char *terminal_kind = getenv("TERM");
    console = (console_state){
        .terminal = isatty(STDERR_FILENO) && terminal_kind && strcmp(terminal_kind, "dumb") != 0,
        .last_plain_line = ar_clock_seconds(),
    };
    ar_log_set_sink(write_log, &console);
    ar_progress_set_sink(write_progress, &console);
}

void ar_console_set(bool quiet, bool verbose)
{
    console.quiet = quiet;
    console.verbose = verbose;
}

void ar_console_finish_line(void)
{
    if (console.line_open) {
        fputc('\n', stderr);
        console.line_open = false;
    }
}

int ar_command_end(const char *command, ar_status status, const ar_error *err)
{
    ar_console_finish_line();
    if (status == AR_OK) {
        return AR_EXIT_DONE;
    }
    fprintf(stderr, "atmorep %s: %s\n", command, err->message);
    return status == AR_ERROR_USAGE ? AR_EXIT_USAGE : AR_EXIT_FAILED;
}

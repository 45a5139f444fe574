/* The command line: options declared once per command, from which parsing and help text are made,
 * and the console that log lines and progress go to. This is the only room that prints or exits.
 *
 * A command is `int ar_command_<name>(int argc, char **argv)`, argv[0] being the command's name; it
 * returns the exit code: 0 done, 1 failed, 2 wrong usage. It is listed in the table of main.c. */
#ifndef AR_CLI_CLI_H
#define AR_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/profile.h"
#include "atmorep/status.h"

enum { AR_EXIT_DONE = 0, AR_EXIT_FAILED = 1, AR_EXIT_USAGE = 2 };

/* Texts from the command line. The texts are argv's; the array is the list's. */
typedef struct {
    const char **items; /* [count] */
    int64_t count;
} ar_text_list;
void ar_text_list_release(ar_text_list *list);

/* What an option takes, and with it the type its destination points to. */
typedef enum {
    AR_OPTION_FLAG,       /* bool: true when given */
    AR_OPTION_TEXT,       /* const char *; giving it twice is an error */
    AR_OPTION_MAYBE_TEXT, /* const char *: "" for `--name`, else as `--name=VALUE` says */
    AR_OPTION_LIST,       /* ar_text_list: `--data A B --data C`, each up to the next option */
    AR_OPTION_TIME,       /* const char *: a time of some calendar, "2026-02-10T06" */
    AR_OPTION_TIMES,      /* ar_text_list of such */
    AR_OPTION_OUT,        /* const char *: a file or folder to write, in a folder that is there */
    AR_OPTION_INTEGER,    /* int64_t */
    AR_OPTION_NUMBER,     /* double */
    AR_OPTION_HOURS,      /* int64_t: "36", "36h" or "5d" */
    AR_OPTION_PLACE,      /* double[2]: "LAT,LON", degrees north and east */
} ar_option_kind;

typedef struct {
    const char *name;     /* without the dashes; NULL ends a table */
    const char *argument; /* "FILE.nc" as help shows it; NULL for a flag */
    const char *help;     /* one sentence without a final stop */
    ar_option_kind kind;
    void *destination; /* untouched when the option is not given, so it holds the default */
    bool required;
} ar_option;

typedef struct {
    const char *command;     /* "verify" */
    const char *description; /* what it does, in one or a few lines */
    const ar_option *options;
    /* What may stand on the line without an option; `operand` NULL: nothing. */
    const char *operand, *operand_help;
    ar_text_list *operands;
    int64_t fewest_operands, most_operands;
    const char *example; /* one or more whole command lines, each on its line */
} ar_command_line;

/* Parse argv into the destinations. `--name VALUE` and `--name=VALUE` are the same; `--` ends a
 * list, and after a second one nothing is an option any more. Each command also takes --help,
 * --quiet and
 * --verbose, which are handled here. True: go on. False: help was printed or the usage is wrong
 * (one line was printed), and the command returns *exit_code. Lists are released by the caller in
 * any case. */
AR_USE_RESULT bool ar_command_line_parse(const ar_command_line *line, int argc, char **argv,
                                         int *exit_code);

/* Print the command's help to standard output. */
void ar_command_line_help(const ar_command_line *line);

/* The name among names[count] that needs the fewest edits from `word`; NULL when none is near. */
const char *ar_closest_name(const char *word, const char *const *names, int64_t count);

/* Send log lines and progress to standard error: progress as one line drawn again on a terminal,
 * and as a plain line at most every 10 s elsewhere. */
void ar_console_install(void);
/* quiet: warnings and errors only. verbose: details too. */
void ar_console_set(bool quiet, bool verbose);
/* End a progress line that is being drawn, so that other output starts on a line of its own. */
void ar_console_finish_line(void);

/* The exit code of a status; for a failure the line "atmorep COMMAND: message" goes to standard
 * error. */
AR_USE_RESULT int ar_command_end(const char *command, ar_status status, const ar_error *err);

/* `--profile[=FILE.json]` of the commands that run a model: a profile, if the option was given
 * (`trace` is not NULL). */
AR_USE_RESULT ar_status ar_profile_command_begin(ar_profile **profile, const char *trace,
                                                 ar_error *err);
/* Print the table of a run that came to its first op, write the trace, destroy the profile.
 * Returns the run's `status`, or, if that is AR_OK, that of writing the trace. */
AR_USE_RESULT ar_status ar_profile_command_end(ar_profile **profile, const char *trace,
                                               ar_status status, ar_error *err);

/* The commands. */
int ar_command_nature_run(int argc, char **argv);
int ar_command_prepare(int argc, char **argv);
int ar_command_train(int argc, char **argv);
int ar_command_evaluate(int argc, char **argv);
int ar_command_fill(int argc, char **argv);
int ar_command_forecast(int argc, char **argv);
int ar_command_hindcast(int argc, char **argv);
int ar_command_interpolate(int argc, char **argv);
int ar_command_info(int argc, char **argv);
int ar_command_attention(int argc, char **argv);
int ar_command_verify(int argc, char **argv);
int ar_command_plot(int argc, char **argv);
int ar_command_convert(int argc, char **argv);

#endif

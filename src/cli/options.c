#include "cli/cli.h"
#include "cli/option_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { OPTIONS_MOST = 64, NAME_LONGEST = 63, SHARED_OPTION_COUNT = 3 };

/* What every command takes; parsing gives them their destinations. */
static const ar_option shared_options[SHARED_OPTION_COUNT] = {
    {"quiet", NULL, "no progress, only warnings and errors", AR_OPTION_FLAG, NULL, false},
    {"verbose", NULL, "tell details too", AR_OPTION_FLAG, NULL, false},
    {"help", NULL, "print this help", AR_OPTION_FLAG, NULL, false},
};

typedef struct {
    const ar_command_line *line;
    int argc, at;
    char **argv;
    bool help, quiet, verbose;
    bool given[OPTIONS_MOST];
    ar_option options[OPTIONS_MOST]; /* the command's and those every command has */
    int64_t option_count;
    ar_error err;
} parser;

void ar_text_list_release(ar_text_list *list)
{
    ar_free(list->items);
    *list = (ar_text_list){0};
}

/* Levenshtein distance; words longer than NAME_LONGEST are as far as anything can be. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    if (rows > NAME_LONGEST || columns > NAME_LONGEST) {
        return NAME_LONGEST;
    }
    size_t previous[NAME_LONGEST + 1], current[NAME_LONGEST + 1];
    for (size_t j = 0; j <= columns; j++) {
        previous[j] = j;
    }
    for (size_t i = 1; i <= rows; i++) {
        current[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t best = previous[j - 1] + (a[i - 1] != b[j - 1]);
            best = previous[j] + 1 < best ? previous[j] + 1 : best;
            current[j] = current[j - 1] + 1 < best ? current[j - 1] + 1 : best;
        }
        memcpy(previous, current, sizeof previous);
    }
    return previous[columns];
}

const char *ar_closest_name(const char *word, const char *const *names, int64_t count)
{
    const char *closest = NULL;
    size_t fewest = 0;
    for (int64_t i = 0; i < count; i++) {
        size_t distance = edit_distance(word, names[i]);
        if (!closest || distance < fewest) {
            closest = names[i];
            fewest = distance;
        }
    }
    /* Further than half of the word is no slip of the finger any more. */
    return closest && fewest <= (strlen(word) + 1) / 2 ? closest : NULL;
}

static bool is_list(const ar_option *option)
{
    return option->kind == AR_OPTION_LIST || option->kind == AR_OPTION_TIMES;
}

static void print_option(const ar_option *option)
{
    char left[96];
    if (option->kind == AR_OPTION_MAYBE_TEXT) {
        snprintf(left, sizeof left, "--%s[=%s]", option->name, option->argument);
    } else {
        snprintf(left, sizeof left, "--%s%s%s%s", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "", is_list(option) ? "…" : "");
    }
    /* "…" has three bytes and one column. */
    int width = 30 + (is_list(option) ? 2 : 0);
    if ((int)strlen(left) >= width) {
        printf("  %s\n  %30s%s", left, "", option->help);
    } else {
        printf("  %-*s%s", width, left, option->help);
    }
    printf("%s\n", option->required ? " (required)" : "");
}

static void print_usage(const ar_command_line *line)
{
    printf("usage: atmorep %s", line->command);
    if (line->operand) {
        const char *open = line->fewest_operands > 0 ? "" : "[";
        const char *close = line->fewest_operands > 0 ? "" : "]";
        printf(" %s%s%s%s", open, line->operand, line->most_operands > 1 ? "…" : "", close);
    }
    for (const ar_option *option = line->options; option->name; option++) {
        if (option->required) {
            printf(" --%s %s%s", option->name, option->argument, is_list(option) ? "…" : "");
        }
    }
    printf(" [OPTION…]\n");
}

void ar_command_line_help(const ar_command_line *line)
{
    print_usage(line);
    printf("\n%s\n", line->description);
    if (line->operand) {
        printf("\n  %-30s%s\n", line->operand, line->operand_help);
    }
    printf("\noptions:\n");
    for (const ar_option *option = line->options; option->name; option++) {
        print_option(option);
    }
    for (int i = 0; i < SHARED_OPTION_COUNT; i++) {
        print_option(&shared_options[i]);
    }
    printf("\nexample:\n");
    for (const char *rest = line->example; *rest; rest += *rest == '\n') {
        int length = (int)strcspn(rest, "\n");
        printf("  %.*s\n", length, rest);
        rest += length;
    }
}

static ar_status collect_options(parser *parse)
{
    for (const ar_option *option = parse->line->options; option->name; option++) {
        if (parse->option_count == OPTIONS_MOST - SHARED_OPTION_COUNT) {
            return ar_fail(&parse->err, AR_ERROR_USAGE, "more than %d options are declared",
                           OPTIONS_MOST - SHARED_OPTION_COUNT);
        }
        parse->options[parse->option_count++] = *option;
    }
    bool *const destinations[SHARED_OPTION_COUNT] = {&parse->quiet, &parse->verbose, &parse->help};
    for (int i = 0; i < SHARED_OPTION_COUNT; i++) {
        parse->options[parse->option_count] = shared_options[i];
        parse->options[parse->option_count++].destination = destinations[i];
    }
    return AR_OK;
}

static ar_status find_option(parser *parse, const char *name, int64_t *index)
{
    const char *names[OPTIONS_MOST];
    for (int64_t i = 0; i < parse->option_count; i++) {
        names[i] = parse->options[i].name;
        if (strcmp(names[i], name) == 0) {
            *index = i;
            return AR_OK;
        }
    }
    const char *closest = ar_closest_name(name, names, parse->option_count);
    return ar_fail(&parse->err, AR_ERROR_USAGE,
                   closest ? "unknown option --%s; did you mean --%s?"
                           : "unknown option --%s; atmorep %s --help lists the options",
                   name, closest ? closest : parse->line->command);
}

static ar_status append(ar_text_list *list, const char *text, parser *parse)
{
    if (!list->items) {
        /* No list can become longer than the command line. */
        ar_status status = ar_allocate(&list->items, (size_t)parse->argc, sizeof *list->items,
                                       "a list of arguments", &parse->err);
        if (status != AR_OK) {
            return status;
        }
    }
    list->items[list->count++] = text;
    return AR_OK;
}

static ar_status store_value(parser *parse, const ar_option *option, const char *text)
{
    const ar_status status = ar_option_store(option, text, &parse->err);
    return status == AR_OK && is_list(option) ? append(option->destination, text, parse) : status;
}

static bool looks_like_option(const char *text)
{
    return strncmp(text, "--", 2) == 0;
}

static ar_status parse_option(parser *parse, const char *text)
{
    char name[NAME_LONGEST + 1];
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
             text);
    int64_t index = 0;
    ar_status status = find_option(parse, name, &index);
    if (status != AR_OK) {
        return status;
    }
    const ar_option *option = &parse->options[index];
    bool repeated = parse->given[index];
    parse->given[index] = true;
    if (option->kind == AR_OPTION_FLAG) {
        if (equals) {
            return ar_fail(&parse->err, AR_ERROR_USAGE, "--%s takes no value", name);
        }
        *(bool *)option->destination = true;
        return AR_OK;
    }
    if (repeated && !is_list(option)) {
        return ar_fail(&parse->err, AR_ERROR_USAGE, "--%s is given twice", name);
    }
    if (equals || option->kind == AR_OPTION_MAYBE_TEXT) {
        return store_value(parse, option, equals ? equals + 1 : "");
    }
    if (parse->at == parse->argc || looks_like_option(parse->argv[parse->at])) {
        return ar_fail(&parse->err, AR_ERROR_USAGE, "--%s needs a value: --%s %s", name, name,
                       option->argument);
    }
    do {
        status = store_value(parse, option, parse->argv[parse->at++]);
    } while (status == AR_OK && is_list(option) && parse->at < parse->argc &&
             !looks_like_option(parse->argv[parse->at]));
    return status;
}

static ar_status parse_operand(parser *parse, const char *text)
{
    const ar_command_line *line = parse->line;
    if (!line->operand) {
        return ar_fail(&parse->err, AR_ERROR_USAGE, "%s: only options are wanted here", text);
    }
    if (line->operands->count == line->most_operands) {
        return ar_fail(&parse->err, AR_ERROR_USAGE, "%s: only %lld %s is wanted, %s was given too",
                       text, (long long)line->most_operands, line->operand,
                       line->operands->items[line->operands->count - 1]);
    }
    return append(line->operands, text, parse);
}

static ar_status parse_arguments(parser *parse)
{
    ar_status status = collect_options(parse);
    bool options_over = false, dashes_seen = false;
    while (status == AR_OK && parse->at < parse->argc) {
        const char *text = parse->argv[parse->at++];
        if (!options_over && strcmp(text, "--") == 0) {
            options_over = dashes_seen;
            dashes_seen = true;
        } else if (!options_over && looks_like_option(text)) {
            status = parse_option(parse, text + 2);
        } else if (!options_over && strcmp(text, "-h") == 0) {
            parse->help = true;
        } else if (!options_over && text[0] == '-' && text[1]) {
            status = ar_fail(&parse->err, AR_ERROR_USAGE,
                             "unknown option %s; options begin with two dashes", text);
        } else {
            status = parse_operand(parse, text);
        }
        if (parse->help) {
            return AR_OK;
        }
    }
    return status;
}

static ar_status check_required(parser *parse)
{
    const ar_command_line *line = parse->line;
    if (line->operand && line->operands->count < line->fewest_operands) {
        return ar_fail(&parse->err, AR_ERROR_USAGE, "%s is missing: %s", line->operand,
                       line->operand_help);
    }
    for (int64_t i = 0; i < parse->option_count; i++) {
        const ar_option *option = &parse->options[i];
        if (option->required && !parse->given[i]) {
            return ar_fail(&parse->err, AR_ERROR_USAGE, "--%s %s is missing: %s", option->name,
                           option->argument, option->help);
        }
    }
    return AR_OK;
}

bool ar_command_line_parse(const ar_command_line *line, int argc, char **argv, int *exit_code)
{
    parser parse = {.line = line, .argc = argc, .at = 1, .argv = argv};
    ar_status status = parse_arguments(&parse);
    if (status == AR_OK && parse.help) {
        ar_command_line_help(line);
        *exit_code = AR_EXIT_DONE;
        return false;
    }
    if (status == AR_OK) {
        status = check_required(&parse);
    }
    ar_console_set(parse.quiet, parse.verbose);
    *exit_code = ar_command_end(line->command, status, &parse.err);
    return status == AR_OK;
}

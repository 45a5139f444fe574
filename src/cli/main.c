/* The program: finds the command in the table and runs it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

typedef struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} command;

static const command commands[] = {
    {"nature-run", "make reanalysis-like data with the built-in atmosphere model",
     ar_command_nature_run},
    {"prepare", "make one store, with statistics, of files of any kind", ar_command_prepare},
    {"train", "train a model from a YAML configuration, or go on with a run", ar_command_train},
    {"forecast", "fill the last times for the whole globe: mean, spread, members",
     ar_command_forecast},
    {"hindcast", "fill the first times: what was before the known ones", ar_command_hindcast},
    {"interpolate", "fill times between known ones", ar_command_interpolate},
    {"fill", "fill gaps of any place and time", ar_command_fill},
    {"info", "what a file, store, checkpoint or configuration holds; cost of a configuration",
     ar_command_info},
    {"attention", "what a token attends to: weights of every layer, head and coupled field",
     ar_command_attention},
    {"verify", "score a forecast against truth: table, report.html and maps", ar_command_verify},
    {"evaluate", "score what a model fills in where random tokens are masked", ar_command_evaluate},
    {"plot", "draw what is in a file: a map with coastlines, or a line", ar_command_plot},
    {"convert", "released checkpoints (.mod) to safetensors, and back", ar_command_convert},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(void)
{
    printf("atmorep " ATMOREP_VERSION ": large-scale representation learning of the atmosphere\n\n"
           "usage: atmorep COMMAND [OPTION…]\n\ncommands:\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        printf("  %-12s%s\n", commands[i].name, commands[i].summary);
    }
    printf(
        "\natmorep COMMAND --help tells a command's options, with an example; atmorep --version\n"
        "the version. Exit codes: 0 done, 1 failed, 2 wrong usage.\n");
}

static const command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int refuse_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i].name;
    }
    const char *closest = ar_closest_name(name, names, COMMAND_COUNT);
    fprintf(stderr, "atmorep: unknown command %s; ", name);
    if (closest) {
        fprintf(stderr, "did you mean %s?\n", closest);
    } else {
        fprintf(stderr, "atmorep --help lists the commands\n");
    }
    return AR_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "atmorep: a command is missing; atmorep --help lists the commands\n");
        return AR_EXIT_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--version") == 0) {
        printf("atmorep " ATMOREP_VERSION "\n");
        return AR_EXIT_DONE;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 ||
        (strcmp(first, "help") == 0 && argc == 2)) {
        print_help();
        return AR_EXIT_DONE;
    }
    bool help = strcmp(first, "help") == 0;
    const char *name = help ? argv[2] : first;
    const command *found = find_command(name);
    if (!found) {
        return refuse_command(name);
    }
    char *ask_help[] = {argv[help ? 2 : 1], (char[]){"--help"}, NULL};
    return help ? found->run(2, ask_help) : found->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    ar_console_install();
    int exit_code = run(argc, argv);
    /* Output that could not be written (a full disk behind a redirection) is not a success. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "atmorep: cannot write to standard output\n");
        exit_code = exit_code == AR_EXIT_DONE ? AR_EXIT_FAILED : exit_code;
    }
    return exit_code;
}

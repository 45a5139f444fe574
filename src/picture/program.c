#include "picture/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { MESSAGES_LONGEST = 1 << 20 };

static const char messages_name[] = "messages.txt";

bool ar_program_installed(const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t length = strcspn(path, ":");
        char program[PATH_MAX];
        snprintf(program, sizeof program, "%.*s/%s", (int)length, path, name);
        if (length > 0 && access(program, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

/* The last line of what the program wrote, without its newline, into line[size]. */
static void last_message(const char *folder, char *line, size_t size)
{
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    snprintf(line, size, "it told no reason");
    if (ar_path_join(&path, folder, messages_name, NULL) == AR_OK &&
        ar_file_read_whole(path, MESSAGES_LONGEST, &text, &bytes, NULL) == AR_OK) {
        while (bytes > 0 && (text[bytes - 1] == '\n' || text[bytes - 1] == ' ')) {
            text[--bytes] = '\0';
        }
        const char *newline = strrchr(text, '\n');
        if (bytes > 0) {
            snprintf(line, size, "%s", newline ? newline + 1 : text);
        }
    }
    ar_free(path);
    ar_free(text);
}

/* Start in the folder; nothing to read, output to nowhere, messages to a file there. */
static int start(pid_t *process, const char *const *arguments, const char *folder,
                 char *const *environment)
{
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed) {
        return failed;
    }
    const int write_flags = O_WRONLY | O_CREAT | O_TRUNC;
    failed = posix_spawn_file_actions_addchdir_np(&actions, folder);
    failed =
        failed ? failed
               : posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed
                    : posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                                       O_WRONLY, 0);
    failed = failed ? failed
                    : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages_name,
                                                       write_flags, 0666);
    failed = failed ? failed
                    : posix_spawnp(process, arguments[0], &actions, NULL, (char *const *)arguments,
                                   environment);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

ar_status ar_program_run(const char *const *arguments, const char *folder, char *const *environment,
                         ar_error *err)
{
    const char *name = arguments[0];
    pid_t process = 0;
    int failed = start(&process, arguments, folder, environment);
    if (failed) {
        return ar_fail(err, AR_ERROR_SYSTEM, "cannot start %s: %s", name, strerror(failed));
    }
    int state = 0;
    while (waitpid(process, &state, 0) < 0) {
        if (errno != EINTR) {
            return ar_fail(err, AR_ERROR_SYSTEM, "cannot wait for %s: %s", name, strerror(errno));
        }
    }
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        char line[512];
        last_message(folder, line, sizeof line);
        return ar_fail(err, AR_ERROR_SYSTEM, "%s %s failed: %s", name,
                       arguments[1] ? arguments[1] : "", line);
    }
    return AR_OK;
}

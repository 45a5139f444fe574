#include "picture/gmt.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { ARGUMENTS_MOST = 32, MESSAGES_LONGEST = 1 << 20 };

static const char messages_name[] = "messages.txt";

bool ar_gmt_installed(void)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t length = strcspn(path, ":");
        char program[PATH_MAX];
        snprintf(program, sizeof program, "%.*s/gmt", (int)length, path);
        if (length > 0 && access(program, X_OK) == 0) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

/* Our variables, then those of the program that are not GMT's own. */
static ar_status make_environment(ar_gmt *gmt, ar_error *err)
{
    size_t count = 0, kept = 0;
    while (environ[count]) {
        count++;
    }
    /* A name of its own keeps the session apart from any other of the same parent process. */
    snprintf(gmt->variables[0], sizeof gmt->variables[0], "GMT_SESSION_NAME=atmorep-%ld",
             (long)getpid());
    snprintf(gmt->variables[1], sizeof gmt->variables[1], "GMT_USERDIR=.");
    snprintf(gmt->variables[2], sizeof gmt->variables[2], "GMT_END_SHOW=off");
    ar_status status = ar_allocate(&gmt->environment, count + 4, sizeof *gmt->environment,
                                   "the environment of GMT", err);
    if (status != AR_OK) {
        return status;
    }
    for (int i = 0; i < 3; i++) {
        gmt->environment[kept++] = gmt->variables[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "GMT_", 4) != 0) {
            gmt->environment[kept++] = environ[i];
        }
    }
    return AR_OK;
}

ar_status ar_gmt_open(ar_gmt *gmt, const char *beside, ar_error *err)
{
    *gmt = (ar_gmt){0};
    char *folder = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&folder, beside, ".map-XXXXXX", err));
    if (!mkdtemp(folder)) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot make a temporary folder here: %s",
                         beside, strerror(errno));
        goto cleanup;
    }
    gmt->folder = folder;
    folder = NULL;
    AR_TRY(make_environment(gmt, err));
cleanup:
    ar_free(folder);
    if (status != AR_OK) {
        ar_gmt_close(gmt);
    }
    return status;
}

static int remove_entry(const char *path, const struct stat *information, int kind,
                        struct FTW *place)
{
    (void)information;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

void ar_gmt_close(ar_gmt *gmt)
{
    if (gmt->folder) {
        nftw(gmt->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    }
    ar_free(gmt->folder);
    ar_free(gmt->environment);
    *gmt = (ar_gmt){0};
}

/* The last line of what GMT wrote, without its newline, into line[size]. */
static void last_message(const ar_gmt *gmt, char *line, size_t size)
{
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    snprintf(line, size, "it told no reason");
    if (ar_path_join(&path, gmt->folder, messages_name, NULL) == AR_OK &&
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
static int start(pid_t *process, const ar_gmt *gmt, char *const *arguments)
{
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed) {
        return failed;
    }
    const int write_flags = O_WRONLY | O_CREAT | O_TRUNC;
    failed = posix_spawn_file_actions_addchdir_np(&actions, gmt->folder);
    failed =
        failed ? failed
               : posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    failed = failed ? failed
                    : posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                                       O_WRONLY, 0);
    failed = failed ? failed
                    : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages_name,
                                                       write_flags, 0666);
    failed =
        failed ? failed : posix_spawnp(process, "gmt", &actions, NULL, arguments, gmt->environment);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

ar_status ar_gmt_run(ar_gmt *gmt, const char *const *arguments, ar_error *err)
{
    char *all[ARGUMENTS_MOST + 2] = {(char[]){"gmt"}};
    for (int i = 0; arguments[i]; i++) {
        if (i == ARGUMENTS_MOST) {
            return ar_fail(err, AR_ERROR_USAGE, "gmt %s: too many arguments", arguments[0]);
        }
        all[i + 1] = (char *)arguments[i]; /* posix_spawn leaves them as they are */
    }
    pid_t process = 0;
    int failed = start(&process, gmt, all);
    if (failed) {
        return ar_fail(err, AR_ERROR_SYSTEM, "cannot start gmt: %s", strerror(failed));
    }
    int state = 0;
    while (waitpid(process, &state, 0) < 0) {
        if (errno != EINTR) {
            return ar_fail(err, AR_ERROR_SYSTEM, "cannot wait for gmt: %s", strerror(errno));
        }
    }
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        char line[512];
        last_message(gmt, line, sizeof line);
        return ar_fail(err, AR_ERROR_SYSTEM, "gmt %s failed: %s", arguments[0], line);
    }
    return AR_OK;
}

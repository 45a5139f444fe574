#include "data/field_find.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

static ar_status add_path(ar_field_files *files, const char *path, ar_error *err)
{
    for (size_t i = 0; i < files->path_count; i++) {
        if (strcmp(files->paths[i], path) == 0) {
            return AR_OK;
        }
    }
    ar_status status = ar_grow(&files->paths, &files->path_capacity, files->path_count + 1,
                               sizeof *files->paths, "paths", err);
    if (status != AR_OK) {
        return status;
    }
    return ar_copy_string(&files->paths[files->path_count++], path, err);
}

static ar_status expand_path(ar_field_files *files, const char *pattern, ar_error *err)
{
    if (ar_source_is_url(pattern) || ar_path_exists(pattern)) {
        return add_path(files, pattern, err);
    }
    if (strstr(pattern, "://")) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: only URLs that begin with http:// or https:// can be read", pattern);
    }
    glob_t matches = {0};
    ar_status status = AR_OK;
    int result = glob(pattern, 0, NULL, &matches);
    if (result == GLOB_NOSPACE) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for the files of %s", pattern);
    } else if (result != 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: there is no such file%s", pattern,
                         strpbrk(pattern, "*?[") ? ", and nothing matches the pattern" : "");
    }
    for (size_t i = 0; status == AR_OK && i < matches.gl_pathc; i++) {
        status = add_path(files, matches.gl_pathv[i], err);
    }
    globfree(&matches);
    return status;
}

static ar_status inspect_file(ar_field_files *files, const char *path, ar_error *err)
{
    char found[256] = "";
    ar_status status = ar_grow(&files->files, &files->file_capacity, files->file_count + 1,
                               sizeof *files->files, "files", err);
    if (status != AR_OK) {
        return status;
    }
    ar_field_file *file = &files->files[files->file_count];
    status = ar_field_file_inspect(file, path, files->request, found, sizeof found, err);
    if (status != AR_OK) {
        return status;
    }
    if (file->match != AR_MATCH_NONE) {
        files->file_count++;
        return AR_OK;
    }
    ar_field_file_release(file);
    size_t used = strlen(files->others);
    snprintf(files->others + used, sizeof files->others - used, "%s%s has %s", used > 0 ? "; " : "",
             path, found);
    return AR_OK;
}

/* A doubtful match is mostly another field. */
static void tell_left_out(const ar_field_files *files, const ar_field_file *file,
                          const ar_field_file *surer)
{
    if (file->match < AR_MATCH_DOUBTFUL) {
        ar_log(AR_LOG_WARNING,
               "%s: variable %s is not taken for field %s, which %s tells more surely by its "
               "variable %s; attributes standard_name that are alike would join them",
               file->path, file->variable, files->request->name, surer->path, surer->variable);
    }
}

/* Where one file is surer than another to hold the field, the other does not count. */
static void keep_best_matches(ar_field_files *files)
{
    ar_name_match best = AR_MATCH_NONE;
    size_t surest = 0;
    for (size_t i = 0; i < files->file_count; i++) {
        surest = files->files[i].match < best ? i : surest;
        best = files->files[i].match < best ? files->files[i].match : best;
    }
    for (size_t i = 0; i < files->file_count; i++) {
        if (files->files[i].match != best) {
            tell_left_out(files, &files->files[i], &files->files[surest]);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < files->file_count; i++) {
        if (files->files[i].match == best) {
            ar_field_file file = files->files[i];
            files->files[i] = (ar_field_file){0};
            files->files[kept++] = file;
        } else {
            ar_field_file_release(&files->files[i]);
        }
    }
    files->file_count = kept;
}

ar_status ar_field_files_find(ar_field_files *files, const char *const *paths, int64_t path_count,
                              const ar_field_request *request, ar_error *err)
{
    *files = (ar_field_files){.request = request};
    ar_status status = AR_OK;
    for (int64_t i = 0; status == AR_OK && i < path_count; i++) {
        status = expand_path(files, paths[i], err);
    }
    for (size_t i = 0; status == AR_OK && i < files->path_count; i++) {
        status = inspect_file(files, files->paths[i], err);
    }
    if (status != AR_OK) {
        return status;
    }
    if (files->file_count == 0 && request->from[0]) {
        return AR_OK;
    }
    if (files->file_count == 0) {
        const char *variable = files->request->variable;
        return ar_fail(err, AR_ERROR_INPUT, "no file holds field %s%s%s%s: %s",
                       files->request->name, variable ? " (variable " : "",
                       variable ? variable : "", variable ? ")" : "",
                       files->path_count > 0 ? files->others : "no file was given");
    }
    keep_best_matches(files);
    return AR_OK;
}

void ar_field_files_release(ar_field_files *files)
{
    for (size_t i = 0; i < files->path_count; i++) {
        ar_free(files->paths[i]);
    }
    for (size_t i = 0; i < files->file_count; i++) {
        ar_field_file_release(&files->files[i]);
    }
    ar_free(files->paths);
    ar_free(files->files);
    *files = (ar_field_files){0};
}

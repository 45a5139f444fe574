#include "picture/figure_folder.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "picture/program.h"

enum { PLAIN_SIZE = 200 };

ar_status ar_figure_folder_open(ar_figure_folder *folder, const char *path, bool png, ar_error *err)
{
    *folder = (ar_figure_folder){.png = png && ar_program_installed("rsvg-convert")};
    ar_status status = AR_OK;
    AR_TRY(ar_folder_make(path, err));
    AR_TRY(ar_copy_string(&folder->path, path, err));
    AR_TRY(ar_folder_make_temporary(&folder->work, path, ".charts", err));
cleanup:
    return status;
}

void ar_figure_folder_close(ar_figure_folder *folder)
{
    if (folder->work) {
        ar_folder_remove(folder->work);
    }
    ar_free(folder->work);
    ar_free(folder->path);
    *folder = (ar_figure_folder){0};
}

void ar_figure_name(char *name, size_t size, const char *text)
{
    size_t at = 0;
    for (; text[at] && at + 1 < size; at++) {
        const bool plain = isalnum((unsigned char)text[at]) || strchr("-_", text[at]) ||
                           (text[at] == '.' && at > 0);
        name[at] = plain ? text[at] : '_';
    }
    name[at] = '\0';
}

static ar_status write_text(const char *path, const char *text, size_t bytes, ar_error *err)
{
    FILE *file = fopen(path, "w");
    bool written = file && fwrite(text, 1, bytes, file) == bytes;
    written = file && fclose(file) == 0 && written;
    return written ? AR_OK
                   : ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write: %s", path, strerror(errno));
}

/* From the work folder to its place. */
static ar_status put_in_place(const ar_figure_folder *folder, const char *file, ar_error *err)
{
    char *made = NULL, *path = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&made, folder->work, file, err));
    AR_TRY(ar_path_join(&path, folder->path, file, err));
    if (rename(made, path) != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot put the chart there: %s", path,
                         strerror(errno));
    }
cleanup:
    ar_free(made);
    ar_free(path);
    return status;
}

/* Twice its natural size, on white, since a PNG cannot follow the reader's wish for dark. */
static ar_status convert(const ar_figure_folder *folder, const char *svg, const char *png,
                         ar_error *err)
{
    const char *const arguments[] = {
        "rsvg-convert", "--zoom=2", "--background-color", "white", "--output", png, svg, NULL};
    return ar_program_run(arguments, folder->work, environ, err);
}

/* The chart as SVG in the work folder. */
static ar_status write_svg(const ar_figure_folder *folder, const char *file, const ar_chart *chart,
                           ar_error *err)
{
    ar_growing_text text = {.err = err};
    char *path = NULL;
    ar_status status = AR_OK;
    ar_chart_add(&text, chart, true);
    AR_TRY(text.status);
    AR_TRY(ar_path_join(&path, folder->work, file, err));
    AR_TRY(write_text(path, text.text, text.length, err));
cleanup:
    ar_free(text.text);
    ar_free(path);
    return status;
}

ar_status ar_figure_write(ar_figure_folder *folder, const char *name, const ar_chart *chart,
                          ar_error *err)
{
    char plain[PLAIN_SIZE], svg[PLAIN_SIZE + 8], png[PLAIN_SIZE + 8];
    ar_error own;
    ar_status status = AR_OK;
    ar_figure_name(plain, sizeof plain, name);
    snprintf(svg, sizeof svg, "%s.svg", plain);
    snprintf(png, sizeof png, "%s.png", plain);
    AR_TRY(write_svg(folder, svg, chart, err));
    if (folder->png && convert(folder, svg, png, &own) != AR_OK) {
        ar_log(AR_LOG_WARNING, "charts are not drawn as PNG: %s", own.message);
        folder->png = false;
    } else if (folder->png) {
        AR_TRY(put_in_place(folder, png, err));
    }
    AR_TRY(put_in_place(folder, svg, err));
cleanup:
    return status;
}

ar_status ar_figure_write_file(ar_figure_folder *folder, const char *file, const ar_chart *chart,
                               ar_error *err)
{
    const bool svg = ar_text_ends_with(file, ".svg");
    ar_status status = AR_OK;
    if (!svg && !folder->png) {
        return ar_fail(err, AR_ERROR_SYSTEM,
                       "a chart becomes a PNG by the program rsvg-convert, which is not installed; "
                       "a .svg needs nothing");
    }
    AR_TRY(write_svg(folder, svg ? file : "chart.svg", chart, err));
    if (!svg) {
        AR_TRY(convert(folder, "chart.svg", file, err));
    }
    AR_TRY(put_in_place(folder, file, err));
cleanup:
    return status;
}

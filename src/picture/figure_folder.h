/* A folder of charts as files: each as SVG, and as PNG where the program rsvg-convert (librsvg) is
 * installed, which is run without a shell as GMT is. */
#ifndef AR_PICTURE_FIGURE_FOLDER_H
#define AR_PICTURE_FIGURE_FOLDER_H

#include "picture/chart.h"

typedef struct {
    char *path;
    char *work; /* a folder inside of it, for what is not whole yet */
    bool png;   /* whether there are to be any */
} ar_figure_folder;

/* Make the folder, if it is not there; `png` false: as SVG alone. Close with
 * ar_figure_folder_close, also after an error. */
AR_USE_RESULT ar_status ar_figure_folder_open(ar_figure_folder *folder, const char *path, bool png,
                                              ar_error *err);
void ar_figure_folder_close(ar_figure_folder *folder); /* safe on a zeroed one */

/* Write NAME.svg and NAME.png, each renamed to its place when it is whole. Letters of `name` that a
 * file's name had better not have become "_". A rsvg-convert that fails is told as a warning, once.
 */
AR_USE_RESULT ar_status ar_figure_write(ar_figure_folder *folder, const char *name,
                                        const ar_chart *chart, ar_error *err);

/* Write one chart as the file of this name: .svg, or .png, for which rsvg-convert has to be
 * installed. */
AR_USE_RESULT ar_status ar_figure_write_file(ar_figure_folder *folder, const char *file,
                                             const ar_chart *chart, ar_error *err);

/* Copy a name so that it can be part of a file's name: letters, digits, ".", "-" and "_". */
void ar_figure_name(char *name, size_t size, const char *text);

#endif

/* Reading a variable of a Zarr store from one end to the other, beside what it cannot be faster
 * than: its files read into a buffer that stays in cache, as cat does, and, where chunks are
 * compressed by Blosc, these unpacked from memory on one thread too. All from the page cache, in
 * alternation; best and median of the rounds.
 *     bench-reading STORE.zarr VARIABLE [ROUNDS] */
#include <blosc.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/source.h"

enum { FILES_MOST = 1 << 16, ROUNDS_MOST = 99, BUFFER = 1 << 17 };

static char *files[FILES_MOST];
static int file_count;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_files(const char *store, const char *variable)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/%s", store, variable);
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry; open_folder && (entry = readdir(open_folder));) {
        if (entry->d_name[0] != '.' && file_count < FILES_MOST &&
            ar_path_join(&files[file_count], folder, entry->d_name, NULL) == AR_OK) {
            file_count++;
        }
    }
    if (open_folder) {
        closedir(open_folder);
    }
    qsort(files, (size_t)file_count, sizeof *files, compare_texts);
}

static double read_as_cat(double *bytes)
{
    static char buffer[BUFFER];
    const double begin = now();
    *bytes = 0;
    for (int i = 0; i < file_count; i++) {
        int descriptor = open(files[i], O_RDONLY);
        for (ssize_t count; (count = read(descriptor, buffer, sizeof buffer)) > 0;) {
            *bytes += (double)count;
        }
        close(descriptor);
    }
    return now() - begin;
}

/* Time for unpacking alone, the files being in memory; 0 where they are not Blosc's. */
static double unpack_alone(void)
{
    double seconds = 0;
    for (int i = 0; i < file_count; i++) {
        char *packed = NULL;
        static char *unpacked;
        static size_t capacity;
        size_t bytes, whole, stored, block;
        if (ar_file_read_whole(files[i], 1 << 30, &packed, &bytes, NULL) != AR_OK || bytes < 16) {
            return 0;
        }
        blosc_cbuffer_sizes(packed, &whole, &stored, &block);
        if (stored != bytes || ar_grow(&unpacked, &capacity, whole, 1, "", NULL) != AR_OK) {
            ar_free(packed);
            return 0;
        }
        const double begin = now();
        if (blosc_decompress_ctx(packed, unpacked, whole, 1) != (int)whole) {
            ar_free(packed);
            return 0;
        }
        seconds += now() - begin;
        ar_free(packed);
    }
    return seconds;
}

/* As the program reads: some chunks of times at once, to the same place. */
static double read_as_program(const char *store, const char *name, double *bytes)
{
    ar_source *source = NULL;
    ar_error err;
    static float *values; /* as months in memory are allocated */
    const double begin = now();
    if (ar_source_open(&source, store, &err) != AR_OK) {
        fprintf(stderr, "bench-reading: %s\n", err.message);
        exit(1);
    }
    const ar_variable *variable = ar_source_find(source, name);
    if (!variable || variable->rank < 3) {
        fprintf(stderr, "bench-reading: %s has no variable %s in time and space\n", store, name);
        exit(1);
    }
    int64_t start[AR_RANK_MAX] = {0}, count[AR_RANK_MAX], slice = 1;
    for (int d = 1; d < variable->rank; d++) {
        count[d] = variable->shape[d];
        slice *= count[d];
    }
    if (!values && ar_allocate_large(&values, (size_t)(variable->chunk[0] * slice), sizeof *values,
                                     "a piece", &err) != AR_OK) {
        fprintf(stderr, "bench-reading: %s\n", err.message);
        exit(1);
    }
    for (start[0] = 0; start[0] < variable->shape[0]; start[0] += variable->chunk[0]) {
        const int64_t left = variable->shape[0] - start[0];
        count[0] = left < variable->chunk[0] ? left : variable->chunk[0];
        if (ar_source_read_float(source, variable, start, count, values, &err) != AR_OK) {
            fprintf(stderr, "bench-reading: %s\n", err.message);
            exit(1);
        }
    }
    *bytes = (double)(variable->shape[0] * slice) * sizeof(float);
    ar_source_close(&source);
    return now() - begin;
}

static int compare_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void tell(const char *what, double *seconds, int rounds, double bytes)
{
    qsort(seconds, (size_t)rounds, sizeof *seconds, compare_numbers);
    printf("%-24s best %.3f s, median %.3f s, %.2f GB/s\n", what, seconds[0], seconds[rounds / 2],
           bytes / seconds[rounds / 2] * 1e-9);
}

int main(int argc, char **argv)
{
    const int rounds = argc > 3 ? atoi(argv[3]) : 7;
    static double cat[ROUNDS_MOST], unpacking[ROUNDS_MOST], reading[ROUNDS_MOST];
    double stored = 0, values = 0;
    if (argc < 3 || rounds < 1 || rounds > ROUNDS_MOST) {
        fprintf(stderr, "usage: bench-reading STORE.zarr VARIABLE [ROUNDS]\n");
        return 2;
    }
    list_files(argv[1], argv[2]);
    read_as_cat(&stored);
    read_as_program(argv[1], argv[2], &values);
    for (int r = 0; r < rounds; r++) {
        cat[r] = read_as_cat(&stored);
        unpacking[r] = unpack_alone();
        reading[r] = read_as_program(argv[1], argv[2], &values);
    }
    printf("%d chunks, %.3g GB stored, %.3g GB of values\n", file_count, stored * 1e-9,
           values * 1e-9);
    tell("files, as cat", cat, rounds, stored);
    if (unpacking[0] > 0) {
        tell("unpacking alone", unpacking, rounds, values);
    }
    tell("the program", reading, rounds, values);
    const double floor_of_time = cat[rounds / 2] + unpacking[rounds / 2];
    printf("ratio of medians: the program reaches %.0f %% of the speed of %s\n",
           100 * floor_of_time / reading[rounds / 2],
           unpacking[0] > 0 ? "both together" : "reading the files");
    return 0;
}

#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "nature/nature_private.h"

/* The start of a restart file, in the byte order of the machine that wrote it: `order` tells. Then
 * come the σ interfaces, the surface geopotential, the state before and the state now, what is
 * there of heating, moistening and gathered precipitation; last a checksum of all before it. */
typedef struct {
    char magic[24];
    uint64_t order;
    int64_t truncation, nlev, steps_per_hour, diffusion_order;
    int64_t held_suarez, humidity, water_cycle, seasonal_cycle, land, start_seconds;
    double diffusion_time, filter, filter_alpha, orography;
    int64_t step;
    double mean_pressure, mass_correction, precipitation_seconds;
} restart_header;

static restart_header describe(const ar_nature *nature)
{
    const ar_nature_settings *s = &nature->settings;
    return (restart_header){.magic = "AtmoRep nature run 2",
                            .order = 0x0102030405060708,
                            .truncation = s->truncation,
                            .nlev = s->nlev,
                            .steps_per_hour = s->steps_per_hour,
                            .diffusion_order = s->diffusion_order,
                            .held_suarez = s->held_suarez,
                            .humidity = s->humidity,
                            .water_cycle = s->water_cycle,
                            .seasonal_cycle = s->seasonal_cycle,
                            .land = s->land,
                            .start_seconds = s->start_seconds,
                            .orography = s->orography,
                            .diffusion_time = s->diffusion_time,
                            .filter = s->filter,
                            .filter_alpha = s->filter_alpha,
                            .step = nature->step,
                            .mean_pressure = nature->mean_pressure,
                            .mass_correction = nature->mass_correction,
                            .precipitation_seconds = nature->precipitation_seconds};
}

/* The parts of a file behind its header; empty ones are not there. */
enum { PARTS = 7 };
typedef struct {
    void *data;
    size_t bytes;
} restart_part;

static size_t list_parts(const ar_nature *nature, restart_part parts[PARTS])
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(nature->dynamics.harmonics);
    const ar_forcing *forcing = &nature->forcing;
    size_t state = ar_spectral_state_size(&nature->now) * sizeof(double complex);
    size_t plane = (size_t)(grid->nlat * grid->nlon) * sizeof(double);
    size_t volume = (size_t)nature->settings.nlev * plane;
    parts[0] =
        (restart_part){nature->dynamics.sigma.half, (nature->settings.nlev + 1) * sizeof(double)};
    parts[1] = (restart_part){nature->dynamics.surface_geopotential,
                              nature->now.count * sizeof(double complex)};
    parts[2] = (restart_part){nature->before.vorticity, state};
    parts[3] = (restart_part){nature->now.vorticity, state};
    parts[4] = (restart_part){forcing->heating, forcing->heating ? volume : 0};
    parts[5] = (restart_part){forcing->moistening, forcing->moistening ? volume : 0};
    parts[6] = (restart_part){nature->precipitation, nature->precipitation ? plane : 0};
    size_t bytes = sizeof(restart_header) + sizeof(uint64_t);
    for (int i = 0; i < PARTS; i++) {
        bytes += parts[i].bytes;
    }
    return bytes;
}

ar_status ar_nature_save(const ar_nature *nature, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    restart_part parts[PARTS];
    size_t bytes = list_parts(nature, parts), at = sizeof(restart_header);
    char *file = NULL;
    restart_header header = describe(nature);
    AR_TRY(ar_allocate(&file, bytes, 1, "restart file", err));
    memcpy(file, &header, sizeof header);
    for (int i = 0; i < PARTS; i++) {
        if (parts[i].bytes > 0) {
            memcpy(file + at, parts[i].data, parts[i].bytes);
        }
        at += parts[i].bytes;
    }
    uint64_t checksum = ar_hash(file, at, 0);
    memcpy(file + at, &checksum, sizeof checksum);
    AR_TRY(ar_file_write_whole(path, file, bytes, err));
cleanup:
    ar_free(file);
    return status;
}

static ar_status check_number(const char *path, const char *name, double found, double expected,
                              ar_error *err)
{
    return found == expected
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT, "%s: was written with %s %g; this run has %g", path,
                         name, found, expected);
}

static ar_status check_header(const ar_nature *nature, const char *path,
                              const restart_header *found, ar_error *err)
{
    ar_status status = AR_OK;
    restart_header wanted = describe(nature);
    if (memcmp(found->magic, wanted.magic, sizeof wanted.magic) != 0 ||
        found->order != wanted.order) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: is no restart file of a nature run of this version and byte order",
                       path);
    }
    AR_TRY(check_number(path, "truncation", found->truncation, wanted.truncation, err));
    AR_TRY(check_number(path, "levels", found->nlev, wanted.nlev, err));
    AR_TRY(check_number(path, "steps an hour", found->steps_per_hour, wanted.steps_per_hour, err));
    AR_TRY(
        check_number(path, "diffusion order", found->diffusion_order, wanted.diffusion_order, err));
    AR_TRY(check_number(path, "diffusion time", found->diffusion_time, wanted.diffusion_time, err));
    AR_TRY(check_number(path, "time filter", found->filter, wanted.filter, err));
    AR_TRY(check_number(path, "alpha", found->filter_alpha, wanted.filter_alpha, err));
    AR_TRY(check_number(path, "forcing", found->held_suarez, wanted.held_suarez, err));
    AR_TRY(check_number(path, "humidity", found->humidity, wanted.humidity, err));
    AR_TRY(check_number(path, "water cycle", found->water_cycle, wanted.water_cycle, err));
    AR_TRY(check_number(path, "seasonal cycle", found->seasonal_cycle, wanted.seasonal_cycle, err));
    AR_TRY(check_number(path, "land", found->land, wanted.land, err));
    AR_TRY(check_number(path, "orography", found->orography, wanted.orography, err));
    AR_TRY(check_number(path, "start in seconds since 1970", found->start_seconds,
                        wanted.start_seconds, err));
    if (found->step < 0 || !(found->mean_pressure > 0)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: step %lld, mean pressure %g Pa; is damaged", path,
                       (long long)found->step, found->mean_pressure);
    }
cleanup:
    return status;
}

ar_status ar_nature_restore(ar_nature *nature, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    restart_part parts[PARTS];
    size_t expected = list_parts(nature, parts), bytes = 0, at = sizeof(restart_header);
    restart_header header;
    char *file = NULL;
    uint64_t checksum;
    AR_TRY(ar_file_read_whole(path, (size_t)1 << 34, &file, &bytes, err));
    if (bytes < sizeof header) {
        status =
            ar_fail(err, AR_ERROR_INPUT, "%s: %zu bytes; a restart file has more", path, bytes);
        goto cleanup;
    }
    memcpy(&header, file, sizeof header);
    AR_TRY(check_header(nature, path, &header, err));
    if (bytes != expected) {
        status =
            ar_fail(err, AR_ERROR_INPUT, "%s: %zu bytes; should be %zu", path, bytes, expected);
        goto cleanup;
    }
    memcpy(&checksum, file + bytes - sizeof checksum, sizeof checksum);
    if (checksum != ar_hash(file, bytes - sizeof checksum, 0)) {
        status =
            ar_fail(err, AR_ERROR_INPUT, "%s: its checksum is wrong; the file is damaged", path);
        goto cleanup;
    }
    if (memcmp(file + at, parts[0].data, parts[0].bytes) != 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: was written with other sigma levels", path);
        goto cleanup;
    }
    for (int i = 0; i < PARTS; i++) {
        if (parts[i].bytes > 0) {
            memcpy(parts[i].data, file + at, parts[i].bytes);
        }
        at += parts[i].bytes;
    }
    nature->step = header.step;
    nature->mean_pressure = header.mean_pressure;
    nature->mass_correction = header.mass_correction;
    nature->precipitation_seconds = header.precipitation_seconds;
cleanup:
    ar_free(file);
    return status;
}

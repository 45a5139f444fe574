#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "nature/nature_private.h"

/* The start of a restart file, in the byte order of the machine that wrote it: `order` tells. Then
 * come the σ interfaces, the surface geopotential, the state before and the state now; last a
 * checksum of all before it. */
typedef struct {
    char magic[24];
    uint64_t order;
    int64_t truncation, nlev, steps_per_hour, diffusion_order, held_suarez;
    double diffusion_time, filter, filter_alpha;
    int64_t step;
    double mean_pressure, mass_correction;
} restart_header;

static restart_header describe(const ar_nature *nature)
{
    const ar_nature_settings *s = &nature->settings;
    return (restart_header){.magic = "AtmoRep nature run 1",
                            .order = 0x0102030405060708,
                            .truncation = s->truncation,
                            .nlev = s->nlev,
                            .steps_per_hour = s->steps_per_hour,
                            .diffusion_order = s->diffusion_order,
                            .held_suarez = s->held_suarez,
                            .diffusion_time = s->diffusion_time,
                            .filter = s->filter,
                            .filter_alpha = s->filter_alpha,
                            .step = nature->step,
                            .mean_pressure = nature->mean_pressure,
                            .mass_correction = nature->mass_correction};
}

/* The parts of a file behind its header. */
enum { PARTS = 4 };
typedef struct {
    void *data;
    size_t bytes;
} restart_part;

static size_t list_parts(const ar_nature *nature, restart_part parts[PARTS])
{
    size_t state = ar_spectral_state_size(&nature->now) * sizeof(double complex);
    parts[0] =
        (restart_part){nature->dynamics.sigma.half, (nature->settings.nlev + 1) * sizeof(double)};
    parts[1] = (restart_part){nature->dynamics.surface_geopotential,
                              nature->now.count * sizeof(double complex)};
    parts[2] = (restart_part){nature->before.vorticity, state};
    parts[3] = (restart_part){nature->now.vorticity, state};
    return sizeof(restart_header) + parts[0].bytes + parts[1].bytes + 2 * state + sizeof(uint64_t);
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
        memcpy(file + at, parts[i].data, parts[i].bytes);
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
        memcpy(parts[i].data, file + at, parts[i].bytes);
        at += parts[i].bytes;
    }
    nature->step = header.step;
    nature->mean_pressure = header.mean_pressure;
    nature->mass_correction = header.mass_correction;
cleanup:
    ar_free(file);
    return status;
}

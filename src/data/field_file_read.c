/* Reading of the wanted times and levels of a file: right to their places where they lie as they
 * are wanted, else a block at a time. */
#include <math.h>

#include "base/memory.h"
#include "data/field_file.h"

/* A part of the variable on its way: the whole horizontal field of some times and levels. */
typedef struct {
    int64_t start[AR_RANK_MAX], count[AR_RANK_MAX];
    int64_t stride[AR_RANK_MAX]; /* of the values read */
    float *values;               /* as read */
    float *slice, *ordered;      /* one time and level, in the file's order and eastward */
    ar_regrid *regrid;           /* NULL: the field has the file's grid */
    int64_t times, levels;       /* that fit into `values` */
} block;

static void set_extent(block *part, const ar_variable *variable, int at, int64_t start,
                       int64_t count)
{
    if (at >= 0) {
        part->start[at] = start;
        part->count[at] = count;
    }
    int64_t stride = 1;
    for (int i = variable->rank - 1; i >= 0; i--) {
        part->stride[i] = stride;
        stride *= part->count[i];
    }
}

/* Of every dimension one element, of the members the wanted one. */
static void take_one_of_each(block *part, const ar_field_file *file, const ar_variable *variable)
{
    for (int i = 0; i < variable->rank; i++) {
        part->start[i] = i == file->member_at ? file->member_index : 0;
        part->count[i] = 1;
    }
}

static int64_t stride_of(const block *part, int at)
{
    return at < 0 ? 0 : part->stride[at];
}

/* Of a value's versions, `stride` apart, the final one, else the next that is not missing. */
static float choose_version(const float *value, int64_t versions, int64_t stride, bool reversed)
{
    float chosen = value[reversed ? (versions - 1) * stride : 0];
    for (int64_t k = 1; k < versions && isnan(chosen); k++) {
        chosen = value[(reversed ? versions - 1 - k : k) * stride];
    }
    return chosen;
}

/* Put one time and level of the block where it belongs. */
static ar_status place_slice(const ar_field_file *file, const block *part, int64_t time,
                             int64_t level, float *out, ar_error *err)
{
    const float *values = part->values + time * stride_of(part, file->time_at) +
                          level * stride_of(part, file->level_at);
    const bool linear = file->values_at >= 0;
    const int64_t along = part->stride[linear ? file->values_at : file->longitude_at];
    const int64_t down = stride_of(part, file->latitude_at);
    const int64_t versions = file->version_at < 0 ? 1 : part->count[file->version_at];
    const int64_t nlon = linear ? file->file_grid.value_count : file->file_grid.order.file_nlon;
    for (int64_t i = 0; i < file->file_grid.value_count / nlon; i++) {
        for (int64_t j = 0; j < nlon; j++) {
            part->slice[i * nlon + j] =
                choose_version(values + i * down + j * along, versions,
                               stride_of(part, file->version_at), file->versions_reversed);
        }
    }
    ar_status status =
        ar_file_grid_place(&file->file_grid, part->regrid, part->slice, part->ordered, out, err);
    return status == AR_OK
               ? AR_OK
               : ar_fail_within(err, status, "%s: variable %s", file->path, file->variable);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A variable that is stored as one piece, which can be read anywhere. */
static bool is_contiguous(const ar_variable *variable)
{
    bool whole = true;
    for (int i = 0; i < variable->rank; i++) {
        whole = whole && variable->chunk[i] >= variable->shape[i];
    }
    return whole;
}

/* Choose how much to read at once: whole chunks in time, so that none is unpacked twice, but no
 * more than some 64 MiB or one chunk; one level where levels are stored apart, else the range of
 * the wanted ones. No more than `span` times are ever asked for. */
static ar_status init_block(block *part, const ar_field_file *file, const ar_variable *variable,
                            int64_t level_range, int64_t span, ar_error *err)
{
    ar_status status;
    const int64_t largest = 1 << 24;
    const size_t slice = (size_t)file->file_grid.value_count;
    size_t size;
    take_one_of_each(part, file, variable);
    if (file->values_at >= 0) {
        part->count[file->values_at] = file->file_grid.value_count;
    } else {
        part->count[file->latitude_at] = file->file_grid.grid.nlat;
        part->count[file->longitude_at] = file->file_grid.order.file_nlon;
    }
    const int64_t versions = file->version_at < 0 ? 1 : variable->shape[file->version_at];
    if (file->version_at >= 0) {
        part->count[file->version_at] = versions;
    }
    bool apart = file->level_at >= 0 && variable->chunk[file->level_at] == 1;
    part->levels = apart ? 1 : level_range;
    if (!ar_size_product(slice, (size_t)part->levels, &size) ||
        !ar_size_product(size, (size_t)versions, &size)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s is too large", file->path,
                       variable->name);
    }
    part->times = 1;
    if (file->time_at >= 0) {
        int64_t chunk = variable->chunk[file->time_at] < 1 ? 1 : variable->chunk[file->time_at];
        int64_t fit = largest / (int64_t)size;
        int64_t cut = !is_contiguous(variable) ? chunk : (fit < 1 ? 1 : fit);
        part->times = smaller(fit >= chunk ? fit / chunk * chunk : cut, file->time_count);
    }
    if (!ar_size_product(size, (size_t)smaller(part->times, span), &size)) {
        size = SIZE_MAX; /* is refused by ar_allocate */
    }
    AR_TRY(ar_allocate(&part->values, size, sizeof(float), "a part of a file", err));
    AR_TRY(ar_allocate(&part->slice, slice, sizeof(float), "a horizontal field", err));
    AR_TRY(ar_allocate(&part->ordered, slice, sizeof(float), "a horizontal field", err));
cleanup:
    return status;
}

/* Read times [first, first + count) of file levels [level, level + part->levels) to their places.
 */
static ar_status read_block(ar_source *source, const ar_variable *variable,
                            const ar_field_file *file, const ar_field_placement *placement,
                            block *part, int64_t first, int64_t count, int64_t level, ar_error *err)
{
    int64_t points = file->grid.nlat * file->grid.nlon;
    set_extent(part, variable, file->level_at, level, part->levels);
    set_extent(part, variable, file->time_at, first, count);
    ar_status status =
        ar_source_read_float(source, variable, part->start, part->count, part->values, err);
    for (int64_t t = 0; status == AR_OK && t < count; t++) {
        int64_t target = placement->time_targets[first + t];
        for (int64_t l = 0; status == AR_OK && target >= 0 && l < placement->level_count; l++) {
            int64_t within = placement->level_indices[l] - level;
            if (within >= 0 && within < part->levels) {
                float *out = placement->values + (target * placement->level_count + l) * points;
                status = place_slice(file, part, t, within, out, err);
            }
        }
    }
    return status;
}

/* Does a time of the variable have the wanted levels beside each other in their order, each as the
 * field has it? */
static bool lies_as_wanted(const ar_field_file *file, const ar_field_placement *placement)
{
    const ar_grid_order *order = &file->file_grid.order;
    bool same = file->values_at < 0 && file->version_at < 0 && !order->latitude_reversed &&
                !order->longitude_reversed && order->longitude_first == 0 &&
                order->file_nlon == file->grid.nlon && file->time_at < file->latitude_at &&
                file->level_at < file->latitude_at && file->latitude_at < file->longitude_at &&
                (file->level_at < 0 || file->time_at < file->level_at);
    for (int64_t l = 1; l < placement->level_count; l++) {
        same = same && placement->level_indices[l] == placement->level_indices[0] + l;
    }
    return same;
}

/* Read such a variable: the wanted times that follow each other in the file and in the field at
 * once. */
static ar_status read_in_place(ar_source *source, const ar_variable *variable,
                               const ar_field_file *file, const ar_field_placement *placement,
                               block *part, ar_error *err)
{
    const int64_t time_values = placement->level_count * file->grid.nlat * file->grid.nlon;
    const int64_t *targets = placement->time_targets;
    ar_status status = AR_OK;
    take_one_of_each(part, file, variable);
    set_extent(part, variable, file->latitude_at, 0, file->grid.nlat);
    set_extent(part, variable, file->longitude_at, 0, file->grid.nlon);
    set_extent(part, variable, file->level_at, placement->level_indices[0], placement->level_count);
    for (int64_t first = 0, end; first < file->time_count && status == AR_OK; first = end) {
        end = first + 1;
        if (targets[first] < 0) {
            continue;
        }
        while (end < file->time_count && targets[end] == targets[first] + end - first) {
            end++;
        }
        set_extent(part, variable, file->time_at, first, end - first);
        status = ar_source_read_float(source, variable, part->start, part->count,
                                      placement->values + targets[first] * time_values, err);
    }
    return status;
}

/* From the first to the last time that is wanted. */
static int64_t span_of(const ar_field_file *file, const ar_field_placement *placement)
{
    int64_t first = 0, end = file->time_count;
    while (first < end && placement->time_targets[first] < 0) {
        first++;
    }
    while (end > first && placement->time_targets[end - 1] < 0) {
        end--;
    }
    return end - first;
}

/* The next block of times with a wanted one in it: [*first, *first + *count). Blocks begin at
 * multiples of their length, where chunks begin. */
static bool find_times(const ar_field_file *file, const ar_field_placement *placement,
                       int64_t block_times, int64_t *first, int64_t *count)
{
    while (*first < file->time_count && placement->time_targets[*first] < 0) {
        (*first)++;
    }
    if (*first >= file->time_count) {
        return false;
    }
    int64_t end = smaller((*first / block_times + 1) * block_times, file->time_count);
    while (placement->time_targets[end - 1] < 0) {
        end--;
    }
    *count = end - *first;
    return true;
}

ar_status ar_field_file_read(const ar_field_file *file, const ar_field_placement *placement,
                             ar_error *err)
{
    ar_status status;
    ar_source *source = NULL;
    block part = {0};
    int64_t lowest = file->level_count, highest = -1;
    for (int64_t l = 0; l < placement->level_count; l++) {
        int64_t level = placement->level_indices[l];
        lowest = level < lowest ? level : lowest;
        highest = level > highest ? level : highest;
    }
    AR_TRY(ar_source_open(&source, file->path, err));
    const ar_variable *variable = ar_source_find(source, file->variable);
    if (!variable || variable->rank < (file->values_at >= 0 ? 1 : 2)) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: variable %s has gone while it was read",
                         file->path, file->variable);
        goto cleanup;
    }
    AR_TRY(ar_file_grid_make_regrid(&file->file_grid, &file->grid, &file->regridding, file->path,
                                    &part.regrid, err));
    if (!part.regrid && lies_as_wanted(file, placement)) {
        status = read_in_place(source, variable, file, placement, &part, err);
        goto cleanup;
    }
    AR_TRY(init_block(&part, file, variable, highest - lowest + 1, span_of(file, placement), err));
    int64_t first = 0, count;
    while (find_times(file, placement, part.times, &first, &count)) {
        if (part.levels == 1) {
            for (int64_t l = 0; l < placement->level_count; l++) {
                AR_TRY(read_block(source, variable, file, placement, &part, first, count,
                                  placement->level_indices[l], err));
            }
        } else {
            AR_TRY(read_block(source, variable, file, placement, &part, first, count, lowest, err));
        }
        first += count;
    }
cleanup:
    ar_free(part.values);
    ar_free(part.slice);
    ar_free(part.ordered);
    ar_regrid_destroy(&part.regrid);
    ar_source_close(&source);
    return status;
}

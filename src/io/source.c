#include "io/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/source_private.h"

ar_status ar_source_add_variable(ar_source *source, const char *name, ar_variable **variable,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    size_t needed = (size_t)source->variable_count + 1;
    AR_TRY(ar_grow(&source->variables, &source->variable_capacity, needed, sizeof(ar_variable),
                   "variables", err));
    AR_TRY(ar_grow(&source->storages, &source->storage_capacity, needed, sizeof(ar_storage),
                   "variables", err));
    ar_variable *added = &source->variables[source->variable_count];
    AR_TRY(ar_copy_string(&added->name, name, err));
    source->variable_count++;
    *variable = added;
cleanup:
    return status;
}

ar_storage *ar_source_last_storage(ar_source *source)
{
    return &source->storages[source->variable_count - 1];
}

ar_status ar_source_set_problem(ar_source *source, const char *problem, ar_error *err)
{
    ar_storage *storage = ar_source_last_storage(source);
    return storage->problem ? AR_OK : ar_copy_string(&storage->problem, problem, err);
}

ar_status ar_source_set_packing(ar_source *source, ar_number_type type, double fill, ar_error *err)
{
    ar_packing *packing = &ar_source_last_storage(source)->packing;
    const ar_variable *variable = &source->variables[source->variable_count - 1];
    ar_error found;
    ar_status status = ar_packing_init(packing, type, variable, &found);
    if (status == AR_OK) {
        status = ar_packing_add_missing(packing, fill, &found);
    }
    return status == AR_OK ? AR_OK : ar_source_set_problem(source, found.message, err);
}

ar_status ar_attribute_set_text(ar_attribute *attribute, const char *name, const char *text,
                                ar_error *err)
{
    ar_status status = AR_OK;
    attribute->kind = AR_VALUE_TEXT;
    AR_TRY(ar_copy_string(&attribute->name, name, err));
    AR_TRY(ar_copy_string(&attribute->text, text, err));
    attribute->count = (int64_t)strlen(text);
cleanup:
    return status;
}

ar_status ar_attribute_set_numbers(ar_attribute *attribute, const char *name, int64_t count,
                                   bool integer, ar_error *err)
{
    ar_status status = AR_OK;
    attribute->kind = AR_VALUE_NUMBER;
    attribute->count = count;
    attribute->integer = integer;
    AR_TRY(ar_copy_string(&attribute->name, name, err));
    AR_TRY(ar_allocate(&attribute->numbers, (size_t)count, sizeof(double), "an attribute", err));
cleanup:
    return status;
}

static void release_attributes(ar_attribute *attributes, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        ar_free(attributes[i].name);
        ar_free(attributes[i].text);
        ar_free(attributes[i].numbers);
    }
    ar_free(attributes);
}

void ar_source_close(ar_source **source)
{
    if (!*source) {
        return;
    }
    ar_source *closed = *source;
    if (closed->reader) {
        closed->reader->close(closed);
    }
    for (int64_t i = 0; i < closed->variable_count; i++) {
        ar_variable *variable = &closed->variables[i];
        release_attributes(variable->attributes, variable->attribute_count);
        for (int d = 0; d < AR_RANK_MAX; d++) {
            ar_free(variable->dimensions[d]);
        }
        ar_free(variable->name);
        ar_free(closed->storages[i].problem);
    }
    release_attributes(closed->attributes, closed->attribute_count);
    ar_free(closed->variables);
    ar_free(closed->storages);
    ar_free(closed->path);
    ar_free(closed);
    *source = NULL;
}

/* "0x1f 0x8b …", with letters where they are letters: what a wrong file starts with. */
static void describe_bytes(const unsigned char *bytes, size_t count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count && used + 6 < size; i++) {
        bool letter = bytes[i] > ' ' && bytes[i] < 127;
        used += (size_t)snprintf(text + used, size - used, letter ? "%s%c" : "%s0x%02x",
                                 i ? " " : "", bytes[i]);
    }
}

static ar_status open_file(ar_source *source, ar_error *err)
{
    FILE *stream = fopen(source->path, "rb");
    if (!stream) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: cannot open: %s", source->path, strerror(errno));
    }
    unsigned char magic[64] = {0}; /* headings of bulletins may stand before a GRIB message */
    size_t count = fread(magic, 1, sizeof magic, stream);
    fclose(stream);
    bool classic = count >= 4 && memcmp(magic, "CDF", 3) == 0 &&
                   (magic[3] == 1 || magic[3] == 2 || magic[3] == 5);
    if (classic || (count >= 8 && memcmp(magic, "\x89HDF\r\n\x1a\n", 8) == 0)) {
        return ar_netcdf_open(source, err);
    }
    if (memmem(magic, count, "GRIB", 4)) {
        return ar_grib_open(source, err);
    }
    if (count == 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: is empty", source->path);
    }
    char found[64];
    describe_bytes(magic, count < 8 ? count : 8, found, sizeof found);
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: starts with the bytes \"%s\"; read are netCDF-3, netCDF-4 and GRIB files "
                   "and Zarr groups (folders)",
                   source->path, found);
}

bool ar_source_is_url(const char *path)
{
    return ar_text_begins_with(path, "http://") || ar_text_begins_with(path, "https://");
}

ar_status ar_source_open(ar_source **source, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    *source = NULL;
    ar_source *opened = NULL;
    AR_TRY(ar_allocate(&opened, 1, sizeof *opened, "a source", err));
    AR_TRY(ar_copy_string(&opened->path, path, err));
    AR_TRY(ar_source_is_url(path) || ar_path_is_folder(path) ? ar_zarr_open(opened, err)
                                                             : open_file(opened, err));
    *source = opened;
    opened = NULL;
cleanup:
    ar_source_close(&opened);
    return status;
}

const char *ar_source_path(const ar_source *source)
{
    return source->path;
}

const char *ar_source_format(const ar_source *source)
{
    return source->format;
}

int64_t ar_source_variable_count(const ar_source *source)
{
    return source->variable_count;
}

const ar_variable *ar_source_variable(const ar_source *source, int64_t index)
{
    return index >= 0 && index < source->variable_count ? &source->variables[index] : NULL;
}

const ar_variable *ar_source_find(const ar_source *source, const char *name)
{
    for (int64_t i = 0; i < source->variable_count; i++) {
        if (strcmp(source->variables[i].name, name) == 0) {
            return &source->variables[i];
        }
    }
    return NULL;
}

const char *ar_source_problem(const ar_source *source, const ar_variable *variable)
{
    return source->storages[variable - source->variables].problem;
}

int64_t ar_source_attribute_count(const ar_source *source)
{
    return source->attribute_count;
}

const ar_attribute *ar_source_attribute(const ar_source *source, int64_t index)
{
    return index >= 0 && index < source->attribute_count ? &source->attributes[index] : NULL;
}

static const ar_attribute *find_attribute(const ar_source *source, const ar_variable *variable,
                                          const char *name)
{
    const ar_attribute *attributes = variable ? variable->attributes : source->attributes;
    int64_t count = variable ? variable->attribute_count : source->attribute_count;
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(attributes[i].name, name) == 0) {
            return &attributes[i];
        }
    }
    return NULL;
}

const char *ar_source_text(const ar_source *source, const ar_variable *variable, const char *name)
{
    const ar_attribute *attribute = find_attribute(source, variable, name);
    return attribute && attribute->kind == AR_VALUE_TEXT ? attribute->text : NULL;
}

bool ar_source_number(const ar_source *source, const ar_variable *variable, const char *name,
                      double *number)
{
    const ar_attribute *attribute = find_attribute(source, variable, name);
    bool found = attribute && attribute->kind == AR_VALUE_NUMBER;
    if (found) {
        *number = attribute->number;
    }
    return found;
}

static ar_status check_hyperslab(const ar_source *source, const ar_variable *variable,
                                 const int64_t *start, const int64_t *count, bool *empty,
                                 ar_error *err)
{
    size_t elements = sizeof(double);
    *empty = false;
    for (int d = 0; d < variable->rank; d++) {
        int64_t end;
        if (start[d] < 0 || count[d] < 0 || __builtin_add_overflow(start[d], count[d], &end) ||
            end > variable->shape[d]) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: variable %s: %lld elements from %lld on along dimension %d (%s) "
                           "are asked for, it has %lld",
                           source->path, variable->name, (long long)count[d], (long long)start[d],
                           d, variable->dimensions[d], (long long)variable->shape[d]);
        }
        *empty |= count[d] == 0;
        if (!ar_size_product(elements, (size_t)count[d], &elements)) {
            return ar_fail(err, AR_ERROR_USAGE, "%s: variable %s: too many elements for one read",
                           source->path, variable->name);
        }
    }
    return AR_OK;
}

static ar_status read_values(ar_source *source, const ar_variable *variable, const int64_t *start,
                             const int64_t *count, ar_values values, ar_error *err)
{
    if (variable < source->variables || variable >= source->variables + source->variable_count) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: this variable belongs to another source",
                       source->path);
    }
    int64_t index = variable - source->variables;
    if (!variable->readable) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s has type %s, which is not a number",
                       source->path, variable->name, variable->type);
    }
    if (source->storages[index].problem) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s", source->path,
                       source->storages[index].problem);
    }
    bool empty;
    ar_status status = check_hyperslab(source, variable, start, count, &empty, err);
    if (status != AR_OK || empty) {
        return status;
    }
    return source->reader->read(source, index, start, count, values, err);
}

ar_status ar_source_read_float(ar_source *source, const ar_variable *variable, const int64_t *start,
                               const int64_t *count, float *values, ar_error *err)
{
    return read_values(source, variable, start, count, (ar_values){.floats = values}, err);
}

ar_status ar_source_read_double(ar_source *source, const ar_variable *variable,
                                const int64_t *start, const int64_t *count, double *values,
                                ar_error *err)
{
    return read_values(source, variable, start, count, (ar_values){.doubles = values}, err);
}

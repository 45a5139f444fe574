/* netCDF-3 and netCDF-4 files behind ar_source, by netcdf-c. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <netcdf.h>

#include "base/memory.h"
#include "io/netcdf_private.h"
#include "io/source_private.h"

/* Largest piece read at once, and largest chunk cache of one variable, in bytes. */
static const size_t piece_bytes = (size_t)8 << 20;
static const size_t cache_bytes_max = (size_t)256 << 20;

enum { DEPTH_MAX = 8 };

typedef struct {
    int group, id;
    bool cache_set;
} place;

typedef struct {
    int id; /* of the file */
    bool open;
    place *places; /* beside the source's variables */
    size_t place_capacity;
} netcdf_file;

static ar_status check(int code, const ar_source *source, const char *what, ar_error *err)
{
    if (code == NC_NOERR) {
        return AR_OK;
    }
    return ar_fail(err, code == NC_ENOMEM ? AR_ERROR_MEMORY : AR_ERROR_INPUT, "%s: %s: %s",
                   source->path, what, nc_strerror(code));
}

static bool number_type(nc_type type, ar_number_type *number)
{
    static const struct {
        nc_type type;
        ar_number_kind kind;
        int bytes;
    } known[] = {{NC_BYTE, AR_NUMBER_SIGNED, 1},    {NC_UBYTE, AR_NUMBER_UNSIGNED, 1},
                 {NC_SHORT, AR_NUMBER_SIGNED, 2},   {NC_USHORT, AR_NUMBER_UNSIGNED, 2},
                 {NC_INT, AR_NUMBER_SIGNED, 4},     {NC_UINT, AR_NUMBER_UNSIGNED, 4},
                 {NC_INT64, AR_NUMBER_SIGNED, 8},   {NC_UINT64, AR_NUMBER_UNSIGNED, 8},
                 {NC_FLOAT, AR_NUMBER_FLOATING, 4}, {NC_DOUBLE, AR_NUMBER_FLOATING, 8}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].type == type) {
            *number = (ar_number_type){.kind = known[i].kind, .bytes = known[i].bytes};
            return true;
        }
    }
    return false;
}

static void name_type(nc_type type, char name[8])
{
    ar_number_type number;
    if (number_type(type, &number)) {
        static const char kinds[] = {'i', 'u', 'f'};
        char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
        snprintf(name, 8, "%c%c%d", number.bytes == 1 ? '|' : order, kinds[number.kind],
                 number.bytes);
    } else {
        snprintf(name, 8, "%s", type == NC_CHAR ? "|S1" : type == NC_STRING ? "|O" : "|V");
    }
}

static ar_status read_text(const ar_source *source, int group, int variable, const char *name,
                           size_t length, ar_attribute *attribute, ar_error *err)
{
    ar_status status = AR_OK;
    char *text = NULL;
    AR_TRY(ar_allocate(&text, length + 1, 1, "an attribute", err));
    AR_TRY(check(nc_get_att_text(group, variable, name, text), source, name, err));
    AR_TRY(ar_attribute_set_text(attribute, name, text, err));
cleanup:
    ar_free(text);
    return status;
}

static ar_status read_strings(const ar_source *source, int group, int variable, const char *name,
                              size_t length, ar_attribute *attribute, ar_error *err)
{
    ar_status status = AR_OK;
    char **strings = NULL;
    bool filled = false;
    AR_TRY(ar_allocate(&strings, length, sizeof *strings, "an attribute", err));
    AR_TRY(check(nc_get_att_string(group, variable, name, strings), source, name, err));
    filled = true;
    AR_TRY(ar_attribute_set_text(attribute, name, length && strings[0] ? strings[0] : "", err));
cleanup:
    if (filled) {
        nc_free_string(length, strings);
    }
    ar_free(strings);
    return status;
}

static ar_status read_attribute(const ar_source *source, int group, int variable, int number,
                                ar_attribute *attribute, ar_error *err)
{
    ar_status status = AR_OK;
    char name[NC_MAX_NAME + 1] = "";
    nc_type type;
    size_t length;
    AR_TRY(check(nc_inq_attname(group, variable, number, name), source, "an attribute", err));
    AR_TRY(check(nc_inq_att(group, variable, name, &type, &length), source, name, err));
    ar_number_type form;
    if (number_type(type, &form)) {
        AR_TRY(ar_attribute_set_numbers(attribute, name, (int64_t)length,
                                        form.kind != AR_NUMBER_FLOATING, err));
        AR_TRY(
            check(length ? nc_get_att_double(group, variable, name, attribute->numbers) : NC_NOERR,
                  source, name, err));
        attribute->number = length ? attribute->numbers[0] : 0;
    } else if (type == NC_CHAR) {
        AR_TRY(read_text(source, group, variable, name, length, attribute, err));
    } else if (type == NC_STRING) {
        AR_TRY(read_strings(source, group, variable, name, length, attribute, err));
    } else {
        AR_TRY(ar_attribute_set_text(attribute, name, "(a value of a user-defined type)", err));
    }
cleanup:
    return status;
}

static ar_status read_attributes(const ar_source *source, int group, int variable, int number,
                                 ar_attribute **attributes, int64_t *count, ar_error *err)
{
    *count = 0;
    ar_status status =
        ar_allocate(attributes, (size_t)number, sizeof **attributes, "attributes", err);
    for (int i = 0; i < number && status == AR_OK; i++) {
        status = read_attribute(source, group, variable, i, &(*attributes)[(*count)++], err);
    }
    return status;
}

static ar_status read_dimensions(const ar_source *source, place at, ar_variable *variable,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    int dimensions[NC_MAX_VAR_DIMS];
    AR_TRY(check(nc_inq_vardimid(at.group, at.id, dimensions), source, variable->name, err));
    for (int d = 0; d < variable->rank; d++) {
        char name[NC_MAX_NAME + 1];
        size_t length;
        AR_TRY(
            check(nc_inq_dim(at.group, dimensions[d], name, &length), source, variable->name, err));
        AR_TRY(ar_copy_string(&variable->dimensions[d], name, err));
        variable->shape[d] = (int64_t)length;
        variable->chunk[d] = (int64_t)length;
    }
    int storage = NC_CONTIGUOUS;
    size_t chunk[NC_MAX_VAR_DIMS];
    if (nc_inq_var_chunking(at.group, at.id, &storage, chunk) == NC_NOERR &&
        storage == NC_CHUNKED) {
        for (int d = 0; d < variable->rank; d++) {
            variable->chunk[d] = (int64_t)chunk[d];
        }
    }
cleanup:
    return status;
}

/* Values never written have the default fill value, where the file says nothing else (NetCDF User's
 * Guide, "Fill Values"); taken for floating numbers only, where it is surely no measurement. */
static double default_fill(const ar_variable *variable, nc_type type)
{
    for (int64_t i = 0; i < variable->attribute_count; i++) {
        if (strcmp(variable->attributes[i].name, "_FillValue") == 0) {
            return NAN;
        }
    }
    return type == NC_FLOAT ? (double)NC_FILL_FLOAT : type == NC_DOUBLE ? NC_FILL_DOUBLE : NAN;
}

static ar_status add_variable(ar_source *source, const char *prefix, int group, int id,
                              ar_error *err)
{
    ar_status status = AR_OK;
    netcdf_file *file = source->state;
    ar_variable *variable = NULL;
    char name[NC_MAX_NAME + 1], full_name[DEPTH_MAX * (NC_MAX_NAME + 1)];
    nc_type type;
    int rank, attribute_count;
    AR_TRY(check(nc_inq_var(group, id, name, &type, &rank, NULL, &attribute_count), source,
                 "a variable", err));
    snprintf(full_name, sizeof full_name, "%s%s", prefix, name);
    if (rank > AR_RANK_MAX) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s has %d dimensions, at most %d are read", source->path, name,
                       rank, AR_RANK_MAX);
    }
    AR_TRY(ar_grow(&file->places, &file->place_capacity, (size_t)source->variable_count + 1,
                   sizeof(place), "variables", err));
    place at = {.group = group, .id = id};
    file->places[source->variable_count] = at;
    AR_TRY(ar_source_add_variable(source, full_name, &variable, err));
    variable->rank = rank;
    name_type(type, variable->type);
    AR_TRY(read_dimensions(source, at, variable, err));
    AR_TRY(read_attributes(source, group, id, attribute_count, &variable->attributes,
                           &variable->attribute_count, err));
    ar_number_type number;
    variable->readable = number_type(type, &number);
    if (variable->readable) {
        AR_TRY(ar_source_set_packing(source, number, default_fill(variable, type), err));
    }
cleanup:
    return status;
}

static ar_status add_group(ar_source *source, int group, const char *prefix, int depth,
                           ar_error *err)
{
    ar_status status = AR_OK;
    int count, *children = NULL;
    AR_TRY(check(nc_inq_nvars(group, &count), source, "cannot be listed", err));
    for (int id = 0; id < count; id++) {
        AR_TRY(add_variable(source, prefix, group, id, err));
    }
    AR_TRY(check(nc_inq_grps(group, &count, NULL), source, "groups cannot be listed", err));
    if (count == 0 || depth >= DEPTH_MAX - 1) {
        return AR_OK;
    }
    AR_TRY(ar_allocate(&children, (size_t)count, sizeof *children, "groups", err));
    AR_TRY(check(nc_inq_grps(group, &count, children), source, "groups cannot be listed", err));
    for (int i = 0; i < count; i++) {
        char name[NC_MAX_NAME + 1], inner[DEPTH_MAX * (NC_MAX_NAME + 1)];
        AR_TRY(check(nc_inq_grpname(children[i], name), source, "a group has no name", err));
        snprintf(inner, sizeof inner, "%s%s/", prefix, name);
        AR_TRY(add_group(source, children[i], inner, depth + 1, err));
    }
cleanup:
    ar_free(children);
    return status;
}

/* Keep all chunks that one index of the first dimension touches, so that reading slab by slab
 * decompresses each chunk once. Not being able to is no error. */
static void set_chunk_cache(const ar_variable *variable, place *at, int number_bytes)
{
    int storage = NC_CONTIGUOUS;
    at->cache_set = true;
    if (nc_inq_var_chunking(at->group, at->id, &storage, NULL) != NC_NOERR ||
        storage != NC_CHUNKED) {
        return;
    }
    size_t bytes = (size_t)number_bytes, chunks = 1;
    for (int d = 0; d < variable->rank; d++) {
        size_t along = d == 0 ? 1 : (size_t)((variable->shape[d] - 1) / variable->chunk[d] + 1);
        if (!ar_size_product(bytes, (size_t)variable->chunk[d], &bytes) ||
            !ar_size_product(bytes, along, &bytes)) {
            return;
        }
        chunks *= along;
    }
    size_t wanted = bytes < cache_bytes_max ? bytes : cache_bytes_max;
    size_t present, slots;
    float preemption;
    if (nc_get_var_chunk_cache(at->group, at->id, &present, &slots, &preemption) == NC_NOERR &&
        wanted > present) {
        /* HDF5 asks for about a hundred slots a chunk, and few collisions are enough here */
        nc_set_var_chunk_cache(at->group, at->id, wanted, 10 * chunks + 1, preemption);
    }
}

/* Chunks that are read whole are not asked for again by the next piece. */
static bool takes_whole_chunks(const ar_variable *variable, const size_t *from,
                               const size_t *length)
{
    for (int d = 0; d < variable->rank; d++) {
        const size_t chunk = variable->chunk[d] > 0 ? (size_t)variable->chunk[d] : 1;
        const bool to_the_end = from[d] + length[d] == (size_t)variable->shape[d];
        if (from[d] % chunk != 0 || (length[d] % chunk != 0 && !to_the_end)) {
            return false;
        }
    }
    return true;
}

/* Read along the first dimension in pieces of bounded size; floats that are stored as they are come
 * right to their places. */
static ar_status read_locked(ar_source *source, int64_t index, const int64_t *start,
                             const int64_t *count, ar_values values, ar_error *err)
{
    ar_status status = AR_OK;
    netcdf_file *file = source->state;
    const ar_variable *variable = &source->variables[index];
    const ar_packing *packing = &source->storages[index].packing;
    place *at = &file->places[index];
    void *raw = NULL;
    size_t from[AR_RANK_MAX] = {0}, length[AR_RANK_MAX] = {0};
    int64_t row = 1, rows = variable->rank ? count[0] : 1;
    for (int d = 0; d < variable->rank; d++) {
        from[d] = (size_t)start[d];
        length[d] = (size_t)count[d];
        row *= d ? count[d] : 1;
    }
    int64_t at_once = (int64_t)piece_bytes / packing->type.bytes / row;
    at_once = at_once < 1 ? 1 : at_once < rows ? at_once : rows;
    const bool in_place = values.floats && ar_packing_is_plain(packing);
    if (!in_place) {
        AR_TRY(ar_allocate(&raw, (size_t)(at_once * row), (size_t)packing->type.bytes,
                           "a piece of a variable", err));
    }
    for (int64_t first = 0; first < rows; first += at_once) {
        int64_t now = rows - first < at_once ? rows - first : at_once;
        if (variable->rank) {
            from[0] = (size_t)(start[0] + first);
            length[0] = (size_t)now;
        }
        if (!at->cache_set && !takes_whole_chunks(variable, from, length)) {
            set_chunk_cache(variable, at, packing->type.bytes);
        }
        void *to = in_place ? values.floats + first * row : raw;
        AR_TRY(
            check(nc_get_vara(at->group, at->id, from, length, to), source, variable->name, err));
        if (in_place) {
            ar_unpack_in_place(packing, to, now * row);
        } else {
            ar_unpack(packing, raw, now * row, values, first * row);
        }
    }
cleanup:
    ar_free(raw);
    return status;
}

static ar_status read_netcdf(ar_source *source, int64_t index, const int64_t *start,
                             const int64_t *count, ar_values values, ar_error *err)
{
    ar_netcdf_lock();
    ar_status status = read_locked(source, index, start, count, values, err);
    ar_netcdf_unlock();
    return status;
}

static void close_netcdf(ar_source *source)
{
    netcdf_file *file = source->state;
    if (!file) {
        return;
    }
    if (file->open) {
        ar_netcdf_lock();
        nc_close(file->id);
        ar_netcdf_unlock();
    }
    ar_free(file->places);
    ar_free(file);
    source->state = NULL;
}

static ar_status open_locked(ar_source *source, ar_error *err)
{
    ar_status status = AR_OK;
    netcdf_file *file = source->state;
    int attribute_count, format;
    AR_TRY(check(nc_open(source->path, NC_NOWRITE, &file->id), source,
                 "cannot be opened as netCDF (is it truncated or not netCDF-4 but other HDF5?)",
                 err));
    file->open = true;
    AR_TRY(check(nc_inq_format(file->id, &format), source, "has no format", err));
    source->format = format == NC_FORMAT_NETCDF4 || format == NC_FORMAT_NETCDF4_CLASSIC
                         ? "netCDF-4"
                         : "netCDF-3";
    AR_TRY(check(nc_inq_natts(file->id, &attribute_count), source, "attributes", err));
    AR_TRY(read_attributes(source, file->id, NC_GLOBAL, attribute_count, &source->attributes,
                           &source->attribute_count, err));
    AR_TRY(add_group(source, file->id, "", 0, err));
cleanup:
    return status;
}

ar_status ar_netcdf_open(ar_source *source, ar_error *err)
{
    static const ar_source_reader reader = {.read = read_netcdf, .close = close_netcdf};
    ar_status status = AR_OK;
    source->reader = &reader;
    AR_TRY(ar_netcdf_check_length(source->path, err));
    AR_TRY(ar_allocate(&source->state, 1, sizeof(netcdf_file), "a netCDF file", err));
    ar_netcdf_lock();
    status = open_locked(source, err);
    ar_netcdf_unlock();
cleanup:
    return status;
}

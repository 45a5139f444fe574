#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include <netcdf.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/netcdf_private.h"
#include "io/writer_private.h"

typedef struct {
    ar_writer base;
    ar_atomic_file file;
    int id;
    bool open, defining;
} netcdf_writer;

/* HDF5 says no more than "HDF error" when the disk is full: look whether it is. */
static const char *reason(const netcdf_writer *writer, int code)
{
    struct statvfs disk;
    if (code == NC_EHDFERR && statvfs(writer->file.temporary_path, &disk) == 0 &&
        (disk.f_bavail == 0 || disk.f_favail == 0)) {
        return "no space left on the disk";
    }
    return nc_strerror(code);
}

static ar_status check(int code, const netcdf_writer *writer, const char *what, const char *name,
                       ar_error *err)
{
    if (code == NC_NOERR) {
        return AR_OK;
    }
    return ar_fail(err, code == NC_ENOMEM ? AR_ERROR_MEMORY : AR_ERROR_SYSTEM,
                   "%s: cannot %s %s: %s", writer->file.path, what, name, reason(writer, code));
}

static ar_status add_dimension(ar_writer *base, const char *name, int64_t length, ar_error *err)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    int id;
    ar_netcdf_lock();
    int code = nc_def_dim(writer->id, name, length < 0 ? NC_UNLIMITED : (size_t)length, &id);
    ar_netcdf_unlock();
    return check(code, writer, "define dimension", name, err);
}

static nc_type type_of(ar_writer_type type)
{
    static const nc_type types[] = {[AR_WRITER_FLOAT] = NC_FLOAT,
                                    [AR_WRITER_DOUBLE] = NC_DOUBLE,
                                    [AR_WRITER_INT64] = NC_INT64,
                                    [AR_WRITER_INT32] = NC_INT,
                                    [AR_WRITER_INT16] = NC_SHORT};
    return types[type];
}

/* Whole fields are read at once: a chunk is one time and all the rest. A dimension that still grows
 * has no whole. */
static int define_storage(int file, int id, const ar_writer_variable *variable,
                          const size_t *lengths)
{
    size_t chunk[AR_WRITER_RANK_MAX];
    for (int d = 0; d < variable->rank; d++) {
        bool single = strcmp(variable->dimensions[d], "time") == 0 || lengths[d] == 0;
        chunk[d] = single ? 1 : lengths[d];
        size_t wanted = (size_t)variable->chunk[d];
        if (wanted > 0) {
            chunk[d] = lengths[d] > 0 && wanted > lengths[d] ? lengths[d] : wanted;
        }
    }
    int code = nc_def_var_chunking(file, id, NC_CHUNKED, chunk);
    if (code == NC_NOERR && variable->compress > 0) {
        code = nc_def_var_deflate(file, id, 1, 1, variable->compress);
    }
    if (code == NC_NOERR && variable->type == AR_WRITER_FLOAT) {
        float missing = NAN;
        code = nc_def_var_fill(file, id, NC_FILL, &missing);
    }
    return code;
}

static int define_variable(netcdf_writer *writer, const ar_writer_variable *variable)
{
    int dimensions[AR_WRITER_RANK_MAX], id;
    size_t lengths[AR_WRITER_RANK_MAX];
    int code = NC_NOERR;
    for (int d = 0; d < variable->rank && code == NC_NOERR; d++) {
        code = nc_inq_dimid(writer->id, variable->dimensions[d], &dimensions[d]);
        if (code == NC_NOERR) {
            code = nc_inq_dimlen(writer->id, dimensions[d], &lengths[d]);
        }
    }
    if (code == NC_NOERR) {
        code = nc_def_var(writer->id, variable->name, type_of(variable->type), variable->rank,
                          dimensions, &id);
    }
    if (code == NC_NOERR && variable->rank > 1) {
        code = define_storage(writer->id, id, variable, lengths);
    }
    return code;
}

static ar_status add_variable(ar_writer *base, const ar_writer_variable *variable, ar_error *err)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    ar_netcdf_lock();
    int code = define_variable(writer, variable);
    ar_netcdf_unlock();
    return check(code, writer, "define variable", variable->name, err);
}

static int find_variable(const netcdf_writer *writer, const char *variable, int *id)
{
    *id = NC_GLOBAL;
    return variable ? nc_inq_varid(writer->id, variable, id) : NC_NOERR;
}

static ar_status put_text(ar_writer *base, const char *variable, const char *name, const char *text,
                          ar_error *err)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    int id;
    ar_netcdf_lock();
    int code = find_variable(writer, variable, &id);
    if (code == NC_NOERR) {
        code = nc_put_att_text(writer->id, id, name, strlen(text), text);
    }
    ar_netcdf_unlock();
    return check(code, writer, "write attribute", name, err);
}

static ar_status put_number(ar_writer *base, const char *variable, const char *name, double number,
                            ar_error *err)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    int id;
    nc_type type = NC_DOUBLE;
    ar_netcdf_lock();
    int code = find_variable(writer, variable, &id);
    if (code == NC_NOERR && variable && ar_writer_has_type_of_variable(name)) {
        code = nc_inq_vartype(writer->id, id, &type);
    }
    if (code == NC_NOERR) {
        code = nc_put_att_double(writer->id, id, name, type, 1, &number);
    }
    ar_netcdf_unlock();
    return check(code, writer, "write attribute", name, err);
}

static int write_locked(netcdf_writer *writer, const char *variable, const int64_t *start,
                        const int64_t *count, const void *values)
{
    int id, rank = 0;
    size_t from[NC_MAX_VAR_DIMS] = {0}, length[NC_MAX_VAR_DIMS] = {0};
    int code = NC_NOERR;
    if (writer->defining) {
        code = nc_enddef(writer->id);
        writer->defining = code != NC_NOERR;
    }
    if (code == NC_NOERR) {
        code = nc_inq_varid(writer->id, variable, &id);
    }
    if (code == NC_NOERR) {
        code = nc_inq_varndims(writer->id, id, &rank);
    }
    for (int d = 0; d < rank && code == NC_NOERR; d++) {
        if (start[d] < 0 || count[d] < 0) {
            return NC_EINVALCOORDS;
        }
        from[d] = (size_t)start[d];
        length[d] = (size_t)count[d];
    }
    return code == NC_NOERR ? nc_put_vara(writer->id, id, from, length, values) : code;
}

static ar_status write_values(ar_writer *base, const char *variable, const int64_t *start,
                              const int64_t *count, const void *values, ar_error *err)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    ar_netcdf_lock();
    int code = write_locked(writer, variable, start, count, values);
    ar_netcdf_unlock();
    return check(code, writer, "write variable", variable, err);
}

static ar_status commit(ar_writer *base, ar_error *err)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    ar_netcdf_lock();
    int code = nc_close(writer->id);
    ar_netcdf_unlock();
    writer->open = false;
    ar_status status = check(code, writer, "finish", "the file", err);
    return status == AR_OK ? ar_atomic_file_commit(&writer->file, err) : status;
}

static void destroy(ar_writer *base)
{
    netcdf_writer *writer = (netcdf_writer *)base;
    if (writer->open) {
        ar_netcdf_lock();
        nc_abort(writer->id);
        ar_netcdf_unlock();
    }
    ar_atomic_file_abandon(&writer->file);
    ar_free(writer);
}

static const ar_writer_format format = {.add_dimension = add_dimension,
                                        .add_variable = add_variable,
                                        .put_text = put_text,
                                        .put_number = put_number,
                                        .write = write_values,
                                        .commit = commit,
                                        .destroy = destroy};

ar_status ar_netcdf_writer_create(ar_writer **writer, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    netcdf_writer *created = NULL;
    AR_TRY(ar_allocate(&created, 1, sizeof *created, "a netCDF writer", err));
    AR_TRY(ar_atomic_file_reserve(&created->file, path, err));
    ar_netcdf_lock();
    int code = nc_create(created->file.temporary_path, NC_NETCDF4 | NC_CLOBBER, &created->id);
    ar_netcdf_unlock();
    AR_TRY(check(code, created, "create", "the file", err));
    created->open = created->defining = true;
    created->base = (ar_writer){.format = &format, .path = created->file.path};
    *writer = &created->base;
    created = NULL;
cleanup:
    if (created) {
        destroy(&created->base);
    }
    return status;
}

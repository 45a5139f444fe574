#include "io/netcdf_writer.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include <netcdf.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/netcdf_private.h"

struct ar_netcdf_writer {
    ar_atomic_file file;
    int id;
    bool open, defining;
};

enum { WRITTEN_RANK_MAX = 8 };

/* HDF5 says no more than "HDF error" when the disk is full: look whether it is. */
static const char *reason(const ar_netcdf_writer *writer, int code)
{
    struct statvfs disk;
    if (code == NC_EHDFERR && statvfs(writer->file.temporary_path, &disk) == 0 &&
        (disk.f_bavail == 0 || disk.f_favail == 0)) {
        return "no space left on the disk";
    }
    return nc_strerror(code);
}

static ar_status check(int code, const ar_netcdf_writer *writer, const char *what, const char *name,
                       ar_error *err)
{
    if (code == NC_NOERR) {
        return AR_OK;
    }
    return ar_fail(err, code == NC_ENOMEM ? AR_ERROR_MEMORY : AR_ERROR_SYSTEM,
                   "%s: cannot %s %s: %s", writer->file.path, what, name, reason(writer, code));
}

ar_status ar_netcdf_writer_create(ar_netcdf_writer **writer, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    *writer = NULL;
    ar_netcdf_writer *created = NULL;
    AR_TRY(ar_allocate(&created, 1, sizeof *created, "a netCDF writer", err));
    /* netCDF-C says "Permission denied" where the folder is not there; opening tells the reason */
    AR_TRY(ar_atomic_file_open(&created->file, path, err));
    fclose(created->file.stream);
    created->file.stream = NULL;
    ar_netcdf_lock();
    int code = nc_create(created->file.temporary_path, NC_NETCDF4 | NC_CLOBBER, &created->id);
    ar_netcdf_unlock();
    AR_TRY(check(code, created, "create", "the file", err));
    created->open = created->defining = true;
    *writer = created;
    created = NULL;
cleanup:
    ar_netcdf_writer_abandon(&created);
    return status;
}

ar_status ar_netcdf_writer_add_dimension(ar_netcdf_writer *writer, const char *name, int64_t length,
                                         ar_error *err)
{
    if (length == 0 || length < -1) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: dimension %s: length %lld is not positive or -1",
                       writer->file.path, name, (long long)length);
    }
    int id;
    ar_netcdf_lock();
    int code = nc_def_dim(writer->id, name, length < 0 ? NC_UNLIMITED : (size_t)length, &id);
    ar_netcdf_unlock();
    return check(code, writer, "define dimension", name, err);
}

static nc_type type_of(ar_netcdf_type type)
{
    return type == AR_NETCDF_FLOAT ? NC_FLOAT : type == AR_NETCDF_DOUBLE ? NC_DOUBLE : NC_INT;
}

/* Whole fields are read at once: a chunk is one time and all the rest. A dimension that still grows
 * has no whole. */
static int define_storage(int file, int id, const ar_netcdf_variable *variable,
                          const size_t *lengths)
{
    size_t chunk[WRITTEN_RANK_MAX];
    for (int d = 0; d < variable->rank; d++) {
        bool single = strcmp(variable->dimensions[d], "time") == 0 || lengths[d] == 0;
        chunk[d] = single ? 1 : lengths[d];
    }
    int code = nc_def_var_chunking(file, id, NC_CHUNKED, chunk);
    if (code == NC_NOERR && variable->compress > 0) {
        code = nc_def_var_deflate(file, id, 1, 1, variable->compress);
    }
    if (code == NC_NOERR && variable->type == AR_NETCDF_FLOAT) {
        float missing = NAN;
        code = nc_def_var_fill(file, id, NC_FILL, &missing);
    }
    return code;
}

static int define_variable(ar_netcdf_writer *writer, const ar_netcdf_variable *variable)
{
    int dimensions[WRITTEN_RANK_MAX], id;
    size_t lengths[WRITTEN_RANK_MAX];
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

ar_status ar_netcdf_writer_add_variable(ar_netcdf_writer *writer,
                                        const ar_netcdf_variable *variable, ar_error *err)
{
    if (variable->rank < 0 || variable->rank > WRITTEN_RANK_MAX || variable->compress < 0 ||
        variable->compress > 9) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: variable %s: rank %d (0 to %d) or compression %d (0 to 9) is wrong",
                       writer->file.path, variable->name, variable->rank, WRITTEN_RANK_MAX,
                       variable->compress);
    }
    ar_netcdf_lock();
    int code = define_variable(writer, variable);
    ar_netcdf_unlock();
    return check(code, writer, "define variable", variable->name, err);
}

static int find_variable(const ar_netcdf_writer *writer, const char *variable, int *id)
{
    *id = NC_GLOBAL;
    return variable ? nc_inq_varid(writer->id, variable, id) : NC_NOERR;
}

ar_status ar_netcdf_writer_put_text(ar_netcdf_writer *writer, const char *variable,
                                    const char *name, const char *text, ar_error *err)
{
    int id;
    ar_netcdf_lock();
    int code = find_variable(writer, variable, &id);
    if (code == NC_NOERR) {
        code = nc_put_att_text(writer->id, id, name, strlen(text), text);
    }
    ar_netcdf_unlock();
    return check(code, writer, "write attribute", name, err);
}

/* CF 2.5.1: these have the type of their variable. */
static bool has_type_of_variable(const char *name)
{
    static const char *const names[] = {"_FillValue", "missing_value", "valid_min", "valid_max"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

ar_status ar_netcdf_writer_put_number(ar_netcdf_writer *writer, const char *variable,
                                      const char *name, double number, ar_error *err)
{
    int id;
    nc_type type = NC_DOUBLE;
    ar_netcdf_lock();
    int code = find_variable(writer, variable, &id);
    if (code == NC_NOERR && variable && has_type_of_variable(name)) {
        code = nc_inq_vartype(writer->id, id, &type);
    }
    if (code == NC_NOERR) {
        code = nc_put_att_double(writer->id, id, name, type, 1, &number);
    }
    ar_netcdf_unlock();
    return check(code, writer, "write attribute", name, err);
}

static int write_locked(ar_netcdf_writer *writer, const char *variable, const int64_t *start,
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

ar_status ar_netcdf_writer_write(ar_netcdf_writer *writer, const char *variable,
                                 const int64_t *start, const int64_t *count, const void *values,
                                 ar_error *err)
{
    ar_netcdf_lock();
    int code = write_locked(writer, variable, start, count, values);
    ar_netcdf_unlock();
    return check(code, writer, "write variable", variable, err);
}

ar_status ar_netcdf_writer_commit(ar_netcdf_writer **writer, ar_error *err)
{
    ar_netcdf_writer *finished = *writer;
    *writer = NULL;
    ar_netcdf_lock();
    int code = nc_close(finished->id);
    ar_netcdf_unlock();
    finished->open = false;
    ar_status status = check(code, finished, "finish", "the file", err);
    if (status == AR_OK) {
        status = ar_atomic_file_commit(&finished->file, err);
    }
    ar_netcdf_writer_abandon(&finished);
    return status;
}

void ar_netcdf_writer_abandon(ar_netcdf_writer **writer)
{
    if (!*writer) {
        return;
    }
    if ((*writer)->open) {
        ar_netcdf_lock();
        nc_abort((*writer)->id);
        ar_netcdf_unlock();
    }
    ar_atomic_file_abandon(&(*writer)->file);
    ar_free(*writer);
    *writer = NULL;
}

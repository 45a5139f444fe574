/* The arrays of a Zarr group that is being written: types, fill values, codecs, lengths of chunks
 * and shards. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/zarr_writer_private.h"

/* Chunks along an unlimited dimension of what has no other: a coordinate of one value a time must
 * not become one file a time. */
enum { CHUNK_ALONG_TIME = 1024 };

/* Without the byte order. */
static const char *const type_names[] = {[AR_WRITER_FLOAT] = "f4",
                                         [AR_WRITER_DOUBLE] = "f8",
                                         [AR_WRITER_INT64] = "i8",
                                         [AR_WRITER_INT32] = "i4",
                                         [AR_WRITER_INT16] = "i2"};

static int64_t choose_chunk(const ar_zarr_dimension *dimension, const ar_writer_variable *variable,
                            int d)
{
    if (variable->chunk[d] > 0) {
        return !dimension->unlimited && variable->chunk[d] > dimension->length ? dimension->length
                                                                               : variable->chunk[d];
    }
    if (variable->rank == 1) {
        return dimension->unlimited ? CHUNK_ALONG_TIME : dimension->length;
    }
    return dimension->unlimited || strcmp(dimension->name, "time") == 0 ? 1 : dimension->length;
}

/* Whole chunks, no more of them than the dimension needs. */
static int64_t choose_shard(const ar_zarr_dimension *dimension, const ar_writer_variable *variable,
                            int d, int64_t chunk)
{
    int64_t needed =
        dimension->length > 0 ? (dimension->length - 1) / chunk * chunk + chunk : chunk;
    if (variable->shard[d] == 0) {
        return chunk;
    }
    return !dimension->unlimited && variable->shard[d] > needed ? needed : variable->shard[d];
}

/* Choose the lengths of chunks and shards along each dimension. */
static ar_status set_grid(const ar_zarr_writer *writer, ar_zarr_written *written,
                          const ar_writer_variable *variable, ar_error *err)
{
    ar_zarr_array *array = &written->array;
    array->chunk_bytes = written->object_bytes = (size_t)array->type.bytes;
    for (int d = 0; d < variable->rank; d++) {
        written->dimension[d] = ar_zarr_writer_find_dimension(writer, variable->dimensions[d]);
        if (written->dimension[d] < 0) {
            return ar_fail(err, AR_ERROR_USAGE, "%s: variable %s: there is no dimension %s",
                           writer->base.path, variable->name, variable->dimensions[d]);
        }
        const ar_zarr_dimension *dimension = &writer->dimensions[written->dimension[d]];
        array->chunk[d] = choose_chunk(dimension, variable, d);
        array->object[d] = writer->version == 3
                               ? choose_shard(dimension, variable, d, array->chunk[d])
                               : array->chunk[d];
        array->sharded |= writer->version == 3 && variable->shard[d] > 0;
        if (array->object[d] % array->chunk[d] != 0) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: variable %s: a shard of length %lld along %s; should be a multiple "
                           "of the chunk's %lld",
                           writer->base.path, variable->name, (long long)array->object[d],
                           dimension->name, (long long)array->chunk[d]);
        }
        if (!ar_size_product(array->chunk_bytes, (size_t)array->chunk[d], &array->chunk_bytes) ||
            !ar_size_product(written->object_bytes, (size_t)array->object[d],
                             &written->object_bytes) ||
            ar_zarr_encoded_bound(written->object_bytes) == 0) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: variable %s: a %s has 2 GiB or more; give it smaller ones",
                           writer->base.path, variable->name, array->sharded ? "shard" : "chunk");
        }
    }
    return AR_OK;
}

/* Version 3 has a fill value always. */
ar_status ar_zarr_writer_set_array(const ar_zarr_writer *writer, ar_zarr_written *written,
                                   const ar_writer_variable *variable, ar_error *err)
{
    ar_zarr_array *array = &written->array;
    const char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>';
    bool floating = variable->type == AR_WRITER_FLOAT || variable->type == AR_WRITER_DOUBLE;
    *array = (ar_zarr_array){.rank = variable->rank,
                             .is_number = true,
                             .separator = '.',
                             .key_has_prefix = writer->version == 3,
                             .index_has_checksum = true,
                             .has_fill = floating || writer->version == 3,
                             .fill = floating ? NAN : 0};
    snprintf(array->type_name, sizeof array->type_name, "%c%s", order, type_names[variable->type]);
    ar_number_type_parse(&array->type, array->type_name);
    if (variable->compress > 0) {
        bool zstd = variable->codec == AR_WRITER_ZSTD;
        ar_zarr_add_codec(array, (ar_zarr_codec){.kind = zstd ? AR_ZARR_ZSTD : AR_ZARR_BLOSC});
    }
    written->checksum = variable->checksum && writer->version == 3;
    if (written->checksum) {
        ar_zarr_add_codec(array, (ar_zarr_codec){.kind = AR_ZARR_CRC32C});
    }
    return set_grid(writer, written, variable, err);
}

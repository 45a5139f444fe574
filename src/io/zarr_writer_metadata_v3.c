/* The metadata files of a Zarr v3 group (https://zarr-specs.readthedocs.io/en/latest/v3/core/), and
 * all of them again in the root's, as zarr-python's consolidate_metadata writes it. */
#include "io/zarr_writer_private.h"

/* {"name": NAME, "configuration": {}}, added to `list` or, where that is no list, as its member
 * `key`. NULL when memory is short, else the configuration. */
static cJSON *add_extension(cJSON *list, const char *key, const char *name)
{
    cJSON *extension = cJSON_CreateObject();
    bool added = extension && (cJSON_IsArray(list) ? cJSON_AddItemToArray(list, extension)
                                                   : cJSON_AddItemToObject(list, key, extension));
    if (!added) {
        cJSON_Delete(extension);
        return NULL;
    }
    return cJSON_AddStringToObject(extension, "name", name)
               ? cJSON_AddObjectToObject(extension, "configuration")
               : NULL;
}

static bool add_bytes(cJSON *codecs)
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    return cJSON_AddStringToObject(add_extension(codecs, NULL, "bytes"), "endian",
                                   little ? "little" : "big");
}

static bool add_compressor(cJSON *codecs, const ar_zarr_written *variable)
{
    if (variable->codec == AR_WRITER_ZSTD) {
        cJSON *zstd = add_extension(codecs, NULL, "zstd");
        return cJSON_AddNumberToObject(zstd, "level", variable->level) &&
               cJSON_AddFalseToObject(zstd, "checksum");
    }
    cJSON *blosc = add_extension(codecs, NULL, "blosc");
    return cJSON_AddStringToObject(blosc, "cname", ar_zarr_codec_name(variable->codec)) &&
           cJSON_AddNumberToObject(blosc, "clevel", variable->level) &&
           cJSON_AddStringToObject(blosc, "shuffle", "shuffle") &&
           cJSON_AddNumberToObject(blosc, "typesize", variable->array.type.bytes) &&
           cJSON_AddNumberToObject(blosc, "blocksize", 0);
}

static bool add_chunk_codecs(cJSON *codecs, const ar_zarr_written *variable)
{
    return add_bytes(codecs) && (variable->level == 0 || add_compressor(codecs, variable)) &&
           (!variable->checksum || add_extension(codecs, NULL, "crc32c"));
}

/* The index of a shard is little-endian whatever the machine. */
static bool add_codecs(cJSON *codecs, const ar_zarr_written *variable)
{
    const ar_zarr_array *array = &variable->array;
    if (!array->sharded) {
        return add_chunk_codecs(codecs, variable);
    }
    cJSON *sharding = add_extension(codecs, NULL, "sharding_indexed");
    cJSON *inner = cJSON_AddArrayToObject(sharding, "codecs");
    cJSON *index = cJSON_AddArrayToObject(sharding, "index_codecs");
    return inner && index && add_chunk_codecs(inner, variable) &&
           cJSON_AddStringToObject(add_extension(index, NULL, "bytes"), "endian", "little") &&
           add_extension(index, NULL, "crc32c") &&
           ar_zarr_json_add_lengths(sharding, "chunk_shape", array->chunk, array->rank) &&
           cJSON_AddStringToObject(sharding, "index_location", "end");
}

static bool add_dimension_names(cJSON *object, const ar_zarr_writer *writer,
                                const ar_zarr_written *variable)
{
    cJSON *names = cJSON_AddArrayToObject(object, "dimension_names");
    bool added = names;
    for (int d = 0; d < variable->array.rank && added; d++) {
        const char *name = writer->dimensions[variable->dimension[d]].name;
        added = cJSON_AddItemToArray(names, cJSON_CreateString(name));
    }
    return added;
}

static bool fill_array(cJSON *object, const ar_zarr_writer *writer, const ar_zarr_written *variable)
{
    static const char *const types[] = {[AR_WRITER_FLOAT] = "float32",
                                        [AR_WRITER_DOUBLE] = "float64",
                                        [AR_WRITER_INT64] = "int64",
                                        [AR_WRITER_INT32] = "int32",
                                        [AR_WRITER_INT16] = "int16"};
    const ar_zarr_array *array = &variable->array;
    return cJSON_AddNumberToObject(object, "zarr_format", 3) &&
           cJSON_AddStringToObject(object, "node_type", "array") &&
           ar_zarr_json_add_lengths(object, "shape", array->shape, array->rank) &&
           cJSON_AddStringToObject(object, "data_type", types[variable->type]) &&
           ar_zarr_json_add_lengths(add_extension(object, "chunk_grid", "regular"), "chunk_shape",
                                    array->object, array->rank) &&
           cJSON_AddStringToObject(add_extension(object, "chunk_key_encoding", "default"),
                                   "separator", ".") &&
           ar_zarr_json_add_fill(object, array) &&
           add_codecs(cJSON_AddArrayToObject(object, "codecs"), variable) &&
           ar_zarr_json_add(object, "attributes", cJSON_Duplicate(variable->attributes, true)) &&
           add_dimension_names(object, writer, variable);
}

static bool fill_group(cJSON *object, const ar_zarr_writer *writer)
{
    return cJSON_AddNumberToObject(object, "zarr_format", 3) &&
           cJSON_AddStringToObject(object, "node_type", "group") &&
           ar_zarr_json_add(object, "attributes", cJSON_Duplicate(writer->attributes, true));
}

/* Write the metadata of a variable and add them to those of `all`. */
static ar_status describe_variable(ar_zarr_writer *writer, const ar_zarr_written *variable,
                                   cJSON *all, ar_error *err)
{
    cJSON *array = cJSON_AddObjectToObject(all, variable->name);
    return fill_array(array, writer, variable)
               ? ar_zarr_writer_store_json(writer, variable, "zarr.json", array, err)
               : ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s/%s", writer->base.path,
                         variable->name);
}

ar_status ar_zarr_writer_describe_v3(ar_zarr_writer *writer, ar_error *err)
{
    ar_status status = AR_OK;
    cJSON *root = cJSON_CreateObject();
    bool filled = fill_group(root, writer);
    cJSON *consolidated = cJSON_AddObjectToObject(root, "consolidated_metadata");
    cJSON *all = cJSON_AddObjectToObject(consolidated, "metadata");
    if (!filled || !all || !cJSON_AddStringToObject(consolidated, "kind", "inline") ||
        !cJSON_AddFalseToObject(consolidated, "must_understand")) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s", writer->base.path);
        goto cleanup;
    }
    for (size_t v = 0; v < writer->variable_count; v++) {
        AR_TRY(describe_variable(writer, &writer->variables[v], all, err));
    }
    AR_TRY(ar_zarr_writer_store_json(writer, NULL, "zarr.json", root, err));
cleanup:
    cJSON_Delete(root);
    return status;
}

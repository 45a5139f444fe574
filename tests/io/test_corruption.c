/* Damaged bytes end in an error or in numbers, never in a crash or an access outside of the buffers
 * (the sanitizer build sees those). Everything is derived from fixed seeds. */
#include "fixtures.h"

#include <blosc.h>
#include <zlib.h>
#include <zstd.h>

#include "base/random.h"
#include "io/json.h"
#include "io/netcdf_private.h"
#include "io/safetensors.h"
#include "io/zarr_codec.h"

enum { ROWS = 12, COLUMNS = 10, CHUNK_BYTES = ROWS * COLUMNS * 4, ENCODED_MAX = 4096 };

typedef struct {
    const char *label;
    ar_zarr_codec codecs[2];
    int codec_count;
    unsigned char bytes[ENCODED_MAX];
    size_t length;
    bool checked; /* the format has a checksum over all of the content */
} encoding;

static void set_codec(encoding *e, ar_zarr_codec_kind kind)
{
    e->codecs[e->codec_count++] = (ar_zarr_codec){.kind = kind};
}

static void make_chunk(float chunk[ROWS * COLUMNS])
{
    ar_random stream = {.seed = 5, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        /* smooth and noisy by turns, so that matches and literals both occur */
        chunk[i] = i % 20 < 10 ? (float)(i / 4) : (float)ar_random_normal(&stream);
    }
}

static void encode_blosc(encoding *e, const char *compressor, int shuffle, int level,
                         const float *chunk)
{
    e->label = compressor;
    set_codec(e, AR_ZARR_BLOSC);
    int length = blosc_compress_ctx(level, shuffle, 4, CHUNK_BYTES, chunk, e->bytes, ENCODED_MAX,
                                    compressor, 0, 1);
    assert_true(length > 0);
    e->length = (size_t)length;
}

static void encode_zlib(encoding *e, int window_bits, const float *chunk)
{
    e->label = window_bits > 15 ? "gzip" : "zlib";
    set_codec(e, window_bits > 15 ? AR_ZARR_GZIP : AR_ZARR_ZLIB);
    e->checked = true;
    z_stream stream = {.next_in = (Bytef *)chunk,
                       .avail_in = CHUNK_BYTES,
                       .next_out = e->bytes,
                       .avail_out = ENCODED_MAX};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    e->length = ENCODED_MAX - stream.avail_out;
    deflateEnd(&stream);
}

static int make_encodings(encoding *all, const float *chunk)
{
    static const char *const inner[] = {"blosclz", "lz4", "lz4hc", "zlib", "zstd", "snappy"};
    int count = 0;
    for (int i = 0; i < 6; i++) {
        for (int shuffle = 0; shuffle < 3; shuffle++) {
            if (blosc_compname_to_compcode(inner[i]) >= 0) {
                encode_blosc(&all[count++], inner[i], shuffle, 5, chunk);
            }
        }
    }
    encode_blosc(&all[count++], "lz4", 1, 0, chunk); /* a copy with a header */
    encode_zlib(&all[count++], 15, chunk);
    encode_zlib(&all[count++], 31, chunk);
    encoding *e = &all[count++];
    e->label = "zstd itself";
    set_codec(e, AR_ZARR_ZSTD);
    e->length = ZSTD_compress(e->bytes, ENCODED_MAX, chunk, CHUNK_BYTES, 3);
    assert_false(ZSTD_isError(e->length));
    e = &all[count++];
    e->label = "none";
    memcpy(e->bytes, chunk, CHUNK_BYTES);
    e->length = CHUNK_BYTES;
    /* the codec crc32c of Zarr v3 around another one and alone */
    for (int plain = 0; plain < 2; plain++) {
        e = &all[count];
        *e = all[count - 2];
        count++;
        e->label = plain ? "none, crc32c" : "zstd, crc32c";
        e->checked = true;
        set_codec(e, AR_ZARR_CRC32C);
        ar_zarr_append_crc32c((char *)e->bytes, e->length);
        e->length += AR_ZARR_CRC32C_BYTES;
    }
    return count;
}

/* Decode a copy of exactly this length into memory of exactly the right length. */
static ar_status decode(const encoding *e, const unsigned char *bytes, size_t length,
                        unsigned char *chunk)
{
    const ar_zarr_array array = {.rank = 2,
                                 .shape = {ROWS, COLUMNS},
                                 .chunk = {ROWS, COLUMNS},
                                 .is_number = true,
                                 .chunk_bytes = CHUNK_BYTES,
                                 .codec_count = e->codec_count,
                                 .codecs = {e->codecs[0], e->codecs[1]}};
    unsigned char *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    ar_error err = {""};
    ar_status status = ar_zarr_decode(&array, copy, length, chunk, "chunk", &err);
    assert_true(status == AR_OK || status == AR_ERROR_INPUT);
    assert_true(status == AR_OK || strncmp(err.message, "chunk: ", 7) == 0);
    free(copy);
    return status;
}

static void damaged_chunks(void **state)
{
    (void)state;
    static encoding all[32];
    float right[ROWS * COLUMNS];
    make_chunk(right);
    int count = make_encodings(all, right);
    unsigned char *chunk = malloc(CHUNK_BYTES);
    ar_random stream = {.seed = 9, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < count; i++) {
        encoding *e = &all[i];
        assert_int_equal(decode(e, e->bytes, e->length, chunk), AR_OK);
        assert_memory_equal(chunk, right, CHUNK_BYTES);
        for (size_t length = 0; length < e->length; length++) {
            if (decode(e, e->bytes, length, chunk) == AR_OK) {
                fail_msg("%s: %zu of %zu bytes decode", e->label, length, e->length);
            }
        }
        for (size_t at = 0; at < e->length; at++) {
            unsigned char kept = e->bytes[at];
            for (int bit = 0; bit < 8; bit++) {
                e->bytes[at] = kept ^ (unsigned char)(1 << bit);
                ar_status status = decode(e, e->bytes, e->length, chunk);
                /* a checksum leaves no wrong numbers: an error, or a header bit without meaning */
                assert_true(!e->checked || status != AR_OK ||
                            memcmp(chunk, right, CHUNK_BYTES) == 0);
            }
            e->bytes[at] = kept;
        }
        for (int repeat = 0; repeat < 2000; repeat++) {
            unsigned char bytes[ENCODED_MAX];
            memcpy(bytes, e->bytes, e->length);
            for (int64_t changes = 1 + ar_random_below(&stream, 8); changes > 0; changes--) {
                bytes[ar_random_below(&stream, (int64_t)e->length)] =
                    (unsigned char)ar_random_bits(&stream);
            }
            (void)decode(e, bytes, e->length, chunk);
        }
    }
    free(chunk);
}

/* Call `check` with every shorter text and with bytes replaced by those that mean something. */
static void damage_text(const char *text, size_t length,
                        void (*check)(const char *text, size_t length))
{
    static const char replacements[] = "\"{}[]:,-0e9N\\ \x01\xff";
    char *damaged = malloc(length + 1);
    for (size_t short_length = 0; short_length <= length; short_length++) {
        char *exact = malloc(short_length ? short_length : 1);
        memcpy(exact, text, short_length);
        check(exact, short_length);
        free(exact);
    }
    for (size_t at = 0; at < length; at++) {
        for (size_t r = 0; r < sizeof replacements; r++) {
            memcpy(damaged, text, length);
            damaged[at] = replacements[r];
            check(damaged, length);
        }
    }
    free(damaged);
}

static void check_metadata(const char *text, size_t length)
{
    cJSON *json = NULL;
    ar_zarr_array array;
    ar_error err;
    ar_status status = ar_json_parse(&json, text, length, "text", &err);
    if (status == AR_OK) {
        status = ar_zarr_array_parse_v2(&array, json, "text", &err);
    }
    assert_true(status == AR_OK || status == AR_ERROR_INPUT);
    assert_true(status != AR_OK || (array.rank >= 0 && array.rank <= AR_RANK_MAX));
    cJSON_Delete(json);
}

static void damaged_metadata(void **state)
{
    (void)state;
    static const char text[] =
        "{\"zarr_format\": 2, \"shape\": [6, 5], \"chunks\": [2, 5], \"dtype\": \"<f4\", "
        "\"compressor\": {\"id\": \"blosc\", \"cname\": \"lz4\", \"clevel\": 5, \"shuffle\": 1}, "
        "\"filters\": [{\"id\": \"shuffle\", \"elementsize\": 4}], \"fill_value\": NaN, "
        "\"order\": \"C\", \"dimension_separator\": \"/\"}";
    damage_text(text, sizeof text - 1, check_metadata);
}

static char damaged_path[128];

static void check_safetensors(const char *text, size_t length)
{
    ar_safetensors *file = NULL;
    ar_error err;
    FILE *stream = fopen(damaged_path, "wb");
    assert_int_equal(fwrite(text, 1, length, stream), length);
    fclose(stream);
    ar_status status = ar_safetensors_open(&file, damaged_path, &err);
    assert_true(status == AR_OK || status == AR_ERROR_INPUT);
    for (int64_t i = 0; status == AR_OK && i < ar_safetensors_count(file); i++) {
        const ar_safetensor *tensor = ar_safetensors_get(file, i);
        double *values = malloc((size_t)tensor->count * sizeof *values + 1);
        assert_int_equal(ar_safetensors_read_double(file, tensor, values, &err), AR_OK);
        free(values);
    }
    ar_safetensors_close(&file);
}

static void damaged_safetensors(void **state)
{
    (void)state;
    char folder[64], *content;
    size_t length;
    ar_error err;
    const float values[4] = {1, 2, 3, 4};
    const ar_safetensor tensors[2] = {
        {.name = "a", .dtype = AR_DTYPE_F32, .rank = 2, .shape = {2, 2}, .data = values},
        {.name = "b", .dtype = AR_DTYPE_U8, .rank = 1, .shape = {3}, .data = values}};
    const ar_metadata metadata = {"k", "v"};
    make_folder(folder);
    snprintf(damaged_path, sizeof damaged_path, "%s/a.safetensors", folder);
    assert_int_equal(ar_safetensors_write(damaged_path, tensors, 2, &metadata, 1, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(damaged_path, 4096, &content, &length, &err), AR_OK);
    damage_text(content, length, check_safetensors);
    ar_free(content);
    remove_folder(folder);
}

static void check_netcdf_header(const char *text, size_t length)
{
    ar_error err;
    FILE *stream = fopen(damaged_path, "wb");
    assert_int_equal(fwrite(text, 1, length, stream), length);
    fclose(stream);
    ar_status status = ar_netcdf_check_length(damaged_path, &err);
    assert_true(status == AR_OK || status == AR_ERROR_INPUT);
}

static void damaged_netcdf_headers(void **state)
{
    (void)state;
    /* The header of the format specification's own example (NetCDF User's Guide, "Examples"): one
     * dimension `dim` of 5, one variable `vx` of short, values 3 1 4 1 5 from byte 80 on. */
    static const unsigned char example[] = {
        'C', 'D', 'F', 1,   0, 0, 0,  0, 0, 0, 0,  10, 0, 0, 0, 1, 0,  0, 0, 3, 'd', 'i',  'm',
        0,   0,   0,   0,   5, 0, 0,  0, 0, 0, 0,  0,  0, 0, 0, 0, 11, 0, 0, 0, 1,   0,    0,
        0,   2,   'v', 'x', 0, 0, 0,  0, 0, 1, 0,  0,  0, 0, 0, 0, 0,  0, 0, 0, 0,   0,    0,
        0,   0,   3,   0,   0, 0, 12, 0, 0, 0, 80, 0,  3, 0, 1, 0, 4,  0, 1, 0, 5,   0x80, 1};
    char folder[64];
    make_folder(folder);
    snprintf(damaged_path, sizeof damaged_path, "%s/a.nc", folder);
    ar_error err;
    assert_int_equal(ar_file_write_whole(damaged_path, example, sizeof example, &err), AR_OK);
    assert_int_equal(ar_netcdf_check_length(damaged_path, &err), AR_OK);
    ar_source *source = NULL;
    double values[5];
    assert_int_equal(ar_source_open(&source, damaged_path, &err), AR_OK);
    assert_int_equal(read_whole(source, ar_source_find(source, "vx"), values, &err), AR_OK);
    assert_true(values[0] == 3 && values[2] == 4 && values[4] == 5);
    ar_source_close(&source);
    assert_int_equal(ar_file_write_whole(damaged_path, example, 89, &err), AR_OK);
    assert_int_equal(ar_netcdf_check_length(damaged_path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "has 89 bytes, its header says 90"));
    damage_text((const char *)example, sizeof example, check_netcdf_header);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_chunks),
        cmocka_unit_test(damaged_metadata),
        cmocka_unit_test(damaged_safetensors),
        cmocka_unit_test(damaged_netcdf_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

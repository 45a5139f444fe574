/* The reader of Zarr v3 against stores written by the specification alone in Python (zarr_v3.py):
 * every type, codec and layout of shards, fill values, keys, and what is wrong. Values are equal to
 * the bit. */
#include "fixtures.h"

#include "base/random.h"
#include "io/crc32c.h"
#include "io/zarr_codec.h"

static void check_checksums(uint32_t (*checksum)(const void *data, size_t bytes))
{
    /* RFC 3720, appendix B.4 */
    unsigned char bytes[48];
    memset(bytes, 0, 32);
    assert_int_equal(checksum(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(checksum(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) {
        bytes[i] = (unsigned char)i;
    }
    assert_int_equal(checksum(bytes, 32), 0x46dd794e);
    for (int i = 0; i < 32; i++) {
        bytes[i] = (unsigned char)(31 - i);
    }
    assert_int_equal(checksum(bytes, 32), 0x113fdb5c);
    static const unsigned char scsi_read[48] = {
        0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
    assert_int_equal(checksum(scsi_read, 48), 0xd9963a56);
    /* the check value of the catalogues, and lengths that are no multiple of eight: of every start
     * and length the whole is what its definition says, bit by bit */
    assert_int_equal(checksum("123456789", 9), 0xe3069283);
    assert_int_equal(checksum("", 0), 0);
    for (int start = 0; start < 9; start++) {
        for (int length = 0; length + start <= 48; length++) {
            uint32_t remainder = 0xffffffff;
            for (int i = 0; i < length; i++) {
                remainder ^= scsi_read[start + i];
                for (int bit = 0; bit < 8; bit++) {
                    remainder = remainder >> 1 ^ (remainder & 1 ? 0x82f63b78 : 0);
                }
            }
            assert_int_equal(checksum(scsi_read + start, (size_t)length), ~remainder);
        }
    }
}

static void checksums_of_rfc_3720(void **state)
{
    (void)state;
    check_checksums(ar_crc32c);
    check_checksums(ar_crc32c_by_tables);
}

static void types_codecs_shards_fills_and_errors(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    make_fixtures("zarr3", folder, "");
    /* 21 types × 8 lists of codecs × 3 layouts are 504 arrays; special and wrong ones follow */
    assert_true(check_manifest(folder) > 640);
    ar_source *source = NULL;
    ar_error err;
    snprintf(path, sizeof path, "%s/zoo.zarr", folder);
    assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
    assert_string_equal(ar_source_format(source), "Zarr v3");
    assert_string_equal(ar_source_text(source, NULL, "title"), "version 3");
    const ar_variable *variable = ar_source_find(source, "zstd-f4be-end");
    assert_string_equal(variable->type, ">f4");
    assert_string_equal(variable->dimensions[1], "x");
    assert_int_equal(variable->chunk[1], 3);
    /* of a shard with a wrong chunk the others can be read */
    ar_source_close(&source);
    snprintf(path, sizeof path, "%s/wrong.zarr", folder);
    assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
    variable = ar_source_find(source, "chunk-checksum");
    float values[24];
    static const int64_t start[2] = {4, 0}, beside[2] = {4, 3}, count[2] = {4, 3};
    assert_int_equal(ar_source_read_float(source, variable, start, count, values, &err), AR_OK);
    assert_int_equal(ar_source_read_float(source, variable, beside, count, values, &err),
                     AR_ERROR_INPUT);
    ar_source_close(&source);
    remove_folder(folder);
}

/* ---- a store by hand ------------------------------------------------------------------------- */

/* An array `a` [6][4] of two shards [3][4], each of two chunks [3][2], a[i][j] = 4 i + j + 1, with
 * checksums on chunks and index. */
#define METADATA_HEAD                                                                              \
    "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [6, 4], \"data_type\": "            \
    "\"float32\", \"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": "   \
    "[3, 4]}}, \"chunk_key_encoding\": {\"name\": \"default\", \"configuration\": "                \
    "{\"separator\": \"/\"}}, "
#define BYTES "{\"name\": \"bytes\", \"configuration\": {\"endian\": \"little\"}}"
#define CODECS                                                                                     \
    "\"codecs\": [{\"name\": \"sharding_indexed\", \"configuration\": {\"chunk_shape\": [3, 2], "  \
    "\"codecs\": [" BYTES ", \"crc32c\"], \"index_codecs\": [" BYTES ", {\"name\": \"crc32c\"}], " \
    "\"index_location\": \"end\"}}]"
static const char metadata[] =
    METADATA_HEAD "\"fill_value\": \"NaN\", " CODECS ", \"dimension_names\": [\"y\", null]}";
static const char group[] = "{\"zarr_format\": 3, \"node_type\": \"group\"}";

enum { SHARD_BYTES = 2 * 28 + 36 };

/* Without a flush to the disk, which would only take time. */
static void write_file(const char *folder, const char *name, const void *data, size_t bytes)
{
    char path[256];
    ar_error err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *strrchr(path, '/') = '\0';
    assert_int_equal(ar_folder_make(path, &err), AR_OK);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    write_file(folder, name, text, strlen(text));
}

static void make_shard(char shard[SHARD_BYTES], int number)
{
    for (int chunk = 0; chunk < 2; chunk++) {
        float values[6];
        const uint64_t entry[2] = {28 * (uint64_t)chunk, 28};
        for (int i = 0; i < 6; i++) {
            values[i] = (float)(4 * (3 * number + i / 2) + 2 * chunk + i % 2 + 1);
        }
        memcpy(shard + 28 * chunk, values, 24);
        ar_zarr_append_crc32c(shard + 28 * chunk, 24);
        memcpy(shard + 56 + 16 * chunk, entry, 16);
    }
    ar_zarr_append_crc32c(shard + 56, 32);
}

static void write_by_hand(const char *folder)
{
    char shard[SHARD_BYTES];
    write_text(folder, "zarr.json", group);
    write_text(folder, "a/zarr.json", metadata);
    for (int number = 0; number < 2; number++) {
        make_shard(shard, number);
        write_file(folder, number ? "a/c/1/0" : "a/c/0/0", shard, SHARD_BYTES);
    }
}

static void any_hyperslab_is_part_of_the_whole(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    write_by_hand(folder);
    ar_source *source = NULL;
    ar_error err;
    assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
    const ar_variable *variable = ar_source_find(source, "a");
    assert_string_equal(variable->dimensions[0], "y");
    assert_string_equal(variable->dimensions[1], "");
    ar_random stream = {.seed = 1, .purpose = AR_RANDOM_TEST};
    for (int repeat = 0; repeat < 500; repeat++) {
        int64_t start[2], count[2];
        for (int d = 0; d < 2; d++) {
            start[d] = ar_random_below(&stream, variable->shape[d] + 1);
            count[d] = ar_random_below(&stream, variable->shape[d] - start[d] + 1);
        }
        double values[25];
        values[count[0] * count[1]] = -5;
        assert_int_equal(ar_source_read_double(source, variable, start, count, values, &err),
                         AR_OK);
        for (int64_t i = 0; i < count[0] * count[1]; i++) {
            int64_t row = start[0] + i / count[1], column = start[1] + i % count[1];
            assert_true(values[i] == 4 * row + column + 1);
        }
        assert_true(values[count[0] * count[1]] == -5);
    }
    ar_source_close(&source);
    remove_folder(folder);
}

/* Read all chunks of the damaged array: each is right or ends in a clear error. Returns how many
 * were not read. */
static int read_damaged(const char *folder)
{
    ar_source *source = NULL;
    ar_error err = {""};
    int errors = 0;
    ar_status status = ar_source_open(&source, folder, &err);
    assert_true(status == AR_OK || (status == AR_ERROR_INPUT && strlen(err.message) > 0));
    const ar_variable *variable = source ? ar_source_find(source, "a") : NULL;
    for (int chunk = 0; variable && chunk < 4; chunk++) {
        double values[6];
        const int64_t start[2] = {3 * (chunk / 2), 2 * (chunk % 2)}, count[2] = {3, 2};
        if (variable->rank != 2 || start[0] + 3 > variable->shape[0] ||
            start[1] + 2 > variable->shape[1]) {
            continue;
        }
        err.message[0] = '\0';
        status = ar_source_read_double(source, variable, start, count, values, &err);
        assert_true(status == AR_OK || strstr(err.message, folder));
        errors += status != AR_OK;
        for (int i = 0; status == AR_OK && i < 6; i++) {
            double right = (double)(4 * (start[0] + i / 2) + start[1] + i % 2 + 1);
            errors += 1000 * (values[i] != right);
        }
    }
    ar_source_close(&source);
    return errors;
}

static void every_byte_of_a_shard_changed(void **state)
{
    (void)state;
    char folder[64], shard[SHARD_BYTES];
    make_folder(folder);
    write_by_hand(folder);
    make_shard(shard, 0);
    for (int at = 0; at < SHARD_BYTES; at++) {
        for (int change = 1; change < 256; change = change * 5 + 2) {
            shard[at] ^= (char)change;
            write_file(folder, "a/c/0/0", shard, SHARD_BYTES);
            /* a chunk has a checksum, and so has the index, without which neither can be found */
            assert_int_equal(read_damaged(folder), at < 56 ? 1 : 2);
            shard[at] ^= (char)change;
        }
        write_file(folder, "a/c/0/0", shard, (size_t)at);
        assert_int_equal(read_damaged(folder), 2);
    }
    /* an index that is right about itself and wrong about the chunks */
    ar_random stream = {.seed = 4, .purpose = AR_RANDOM_TEST};
    for (int repeat = 0; repeat < 500; repeat++) {
        uint64_t entry[2] = {ar_random_bits(&stream), ar_random_bits(&stream)};
        for (int n = 0; n < 2; n++) {
            entry[n] >>= ar_random_below(&stream, 64);
        }
        if (entry[0] == 0 && entry[1] == 28) {
            continue;
        }
        memcpy(shard + 56, entry, sizeof entry);
        ar_zarr_append_crc32c(shard + 56, 32);
        write_file(folder, "a/c/0/0", shard, SHARD_BYTES);
        assert_int_equal(read_damaged(folder), 1);
    }
    remove_folder(folder);
}

static void every_byte_of_the_metadata_changed(void **state)
{
    (void)state;
    char folder[64], text[sizeof metadata];
    make_folder(folder);
    write_by_hand(folder);
    static const char replacements[] = {'\0', '"', '0', '9', '-', '{', ']', ',', 'x', '\xff'};
    for (size_t at = 0; at < sizeof metadata - 1; at++) {
        for (size_t r = 0; r < sizeof replacements; r++) {
            memcpy(text, metadata, sizeof metadata);
            text[at] = replacements[r];
            write_file(folder, "a/zarr.json", text, sizeof metadata - 1);
            (void)read_damaged(folder);
        }
        write_file(folder, "a/zarr.json", text, at);
        (void)read_damaged(folder);
    }
    remove_folder(folder);
}

static void wrong_metadata(void **state)
{
    (void)state;
#define ARRAY_3                                                                                    \
    "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": [6, 4], \"data_type\": "            \
    "\"float32\", \"fill_value\": 0, \"codecs\": [" BYTES "], \"chunk_key_encoding\": "            \
    "\"default\", "
#define GRID "\"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": "
    static const struct {
        const char *file, *text, *word;
    } cases[] = {
        {"zarr.json", "{}", "zarr_format"},
        {"zarr.json", "[", "not valid JSON"},
        {"zarr.json", "{\"zarr_format\": 4, \"node_type\": \"group\"}", "zarr_format"},
        {"zarr.json", "{\"zarr_format\": 3, \"node_type\": \"array\"}", "one above"},
        {"zarr.json", "{\"zarr_format\": 3, \"node_type\": \"leaf\"}", "node_type"},
        {"zarr.json",
         "{\"zarr_format\": 3, \"node_type\": \"group\", \"consolidated_metadata\": {\"metadata\": "
         "{\"../a\": {\"node_type\": \"array\"}}}}",
         "leads out"},
        {"zarr.json",
         "{\"zarr_format\": 3, \"node_type\": \"group\", \"consolidated_metadata\": {\"metadata\": "
         "{\"a\": 5}}}",
         "node_type"},
        {"a/zarr.json", "{\"zarr_format\": 3, \"node_type\": \"array\"}", "chunk_grid"},
        {"a/zarr.json", "{\"zarr_format\": 2, \"node_type\": \"array\"}", "zarr_format"},
        {"a/zarr.json", ARRAY_3 "\"chunk_grid\": {\"name\": \"rectilinear\"}}", "rectilinear"},
        {"a/zarr.json", ARRAY_3 GRID "[3]}}}", "same length"},
        {"a/zarr.json", ARRAY_3 GRID "[0, 1]}}}", "chunk_shape"},
        {"a/zarr.json", ARRAY_3 GRID "[1e9, 1e9]}}}", "more than"},
        {"a/zarr.json", ARRAY_3 GRID "[3, 4]}}, \"dimension_names\": [\"y\"]}", "dimension_names"},
        {"a/zarr.json", ARRAY_3 GRID "[3, 4]}}, \"attributes\": []}", "object"},
        {"a/zarr.json", METADATA_HEAD CODECS "}", "fill_value"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": \"0x7fc0\", " CODECS "}", "fill_value"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": \"1\", " CODECS "}", "fill_value"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": true, " CODECS "}", "fill_value"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": 0}", "codecs"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": 0, \"codecs\": []}", "bytes"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": 0, \"codecs\": [\"bytes\"]}", "endian"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": 0, \"codecs\": [5]}", "name"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": 0, \"codecs\": [\"crc32c\", " BYTES "]}",
         "before"},
        {"a/zarr.json", METADATA_HEAD "\"fill_value\": 0, \"codecs\": [" BYTES ", " BYTES "]}",
         "after"},
        {"a/zarr.json",
         METADATA_HEAD "\"fill_value\": 0, \"codecs\": [{\"name\": \"transpose\", "
                       "\"configuration\": {\"order\": [0, 0]}}, " BYTES "]}",
         "order"},
        {"a/zarr.json",
         METADATA_HEAD "\"fill_value\": 0, \"codecs\": [{\"name\": \"sharding_indexed\", "
                       "\"configuration\": {\"chunk_shape\": [2, 2]}}]}",
         "divide"},
        {"a/zarr.json",
         METADATA_HEAD "\"fill_value\": 0, \"codecs\": [{\"name\": \"sharding_indexed\", "
                       "\"configuration\": {\"chunk_shape\": [3, 2]}}]}",
         "index_codecs"},
        {"a/zarr.json",
         METADATA_HEAD "\"fill_value\": 0, \"codecs\": [{\"name\": \"sharding_indexed\", "
                       "\"configuration\": {\"index_location\": \"middle\"}}]}",
         "index_location"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[64];
        make_folder(folder);
        write_text(folder, "zarr.json", group);
        write_text(folder, cases[i].file, cases[i].text);
        ar_source *source = NULL;
        ar_error err = {""};
        assert_int_equal(ar_source_open(&source, folder, &err), AR_ERROR_INPUT);
        assert_null(source);
        if (!strstr(err.message, cases[i].word) || !strstr(err.message, folder)) {
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, err.message, cases[i].word);
        }
        remove_folder(folder);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    write_by_hand(folder);
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_source *source = NULL;
        ar_error err = {""};
        double values[24];
        ar_fail_allocation_after(failed);
        status = ar_source_open(&source, folder, &err);
        if (status == AR_OK) {
            status = read_whole(source, ar_source_find(source, "a"), values, &err);
        }
        ar_source_close(&source);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(status == AR_OK || strlen(err.message) > 0);
        assert_true(failed < 1000);
    }
    assert_true(failed > 40);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums_of_rfc_3720),
        cmocka_unit_test(types_codecs_shards_fills_and_errors),
        cmocka_unit_test(any_hyperslab_is_part_of_the_whole),
        cmocka_unit_test(every_byte_of_a_shard_changed),
        cmocka_unit_test(every_byte_of_the_metadata_changed),
        cmocka_unit_test(wrong_metadata),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

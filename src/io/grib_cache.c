#include "io/grib_cache.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <eccodes.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"

/* What a kept index begins with. Keys and records follow as they are in memory: it is read by the
 * program that wrote it, or not at all. */
typedef struct {
    char magic[16];
    int64_t library;                   /* version of ecCodes, whose names may change */
    int64_t group_bytes, record_bytes; /* of one */
    int64_t file_length, changed_seconds, changed_nanoseconds;
    int64_t group_count, record_count, message_count;
    int64_t editions; /* bit 1, bit 2 */
    uint64_t hash;    /* of what follows, and of the file's path */
} heading;

static const char magic[16] = "AtmoRep GRIB 1";

/* Index files take a few hundred bytes a message. */
static const size_t largest_cache = (size_t)1 << 32;

/* The name of a file's index: that of its real path's hash. False: nowhere. */
static bool find_place(const ar_grib_file *file, char folder[PATH_MAX], char place[PATH_MAX],
                       uint64_t *path_hash)
{
    char real[PATH_MAX];
    const char *cache = getenv("ATMOREP_CACHE"), *shared = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length;
    if (cache) {
        length = snprintf(folder, PATH_MAX, "%s", cache);
    } else if (shared && shared[0] == '/') {
        length = snprintf(folder, PATH_MAX, "%s/atmorep", shared);
    } else {
        length = home ? snprintf(folder, PATH_MAX, "%s/.cache/atmorep", home) : 0;
    }
    if (length <= 0 || length >= PATH_MAX || !realpath(file->path, real)) {
        return false;
    }
    *path_hash = ar_hash(real, strlen(real), 0);
    length =
        snprintf(place, PATH_MAX, "%s/%016llx.grib-index", folder, (unsigned long long)*path_hash);
    return length < PATH_MAX;
}

static bool describe(const ar_grib_file *file, heading *head)
{
    struct stat about;
    *head = (heading){.library = codes_get_api_version(),
                      .group_bytes = sizeof(ar_grib_keys),
                      .record_bytes = sizeof(ar_grib_record)};
    if (fstat(file->descriptor, &about) != 0 || about.st_size != file->length) {
        return false;
    }
    memcpy(head->magic, magic, sizeof magic);
    head->file_length = file->length;
    head->changed_seconds = about.st_mtim.tv_sec;
    head->changed_nanoseconds = about.st_mtim.tv_nsec;
    return true;
}

static bool fits(const heading *found, const heading *wanted, size_t bytes)
{
    size_t groups, records;
    return memcmp(found, wanted, offsetof(heading, group_count)) == 0 && found->group_count > 0 &&
           found->record_count > 0 &&
           ar_size_product((size_t)found->group_count, sizeof(ar_grib_keys), &groups) &&
           ar_size_product((size_t)found->record_count, sizeof(ar_grib_record), &records) &&
           groups < bytes && records < bytes && bytes == sizeof *found + groups + records;
}

static bool is_record_possible(const ar_grib_record *record, const heading *head)
{
    const ar_grib_message *m = &record->message;
    return record->group >= 0 && record->group < head->group_count && record->field >= 0 &&
           record->field < m->field_count && m->offset >= 0 && m->length > 0 &&
           m->length <= head->file_length && m->offset <= head->file_length - m->length &&
           (m->edition == 1 || m->edition == 2);
}

static void end_texts(ar_grib_keys *keys)
{
    keys->short_name[sizeof keys->short_name - 1] = '\0';
    keys->long_name[sizeof keys->long_name - 1] = '\0';
    keys->standard_name[sizeof keys->standard_name - 1] = '\0';
    keys->units[sizeof keys->units - 1] = '\0';
    keys->level_type[sizeof keys->level_type - 1] = '\0';
    keys->step_type[sizeof keys->step_type - 1] = '\0';
    keys->grid.type[sizeof keys->grid.type - 1] = '\0';
    keys->grid.hash[sizeof keys->grid.hash - 1] = '\0';
}

static ar_status take(ar_grib_index *index, const heading *head, const char *content, ar_error *err)
{
    ar_status status;
    const size_t groups = (size_t)head->group_count, records = (size_t)head->record_count;
    AR_TRY(ar_grow(&index->groups, &index->group_capacity, groups, sizeof *index->groups,
                   "GRIB variables", err));
    AR_TRY(ar_grow(&index->records, &index->record_capacity, records, sizeof *index->records,
                   "GRIB fields", err));
    for (size_t i = 0; i < groups; i++) {
        memcpy(&index->groups[i].keys, content + i * sizeof(ar_grib_keys), sizeof(ar_grib_keys));
        end_texts(&index->groups[i].keys);
    }
    memcpy(index->records, content + groups * sizeof(ar_grib_keys),
           records * sizeof *index->records);
    index->group_count = groups;
    index->record_count = records;
    index->message_count = head->message_count;
    index->editions[1] = head->editions & 1 << 1;
    index->editions[2] = head->editions & 1 << 2;
cleanup:
    return status;
}

/* Right by its hash, it may still not be what this program writes. */
static bool is_possible(ar_grib_index *index, const heading *head)
{
    bool possible = true;
    for (size_t i = 0; i < index->record_count && possible; i++) {
        possible = is_record_possible(&index->records[i], head);
        if (possible) {
            index->groups[index->records[i].group].count++;
        }
    }
    for (size_t i = 0; i < index->group_count; i++) {
        possible = possible && index->groups[i].count > 0;
        index->groups[i].count = 0;
    }
    return possible;
}

ar_status ar_grib_cache_read(ar_grib_index *index, const ar_grib_file *file, bool *found,
                             ar_error *err)
{
    char folder[PATH_MAX], place[PATH_MAX], *content = NULL;
    size_t bytes;
    uint64_t path_hash;
    heading wanted, head;
    ar_status status = AR_OK;
    *found = false;
    if (!find_place(file, folder, place, &path_hash) || !describe(file, &wanted) ||
        !ar_path_exists(place) ||
        ar_file_read_whole(place, largest_cache, &content, &bytes, NULL) != AR_OK ||
        bytes < sizeof head) {
        goto cleanup;
    }
    memcpy(&head, content, sizeof head);
    const char *rest = content + sizeof head;
    if (!fits(&head, &wanted, bytes) ||
        head.hash != ar_hash(rest, bytes - sizeof head, path_hash)) {
        goto cleanup;
    }
    AR_TRY(take(index, &head, rest, err));
    *found = is_possible(index, &head);
    if (!*found) {
        index->group_count = index->record_count = 0;
    }
cleanup:
    ar_free(content);
    return status;
}

void ar_grib_cache_write(const ar_grib_index *index, const ar_grib_file *file)
{
    char folder[PATH_MAX], place[PATH_MAX], *content = NULL;
    uint64_t path_hash;
    heading head;
    const size_t keys = index->group_count * sizeof(ar_grib_keys);
    const size_t records = index->record_count * sizeof(ar_grib_record);
    const size_t bytes = sizeof head + keys + records;
    if (index->message_count < AR_GRIB_CACHE_LEAST || bytes > largest_cache ||
        !find_place(file, folder, place, &path_hash) || !describe(file, &head) ||
        ar_allocate(&content, bytes, 1, "an index", NULL) != AR_OK) {
        return;
    }
    for (size_t i = 0; i < index->group_count; i++) {
        memcpy(content + sizeof head + i * sizeof(ar_grib_keys), &index->groups[i].keys,
               sizeof(ar_grib_keys));
    }
    memcpy(content + sizeof head + keys, index->records, records);
    head.group_count = (int64_t)index->group_count;
    head.record_count = (int64_t)index->record_count;
    head.message_count = index->message_count;
    head.editions = index->editions[1] << 1 | index->editions[2] << 2;
    head.hash = ar_hash(content + sizeof head, keys + records, path_hash);
    memcpy(content, &head, sizeof head);
    if (ar_folder_make(folder, NULL) == AR_OK) {
        ar_status kept = ar_file_write_whole(place, content, bytes, NULL);
        (void)kept;
    }
    ar_free(content);
}

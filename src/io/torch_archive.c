#include "io/torch_archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/memory.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "zip directories are read as they lie in memory");

/* Sizes of records without their variable parts, and the marks they begin with. */
enum { END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56, ENTRY_SIZE = 46, LOCAL_SIZE = 30 };
enum { COMMENT_MAX = 65535, ZIP64_FIELD = 1, ENCRYPTED = 1, STORED = 0 };
static const uint32_t end_mark = 0x06054b50, locator_mark = 0x07064b50, end64_mark = 0x06064b50,
                      entry_mark = 0x02014b50, local_mark = 0x04034b50;

static uint16_t read16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint32_t read32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t read64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* ---- the directory --------------------------------------------------------------------------- */

typedef struct {
    uint64_t offset, bytes, entries;
} directory;

static ar_status damaged(const ar_torch_archive *archive, const char *what, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT, "%s: %s: the archive is cut or damaged", archive->path,
                   what);
}

/* The record at the end of the file, behind which only its comment may stand. */
static const uint8_t *find_end(const ar_torch_archive *archive)
{
    for (uint64_t behind = END_SIZE; behind <= archive->bytes && behind <= END_SIZE + COMMENT_MAX;
         behind++) {
        const uint8_t *end = archive->file + archive->bytes - behind;
        if (read32(end) == end_mark && read16(end + 20) == behind - END_SIZE) {
            return end;
        }
    }
    return NULL;
}

/* Torch before 1.6 wrote a pickle of this number first: PROTO 2, LONG1 of 10 bytes, STOP. */
static bool is_legacy(const ar_torch_archive *archive)
{
    static const uint8_t magic[] = {0x80, 2,    0x8a, 10,   0x6c, 0xfc, 0x9c, 0x46,
                                    0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
    return archive->file && archive->bytes >= sizeof magic &&
           memcmp(archive->file, magic, sizeof magic) == 0;
}

static ar_status no_archive(const ar_torch_archive *archive, ar_error *err)
{
    if (is_legacy(archive)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: was written by torch before 1.6, or with "
                       "_use_new_zipfile_serialization=False; write it again in today's format: "
                       "torch.save(torch.load(FILE, map_location=\"cpu\"), FILE)",
                       archive->path);
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: has no zip directory at its end: it is cut, or no checkpoint of torch 1.6 "
                   "or later",
                   archive->path);
}

/* Where the zip64 record is, if the numbers of the plain one are not enough. */
static ar_status find_directory64(const ar_torch_archive *archive, uint64_t end_at,
                                  directory *found, ar_error *err)
{
    if (end_at < LOCATOR_SIZE || read32(archive->file + end_at - LOCATOR_SIZE) != locator_mark) {
        return AR_OK;
    }
    uint64_t at = read64(archive->file + end_at - LOCATOR_SIZE + 8);
    if (archive->bytes < END64_SIZE || at > archive->bytes - END64_SIZE ||
        read32(archive->file + at) != end64_mark) {
        return damaged(archive, "no zip64 record where it should be", err);
    }
    const uint8_t *record = archive->file + at;
    *found = (directory){.entries = read64(record + 32),
                         .bytes = read64(record + 40),
                         .offset = read64(record + 48)};
    return AR_OK;
}

static ar_status find_directory(const ar_torch_archive *archive, directory *found, ar_error *err)
{
    const uint8_t *end = find_end(archive);
    if (!end) {
        return no_archive(archive, err);
    }
    const uint64_t end_at = (uint64_t)(end - archive->file);
    *found = (directory){
        .entries = read16(end + 10), .bytes = read32(end + 12), .offset = read32(end + 16)};
    ar_status status = find_directory64(archive, end_at, found, err);
    if (status != AR_OK) {
        return status;
    }
    if (found->offset > end_at || found->bytes > end_at - found->offset ||
        found->entries > found->bytes / ENTRY_SIZE) {
        return damaged(archive, "its directory does not fit into the file", err);
    }
    return AR_OK;
}

/* Sizes and the offset that are all ones stand in the zip64 extra field, in this order. */
static ar_status read_extra64(const ar_torch_archive *archive, const uint8_t *extra, size_t length,
                              uint64_t *const numbers[3], ar_error *err)
{
    size_t at = 0;
    while (length - at >= 4 && read16(extra + at) != ZIP64_FIELD) {
        size_t field = 4 + (size_t)read16(extra + at + 2);
        at = field < length - at ? at + field : length;
    }
    size_t has = length - at >= 4 ? read16(extra + at + 2) : 0;
    size_t next = at + 4, end = has <= length - at ? next + has : next;
    for (int i = 0; i < 3; i++) {
        if (*numbers[i] != UINT32_MAX) {
            continue;
        }
        if (end > length || end - next < 8) {
            return damaged(archive, "a zip64 field is missing", err);
        }
        *numbers[i] = read64(extra + next);
        next += 8;
    }
    return AR_OK;
}

/* The data of a member lies behind its local header. */
static ar_status find_data(const ar_torch_archive *archive, ar_torch_member *member,
                           uint64_t offset, uint64_t directory_offset, ar_error *err)
{
    const char *what = "a member does not lie before the directory";
    if (offset > directory_offset || directory_offset - offset < LOCAL_SIZE) {
        return damaged(archive, what, err);
    }
    const uint8_t *local = archive->file + offset;
    uint64_t header = LOCAL_SIZE + (uint64_t)read16(local + 26) + read16(local + 28);
    if (read32(local) != local_mark || header > directory_offset - offset ||
        member->bytes > directory_offset - offset - header) {
        return damaged(archive, what, err);
    }
    if (read16(local + 26) != member->name_length ||
        memcmp(local + LOCAL_SIZE, member->name, member->name_length) != 0) {
        return damaged(archive, "a member has another name than the directory says", err);
    }
    member->data = local + header;
    return AR_OK;
}

/* Read the entry at `at`; *next is the one behind it. */
static ar_status read_entry(const ar_torch_archive *archive, const directory *where, uint64_t at,
                            ar_torch_member *member, uint64_t *next, ar_error *err)
{
    const uint64_t end = where->offset + where->bytes;
    const uint8_t *entry = archive->file + at;
    if (end - at < ENTRY_SIZE || read32(entry) != entry_mark) {
        return damaged(archive, "an entry of its directory is none", err);
    }
    const uint16_t name_length = read16(entry + 28), extra_length = read16(entry + 30);
    const uint64_t size = ENTRY_SIZE + (uint64_t)name_length + extra_length + read16(entry + 32);
    if (size > end - at || name_length == 0) {
        return damaged(archive, "an entry of its directory does not fit", err);
    }
    *member = (ar_torch_member){.name = (const char *)entry + ENTRY_SIZE,
                                .name_length = name_length,
                                .checksum = read32(entry + 16)};
    uint64_t packed = read32(entry + 20), offset = read32(entry + 42);
    member->bytes = read32(entry + 24);
    ar_status status = read_extra64(archive, entry + ENTRY_SIZE + name_length, extra_length,
                                    (uint64_t *const[3]){&member->bytes, &packed, &offset}, err);
    if (status != AR_OK) {
        return status;
    }
    if ((read16(entry + 8) & ENCRYPTED) != 0 || read16(entry + 10) != STORED ||
        packed != member->bytes) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: a member is compressed or encrypted; those of torch.save are stored",
                       archive->path);
    }
    *next = at + size;
    return find_data(archive, member, offset, where->offset, err);
}

static int by_place(const void *a, const void *b)
{
    const ar_torch_member *x = a, *y = b;
    if (x->data != y->data) {
        return x->data < y->data ? -1 : 1;
    }
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); /* empty ones first */
}

static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int by_name(const void *a, const void *b)
{
    const ar_torch_member *x = a, *y = b;
    return compare_names(x->name, x->name_length, y->name, y->name_length);
}

static ar_status check_members(const ar_torch_archive *archive, ar_error *err)
{
    ar_torch_member *members = archive->members;
    qsort(members, archive->member_count, sizeof *members, by_place);
    for (size_t i = 1; i < archive->member_count; i++) {
        if ((uint64_t)(members[i].data - members[i - 1].data) < members[i - 1].bytes) {
            return damaged(archive, "two members overlap", err);
        }
    }
    qsort(members, archive->member_count, sizeof *members, by_name);
    for (size_t i = 1; i < archive->member_count; i++) {
        if (by_name(&members[i - 1], &members[i]) == 0) {
            return damaged(archive, "two members have one name", err);
        }
    }
    return AR_OK;
}

static ar_status read_directory(ar_torch_archive *archive, ar_error *err)
{
    ar_status status = AR_OK;
    directory where = {0};
    AR_TRY(find_directory(archive, &where, err));
    AR_TRY(ar_allocate(&archive->members, (size_t)where.entries, sizeof *archive->members,
                       "members of an archive", err));
    uint64_t at = where.offset;
    while (archive->member_count < where.entries) {
        AR_TRY(read_entry(archive, &where, at, &archive->members[archive->member_count], &at, err));
        archive->member_count++;
    }
    AR_TRY(check_members(archive, err));
cleanup:
    return status;
}

/* The one member <name>/data.pkl. */
static ar_status find_pickle(ar_torch_archive *archive, ar_error *err)
{
    static const char file[] = "data.pkl";
    for (size_t i = 0; i < archive->member_count; i++) {
        ar_torch_member *member = &archive->members[i];
        const char *slash = memchr(member->name, '/', member->name_length);
        size_t root = slash ? (size_t)(slash - member->name) + 1 : 0;
        if (slash && member->name_length - root == strlen(file) &&
            memcmp(slash + 1, file, strlen(file)) == 0) {
            if (archive->pickle) {
                return damaged(archive, "two members are <name>/data.pkl", err);
            }
            archive->pickle = member;
            archive->root_length = root;
        }
    }
    if (!archive->pickle) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: a zip archive without <name>/data.pkl, so no checkpoint of torch",
                       archive->path);
    }
    return AR_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static ar_status map_file(ar_torch_archive *archive, ar_error *err)
{
    ar_status status = AR_OK;
    struct stat information;
    int descriptor = open(archive->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: cannot open: %s", archive->path, strerror(errno));
    }
    if (fstat(descriptor, &information) != 0 || !S_ISREG(information.st_mode)) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: is not a regular file", archive->path);
        goto cleanup;
    }
    archive->bytes = (uint64_t)information.st_size;
    if (archive->bytes < END_SIZE || archive->bytes > SIZE_MAX) {
        status = no_archive(archive, err);
        goto cleanup;
    }
    void *file = mmap(NULL, (size_t)archive->bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (file == MAP_FAILED) {
        status =
            ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot map: %s", archive->path, strerror(errno));
        goto cleanup;
    }
    archive->file = file;
cleanup:
    close(descriptor);
    return status;
}

ar_status ar_torch_archive_open(ar_torch_archive *archive, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    *archive = (ar_torch_archive){0};
    AR_TRY(ar_copy_string(&archive->path, path, err));
    AR_TRY(map_file(archive, err));
    AR_TRY(read_directory(archive, err));
    AR_TRY(find_pickle(archive, err));
cleanup:
    if (status != AR_OK) {
        ar_torch_archive_close(archive);
    }
    return status;
}

void ar_torch_archive_close(ar_torch_archive *archive)
{
    if (archive->file) {
        munmap((void *)archive->file, (size_t)archive->bytes);
    }
    ar_free(archive->members);
    ar_free(archive->path);
    *archive = (ar_torch_archive){0};
}

ar_torch_member *ar_torch_archive_find(const ar_torch_archive *archive, const char *folder,
                                       const char *key, size_t key_length)
{
    const size_t root = archive->root_length, below = strlen(folder);
    size_t first = 0, end = archive->member_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        ar_torch_member *member = &archive->members[middle];
        const char *name = member->name;
        size_t length = member->name_length;
        /* The name is compared in three parts, as if they stood in one text. */
        int order = compare_names(name, length < root ? length : root, archive->pickle->name, root);
        if (order == 0) {
            size_t left = length - root, part = left < below ? left : below;
            order = compare_names(name + root, part, folder, below);
            order =
                order ? order : compare_names(name + root + below, left - below, key, key_length);
        }
        if (order == 0) {
            return member;
        }
        if (order < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return NULL;
}

ar_status ar_torch_archive_check(const ar_torch_archive *archive, ar_torch_member *member,
                                 ar_error *err)
{
    if (!member->checked && crc32_z(0, member->data, member->bytes) != member->checksum) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: the data of %.*s does not have its checksum: the file is damaged",
                       archive->path, (int)member->name_length, member->name);
    }
    member->checked = true;
    return AR_OK;
}

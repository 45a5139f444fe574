#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BLOCK = 1 << 20 };

uint64_t ar_hash(const void *data, size_t bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, bytes, seed);
}

/* ---- files and folders ----------------------------------------------------------------------- */

static int compare_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static ar_status add_file(XXH3_state_t *state, const char *path, char *block, ar_error *err)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = descriptor < 0 ? -1 : 0;
    do {
        count = descriptor < 0 ? -1 : read(descriptor, block, BLOCK);
        if (count > 0) {
            XXH3_64bits_update(state, block, (size_t)count);
        }
    } while (count > 0 || (count < 0 && errno == EINTR));
    int reason = errno;
    if (descriptor >= 0) {
        close(descriptor);
    }
    return count == 0 ? AR_OK
                      : ar_fail(err, AR_ERROR_INPUT, "%s: cannot read: %s", path, strerror(reason));
}

/* `state` NULL: only sizes. */
static ar_status walk(const char *path, XXH3_state_t *state, int64_t *size, ar_error *err)
{
    ar_status status = AR_OK;
    char *block = NULL, *copy = NULL;
    FTS *tree = NULL;
    *size = 0;
    AR_TRY(ar_copy_string(&copy, path, err));
    AR_TRY(ar_allocate(&block, BLOCK, 1, "a part of a file", err));
    tree = fts_open((char *const[]){copy, NULL}, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
    errno = 0;
    for (FTSENT *entry; tree && (entry = fts_read(tree));) {
        if (entry->fts_info == FTS_F) {
            *size += entry->fts_statp->st_size;
            AR_TRY(state ? add_file(state, entry->fts_path, block, err) : AR_OK);
        } else if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP) {
            status = ar_fail(err, AR_ERROR_INPUT, "%s: cannot read: %s", entry->fts_path,
                             strerror(entry->fts_errno));
            goto cleanup;
        }
        errno = 0;
    }
    if (!tree || errno != 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: cannot read: %s", path, strerror(errno));
    }
cleanup:
    if (tree) {
        fts_close(tree);
    }
    ar_free(block);
    ar_free(copy);
    return status;
}

ar_status ar_hash_path(const char *path, uint64_t *hash, int64_t *size, ar_error *err)
{
    int64_t bytes;
    XXH3_state_t *state = XXH3_createState();
    if (!state) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory for the hash of %s", path);
    }
    XXH3_64bits_reset(state);
    ar_status status = walk(path, state, &bytes, err);
    *hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    if (size) {
        *size = bytes;
    }
    return status;
}

ar_status ar_path_size(const char *path, int64_t *size, ar_error *err)
{
    return walk(path, NULL, size, err);
}

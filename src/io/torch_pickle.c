#include "io/torch_pickle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/torch_opcodes.h"

/* A tuple of as many numbers of 0 or more. */
static bool read_numbers(const ar_pickle_machine *m, ar_pickle_value tuple, int64_t *numbers)
{
    for (size_t i = 0; i < tuple.length; i++) {
        ar_pickle_value item = m->items[tuple.at + (int64_t)i];
        if (item.kind != AR_PICKLE_INTEGER || item.at < 0) {
            return false;
        }
        numbers[i] = item.at;
    }
    return true;
}

/* Shape and stride make elements of the storage, and no more of them than it has. */
static bool read_shape(const ar_pickle_machine *m, ar_pickle_view v, ar_torch_tensor *tensor)
{
    if (v.shape.length > AR_SAFETENSORS_RANK_MAX || v.stride.length != v.shape.length ||
        !read_numbers(m, v.shape, tensor->shape) || !read_numbers(m, v.stride, tensor->stride) ||
        v.offset.at < 0) {
        return false;
    }
    const int64_t elements = (int64_t)v.storage.length;
    int64_t last = tensor->offset = v.offset.at;
    tensor->rank = (int)v.shape.length;
    tensor->count = 1;
    for (int d = 0; d < tensor->rank; d++) {
        int64_t step;
        if (__builtin_mul_overflow(tensor->count, tensor->shape[d], &tensor->count) ||
            __builtin_mul_overflow(tensor->shape[d] > 0 ? tensor->shape[d] - 1 : 0,
                                   tensor->stride[d], &step) ||
            __builtin_add_overflow(last, step, &last)) {
            return false;
        }
        if (tensor->shape[d] <= 1) {
            tensor->stride[d] = 0; /* it can be any number, and is never used */
        }
    }
    return tensor->count == 0 || (last < elements && tensor->count <= elements);
}

static ar_status take_tensor(const ar_pickle_machine *m, const ar_pickle_entry *from,
                             ar_torch_tensor *tensor)
{
    enum { NAME_MAX_BYTES = 255 };
    char name[NAME_MAX_BYTES + 1];
    const char *path = m->archive->path;
    if (from->key.kind != AR_PICKLE_TEXT) {
        return ar_fail(m->err, AR_ERROR_INPUT,
                       "%s: a key of its dict is no text; should be a dict of names to tensors",
                       path);
    }
    const uint8_t *text = m->pickle + from->key.at;
    ar_pickle_printable(name, sizeof name, text, from->key.length);
    if (from->key.length == 0 || strlen(name) != from->key.length ||
        memcmp(name, text, from->key.length) != 0) {
        return ar_fail(m->err, AR_ERROR_INPUT,
                       "%s: \"%.60s\" is no name of a tensor: 1 to %d printable letters", path,
                       name, NAME_MAX_BYTES);
    }
    if (from->item.kind != AR_PICKLE_TENSOR) {
        return ar_fail(m->err, AR_ERROR_INPUT,
                       "%s: %s is no tensor; should be a dict of names to tensors, as "
                       "torch.save(model.state_dict(), FILE) writes it",
                       path, name);
    }
    ar_pickle_view v = m->views[from->item.at];
    if (!read_shape(m, v, tensor)) {
        return ar_fail(m->err, AR_ERROR_INPUT,
                       "%s: tensor %s: its shape, stride and offset do not fit its storage of %zu "
                       "elements, or it has more than %d dimensions",
                       path, name, v.storage.length, AR_SAFETENSORS_RANK_MAX);
    }
    tensor->dtype = v.storage.dtype;
    tensor->storage = &m->archive->members[v.storage.at];
    return ar_copy_string(&tensor->name, name, m->err);
}

static int by_tensor_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static ar_status check_names(const ar_pickle_machine *m, const ar_torch_tensor *tensors,
                             size_t count)
{
    ar_status status = AR_OK;
    const char **sorted = NULL;
    AR_TRY(ar_allocate(&sorted, count, sizeof *sorted, "names", m->err));
    for (size_t i = 0; i < count; i++) {
        sorted[i] = tensors[i].name;
    }
    qsort(sorted, count, sizeof *sorted, by_tensor_name);
    for (size_t i = 1; i < count && status == AR_OK; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            status = ar_fail(m->err, AR_ERROR_INPUT, "%s: tensor %s is there twice",
                             m->archive->path, sorted[i]);
        }
    }
cleanup:
    ar_free(sorted);
    return status;
}

static ar_status take_tensors(ar_pickle_machine *m, ar_torch_tensor **tensors, int64_t *count)
{
    ar_status status = AR_OK;
    ar_pickle_value top;
    AR_TRY(ar_pickle_pop(m, &top));
    if (top.kind != AR_PICKLE_DICTIONARY) {
        return ar_pickle_refuse(
            m, "the checkpoint is no dict; torch.save(model.state_dict(), FILE) makes "
               "one of names to tensors");
    }
    const ar_pickle_dictionary *found = &m->dictionaries[top.at];
    size_t entries = 0;
    for (size_t i = found->first; i != AR_PICKLE_NO_ENTRY; i = m->entries[i].next) {
        entries++;
    }
    AR_TRY(ar_allocate(tensors, entries, sizeof **tensors, "tensors", m->err));
    for (size_t i = found->first; i != AR_PICKLE_NO_ENTRY; i = m->entries[i].next) {
        AR_TRY(take_tensor(m, &m->entries[i], &(*tensors)[*count]));
        ++*count;
    }
    AR_TRY(check_names(m, *tensors, (size_t)*count));
cleanup:
    return status;
}

ar_status ar_torch_unpickle(const ar_torch_archive *archive, ar_torch_tensor **tensors,
                            int64_t *count, ar_error *err)
{
    ar_pickle_machine m = {.archive = archive,
                           .pickle = archive->pickle->data,
                           .bytes = (size_t)archive->pickle->bytes,
                           .err = err};
    ar_status status = AR_OK;
    *tensors = NULL;
    *count = 0;
    AR_TRY(ar_torch_archive_check(archive, archive->pickle, err));
    AR_TRY(ar_pickle_run(&m));
    AR_TRY(take_tensors(&m, tensors, count));
cleanup:
    if (status != AR_OK && *tensors) {
        for (int64_t i = 0; i < *count; i++) {
            ar_free((*tensors)[i].name);
        }
        ar_free(*tensors);
        *tensors = NULL;
        *count = 0;
    }
    ar_pickle_release(&m);
    return status;
}

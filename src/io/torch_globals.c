/* The opcodes that name, call and build things. What they may name is one table; nothing is called
 * but what makes an empty dict or notes a tensor. */
#include "io/torch_opcodes.h"

#include <string.h>

#include "base/memory.h"
#include "io/safetensors_private.h"

typedef enum { NAME_DICTIONARY, NAME_TENSOR_V2, NAME_TENSOR, NAME_PARAMETER, NAME_STORAGE } role;

/* As they stand in the pickle: module, line feed, name, line feed. */
static const struct {
    const char *text;
    role role;
    ar_dtype dtype; /* of a storage */
} names[] = {
    {"collections\nOrderedDict\n", NAME_DICTIONARY, 0},
    {"torch._utils\n_rebuild_tensor_v2\n", NAME_TENSOR_V2, 0},
    {"torch._utils\n_rebuild_tensor\n", NAME_TENSOR, 0},
    {"torch._utils\n_rebuild_parameter\n", NAME_PARAMETER, 0},
    {"torch\nFloatStorage\n", NAME_STORAGE, AR_DTYPE_F32},
    {"torch\nDoubleStorage\n", NAME_STORAGE, AR_DTYPE_F64},
    {"torch\nHalfStorage\n", NAME_STORAGE, AR_DTYPE_F16},
    {"torch\nBFloat16Storage\n", NAME_STORAGE, AR_DTYPE_BF16},
    {"torch\nLongStorage\n", NAME_STORAGE, AR_DTYPE_I64},
    {"torch\nIntStorage\n", NAME_STORAGE, AR_DTYPE_I32},
    {"torch\nByteStorage\n", NAME_STORAGE, AR_DTYPE_U8},
};
enum { NAME_COUNT = sizeof names / sizeof *names };

static ar_status refuse_name(const ar_pickle_machine *m, const uint8_t *module,
                             size_t module_length, const uint8_t *name, size_t name_length)
{
    char texts[2][80];
    ar_pickle_printable(texts[0], sizeof texts[0], module, module_length);
    ar_pickle_printable(texts[1], sizeof texts[1], name, name_length);
    return ar_fail(m->err, AR_ERROR_INPUT,
                   "%s: data.pkl, byte %zu: asks for %s.%s, which no state dict needs; known are "
                   "collections.OrderedDict, torch._utils._rebuild_tensor_v2 and torch.{Float, "
                   "Double, Half, BFloat16, Long, Int, Byte}Storage. Nothing was executed",
                   m->archive->path, m->opcode_at, texts[0], texts[1]);
}

ar_status ar_pickle_run_global(ar_pickle_machine *m)
{
    const uint8_t *start = m->pickle + m->position, *ends[2];
    size_t left = m->bytes - m->position;
    for (int i = 0; i < 2; i++) {
        const uint8_t *from = i ? ends[0] + 1 : start;
        ends[i] = memchr(from, '\n', left - (size_t)(from - start));
        if (!ends[i]) {
            return ar_pickle_refuse(m, "the pickle ends within this opcode");
        }
    }
    const size_t length = (size_t)(ends[1] + 1 - start);
    m->position += length;
    for (int i = 0; i < NAME_COUNT; i++) {
        if (strlen(names[i].text) == length && memcmp(names[i].text, start, length) == 0) {
            return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_NAME, .at = i});
        }
    }
    return refuse_name(m, start, (size_t)(ends[0] - start), ends[0] + 1,
                       (size_t)(ends[1] - ends[0] - 1));
}

static bool is_text(const ar_pickle_machine *m, ar_pickle_value v, const char *text)
{
    return v.kind == AR_PICKLE_TEXT && v.length == strlen(text) &&
           memcmp(m->pickle + v.at, text, v.length) == 0;
}

ar_status ar_pickle_run_persistent(ar_pickle_machine *m)
{
    ar_pickle_value id;
    ar_status status = ar_pickle_pop(m, &id);
    if (status != AR_OK) {
        return status;
    }
    const ar_pickle_value *items =
        id.kind == AR_PICKLE_TUPLE && id.length == 5 ? m->items + id.at : NULL;
    if (!items || !is_text(m, items[0], "storage") || items[1].kind != AR_PICKLE_NAME ||
        names[items[1].at].role != NAME_STORAGE || items[2].kind != AR_PICKLE_TEXT ||
        items[3].kind != AR_PICKLE_TEXT || items[4].kind != AR_PICKLE_INTEGER) {
        return ar_pickle_refuse(m, "a storage is not (\"storage\", type, key, device, elements)");
    }
    char key[40];
    ar_pickle_printable(key, sizeof key, m->pickle + items[2].at, items[2].length);
    const ar_torch_member *member = ar_torch_archive_find(
        m->archive, "data/", (const char *)m->pickle + items[2].at, items[2].length);
    if (!member) {
        return ar_fail(m->err, AR_ERROR_INPUT, "%s: has no storage data/%s", m->archive->path, key);
    }
    const ar_dtype dtype = names[items[1].at].dtype;
    uint64_t bytes;
    if (items[4].at < 0 ||
        __builtin_mul_overflow((uint64_t)items[4].at, ar_safetensors_dtype_bytes(dtype), &bytes) ||
        bytes != member->bytes) {
        return ar_fail(m->err, AR_ERROR_INPUT,
                       "%s: storage data/%s has %llu bytes, the pickle says %lld elements",
                       m->archive->path, key, (unsigned long long)member->bytes,
                       (long long)items[4].at);
    }
    return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_STORAGE,
                                               .dtype = dtype,
                                               .at = member - m->archive->members,
                                               .length = (size_t)items[4].at});
}

/* (storage, offset, shape, stride, …): the gradient's flags and hooks are of no interest. */
static ar_status build_tensor(ar_pickle_machine *m, ar_pickle_value arguments, size_t fewest)
{
    const ar_pickle_value *items = arguments.length >= fewest ? m->items + arguments.at : NULL;
    if (!items || items[0].kind != AR_PICKLE_STORAGE || items[1].kind != AR_PICKLE_INTEGER ||
        items[2].kind != AR_PICKLE_TUPLE || items[3].kind != AR_PICKLE_TUPLE) {
        return ar_pickle_refuse(m, "a tensor is not (storage, offset, shape, stride, ...)");
    }
    ar_status status = ar_grow(&m->views, &m->view_capacity, m->view_count + 1, sizeof *m->views,
                               "a pickle", m->err);
    if (status != AR_OK) {
        return status;
    }
    m->views[m->view_count] = (ar_pickle_view){items[0], items[1], items[2], items[3]};
    return ar_pickle_push(
        m, (ar_pickle_value){.kind = AR_PICKLE_TENSOR, .at = (int64_t)m->view_count++});
}

ar_status ar_pickle_run_reduce(ar_pickle_machine *m)
{
    ar_pickle_value arguments, function;
    ar_status status = ar_pickle_pop(m, &arguments);
    if (status == AR_OK) {
        status = ar_pickle_pop(m, &function);
    }
    if (status != AR_OK) {
        return status;
    }
    if (function.kind != AR_PICKLE_NAME || arguments.kind != AR_PICKLE_TUPLE) {
        return ar_pickle_refuse(m,
                                "a call of what is no known name, or without a tuple of arguments");
    }
    switch (names[function.at].role) {
    case NAME_DICTIONARY:
        return arguments.length == 0 ? ar_pickle_push_dictionary(m)
                                     : ar_pickle_refuse(m, "an OrderedDict with arguments");
    case NAME_TENSOR_V2:
        return build_tensor(m, arguments, 6);
    case NAME_TENSOR:
        return build_tensor(m, arguments, 4);
    case NAME_PARAMETER:
        return arguments.length >= 1 && m->items[arguments.at].kind == AR_PICKLE_TENSOR
                   ? ar_pickle_push(m, m->items[arguments.at])
                   : ar_pickle_refuse(m, "a parameter without a tensor");
    case NAME_STORAGE:
        break;
    }
    return ar_pickle_refuse(m, "a call of a storage's type");
}

ar_status ar_pickle_run_build(ar_pickle_machine *m)
{
    ar_pickle_value attributes;
    ar_status status = ar_pickle_pop(m, &attributes);
    if (status == AR_OK &&
        (m->stack_count == 0 || m->stack[m->stack_count - 1].kind != AR_PICKLE_DICTIONARY)) {
        status = ar_pickle_refuse(m, "attributes of what is no dict");
    }
    return status;
}

#include "io/torch_opcodes.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static ar_status push_integer(ar_pickle_machine *m, int64_t number)
{
    return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_INTEGER, .at = number});
}

/* ---- numbers, texts and tuples ------------------------------------------------------ */

static ar_status run_protocol(ar_pickle_machine *m)
{
    uint64_t version;
    ar_status status = ar_pickle_take_number(m, 1, &version);
    if (status == AR_OK && version != 2) {
        char what[96];
        snprintf(what, sizeof what, "pickle protocol %d; torch.save writes 2 unless told otherwise",
                 (int)version);
        status = ar_pickle_refuse(m, what);
    }
    return status;
}

static ar_status run_stop(ar_pickle_machine *m)
{
    m->stopped = true;
    return AR_OK;
}

static ar_status run_mark(ar_pickle_machine *m)
{
    return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_MARK});
}

static ar_status run_none(ar_pickle_machine *m)
{
    return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_NONE});
}

static ar_status run_true(ar_pickle_machine *m)
{
    return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_TRUTH, .at = 1});
}

static ar_status run_false(ar_pickle_machine *m)
{
    return ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_TRUTH, .at = 0});
}

static ar_status run_integer(ar_pickle_machine *m)
{
    uint64_t number;
    ar_status status = ar_pickle_take_number(m, 4, &number);
    return status == AR_OK ? push_integer(m, (int32_t)(uint32_t)number) : status;
}

static ar_status run_integer1(ar_pickle_machine *m)
{
    uint64_t number;
    ar_status status = ar_pickle_take_number(m, 1, &number);
    return status == AR_OK ? push_integer(m, (int64_t)number) : status;
}

static ar_status run_integer2(ar_pickle_machine *m)
{
    uint64_t number;
    ar_status status = ar_pickle_take_number(m, 2, &number);
    return status == AR_OK ? push_integer(m, (int64_t)number) : status;
}

/* Two's complement of as many bytes as are said. */
static ar_status run_long(ar_pickle_machine *m)
{
    uint64_t length, number = 0;
    ar_status status = ar_pickle_take_number(m, 1, &length);
    if (status == AR_OK && length > 8) {
        status = ar_pickle_refuse(m, "a number of more than 64 bits");
    }
    if (status == AR_OK) {
        status = ar_pickle_take_number(m, (size_t)length, &number);
    }
    if (status == AR_OK && length > 0 && length < 8 && (number >> (8 * length - 1)) != 0) {
        number |= UINT64_MAX << (8 * length);
    }
    return status == AR_OK ? push_integer(m, (int64_t)number) : status;
}

static ar_status run_text(ar_pickle_machine *m)
{
    uint64_t length;
    const uint8_t *bytes = NULL;
    ar_status status = ar_pickle_take_number(m, 4, &length);
    if (status == AR_OK) {
        status = ar_pickle_take(m, (size_t)length, &bytes);
    }
    return status == AR_OK ? ar_pickle_push(m, (ar_pickle_value){.kind = AR_PICKLE_TEXT,
                                                                 .at = bytes - m->pickle,
                                                                 .length = (size_t)length})
                           : status;
}

static ar_status run_tuple(ar_pickle_machine *m)
{
    size_t first;
    ar_status status = ar_pickle_find_mark(m, &first);
    return status == AR_OK ? ar_pickle_collect(m, m->stack_count - first, true) : status;
}

static ar_status run_tuple0(ar_pickle_machine *m)
{
    return ar_pickle_collect(m, 0, false);
}

static ar_status run_tuple1(ar_pickle_machine *m)
{
    return ar_pickle_collect(m, 1, false);
}

static ar_status run_tuple2(ar_pickle_machine *m)
{
    return ar_pickle_collect(m, 2, false);
}

static ar_status run_tuple3(ar_pickle_machine *m)
{
    return ar_pickle_collect(m, 3, false);
}

/* ---- the memo ----------------------------------------------------------------------- */

/* Picklers number what they remember from 0, so the memo is as long as there are such opcodes. */
static ar_status put(ar_pickle_machine *m, uint64_t index)
{
    ar_pickle_value remembered;
    ar_status status = ar_pickle_top(m, &remembered);
    if (status != AR_OK) {
        return status;
    }
    if (index > m->memo_count) {
        return ar_pickle_refuse(m, "a place of the memo far behind its end");
    }
    if (index == m->memo_count) {
        status = ar_grow(&m->memo, &m->memo_capacity, m->memo_count + 1, sizeof *m->memo,
                         "a pickle", m->err);
        m->memo_count += status == AR_OK;
    }
    if (status == AR_OK) {
        m->memo[index] = remembered;
    }
    return status;
}

static ar_status get(ar_pickle_machine *m, uint64_t index)
{
    return index < m->memo_count ? ar_pickle_push(m, m->memo[index])
                                 : ar_pickle_refuse(m, "a place of the memo that holds nothing");
}

static ar_status run_put(ar_pickle_machine *m)
{
    uint64_t index;
    ar_status status = ar_pickle_take_number(m, 1, &index);
    return status == AR_OK ? put(m, index) : status;
}

static ar_status run_long_put(ar_pickle_machine *m)
{
    uint64_t index;
    ar_status status = ar_pickle_take_number(m, 4, &index);
    return status == AR_OK ? put(m, index) : status;
}

static ar_status run_get(ar_pickle_machine *m)
{
    uint64_t index;
    ar_status status = ar_pickle_take_number(m, 1, &index);
    return status == AR_OK ? get(m, index) : status;
}

static ar_status run_long_get(ar_pickle_machine *m)
{
    uint64_t index;
    ar_status status = ar_pickle_take_number(m, 4, &index);
    return status == AR_OK ? get(m, index) : status;
}

/* ---- dicts ---------------------------------------------------------- */

static ar_status run_set_item(ar_pickle_machine *m)
{
    return m->stack_count >= 2 ? ar_pickle_add_entries(m, m->stack_count - 2, 1)
                               : ar_pickle_refuse(m, "the stack holds no key and value");
}

static ar_status run_set_items(ar_pickle_machine *m)
{
    size_t first;
    ar_status status = ar_pickle_find_mark(m, &first);
    return status == AR_OK ? ar_pickle_add_entries(m, first, 2) : status;
}

/* All opcodes of protocol 0 to 5; those without a function are not for state dicts. */
static const struct {
    const char *name;
    ar_status (*run)(ar_pickle_machine *m);
} opcodes[256] = {
    [0x80] = {"PROTO", run_protocol},
    ['.'] = {"STOP", run_stop},
    ['('] = {"MARK", run_mark},
    ['N'] = {"NONE", run_none},
    [0x88] = {"NEWTRUE", run_true},
    [0x89] = {"NEWFALSE", run_false},
    ['J'] = {"BININT", run_integer},
    ['K'] = {"BININT1", run_integer1},
    ['M'] = {"BININT2", run_integer2},
    [0x8a] = {"LONG1", run_long},
    ['X'] = {"BINUNICODE", run_text},
    ['t'] = {"TUPLE", run_tuple},
    [')'] = {"EMPTY_TUPLE", run_tuple0},
    [0x85] = {"TUPLE1", run_tuple1},
    [0x86] = {"TUPLE2", run_tuple2},
    [0x87] = {"TUPLE3", run_tuple3},
    ['q'] = {"BINPUT", run_put},
    ['r'] = {"LONG_BINPUT", run_long_put},
    ['h'] = {"BINGET", run_get},
    ['j'] = {"LONG_BINGET", run_long_get},
    ['}'] = {"EMPTY_DICT", ar_pickle_push_dictionary},
    ['s'] = {"SETITEM", run_set_item},
    ['u'] = {"SETITEMS", run_set_items},
    ['c'] = {"GLOBAL", ar_pickle_run_global},
    ['Q'] = {"BINPERSID", ar_pickle_run_persistent},
    ['R'] = {"REDUCE", ar_pickle_run_reduce},
    ['b'] = {"BUILD", ar_pickle_run_build},
    ['0'] = {"POP", NULL},
    ['1'] = {"POP_MARK", NULL},
    ['2'] = {"DUP", NULL},
    ['F'] = {"FLOAT", NULL},
    ['G'] = {"BINFLOAT", NULL},
    ['I'] = {"INT", NULL},
    ['L'] = {"LONG", NULL},
    [0x8b] = {"LONG4", NULL},
    ['S'] = {"STRING", NULL},
    ['T'] = {"BINSTRING", NULL},
    ['U'] = {"SHORT_BINSTRING", NULL},
    ['V'] = {"UNICODE", NULL},
    ['B'] = {"BINBYTES", NULL},
    ['C'] = {"SHORT_BINBYTES", NULL},
    ['P'] = {"PERSID", NULL},
    ['i'] = {"INST", NULL},
    ['o'] = {"OBJ", NULL},
    [0x81] = {"NEWOBJ", NULL},
    [0x82] = {"EXT1", NULL},
    [0x83] = {"EXT2", NULL},
    [0x84] = {"EXT4", NULL},
    ['a'] = {"APPEND", NULL},
    ['e'] = {"APPENDS", NULL},
    ['l'] = {"LIST", NULL},
    [']'] = {"EMPTY_LIST", NULL},
    ['d'] = {"DICT", NULL},
    ['g'] = {"GET", NULL},
    ['p'] = {"PUT", NULL},
    [0x8c] = {"SHORT_BINUNICODE", NULL},
    [0x8d] = {"BINUNICODE8", NULL},
    [0x8e] = {"BINBYTES8", NULL},
    [0x8f] = {"EMPTY_SET", NULL},
    [0x90] = {"ADDITEMS", NULL},
    [0x91] = {"FROZENSET", NULL},
    [0x92] = {"NEWOBJ_EX", NULL},
    [0x93] = {"STACK_GLOBAL", NULL},
    [0x94] = {"MEMOIZE", NULL},
    [0x95] = {"FRAME", NULL},
    [0x96] = {"BYTEARRAY8", NULL},
    [0x97] = {"NEXT_BUFFER", NULL},
    [0x98] = {"READONLY_BUFFER", NULL},
};

ar_status ar_pickle_run(ar_pickle_machine *m)
{
    while (!m->stopped) {
        m->opcode_at = m->position;
        if (m->position == m->bytes) {
            return ar_pickle_refuse(m, "the pickle ends without STOP");
        }
        const uint8_t code = m->pickle[m->position++];
        if (!opcodes[code].run) {
            return ar_fail(m->err, AR_ERROR_INPUT,
                           "%s: data.pkl, byte %zu: opcode %s (0x%02x), which no state dict needs; "
                           "nothing was executed",
                           m->archive->path, m->opcode_at,
                           opcodes[code].name ? opcodes[code].name : "unknown", code);
        }
        ar_status status = opcodes[code].run(m);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

#include "io/torch_machine.h"

#include <string.h>

#include "base/memory.h"

static const char too_little[] = "the stack holds too little for this opcode";

void ar_pickle_release(ar_pickle_machine *m)
{
    ar_free(m->stack);
    ar_free(m->memo);
    ar_free(m->items);
    ar_free(m->dictionaries);
    ar_free(m->entries);
    ar_free(m->views);
}

ar_status ar_pickle_refuse(const ar_pickle_machine *m, const char *what)
{
    return ar_fail(m->err, AR_ERROR_INPUT, "%s: data.pkl, byte %zu: %s", m->archive->path,
                   m->opcode_at, what);
}

void ar_pickle_printable(char *into, size_t size, const uint8_t *text, size_t length)
{
    size_t count = length < size - 1 ? length : size - 1;
    for (size_t i = 0; i < count; i++) {
        into[i] = text[i] >= 0x20 && text[i] < 0x7f ? (char)text[i] : '?';
    }
    into[count] = '\0';
}

ar_status ar_pickle_take(ar_pickle_machine *m, size_t count, const uint8_t **bytes)
{
    if (count > m->bytes - m->position) {
        return ar_pickle_refuse(m, "the pickle ends within this opcode");
    }
    *bytes = m->pickle + m->position;
    m->position += count;
    return AR_OK;
}

ar_status ar_pickle_take_number(ar_pickle_machine *m, size_t count, uint64_t *number)
{
    const uint8_t *bytes = NULL;
    ar_status status = ar_pickle_take(m, count, &bytes);
    *number = 0;
    if (status == AR_OK) {
        memcpy(number, bytes, count);
    }
    return status;
}

ar_status ar_pickle_push(ar_pickle_machine *m, ar_pickle_value pushed)
{
    ar_status status = ar_grow(&m->stack, &m->stack_capacity, m->stack_count + 1, sizeof *m->stack,
                               "a pickle", m->err);
    if (status == AR_OK) {
        m->stack[m->stack_count++] = pushed;
    }
    return status;
}

ar_status ar_pickle_top(const ar_pickle_machine *m, ar_pickle_value *top)
{
    if (m->stack_count == 0 || m->stack[m->stack_count - 1].kind == AR_PICKLE_MARK) {
        return ar_pickle_refuse(m, too_little);
    }
    *top = m->stack[m->stack_count - 1];
    return AR_OK;
}

ar_status ar_pickle_pop(ar_pickle_machine *m, ar_pickle_value *popped)
{
    ar_status status = ar_pickle_top(m, popped);
    m->stack_count -= status == AR_OK;
    return status;
}

ar_status ar_pickle_find_mark(const ar_pickle_machine *m, size_t *first)
{
    for (*first = m->stack_count; *first > 0; --*first) {
        if (m->stack[*first - 1].kind == AR_PICKLE_MARK) {
            return AR_OK;
        }
    }
    return ar_pickle_refuse(m, "there is no mark on the stack");
}

ar_status ar_pickle_collect(ar_pickle_machine *m, size_t count, bool marked)
{
    for (size_t i = 0; i < count; i++) {
        if (i >= m->stack_count || m->stack[m->stack_count - 1 - i].kind == AR_PICKLE_MARK) {
            return ar_pickle_refuse(m, too_little);
        }
    }
    ar_status status = ar_grow(&m->items, &m->item_capacity, m->item_count + count,
                               sizeof *m->items, "a pickle", m->err);
    if (status != AR_OK) {
        return status;
    }
    const ar_pickle_value tuple = {
        .kind = AR_PICKLE_TUPLE, .at = (int64_t)m->item_count, .length = count};
    for (size_t i = 0; i < count; i++) {
        m->items[m->item_count++] = m->stack[m->stack_count - count + i];
    }
    m->stack_count -= count + (marked ? 1 : 0);
    return ar_pickle_push(m, tuple);
}

ar_status ar_pickle_push_dictionary(ar_pickle_machine *m)
{
    ar_status status = ar_grow(&m->dictionaries, &m->dictionary_capacity, m->dictionary_count + 1,
                               sizeof *m->dictionaries, "a pickle", m->err);
    if (status != AR_OK) {
        return status;
    }
    m->dictionaries[m->dictionary_count] =
        (ar_pickle_dictionary){AR_PICKLE_NO_ENTRY, AR_PICKLE_NO_ENTRY};
    return ar_pickle_push(
        m, (ar_pickle_value){.kind = AR_PICKLE_DICTIONARY, .at = (int64_t)m->dictionary_count++});
}

static ar_status add_entry(ar_pickle_machine *m, ar_pickle_dictionary *into, ar_pickle_value key,
                           ar_pickle_value item)
{
    ar_status status = ar_grow(&m->entries, &m->entry_capacity, m->entry_count + 1,
                               sizeof *m->entries, "a pickle", m->err);
    if (status == AR_OK) {
        m->entries[m->entry_count] = (ar_pickle_entry){key, item, AR_PICKLE_NO_ENTRY};
        *(into->first == AR_PICKLE_NO_ENTRY ? &into->first : &m->entries[into->last].next) =
            m->entry_count;
        into->last = m->entry_count++;
    }
    return status;
}

ar_status ar_pickle_add_entries(ar_pickle_machine *m, size_t first, size_t below)
{
    const size_t count = m->stack_count - first;
    if (first < below || m->stack[first - below].kind != AR_PICKLE_DICTIONARY || count % 2 != 0) {
        return ar_pickle_refuse(m, "there is no dict for these entries, or a key without a value");
    }
    ar_pickle_dictionary *into = &m->dictionaries[m->stack[first - below].at];
    for (size_t i = 0; i < count; i += 2) {
        ar_status status = add_entry(m, into, m->stack[first + i], m->stack[first + i + 1]);
        if (status != AR_OK) {
            return status;
        }
    }
    m->stack_count = first - below + 1;
    return AR_OK;
}

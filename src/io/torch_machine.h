/* The pickle machine's memory: a stack with marks, a memo, tuples, dicts, and the tensors that were
 * built. Every opcode adds a bounded number of bytes to it. Private to the io room. */
#ifndef AR_IO_TORCH_MACHINE_H
#define AR_IO_TORCH_MACHINE_H

#include "io/torch_archive.h"
#include "io/torch_file.h"

/* What the stack holds. Everything is a reference, so that copying a value costs nothing whatever
 * it stands for, and nothing needs recursion. */
typedef enum {
    AR_PICKLE_MARK,
    AR_PICKLE_NONE,
    AR_PICKLE_TRUTH,
    AR_PICKLE_INTEGER,
    AR_PICKLE_TEXT,       /* [length] at `at` in the pickle */
    AR_PICKLE_NAME,       /* `at` in the table of known names */
    AR_PICKLE_TUPLE,      /* [length] items of the machine from `at` */
    AR_PICKLE_DICTIONARY, /* `at` in the machine's dictionaries */
    AR_PICKLE_STORAGE,    /* member `at`, `dtype` */
    AR_PICKLE_TENSOR,     /* `at` in the machine's views */
} ar_pickle_value_kind;

typedef struct {
    ar_pickle_value_kind kind;
    ar_dtype dtype;
    int64_t at; /* or the integer itself */
    size_t length;
} ar_pickle_value;

typedef struct {
    ar_pickle_value key, item;
    size_t next; /* entry of the same dictionary, or AR_PICKLE_NO_ENTRY */
} ar_pickle_entry;
#define AR_PICKLE_NO_ENTRY SIZE_MAX

typedef struct {
    size_t first, last;
} ar_pickle_dictionary;

/* A tensor before its name is known: what it was built from, as tuples and numbers. */
typedef struct {
    ar_pickle_value storage, offset, shape, stride;
} ar_pickle_view;

/* Counts and capacities are of the arrays they are named after. */
typedef struct {
    const ar_torch_archive *archive;
    const uint8_t *pickle; /* [bytes] */
    size_t bytes, position;
    size_t opcode_at; /* of the opcode that runs */
    bool stopped;
    ar_error *err;
    ar_pickle_value *stack, *memo, *items;
    size_t stack_count, stack_capacity, memo_count, memo_capacity, item_count, item_capacity;
    ar_pickle_dictionary *dictionaries;
    size_t dictionary_count, dictionary_capacity;
    ar_pickle_entry *entries;
    size_t entry_count, entry_capacity;
    ar_pickle_view *views;
    size_t view_count, view_capacity;
} ar_pickle_machine;

void ar_pickle_release(ar_pickle_machine *m);

/* An AR_ERROR_INPUT that says which file and byte, and `what` is wrong there. */
ar_status ar_pickle_refuse(const ar_pickle_machine *m, const char *what);
/* Text of a file in a message: bounded, and without what a terminal would act on. */
void ar_pickle_printable(char *into, size_t size, const uint8_t *text, size_t length);

/* The opcode's next `count` bytes, and as a little-endian number (`count` up to 8). */
AR_USE_RESULT ar_status ar_pickle_take(ar_pickle_machine *m, size_t count, const uint8_t **bytes);
AR_USE_RESULT ar_status ar_pickle_take_number(ar_pickle_machine *m, size_t count, uint64_t *number);

AR_USE_RESULT ar_status ar_pickle_push(ar_pickle_machine *m, ar_pickle_value pushed);
/* The topmost value, which a mark is not. */
AR_USE_RESULT ar_status ar_pickle_top(const ar_pickle_machine *m, ar_pickle_value *top);
AR_USE_RESULT ar_status ar_pickle_pop(ar_pickle_machine *m, ar_pickle_value *popped);
/* Index of the first value above the topmost mark. */
AR_USE_RESULT ar_status ar_pickle_find_mark(const ar_pickle_machine *m, size_t *first);

/* The topmost `count` values become a tuple, and with them the mark below where `marked`. */
AR_USE_RESULT ar_status ar_pickle_collect(ar_pickle_machine *m, size_t count, bool marked);
/* Push a new, empty dict. */
AR_USE_RESULT ar_status ar_pickle_push_dictionary(ar_pickle_machine *m);
/* The values from index `first` on are keys and items in turn, of the dict that lies `below` places
 * under them; they leave the stack. */
AR_USE_RESULT ar_status ar_pickle_add_entries(ar_pickle_machine *m, size_t first, size_t below);

#endif

#include "model/released_names.h"

#include <stdio.h>
#include <string.h>

/* ---- files of blocks ------------------------------------------------------------------------- */

/* Is `text` "<name>_id…", or is it a part of a whole that begins otherwise? */
static bool is_of(const char *text, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(text, name, length) == 0 && strncmp(text + length, "_id", 3) == 0;
}

static ar_status no_such_field(const ar_configuration *configuration, const char *path,
                               bool predicted, ar_error *err)
{
    char names[400] = "";
    size_t used = 0;
    for (int64_t f = 0; f < configuration->field_count && used < sizeof names - 1; f++) {
        if (!predicted || configuration->fields[f].predicted) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     configuration->fields[f].name);
        }
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: by its name it holds a block of a field that %s does not %s; it has %s",
                   path, configuration->file, predicted ? "predict" : "have", names);
}

ar_status ar_released_block_prefix(const ar_configuration *configuration, const char *path,
                                   char prefix[64], ar_error *err)
{
    static const struct {
        const char *file, *prefix;
        bool predicted; /* numbered in the order of the predicted fields */
    } blocks[] = {{"AtmoRep_encoder_", "encoders", false},
                  {"AtmoRep_decoder_", "decoders", true},
                  {"AtmoRep_tail_", "tails", true}};
    const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
    prefix[0] = '\0';
    if (is_of(file, "AtmoRep_embeds_token_info")) {
        snprintf(prefix, 64, "embeds_token_info.");
    } else if (is_of(file, "AtmoRep_embed_token_info")) {
        snprintf(prefix, 64, "embed_token_info.");
    }
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        const size_t length = strlen(blocks[b].file);
        if (strncmp(file, blocks[b].file, length) != 0) {
            continue;
        }
        const int64_t count =
            blocks[b].predicted ? configuration->prediction_count : configuration->field_count;
        for (int64_t i = 0; i < count; i++) {
            int64_t field = blocks[b].predicted ? configuration->prediction_order[i] : i;
            if (is_of(file + length, configuration->fields[field].name)) {
                snprintf(prefix, 64, "%s.%lld.", blocks[b].prefix, (long long)i);
                return AR_OK;
            }
        }
        return no_such_field(configuration, path, blocks[b].predicted, err);
    }
    return AR_OK;
}

/* ---- heads with projections of their own ----------------------------------------------------- */

enum { LARGEST_NUMBER = 1 << 20 };

/* The number that ends `text[*length]` behind a point; both are cut off. */
static bool cut_number(const char *text, size_t *length, int64_t *number)
{
    size_t start = *length;
    int64_t power = 1;
    for (*number = 0; start > 0 && text[start - 1] >= '0' && text[start - 1] <= '9'; start--) {
        *number += power * (text[start - 1] - '0');
        power *= 10;
        if (*number > LARGEST_NUMBER || power > LARGEST_NUMBER) {
            return false;
        }
    }
    if (start == *length || start == 0 || text[start - 1] != '.') {
        return false;
    }
    *length = start - 1;
    return true;
}

/* Whether `end` ends `text[*length]`; it is cut off. */
static bool cut_end(const char *text, size_t *length, const char *end)
{
    const size_t tail = strlen(end);
    if (*length < tail || strncmp(text + *length - tail, end, tail) != 0) {
        return false;
    }
    *length -= tail;
    return true;
}

/* Size of the heads of the encoder or decoder that a name begins with; 0 for neither. */
static int64_t head_size(const ar_configuration *configuration, const char *name)
{
    const ar_model_configuration *model = &configuration->model;
    long long index = -1;
    if (sscanf(name, "encoders.%6lld.", &index) == 1 && index >= 0 &&
        index < configuration->field_count) {
        return configuration->fields[index].embedding / model->encoder_heads;
    }
    if (sscanf(name, "decoders.%6lld.", &index) == 1 && index >= 0 &&
        index < configuration->prediction_count) {
        return configuration->fields[configuration->prediction_order[index]].embedding /
               model->decoder_heads;
    }
    return 0;
}

/* Set parameter and rows of head `h` of a kind; `part` is 0, 1, 2 for q, k, v. */
static void place(ar_released_head *head, const char *block, int length, const char *kind,
                  int64_t h, int part, int64_t coupling_heads)
{
    const int64_t size = head->rows;
    const size_t room = sizeof head->parameter;
    if (strcmp(kind, ".heads_coupling") == 0) {
        const int64_t slot = part == 0 ? 0 : 1 + h / coupling_heads;
        snprintf(head->parameter, room, "%.*s.proj_heads_other.%lld.weight", length, block,
                 (long long)slot);
        head->first_row = part == 0 ? h * size : (h % coupling_heads * 2 + part - 1) * size;
    } else if (strcmp(kind, ".heads_other") == 0) {
        snprintf(head->parameter, room, "%.*s.proj_heads_o_%s.weight", length, block,
                 part == 0 ? "q" : "kv");
        head->first_row = part == 0 ? h * size : (h * 2 + part - 1) * size;
    } else {
        snprintf(head->parameter, room, "%.*s.proj_heads.weight", length, block);
        head->first_row = (h * 3 + part) * size;
    }
}

bool ar_released_head_place(const ar_configuration *configuration, const char *name,
                            ar_released_head *head)
{
    static const char *const parts[] = {".proj_qs.weight", ".proj_ks.weight", ".proj_vs.weight"};
    static const char *const kinds[] = {".heads_self", ".heads_coupling", ".heads_other", ".heads"};
    size_t length = strlen(name);
    int part = 0;
    int64_t h;
    head->rows = head_size(configuration, name);
    while (part < 3 && !cut_end(name, &length, parts[part])) {
        part++;
    }
    if (part == 3 || head->rows == 0 || !cut_number(name, &length, &h)) {
        return false;
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (cut_end(name, &length, kinds[k])) {
            place(head, name, (int)length, kinds[k], h, part, configuration->model.coupling_heads);
            return true;
        }
    }
    return false;
}

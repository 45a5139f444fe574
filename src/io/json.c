#include "io/json.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/source_private.h"

/* How a bare NaN travels through cJSON: as a text that no file holds, since it starts with a
 * control character. Infinity travels as a number that overflows. */
#define NAN_TEXT "\x01NaN"
#define NAN_ESCAPED "\"\\u0001NaN\""

enum { LARGEST_FILE = 64 << 20 };

/* Copy JSON with the three words that JSON lacks replaced, outside of texts. */
static size_t replace_words(const char *text, size_t length, char *out)
{
    static const struct {
        const char *word, *replacement;
    } words[] = {{"NaN", NAN_ESCAPED}, {"-Infinity", "-1e999"}, {"Infinity", "1e999"}};
    size_t used = 0;
    bool in_text = false;
    for (size_t i = 0; i < length;) {
        size_t taken = 0;
        for (size_t w = 0; w < 3 && !in_text && !taken; w++) {
            size_t word_length = strlen(words[w].word);
            if (length - i >= word_length && memcmp(text + i, words[w].word, word_length) == 0) {
                memcpy(out + used, words[w].replacement, strlen(words[w].replacement));
                used += strlen(words[w].replacement);
                taken = word_length;
            }
        }
        if (!taken && in_text && text[i] == '\\' && i + 1 < length) {
            out[used++] = text[i++];
        } else if (text[i] == '"') {
            in_text = !in_text;
        }
        if (!taken) {
            out[used++] = text[i];
            taken = 1;
        }
        i += taken;
    }
    return used;
}

ar_status ar_json_parse(cJSON **json, const char *text, size_t length, const char *where,
                        ar_error *err)
{
    *json = NULL;
    char *replaced = NULL;
    size_t size;
    /* the longest replacement has 11 characters for 3 */
    if (!ar_size_product(length, 4, &size)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: is too long for JSON", where);
    }
    ar_status status = ar_allocate(&replaced, size + 1, 1, where, err);
    if (status != AR_OK) {
        return status;
    }
    size_t used = replace_words(text, length, replaced);
    *json = cJSON_ParseWithLength(replaced, used);
    if (!*json) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: is not valid JSON", where);
    }
    ar_free(replaced);
    return status;
}

ar_status ar_json_parse_file(cJSON **json, const char *path, ar_error *err)
{
    char *text = NULL;
    size_t length;
    *json = NULL;
    ar_status status = ar_file_read_whole(path, LARGEST_FILE, &text, &length, err);
    if (status == AR_OK) {
        status = ar_json_parse(json, text, length, path, err);
    }
    ar_free(text);
    return status;
}

bool ar_json_number(const cJSON *item, double *number)
{
    if (cJSON_IsNumber(item)) {
        *number = item->valuedouble;
        return true;
    }
    if (cJSON_IsString(item) && strcmp(item->valuestring, NAN_TEXT) == 0) {
        *number = NAN;
        return true;
    }
    return false;
}

bool ar_json_integer(const cJSON *item, int64_t smallest, int64_t *number)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)smallest) ||
        !(item->valuedouble <= 0x1p53) || item->valuedouble != floor(item->valuedouble)) {
        return false;
    }
    *number = (int64_t)item->valuedouble;
    return true;
}

/* A number, truth value or a list of numbers becomes numbers; *taken says whether it was one. */
static ar_status take_numbers(ar_attribute *attribute, const cJSON *item, bool *taken,
                              ar_error *err)
{
    int count = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : 1;
    const cJSON *first = cJSON_IsArray(item) ? item->child : item;
    bool integer = true;
    *taken = false;
    for (const cJSON *element = first; element && count; element = element->next) {
        double number;
        if (cJSON_IsBool(item)) {
            break;
        }
        if (!ar_json_number(element, &number)) {
            return AR_OK;
        }
        integer &= number == floor(number) && !isinf(number);
        if (!cJSON_IsArray(item)) {
            break;
        }
    }
    ar_status status = ar_attribute_set_numbers(attribute, item->string, count, integer, err);
    if (status != AR_OK) {
        return status;
    }
    const cJSON *element = first;
    for (int i = 0; i < count; i++, element = element->next) {
        if (cJSON_IsBool(element)) {
            attribute->numbers[i] = cJSON_IsTrue(element);
        } else {
            ar_json_number(element, &attribute->numbers[i]);
        }
    }
    attribute->number = count ? attribute->numbers[0] : 0;
    *taken = true;
    return AR_OK;
}

static ar_status take_attribute(ar_attribute *attribute, const cJSON *item, ar_error *err)
{
    bool taken;
    ar_status status = take_numbers(attribute, item, &taken, err);
    if (status != AR_OK || taken) {
        return status;
    }
    if (cJSON_IsString(item)) {
        return ar_attribute_set_text(attribute, item->string, item->valuestring, err);
    }
    char *text = cJSON_PrintUnformatted(item);
    if (!text) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory for attribute %s", item->string);
    }
    status = ar_attribute_set_text(attribute, item->string, text, err);
    cJSON_free(text);
    return status;
}

ar_status ar_json_attributes(ar_attribute **attributes, int64_t *count, const cJSON *object,
                             const char *except, ar_error *err)
{
    *count = 0;
    if (object && !cJSON_IsObject(object)) {
        return ar_fail(err, AR_ERROR_INPUT, "attributes must be a JSON object");
    }
    size_t members = (size_t)cJSON_GetArraySize(object);
    ar_status status = ar_allocate(attributes, members, sizeof **attributes, "attributes", err);
    if (status != AR_OK) {
        return status;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (except && strcmp(item->string, except) == 0) {
            continue;
        }
        /* counted before it is filled, so that a half made one is released */
        ar_attribute *attribute = &(*attributes)[(*count)++];
        status = take_attribute(attribute, item, err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

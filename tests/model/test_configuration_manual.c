/* docs/configuration.md against the program: its example is read, its error lines are those that
 * come, every key of the schema has its row, and every default in a row is the one in force. */
#include "model/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/yaml_schema.h"
#include "model/configuration_schema.h"

static char *manual;

static int read_manual(void **state)
{
    (void)state;
    size_t bytes = 0;
    ar_error err;
    return ar_file_read_whole("docs/configuration.md", 1 << 20, &manual, &bytes, &err) != AR_OK;
}

static int free_manual(void **state)
{
    (void)state;
    ar_free(manual);
    return 0;
}

/* The block of YAML in the manual, with `find` replaced; the buffer is the caller's. */
static void example(const char *find, const char *replace, char text[4096])
{
    const char *begin = strstr(manual, "```yaml\n");
    assert_non_null(begin);
    begin += strlen("```yaml\n");
    const char *end = strstr(begin, "```");
    assert_non_null(end);
    assert_true(end - begin < 3000);
    snprintf(text, 4096, "%.*s", (int)(end - begin), begin);
    const char *at = strstr(text, find);
    assert_non_null(at);
    char after[4096];
    snprintf(after, sizeof after, "%s", at + strlen(find));
    snprintf(text + (at - text), 4096 - (size_t)(at - text), "%s%s", replace, after);
}

static void example_is_read(void **state)
{
    (void)state;
    char text[4096];
    ar_configuration c;
    ar_error err = {""};
    example("", "", text);
    if (ar_configuration_parse(&c, text, "my.yaml", NULL, 0, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(c.field_count, 2);
    assert_string_equal(c.validation_end, "2020-06-30T18");
    ar_configuration_release(&c);
}

static void error_lines_are_those_that_come(void **state)
{
    (void)state;
    static const struct {
        const char *find, *replace;
    } wrong[] = {{"coupled: [geopotential]", "coupled: [geopotental]"},
                 {"  encoder:", "  encodr:"},
                 {"embedding: 128", "embedding: 100"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[4096];
        ar_configuration c;
        ar_error err = {""};
        example(wrong[i].find, wrong[i].replace, text);
        assert_int_equal(ar_configuration_parse(&c, text, "my.yaml", NULL, 0, &err),
                         AR_ERROR_INPUT);
        if (!strstr(manual, err.message)) {
            fail_msg("not in the manual: %s", err.message);
        }
    }
}

/* The row "| `key` | … |" of a key, within [begin, end) of the manual; NULL if there is none. */
static const char *find_row(const char *begin, const char *end, const char *key)
{
    char row[128];
    snprintf(row, sizeof row, "\n| `%s` |", key);
    const char *at = strstr(begin, row);
    return at && at < end ? at + 1 : NULL;
}

/* The third cell of a row, without its backticks. */
static void default_of_row(const char *row, char text[256])
{
    const char *cell = row;
    for (int i = 0; i < 3; i++) {
        cell = strchr(cell, '|') + 1;
    }
    const char *end = strchr(cell, '|');
    const char *open = memchr(cell, '`', (size_t)(end - cell));
    if (open) {
        cell = open + 1;
        end = strchr(cell, '`');
    } else {
        cell += strspn(cell, " ");
    }
    snprintf(text, 256, "%.*s", (int)(end - cell), cell);
}

static const char minimal[] =
    "fields: [{name: u, tokens: [2, 2, 2], token_size: [1, 1, 1], embedding: 64}]\n";

static char *written(const char *setting)
{
    ar_configuration c;
    ar_error err = {""};
    char *text = NULL;
    if (ar_configuration_parse(&c, minimal, "a.yaml", &setting, setting != NULL, &err) != AR_OK ||
        ar_configuration_write(&c, &text, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    ar_configuration_release(&c);
    return text;
}

/* Setting the documented default changes nothing. */
static void check_default(const char *path, const char *row)
{
    char value[256], setting[512];
    default_of_row(row, value);
    if (value[0] == '*') {
        assert_true(strncmp(value, "*required*", 10) == 0 || strncmp(value, "*none*", 6) == 0);
        return;
    }
    snprintf(setting, sizeof setting, "%s=%s", path, value);
    char *plain = written(NULL), *set = written(setting);
    if (strcmp(plain, set) != 0) {
        fail_msg("the manual says %s, which is not the default", setting);
    }
    ar_free(plain);
    ar_free(set);
}

/* Look for the rows of all keys of a mapping; returns how many keys there are. */
static int check_keys(const cyaml_schema_value_t *mapping, const char *prefix,
                      const char *row_prefix, const char *begin, const char *end)
{
    int count = 0;
    for (const cyaml_schema_field_t *field = mapping->mapping.fields; field->key; field++) {
        char path[128], row_key[128];
        snprintf(path, sizeof path, "%s%s", prefix, field->key);
        snprintf(row_key, sizeof row_key, "%s%s", row_prefix, field->key);
        bool is_group = field->value.type == CYAML_MAPPING && strcmp(field->key, "losses") != 0;
        if (is_group) {
            snprintf(path + strlen(path), 2, ".");
            snprintf(row_key + strlen(row_key), 2, ".");
            count += check_keys(&field->value, path, row_key, begin, end);
        } else if (strcmp(path, "prediction_order") == 0) {
            assert_non_null(strstr(manual, "\n`prediction_order` ("));
        } else if (strcmp(path, "fields") != 0) {
            const char *row = find_row(begin, end, row_key);
            if (!row) {
                fail_msg("docs/configuration.md has no row for %s", row_key);
            }
            check_default(path, row);
            count++;
        }
    }
    return count;
}

static void every_key_has_its_row_and_default(void **state)
{
    (void)state;
    const char *fields = strstr(manual, "### Fields");
    const char *after_fields = strstr(manual, "### Model");
    assert_non_null(fields);
    assert_non_null(after_fields);
    const char *end = manual + strlen(manual);
    const cyaml_schema_field_t *list = ar_yaml_schema_find(&ar_configuration_schema, "fields");
    int count = check_keys(&ar_configuration_schema, "", "", manual, end);
    count += check_keys(list->value.sequence.entry, "fields.0.", "", fields, after_fields);
    for (int kind = 0; kind < AR_LOSS_KIND_COUNT; kind++) {
        assert_non_null(find_row(manual, end, ar_loss_name((ar_loss_kind)kind)));
    }
    /* And no row is of a key that is gone. */
    int rows = 0;
    for (const char *row = manual; (row = strstr(row, "\n| `")) != NULL; row++) {
        rows++;
    }
    assert_int_equal(rows, count + AR_LOSS_KIND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_is_read),
        cmocka_unit_test(error_lines_are_those_that_come),
        cmocka_unit_test(every_key_has_its_row_and_default),
    };
    return cmocka_run_group_tests(tests, read_manual, free_manual);
}

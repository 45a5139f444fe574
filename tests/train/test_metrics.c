/* Lines of metrics.jsonl are JSON whatever the numbers are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cJSON.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/metrics.h"

static void what_is_no_number_is_null(void **state)
{
    (void)state;
    char folder[] = "/tmp/atmorep-metrics-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    ar_field_configuration field = {.name = (char[]){"t"}, .predicted = true};
    ar_configuration *configuration = calloc(1, sizeof *configuration);
    configuration->field_count = configuration->prediction_count = 1;
    configuration->fields = &field;
    configuration->training.loss_count = 1;
    const ar_loss_kind kind = configuration->training.losses[0].kind;
    ar_loss_sums *sums = calloc(1, sizeof *sums);
    sums->count = 2;
    sums->total = NAN;
    sums->losses[0][kind] = INFINITY;
    sums->gradient_norm = 3;
    ar_metrics metrics;
    char *text = NULL;
    size_t bytes;
    assert_int_equal(ar_metrics_open(&metrics, folder, 0, configuration, NULL), AR_OK);
    const ar_training_pace pace = {
        .learning_rate = 0.5, .samples_per_second = 10, .skipped_steps = 4};
    assert_int_equal(ar_metrics_write(&metrics, sums, 7, &pace, NULL), AR_OK);
    ar_metrics_close(&metrics);
    assert_int_equal(ar_file_read_whole(path, 4096, &text, &bytes, NULL), AR_OK);
    cJSON *line = cJSON_Parse(text);
    assert_non_null(line);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(line, "loss")));
    const cJSON *losses = cJSON_GetObjectItem(cJSON_GetObjectItem(line, "fields"), "t");
    assert_true(losses && cJSON_IsNull(losses->child));
    assert_true(cJSON_GetObjectItem(line, "gradient_norm")->valuedouble == 1.5);
    assert_true(cJSON_GetObjectItem(line, "skipped_steps")->valuedouble == 4);
    cJSON_Delete(line);
    ar_free(text);
    free(sums);
    free(configuration);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_no_number_is_null)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

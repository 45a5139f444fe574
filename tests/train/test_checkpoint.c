/* What is written is read; what is damaged, missing or of another shape is one clear line; and a
 * write that fails leaves the older checkpoints as they were. */
#include "train/checkpoint.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/synthetic.h"
#include "temporary_folder.h"

static const char yaml[] = "data:\n"
                           "  paths: [nowhere.nc]\n"
                           "  training: {start: 2000-01-01, end: 2000-01-02}\n"
                           "normalisation: {period: monthly, area: latitude}\n"
                           "fields:\n"
                           "  - {name: wind, levels: [100, 101], tokens: [2, 2, 3],\n"
                           "     token_size: [1, 2, 3], embedding: 64, coupled: [pressure]}\n"
                           "  - {name: pressure, levels: [100], tokens: [1, 1, 3],\n"
                           "     token_size: [2, 4, 3], embedding: 32}\n"
                           "model:\n"
                           "  encoder: {layers: 1, heads: 2}\n"
                           "  decoder: {layers: 1, heads: 2}\n"
                           "  tails: 3\n";

static int empty_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/* '%s'/.[a-z]*", folder, folder);
    return system(command);
}

/* ---- a run -------------------------------------------------------------------------------------
 */

typedef struct {
    ar_configuration configuration;
    ar_dataset dataset;
    ar_model *model;
    float *parameters;
    ar_optimiser optimiser;
    ar_loss_sums sums;
} run_state;

static void fill_normal(float *values, int64_t count, uint32_t stream)
{
    ar_random random = {.seed = 31, .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)ar_random_normal(&random);
    }
}

static void make_fields(ar_dataset *dataset, int64_t nlat, int64_t nlon)
{
    static const char *const names[2] = {"wind", "pressure"};
    *dataset = (ar_dataset){.field_count = 2};
    for (int64_t f = 0; f < 2; f++) {
        const synthetic_shape shape = {.name = names[f],
                                       .nlat = nlat,
                                       .nlon = nlon,
                                       .north = 90,
                                       .west = 0,
                                       .step = 10,
                                       .level_count = 2 - f,
                                       .time_count = 40,
                                       .first_time = 30 * 86400,
                                       .time_step = 6 * 3600,
                                       .formula = scrambled_value};
        synthetic_field(&dataset->fields[f], &shape);
    }
}

static void create(run_state *run)
{
    ar_error err = {""};
    *run = (run_state){0};
    if (ar_configuration_parse(&run->configuration, yaml, "test", NULL, 0, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    make_fields(&run->dataset, 19, 36);
    for (int64_t f = 0; f < 2; f++) {
        assert_int_equal(ar_normalisation_compute(&run->dataset.normalisations[f],
                                                  &run->dataset.fields[f], AR_PERIOD_MONTHLY,
                                                  AR_AREA_LATITUDE, 0, INT64_MAX, &err),
                         AR_OK);
    }
    const ar_model_options options = {.batch = 1, .losses = true, .type = AR_TYPE_FLOAT32};
    assert_int_equal(ar_model_create(&run->model, &run->configuration, &options, &err), AR_OK);
    const int64_t count = run->model->graph->parameter_values;
    assert_int_equal(ar_allocate(&run->parameters, (size_t)count, sizeof(float), "", &err), AR_OK);
    assert_int_equal(ar_optimiser_init(&run->optimiser, run->model->graph, &err), AR_OK);
    fill_normal(run->parameters, count, 1);
    fill_normal(run->optimiser.first_moment, count, 2);
    fill_normal(run->optimiser.second_moment, count, 3);
    run->optimiser.step = 12;
    run->sums = (ar_loss_sums){.count = 7, .total = 1.0 / 3, .gradient_norm = 2.0 / 7};
    run->sums.losses[0][AR_LOSS_STATS] = 1e-300;
    run->sums.losses[1][AR_LOSS_KERNEL_CRPS_FAIR] = -5.5;
}

static void release(run_state *run)
{
    ar_dataset_release(&run->dataset);
    ar_model_destroy(&run->model);
    ar_free(run->parameters);
    ar_optimiser_release(&run->optimiser);
    ar_configuration_release(&run->configuration);
}

static ar_status save(run_state *run, int64_t step, ar_error *err)
{
    run->optimiser.step = step;
    return ar_checkpoint_write(folder, &run->configuration, &run->dataset, run->model->graph,
                               run->parameters, &run->optimiser, &run->sums, NULL, err);
}

static void save_good(run_state *run, int64_t step)
{
    ar_error err = {""};
    if (save(run, step, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static void path_of(char path[160], const char *name)
{
    snprintf(path, 160, "%s/%s", folder, name);
}

/* Names in the folder, sorted, hidden ones too, separated by spaces. */
static void list_folder(char *text, size_t size)
{
    char command[128];
    snprintf(command, sizeof command, "ls -A '%s' | tr '\\n' ' '", folder);
    FILE *listing = popen(command, "r");
    assert_non_null(listing);
    text[fread(text, 1, size - 1, listing)] = '\0';
    pclose(listing);
}

static void read_bytes(const char *path, char **bytes, size_t *count)
{
    ar_error err = {""};
    if (ar_file_read_whole(path, 1 << 26, bytes, count, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

/* ---- round trip --------------------------------------------------------------------------------
 */

static bool same_parameters(const run_state *run, const float *a, const float *b)
{
    bool same = true;
    for (size_t p = 0; p < run->model->graph->parameter_count; p++) {
        const ar_parameter *one = &run->model->graph->parameters[p];
        same &= memcmp(a + one->offset, b + one->offset,
                       (size_t)(one->rows * one->columns) * sizeof(float)) == 0;
    }
    return same;
}

static void check_dataset(ar_checkpoint *checkpoint, const ar_dataset *wanted)
{
    ar_dataset dataset;
    ar_error err = {""};
    make_fields(&dataset, 19, 36);
    assert_int_equal(ar_checkpoint_read_normalisations(checkpoint, &dataset, &err), AR_OK);
    for (int64_t f = 0; f < 2; f++) {
        const ar_normalisation *a = &dataset.normalisations[f], *b = &wanted->normalisations[f];
        const size_t bytes = (size_t)(13 * a->level_count * a->rows * a->columns) * sizeof(float);
        assert_int_equal(a->period, AR_PERIOD_MONTHLY);
        assert_int_equal(a->area, AR_AREA_LATITUDE);
        assert_memory_equal(a->mean, b->mean, bytes);
        assert_memory_equal(a->standard_deviation, b->standard_deviation, bytes);
        assert_memory_equal(a->month_seen, b->month_seen, sizeof a->month_seen);
        assert_true(a->month_seen[1] && a->month_seen[2] && !a->month_seen[3]);
    }
    ar_dataset_release(&dataset);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    run_state run, again;
    ar_checkpoint checkpoint;
    ar_error err = {""};
    create(&run);
    create(&again);
    const size_t values = (size_t)run.model->graph->parameter_values;
    save_good(&run, 12);
    memset(again.parameters, 0, values * sizeof(float));
    memset(again.optimiser.first_moment, 0, values * sizeof(float));
    memset(again.optimiser.second_moment, 0, values * sizeof(float));
    memset(&again.sums, 0, sizeof again.sums);
    assert_int_equal(ar_checkpoint_open(&checkpoint, folder, &err), AR_OK);
    assert_int_equal(checkpoint.step, 12);
    assert_int_equal(ar_checkpoint_read_model(&checkpoint, again.model->graph, again.parameters,
                                              &again.optimiser, &err),
                     AR_OK);
    assert_int_equal(ar_checkpoint_read_sums(&checkpoint, &again.sums, &err), AR_OK);
    assert_int_equal(again.optimiser.step, 12);
    assert_true(same_parameters(&run, run.parameters, again.parameters));
    assert_true(same_parameters(&run, run.optimiser.first_moment, again.optimiser.first_moment));
    assert_true(same_parameters(&run, run.optimiser.second_moment, again.optimiser.second_moment));
    assert_memory_equal(&run.sums, &again.sums, sizeof run.sums);
    check_dataset(&checkpoint, &run.dataset);
    char *then = NULL, *now = NULL;
    assert_int_equal(ar_configuration_write(&checkpoint.configuration, &then, &err), AR_OK);
    assert_int_equal(ar_configuration_write(&run.configuration, &now, &err), AR_OK);
    assert_string_equal(then, now);
    ar_free(then);
    ar_free(now);
    ar_checkpoint_close(&checkpoint);
    ar_checkpoint_close(&checkpoint);
    release(&run);
    release(&again);
}

static void the_same_run_writes_the_same_bytes(void **state)
{
    (void)state;
    run_state run;
    char path[160], *first = NULL, *second = NULL;
    size_t sizes[2];
    create(&run);
    path_of(path, "checkpoint-00000003.safetensors");
    save_good(&run, 3);
    read_bytes(path, &first, &sizes[0]);
    save_good(&run, 3);
    read_bytes(path, &second, &sizes[1]);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(first, second, sizes[0]);
    ar_free(first);
    ar_free(second);
    release(&run);
}

/* Only files of the very form that is written are checkpoints, and only these are removed, also
 * when a kill left them unfinished. */
static void the_last_three_are_kept(void **state)
{
    (void)state;
    run_state run;
    ar_error err = {""};
    char path[160], listing[1024], *newest = NULL;
    create(&run);
    assert_int_equal(ar_checkpoint_find(folder, &newest, &err), AR_OK);
    assert_null(newest);
    const char *const others[] = {"checkpoint-7.safetensors",
                                  "checkpoint-00000009.safetensors.bak",
                                  "checkpoint--0000001.safetensors",
                                  "notes.txt",
                                  "notes.txt.partial-7",
                                  "checkpoint-00000008.safetensors.partial-4567",
                                  "configuration.yaml.partial-12",
                                  "metrics.jsonl.partial-3"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        path_of(path, others[i]);
        assert_int_equal(ar_file_write_whole(path, "mine", 4, &err), AR_OK);
    }
    const int64_t steps[] = {1, 2, 30, 4, 123456789};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        save_good(&run, steps[i]);
    }
    list_folder(listing, sizeof listing);
    assert_string_equal(listing,
                        "checkpoint--0000001.safetensors checkpoint-00000004.safetensors "
                        "checkpoint-00000009.safetensors.bak checkpoint-00000030.safetensors "
                        "checkpoint-123456789.safetensors checkpoint-7.safetensors notes.txt "
                        "notes.txt.partial-7 ");
    assert_int_equal(ar_checkpoint_find(folder, &newest, &err), AR_OK);
    assert_non_null(strstr(newest, "checkpoint-123456789.safetensors"));
    ar_free(newest);
    release(&run);
}

/* ---- damage ------------------------------------------------------------------------------------
 */

/* Open and read all of a checkpoint; the error when it fails. */
static ar_status read_all(run_state *run, const char *path, ar_error *err)
{
    ar_checkpoint checkpoint = {0};
    ar_dataset dataset;
    ar_status status = AR_OK;
    make_fields(&dataset, 19, 36);
    AR_TRY(ar_checkpoint_open(&checkpoint, path, err));
    AR_TRY(ar_checkpoint_read_model(&checkpoint, run->model->graph, run->parameters,
                                    &run->optimiser, err));
    AR_TRY(ar_checkpoint_read_sums(&checkpoint, &run->sums, err));
    AR_TRY(ar_checkpoint_read_normalisations(&checkpoint, &dataset, err));
cleanup:
    ar_checkpoint_close(&checkpoint);
    ar_dataset_release(&dataset);
    return status;
}

static void assert_refused(run_state *run, const char *path, const char *words)
{
    ar_error err = {""};
    ar_status status = read_all(run, path, &err);
    if (status != AR_ERROR_INPUT || !strstr(err.message, path) || !strstr(err.message, words) ||
        strchr(err.message, '\n')) {
        fail_msg("wanted a line with '%s' and '%s', got status %d: %s", path, words, (int)status,
                 err.message);
    }
}

static void a_truncated_checkpoint_is_refused(void **state)
{
    (void)state;
    run_state run;
    char whole[160], path[160], *bytes = NULL;
    size_t count;
    create(&run);
    save_good(&run, 5);
    path_of(whole, "checkpoint-00000005.safetensors");
    path_of(path, "checkpoint-00000006.safetensors");
    read_bytes(whole, &bytes, &count);
    const size_t lengths[] = {0, 7, 8, 9, 1000, count / 2, count - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assert_int_equal(ar_file_write_whole(path, bytes, lengths[i], NULL), AR_OK);
        assert_refused(&run, path, "");
    }
    ar_free(bytes);
    release(&run);
}

/* A byte of the header changed: whatever that makes of it, it is read or refused with a line. */
static void a_changed_header_never_breaks_the_program(void **state)
{
    (void)state;
    run_state run;
    char path[160], *bytes = NULL;
    size_t count;
    create(&run);
    save_good(&run, 5);
    path_of(path, "checkpoint-00000005.safetensors");
    read_bytes(path, &bytes, &count);
    uint64_t header = 0;
    memcpy(&header, bytes, sizeof header);
    ar_random random = {.seed = 8, .purpose = AR_RANDOM_TEST};
    int refused = 0;
    for (int i = 0; i < 60; i++) {
        size_t at = (size_t)ar_random_below(&random, (int64_t)header + 8);
        char kept = bytes[at];
        ar_error err = {""};
        bytes[at] = (char)(kept ^ (1 << ar_random_below(&random, 8)));
        assert_int_equal(ar_file_write_whole(path, bytes, count, NULL), AR_OK);
        ar_status status = read_all(&run, path, &err);
        assert_true(status == AR_OK || (err.message[0] && !strchr(err.message, '\n')));
        refused += status != AR_OK;
        bytes[at] = kept;
    }
    assert_true(refused > 20);
    ar_free(bytes);
    release(&run);
}

/* Write the checkpoint anew, but without one tensor, or with its shape turned around, or with one
 * metadata entry changed (NULL: left out), or with the first losses only. */
typedef struct {
    const char *without, *turned;
    const char *key, *value;
    int64_t fields, losses;
} alteration;

static void alter(const char *from, const char *to, const alteration *how)
{
    ar_safetensors *file = NULL;
    ar_safetensor tensors[512];
    ar_metadata metadata[6];
    const char *const keys[6] = {"format", "program", "step", "months", "units", "configuration"};
    int64_t count = 0, entries = 0;
    ar_error err = {""};
    assert_int_equal(ar_safetensors_open(&file, from, &err), AR_OK);
    assert_true(ar_safetensors_count(file) <= 512);
    for (int64_t i = 0; i < ar_safetensors_count(file); i++) {
        ar_safetensor tensor = *ar_safetensors_get(file, i);
        float *values = NULL;
        if (how->without && strcmp(tensor.name, how->without) == 0) {
            continue;
        }
        assert_int_equal(ar_allocate(&values, (size_t)tensor.count, sizeof(double), "", &err),
                         AR_OK);
        if (tensor.dtype == AR_DTYPE_F64) {
            assert_int_equal(ar_safetensors_read_double(file, &tensor, (double *)values, &err),
                             AR_OK);
        } else {
            assert_int_equal(ar_safetensors_read_float(file, &tensor, values, &err), AR_OK);
        }
        if (how->turned && strcmp(tensor.name, how->turned) == 0) {
            int64_t first = tensor.shape[0];
            tensor.shape[0] = tensor.shape[tensor.rank - 1];
            tensor.shape[tensor.rank - 1] = first;
        }
        if (how->losses > 0 && strcmp(tensor.name, "training.loss_sums") == 0) {
            double *sums = (double *)values;
            for (int64_t f = 0; f < how->fields; f++) {
                memmove(sums + 3 + f * how->losses, sums + 3 + f * AR_LOSS_KIND_COUNT,
                        (size_t)how->losses * sizeof *sums);
            }
            tensor.count = tensor.shape[0] = 3 + how->fields * how->losses;
        }
        tensor.data = values;
        tensors[count++] = tensor;
    }
    for (int k = 0; k < 6; k++) {
        bool changed = how->key && strcmp(keys[k], how->key) == 0;
        const char *value = changed ? how->value : ar_safetensors_metadata(file, keys[k]);
        if (value) {
            metadata[entries++] = (ar_metadata){keys[k], value};
        }
    }
    assert_int_equal(ar_safetensors_write(to, tensors, count, metadata, entries, &err), AR_OK);
    for (int64_t i = 0; i < count; i++) {
        ar_free((void *)tensors[i].data);
    }
    ar_safetensors_close(&file);
}

/* A program that knew fewer losses, the first six, wrote fewer sums. */
static void fewer_losses_are_read(void **state)
{
    (void)state;
    run_state run;
    char whole[160], path[160];
    ar_error err = {""};
    create(&run);
    save_good(&run, 5);
    const ar_loss_sums kept = run.sums;
    path_of(whole, "checkpoint-00000005.safetensors");
    path_of(path, "altered");
    alter(whole, path,
          &(alteration){.fields = run.configuration.field_count,
                        .losses = AR_LOSS_KERNEL_CRPS_FAIR + 1});
    if (read_all(&run, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_memory_equal(&kept, &run.sums, sizeof kept);
    release(&run);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    static const struct {
        alteration how;
        const char *words;
    } cases[] = {
        {{.without = "embeds.0.weight"}, "no tensor embeds.0.weight"},
        {{.without = "optimiser.second_moment.embeds.1.bias"},
         "no tensor optimiser.second_moment.embeds.1.bias"},
        {{.without = "normalisation.pressure.mean"}, "no tensor normalisation.pressure.mean"},
        {{.without = "training.loss_sums"}, "no tensor training.loss_sums"},
        {{.turned = "embeds.0.weight"}, "tensor embeds.0.weight is [6, 48]"},
        {{.turned = "optimiser.first_moment.embeds.0.weight"}, "[48, 6]"},
        {{.turned = "normalisation.wind.mean"}, "wants [13, 2, 19, 1]"},
        {{.key = "step"}, "no step"},
        {{.key = "step", .value = "twelve"}, "step 'twelve'"},
        {{.key = "step", .value = "-3"}, "step '-3'"},
        {{.key = "configuration"}, "no configuration"},
        {{.key = "configuration", .value = "fields: 7\n"}, "fields"},
        {{.key = "months"}, "months"},
        {{.key = "months", .value = "11"}, "months"},
        {{.key = "units"}, "no units"},
        {{.key = "units", .value = "m s-1\nfurlong\n"}, "was trained with"},
        {{.without = "grid.longitude"}, "no tensor grid.longitude"},
    };
    run_state run;
    char whole[160], path[160];
    create(&run);
    save_good(&run, 5);
    path_of(whole, "checkpoint-00000005.safetensors");
    path_of(path, "altered");
    alter(whole, path, &(alteration){0});
    ar_error err = {""};
    assert_int_equal(read_all(&run, path, &err), AR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        alter(whole, path, &cases[i].how);
        assert_refused(&run, path, cases[i].words);
    }
    /* weights alone need no step, but a number where there is one */
    ar_checkpoint checkpoint;
    alter(whole, path, &(alteration){.key = "step"});
    assert_int_equal(ar_checkpoint_open_weights(&checkpoint, path, &err), AR_OK);
    assert_int_equal(checkpoint.step, 0);
    assert_null(ar_checkpoint_origin(&checkpoint));
    ar_checkpoint_close(&checkpoint);
    alter(whole, path, &(alteration){.key = "step", .value = "-3"});
    assert_int_equal(ar_checkpoint_open_weights(&checkpoint, path, &err), AR_ERROR_INPUT);
    path_of(path, "no such file");
    assert_refused(&run, path, "");
    release(&run);
}

/* A run goes on only with the data it began with. */
static void changed_data_is_refused(void **state)
{
    (void)state;
    run_state run;
    ar_checkpoint checkpoint;
    ar_error err = {""};
    create(&run);
    save_good(&run, 5);
    assert_int_equal(ar_checkpoint_open(&checkpoint, folder, &err), AR_OK);
    assert_int_equal(ar_checkpoint_check_data(&checkpoint, &run.dataset, &err), AR_OK);
    float *mean = &run.dataset.normalisations[1].mean[7];
    const float then = *mean, deviation = run.dataset.normalisations[1].standard_deviation[7];
    /* the last digit, as another way to the statistics may give it, is set right */
    *mean = nextafterf(*mean, INFINITY);
    assert_int_equal(ar_checkpoint_check_data(&checkpoint, &run.dataset, &err), AR_OK);
    assert_true(*mean == then);
    *mean += 1e-5f * deviation + 1e-6f * fabsf(then);
    assert_int_equal(ar_checkpoint_check_data(&checkpoint, &run.dataset, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "statistics of pressure"));
    ar_checkpoint_close(&checkpoint);
    release(&run);
}

static void a_folder_without_checkpoint_says_what_makes_one(void **state)
{
    (void)state;
    run_state run;
    char path[160], *newest = NULL;
    ar_error err = {""};
    create(&run);
    assert_refused(&run, folder, "atmorep train");
    path_of(path, "not there");
    assert_int_equal(ar_checkpoint_find(path, &newest, &err), AR_OK);
    assert_null(newest);
    release(&run);
}

static void another_grid_is_refused(void **state)
{
    (void)state;
    run_state run;
    ar_checkpoint checkpoint;
    ar_dataset dataset;
    ar_error err = {""};
    create(&run);
    save_good(&run, 5);
    make_fields(&dataset, 17, 36);
    assert_int_equal(ar_checkpoint_open(&checkpoint, folder, &err), AR_OK);
    assert_int_equal(ar_checkpoint_read_normalisations(&checkpoint, &dataset, &err),
                     AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "17 x 36"));
    assert_non_null(strstr(err.message, "19 x 36"));
    assert_non_null(strstr(err.message, "per latitude"));
    ar_checkpoint_close(&checkpoint);
    ar_dataset_release(&dataset);
    release(&run);
}

/* ---- failing writes ----------------------------------------------------------------------------
 */

/* In a child, where no file may grow beyond 64 KiB; a checkpoint has more. 0: it failed as it
 * should. */
static int write_on_full_disk(run_state *run)
{
    const struct rlimit limit = {1 << 16, 1 << 16};
    ar_error err = {""};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return 2;
    }
    ar_status status = save(run, 8, &err);
    return status == AR_ERROR_SYSTEM && strstr(err.message, "checkpoint-00000008") ? 0 : 1;
}

static void a_full_disk_leaves_the_older_ones(void **state)
{
    (void)state;
    run_state run;
    char path[160], listing[1024], *before = NULL, *after = NULL;
    size_t sizes[2];
    create(&run);
    save_good(&run, 5);
    save_good(&run, 6);
    save_good(&run, 7);
    path_of(path, "checkpoint-00000005.safetensors");
    read_bytes(path, &before, &sizes[0]);
    assert_true(sizes[0] > 2 << 16);
    pid_t child = fork();
    if (child == 0) {
        _exit(write_on_full_disk(&run));
    }
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
    list_folder(listing, sizeof listing);
    assert_string_equal(listing, "checkpoint-00000005.safetensors checkpoint-00000006.safetensors "
                                 "checkpoint-00000007.safetensors ");
    read_bytes(path, &after, &sizes[1]);
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(before, after, sizes[0]);
    ar_free(before);
    ar_free(after);
    release(&run);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    run_state run;
    char path[160];
    create(&run);
    path_of(path, "checkpoint-00000005.safetensors");
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed += 1 + failed / 40) {
        ar_fail_allocation_after(failed);
        status = save(&run, 5, NULL);
        ar_fail_allocation_after(-1);
        /* Only the clearing away of older ones may fail when the new one is written. */
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
    }
    status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed += 1 + failed / 40) {
        ar_checkpoint checkpoint;
        ar_fail_allocation_after(failed);
        status = ar_checkpoint_open(&checkpoint, folder, NULL);
        ar_fail_allocation_after(-1);
        assert_int_not_equal(status, AR_ERROR_SYSTEM);
        ar_checkpoint_close(&checkpoint);
    }
    release(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_written_is_read, empty_folder),
        cmocka_unit_test_teardown(the_same_run_writes_the_same_bytes, empty_folder),
        cmocka_unit_test_teardown(the_last_three_are_kept, empty_folder),
        cmocka_unit_test_teardown(a_truncated_checkpoint_is_refused, empty_folder),
        cmocka_unit_test_teardown(a_changed_header_never_breaks_the_program, empty_folder),
        cmocka_unit_test_teardown(fewer_losses_are_read, empty_folder),
        cmocka_unit_test_teardown(what_does_not_fit_is_named, empty_folder),
        cmocka_unit_test_teardown(a_folder_without_checkpoint_says_what_makes_one, empty_folder),
        cmocka_unit_test_teardown(another_grid_is_refused, empty_folder),
        cmocka_unit_test_teardown(changed_data_is_refused, empty_folder),
        cmocka_unit_test_teardown(a_full_disk_leaves_the_older_ones, empty_folder),
        cmocka_unit_test_teardown(every_allocation_may_fail, empty_folder),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

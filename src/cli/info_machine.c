#include <stdio.h>
#include <string.h>

#include "atmorep/backend.h"
#include "cli/info.h"

/* What Linux calls the processor; "unknown" elsewhere. */
static void name_processor(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value) {
            value += 1 + strspn(value + 1, " \t");
            snprintf(name, size, "%.*s", (int)strcspn(value, "\n"), value);
            break;
        }
    }
    if (file) {
        fclose(file);
    }
}

/* The peak of a precision, and, where a step is known, how long its products take at it. */
static void add_peak(cJSON *machine, const cJSON *step, const ar_backend *backend,
                     ar_type precision, const char *name, int threads)
{
    const double peak = 1e-9 * backend->peak(precision, threads, 0.1);
    char label[96];
    snprintf(label, sizeof label, "peak GFLOP/s, %s", name);
    cJSON_AddNumberToObject(machine, label, peak);
    if (cJSON_IsNumber(step)) {
        snprintf(label, sizeof label, "seconds a training step at the peak, %s", name);
        cJSON_AddNumberToObject(machine, label, step->valuedouble / peak);
    }
}

void ar_info_add_machine(cJSON *tree, int threads)
{
    const ar_backend *backend = ar_backend_find("cpu");
    const cJSON *step =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(tree, "cost"), AR_INFO_STEP);
    cJSON *machine = cJSON_AddObjectToObject(tree, "machine");
    char processor[128];
    name_processor(processor, sizeof processor);
    cJSON_AddStringToObject(machine, "processor", processor);
    cJSON_AddNumberToObject(machine, "threads", threads);
    cJSON_AddStringToObject(machine, "backend", backend->name);
    add_peak(machine, step, backend, AR_TYPE_FLOAT32, "float32", threads);
    add_peak(machine, step, backend, AR_TYPE_BFLOAT16, "bf16", threads);
    cJSON_AddNumberToObject(machine, "memory GB/s", 1e-9 * backend->bandwidth(threads));
}

#include "backend/cpu/processor/path.h"

#include <string.h>

extern const ar_backend ar_backend_cpu_portable;

static bool runs_everywhere(void)
{
    return true;
}

#ifdef CPU_PATHS_X86
extern const ar_backend ar_backend_cpu_avx2, ar_backend_cpu_avx512, ar_backend_cpu_avx512_bf16;

/* Every processor with these has the rest of x86-64-v3 too. */
static bool runs_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
}

static bool runs_avx512(void)
{
    return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}

static bool runs_avx512_bf16(void)
{
    return runs_avx512() && __builtin_cpu_supports("avx512bf16");
}
#endif

/* Fastest first. */
static const struct {
    const ar_backend *backend;
    bool (*runs)(void);
} paths[] = {
#ifdef CPU_PATHS_X86
    {&ar_backend_cpu_avx512_bf16, runs_avx512_bf16},
    {&ar_backend_cpu_avx512, runs_avx512},
    {&ar_backend_cpu_avx2, runs_avx2},
#endif
    {&ar_backend_cpu_portable, runs_everywhere},
};

const ar_backend *cpu_path_find(const char *name)
{
    const bool any = strcmp(name, "cpu") == 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if ((any || strcmp(name, paths[i].backend->name) == 0) && paths[i].runs()) {
            return paths[i].backend;
        }
    }
    return NULL;
}

bool cpu_bf16_dot_pays(void)
{
#ifdef CPU_PATHS_X86
    return runs_avx512_bf16() && __builtin_cpu_is("amd");
#else
    return false;
#endif
}

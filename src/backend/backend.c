#include "atmorep/backend.h"

#include <string.h>

#include "backend/cpu/processor/path.h"
#include "backend/ref/ref.h"

const ar_backend *ar_backend_find(const char *name)
{
    return strcmp(name, ar_backend_ref.name) == 0 ? &ar_backend_ref : cpu_path_find(name);
}

ar_status ar_backend_choose(const ar_backend **backend, const char *name, ar_error *err)
{
    *backend = ar_backend_find(name ? name : "cpu");
    if (!*backend) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "backend %s: should be cpu, ref, or a path of cpu that this processor can "
                       "run: cpu-portable, cpu-avx2, cpu-avx512, cpu-avx512_bf16",
                       name);
    }
    return AR_OK;
}

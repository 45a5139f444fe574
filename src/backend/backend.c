#include "atmorep/backend.h"

#include <string.h>

#include "backend/cpu/cpu.h"
#include "backend/ref/ref.h"

const ar_backend *ar_backend_find(const char *name)
{
    const ar_backend *const backends[] = {&ar_backend_ref, &ar_backend_cpu};
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
        if (strcmp(backends[i]->name, name) == 0) {
            return backends[i];
        }
    }
    return NULL;
}

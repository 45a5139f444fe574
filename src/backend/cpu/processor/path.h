/* Which of the compiled instruction sets this processor can run. */
#ifndef AR_BACKEND_CPU_PROCESSOR_PATH_H
#define AR_BACKEND_CPU_PROCESSOR_PATH_H

#include "atmorep/backend.h"

/* The backend of the fastest path of this processor for "cpu", of a given path for "cpu-portable",
 * "cpu-avx2", "cpu-avx512" and "cpu-avx512_bf16". NULL for another name, and for a path that was
 * not compiled or that this processor cannot run. Borrowed, constant, thread-safe. */
const ar_backend *cpu_path_find(const char *name);

/* Does the dot product of bf16 pairs (vdpbf16ps) do more than float32's fused multiply-add? On
 * AMD's Zen 4 and 5 twice as much; on Intel's processors half as much, so that there bf16 operands
 * are widened to float32 first. Told from the vendor, never from a clock: the two round
 * differently, and the same machine has to give the same bits. */
bool cpu_bf16_dot_pays(void);

#endif

/* What the processor could do at most, measured: the yardstick of profiles and benchmarks. */
#ifndef AR_BACKEND_CPU_PEAK_H
#define AR_BACKEND_CPU_PEAK_H

#include "atmorep/backend.h"
#include "backend/cpu/names.h"

/* Run `rounds` rounds of independent multiply-adds in registers on the calling thread, by the
 * instruction that this path multiplies matrices of `precision` with: float32 FMA (multiplication
 * and addition on the portable path), or, for AR_TYPE_BFLOAT16 where cpu_bf16_dot_pays, vdpbf16ps.
 * Returns the floating-point operations done, two a multiply-add. Clocks are the caller's. */
double cpu_peak_burst(ar_type precision, int64_t rounds);

/* See ar_backend. */
double cpu_peak(ar_type precision, int threads, double seconds);
double cpu_bandwidth(int threads);

#endif

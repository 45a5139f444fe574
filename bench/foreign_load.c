#include "foreign_load.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

static double machine_seconds(void)
{
    /* user, nice, system, idle, iowait, irq, softirq, steal: proc(5) */
    enum { IDLE = 3, WAITING = 4, KINDS = 8 };
    double ticks[KINDS], sum = 0;
    FILE *file = fopen("/proc/stat", "r");
    int read = file ? fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &ticks[0], &ticks[1],
                             &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7])
                    : 0;
    if (file) {
        fclose(file);
    }
    if (read != KINDS) {
        return -1;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        sum += kind == IDLE || kind == WAITING ? 0 : ticks[kind];
    }
    return sum / (double)sysconf(_SC_CLK_TCK);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

load_reading load_read(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (load_reading){.clock = ar_clock_seconds(),
                          .machine = machine_seconds(),
                          .own = seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

double load_foreign(const load_reading *from, const load_reading *to)
{
    if (from->machine < 0 || to->machine < 0) {
        return 0;
    }
    const double others = (to->machine - from->machine) - (to->own - from->own);
    const double all = (double)sysconf(_SC_NPROCESSORS_ONLN) * (to->clock - from->clock);
    return fmax(0, others / all);
}

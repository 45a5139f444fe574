/* How much of the machine others used while something was timed. A time that was taken beside other
 * work says little about the program. */
#ifndef BENCH_FOREIGN_LOAD_H
#define BENCH_FOREIGN_LOAD_H

typedef struct {
    double clock; /* seconds */
    double
        machine; /* processor seconds that all processes have used, stolen ones too; −1 unknown */
    double own;  /* processor seconds that this process has used */
} load_reading;

load_reading load_read(void);

/* Share of all processors that others used between two readings, 0 … 1; 0 where the system does not
 * tell (it is read from Linux's /proc/stat, in steps of 1/100 s). */
double load_foreign(const load_reading *from, const load_reading *to);

#endif

/* SIGINT and SIGTERM ask long work to come to a clean end; a second signal ends the program at
 * once. */
#ifndef AR_CLI_INTERRUPT_H
#define AR_CLI_INTERRUPT_H

#include <signal.h>

/* Catch the signals from now on. Points to the number of the signal that came, 0 before. */
const volatile sig_atomic_t *ar_catch_interrupts(void);

#endif

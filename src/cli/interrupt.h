/* SIGINT and SIGTERM ask long work to come to a clean end; a second signal ends the program at
 * once. */
#ifndef AR_CLI_INTERRUPT_H
#define AR_CLI_INTERRUPT_H

#include <signal.h>

/* Wait for the signals from now on, in a thread of its own; threads made later do not get them. To
 * be called once, before any other thread is made. Points to the number of the signal that came, 0
 * before; where there can be no thread the signals do what they always did. */
const volatile sig_atomic_t *ar_catch_interrupts(void);

#endif

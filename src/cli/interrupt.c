#include "cli/interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t interrupt_asked;

static void ask_for_end(int number)
{
    interrupt_asked = number;
}

const volatile sig_atomic_t *ar_catch_interrupts(void)
{
    /* SA_RESETHAND: the second signal does what it always did. */
    struct sigaction action = {.sa_handler = ask_for_end, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &interrupt_asked;
}

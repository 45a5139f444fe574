#include "cli/interrupt.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t interrupt_asked;
static sigset_t interrupts;

/* The only thread that signals reach. After the first one they end the program, also one that was
 * started in the background, where SIGINT is ignored. */
static void *wait_for_interrupts(void *unused)
{
    int number;
    (void)unused;
    if (sigwait(&interrupts, &number) == 0) {
        interrupt_asked = number;
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &interrupts, NULL);
    while (pause() == -1) { /* what ends it ends the program */
    }
    return NULL;
}

/* No signal handler: it would run on the stack of some thread that computes, and oneDNN's AVX-512
 * matrix products let the stack pointer point into a small block of the heap meanwhile. What the
 * operating system stores below it for the handler (some kilobytes) would destroy the heap. */
const volatile sig_atomic_t *ar_catch_interrupts(void)
{
    pthread_t thread;
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigaddset(&interrupts, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &interrupts, NULL);
    if (pthread_create(&thread, NULL, wait_for_interrupts, NULL) == 0) {
        pthread_detach(thread);
    } else {
        pthread_sigmask(SIG_UNBLOCK, &interrupts, NULL);
    }
    return &interrupt_asked;
}

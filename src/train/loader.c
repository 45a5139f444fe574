#include "train/loader.h"

#include <omp.h>
#include <pthread.h>

#include "base/memory.h"
#include "base/threads.h"

typedef enum { BATCH_WANTED, BATCH_READY, NO_MORE } loader_state;

struct ar_loader {
    ar_loader_options options;
    ar_batch batch; /* the thread's while it is wanted, the reader's when it is ready */
    ar_cube *cubes; /* [samples] */
    int64_t step;   /* of the batch */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    loader_state state;
    ar_status status;
    ar_error error;
};

static ar_status fill(ar_loader *loader, ar_error *err)
{
    const ar_loader_options *o = &loader->options;
    const ar_status status =
        o->residence ? ar_residence_wait(o->residence, loader->step, err) : AR_OK;
    if (status != AR_OK) {
        return status;
    }
    const ar_draw draw = {.seed = o->seed, .step = (uint32_t)loader->step};
    ar_sampler_draw(o->sampler, &draw, loader->cubes, o->samples);
    ar_batch_fill(&loader->batch, o->sampler->space, loader->cubes, o->samples, o->masking, &draw,
                  false);
    return AR_OK;
}

static ar_status prepare(ar_loader *loader, ar_error *err)
{
    const ar_loader_options *o = &loader->options;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&loader->cubes, (size_t)o->samples, sizeof *loader->cubes, "cubes", err));
    AR_TRY(ar_batch_init(&loader->batch, o->sampler->space, o->samples, err));
cleanup:
    return status;
}

/* The loader's thread. One thread is enough: the others compute. */
static void *fill_batches(void *argument)
{
    ar_loader *loader = argument;
    omp_set_num_threads(1);
    ar_error error = {""};
    ar_status status = prepare(loader, &error);
    pthread_mutex_lock(&loader->lock);
    while (loader->state != NO_MORE) {
        if (loader->state == BATCH_READY) {
            pthread_cond_wait(&loader->changed, &loader->lock);
            continue;
        }
        if (status == AR_OK) {
            pthread_mutex_unlock(&loader->lock);
            status = fill(loader, &error);
            pthread_mutex_lock(&loader->lock);
        }
        loader->status = status;
        loader->error = error;
        if (loader->state == BATCH_WANTED) {
            loader->state = BATCH_READY;
            pthread_cond_broadcast(&loader->changed);
        }
    }
    pthread_mutex_unlock(&loader->lock);
    return NULL;
}

ar_status ar_loader_start(ar_loader **out, const ar_loader_options *options, ar_error *err)
{
    ar_loader *loader = NULL;
    ar_status status = ar_allocate(&loader, 1, sizeof *loader, "a loader", err);
    if (status != AR_OK) {
        return status;
    }
    loader->options = *options;
    loader->step = options->first_step;
    loader->state = options->first_step <= options->last_step ? BATCH_WANTED : NO_MORE;
    pthread_mutex_init(&loader->lock, NULL);
    pthread_cond_init(&loader->changed, NULL);
    status = ar_thread_start(&loader->thread, fill_batches, loader, "loading batches", err);
    if (status != AR_OK) {
        ar_free(loader);
        return status;
    }
    *out = loader;
    return AR_OK;
}

ar_status ar_loader_wait(ar_loader *loader, const ar_batch **batch, ar_error *err)
{
    pthread_mutex_lock(&loader->lock);
    while (loader->state == BATCH_WANTED) {
        pthread_cond_wait(&loader->changed, &loader->lock);
    }
    const ar_status status = loader->status;
    if (status != AR_OK && err) {
        *err = loader->error;
    }
    pthread_mutex_unlock(&loader->lock);
    *batch = &loader->batch;
    return status;
}

/* What the thread does next: nothing more it does after NO_MORE. */
static void tell(ar_loader *loader, loader_state state)
{
    pthread_mutex_lock(&loader->lock);
    loader->state = state;
    pthread_cond_broadcast(&loader->changed);
    pthread_mutex_unlock(&loader->lock);
}

void ar_loader_go_on(ar_loader *loader)
{
    loader->step++;
    tell(loader, loader->step <= loader->options.last_step ? BATCH_WANTED : NO_MORE);
}

void ar_loader_stop(ar_loader **out)
{
    ar_loader *loader = *out;
    if (!loader) {
        return;
    }
    tell(loader, NO_MORE);
    pthread_join(loader->thread, NULL);
    pthread_cond_destroy(&loader->changed);
    pthread_mutex_destroy(&loader->lock);
    ar_batch_release(&loader->batch);
    ar_free(loader->cubes);
    ar_free(loader);
    *out = NULL;
}

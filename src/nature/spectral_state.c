#include "nature/spectral_state.h"

#include <string.h>

#include "base/memory.h"

int64_t ar_spectral_state_size(const ar_spectral_state *state)
{
    return (4 * state->nlev + 1) * state->count;
}

ar_status ar_spectral_state_init(ar_spectral_state *state, int64_t nlev, int64_t count,
                                 ar_error *err)
{
    *state = (ar_spectral_state){.nlev = nlev, .count = count};
    ar_status status = ar_allocate(&state->vorticity, ar_spectral_state_size(state),
                                   sizeof *state->vorticity, "spectral state", err);
    if (status == AR_OK) {
        state->divergence = state->vorticity + nlev * count;
        state->temperature = state->divergence + nlev * count;
        state->humidity = state->temperature + nlev * count;
        state->log_pressure = state->humidity + nlev * count;
    }
    return status;
}

void ar_spectral_state_release(ar_spectral_state *state)
{
    ar_free(state->vorticity);
    *state = (ar_spectral_state){0};
}

void ar_spectral_state_copy(ar_spectral_state *target, const ar_spectral_state *source)
{
    memcpy(target->vorticity, source->vorticity,
           ar_spectral_state_size(source) * sizeof *source->vorticity);
}

#include <pthread.h>
#include <stdbool.h>

#include <hdf5.h>

#include "io/netcdf_private.h"

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;

void ar_netcdf_lock(void)
{
    /* HDF5 prints what goes wrong, also where netCDF-C only tries something; netCDF-C turns that
     * off, but HDF5 has the setting once a thread and netCDF-C does it in the first one alone. */
    static _Thread_local bool silent;
    pthread_mutex_lock(&library_lock);
    if (!silent) {
        H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
        silent = true;
    }
}

void ar_netcdf_unlock(void)
{
    pthread_mutex_unlock(&library_lock);
}

#include <pthread.h>
#include <stdbool.h>

#include <hdf5.h>

#include "io/netcdf_private.h"

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t before_first_use = PTHREAD_ONCE_INIT;

/* A file that HDF5 could not close, because the disk is full, stays in its tables, and its exit
 * handler crashes on it. Every file here is closed or given up by then, so the handler is not
 * needed. Where the application has used HDF5 before, this does nothing. */
static void keep_from_exit_handlers(void)
{
    H5dont_atexit();
}

void ar_netcdf_lock(void)
{
    /* HDF5 prints what goes wrong, also where netCDF-C only tries something; netCDF-C turns that
     * off, but HDF5 has the setting once a thread and netCDF-C does it in the first one alone. */
    static _Thread_local bool silent;
    pthread_once(&before_first_use, keep_from_exit_handlers);
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

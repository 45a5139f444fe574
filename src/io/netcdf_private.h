/* What reading and writing netCDF share. Private to the io room. */
#ifndef AR_IO_NETCDF_PRIVATE_H
#define AR_IO_NETCDF_PRIVATE_H

#include "atmorep/status.h"

/* netCDF-C and HDF5 keep global state: every call happens between these two, so that several
 * threads may each have their own files. */
void ar_netcdf_lock(void);
void ar_netcdf_unlock(void);

/* Check that the file is as long as its own header says: netCDF-C reads zeros from what is missing
 * at the end of a netCDF-3 file, and says only "HDF error" for a netCDF-4 one. Understands CDF-1,
 * CDF-2, CDF-5 and HDF5 superblocks 0 to 3; truncated or malformed headers are errors that name the
 * file. */
AR_USE_RESULT ar_status ar_netcdf_check_length(const char *path, ar_error *err);

#endif

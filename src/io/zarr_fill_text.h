/* How xarray writes the attribute _FillValue of floating arrays of Zarr v3: the base64 text (RFC
 * 4648) of a little-endian float64 (xarray.backends.zarr.FillValueCoder). Private to the io room.
 */
#ifndef AR_IO_ZARR_FILL_TEXT_H
#define AR_IO_ZARR_FILL_TEXT_H

#include <stdbool.h>

enum { AR_ZARR_FILL_TEXT = 13 }; /* eight bytes are eleven digits and "=" */

/* False for a text that is not of this form. */
bool ar_zarr_fill_parse(const char *text, double *number);
void ar_zarr_fill_print(double number, char text[AR_ZARR_FILL_TEXT]);

#endif

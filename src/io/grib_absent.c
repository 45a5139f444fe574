/* A build without ecCodes: GRIB files are recognised and refused. */
#include "io/source_private.h"

ar_status ar_grib_open(ar_source *source, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: is a GRIB file, and this program was built without GRIB; build it with "
                   "-DATMOREP_GRIB=ON and ecCodes, or convert the file (for example with "
                   "`cdo -f nc4 copy`)",
                   source->path);
}

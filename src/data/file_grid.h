/* The grid that a file has a field on, and the way from there to the field's own grid: reordered
 * where both are the same, else regridded. Private to the room. */
#ifndef AR_DATA_FILE_GRID_H
#define AR_DATA_FILE_GRID_H

#include "data/field_data.h"
#include "field/regrid.h"

/* Either latitudes and longitudes, or values in one dimension: of a reduced Gaussian grid or of
 * spherical harmonics, which tell themselves by the attributes GRIB_gridType, GRIB_N, GRIB_pl and
 * GRIB_J, as this program's GRIB reader and cfgrib write them. */
typedef struct {
    ar_grid grid; /* nlat 0: values in one dimension */
    ar_grid_order order;
    bool regular;        /* latitudes are equally far apart */
    int64_t *row_points; /* [row_count] of a reduced Gaussian grid; NULL: none */
    int64_t row_count;
    int64_t truncation; /* of spherical harmonics; −1: none */
    int64_t value_count;
} ar_file_grid;

/* What is in a variable's last dimension instead of latitudes and longitudes? */
bool ar_file_grid_is_linear(const ar_source *source, const ar_variable *variable);

/* Of coordinates in the file's order. Release with ar_file_grid_release in any case. */
AR_USE_RESULT ar_status ar_file_grid_init(ar_file_grid *file_grid, const double *latitude,
                                          int64_t nlat, const double *longitude, int64_t nlon,
                                          const char *path, ar_error *err);
/* Of the attributes of a variable with values in one dimension of length `value_count`. */
AR_USE_RESULT ar_status ar_file_grid_init_linear(ar_file_grid *file_grid, const ar_source *source,
                                                 const ar_variable *variable, int64_t value_count,
                                                 ar_error *err);
void ar_file_grid_release(ar_file_grid *file_grid);

/* The same points, or the same coefficients, in the same order? */
bool ar_file_grid_equal(const ar_file_grid *a, const ar_file_grid *b);

/* The field's grid: that of the file, or the wanted one (a step other than 0). A file's grid that
 * is not regular needs a wanted one. */
AR_USE_RESULT ar_status ar_file_grid_choose(const ar_file_grid *file_grid,
                                            const ar_field_regridding *wanted, const char *path,
                                            const char *variable, ar_grid *grid, ar_error *err);

/* How values of the file become those of the field; NULL where they are but reordered. Destroy with
 * ar_regrid_destroy. */
AR_USE_RESULT ar_status ar_file_grid_make_regrid(const ar_file_grid *file_grid, const ar_grid *grid,
                                                 const ar_field_regridding *wanted,
                                                 const char *path, ar_regrid **regrid,
                                                 ar_error *err);
/* Values of one horizontal field, [value_count] in the file's order, to [nlat][nlon] of the field;
 * `ordered` has room for value_count. */
AR_USE_RESULT ar_status ar_file_grid_place(const ar_file_grid *file_grid, ar_regrid *regrid,
                                           const float *file_values, float *ordered, float *values,
                                           ar_error *err);

#endif

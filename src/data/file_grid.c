#include "data/file_grid.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/quadrature.h"

static bool has_type(const ar_source *source, const ar_variable *variable, const char *type)
{
    const char *own = ar_source_text(source, variable, "GRIB_gridType");
    return own && strcmp(own, type) == 0;
}

bool ar_file_grid_is_linear(const ar_source *source, const ar_variable *variable)
{
    const bool tells = has_type(source, variable, "reduced_gg") || has_type(source, variable, "sh");
    return tells && variable->rank > 0 && !ar_source_problem(source, variable) &&
           strcmp(variable->dimensions[variable->rank - 1], "values") == 0;
}

ar_status ar_file_grid_init(ar_file_grid *file_grid, const double *latitude, int64_t nlat,
                            const double *longitude, int64_t nlon, const char *path, ar_error *err)
{
    *file_grid = (ar_file_grid){.truncation = -1, .value_count = nlat * nlon};
    return ar_grid_init_rows(&file_grid->grid, &file_grid->order, &file_grid->regular, latitude,
                             nlat, longitude, nlon, path, err);
}

static const ar_attribute *find_attribute(const ar_variable *variable, const char *name)
{
    for (int64_t i = 0; i < variable->attribute_count; i++) {
        const ar_attribute *attribute = &variable->attributes[i];
        if (strcmp(attribute->name, name) == 0 && attribute->kind == AR_VALUE_NUMBER) {
            return attribute;
        }
    }
    return NULL;
}

static ar_status read_rows(ar_file_grid *file_grid, const ar_variable *variable, const char *path,
                           ar_error *err)
{
    const ar_attribute *rows = find_attribute(variable, "GRIB_pl");
    int64_t sum = 0;
    if (!rows) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "%s: variable %s is on a reduced Gaussian grid and has no attribute GRIB_pl, "
            "the points of each row",
            path, variable->name);
    }
    ar_status status = ar_allocate(&file_grid->row_points, (size_t)rows->count, sizeof(int64_t),
                                   "points of rows", err);
    if (status != AR_OK) {
        return status;
    }
    file_grid->row_count = rows->count;
    for (int64_t i = 0; i < rows->count; i++) {
        const double points = rows->numbers ? rows->numbers[i] : rows->number;
        file_grid->row_points[i] = points >= 1 && points <= 1e7 ? (int64_t)points : 0;
        sum += file_grid->row_points[i];
    }
    if (sum != file_grid->value_count) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s has %lld values, its rows (GRIB_pl) have %lld points", path,
                       variable->name, (long long)file_grid->value_count, (long long)sum);
    }
    return AR_OK;
}

ar_status ar_file_grid_init_linear(ar_file_grid *file_grid, const ar_source *source,
                                   const ar_variable *variable, int64_t value_count, ar_error *err)
{
    *file_grid = (ar_file_grid){.truncation = -1, .value_count = value_count};
    const char *path = ar_source_path(source);
    if (!has_type(source, variable, "sh")) {
        return read_rows(file_grid, variable, path, err);
    }
    const ar_attribute *truncation = find_attribute(variable, "GRIB_J");
    const double number = truncation ? truncation->number : -1;
    if (!(number >= 0 && number <= 1e5) || (number + 1) * (number + 2) != (double)value_count) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s has %lld coefficients of spherical harmonics and the "
                       "truncation GRIB_J %g, which do not fit",
                       path, variable->name, (long long)value_count, number);
    }
    file_grid->truncation = (int64_t)number;
    return AR_OK;
}

void ar_file_grid_release(ar_file_grid *file_grid)
{
    ar_grid_release(&file_grid->grid);
    ar_free(file_grid->row_points);
    *file_grid = (ar_file_grid){.truncation = -1};
}

bool ar_file_grid_equal(const ar_file_grid *a, const ar_file_grid *b)
{
    if (a->truncation != b->truncation || a->value_count != b->value_count ||
        a->row_count != b->row_count || (a->grid.nlat == 0) != (b->grid.nlat == 0)) {
        return false;
    }
    if (a->row_count > 0) {
        return memcmp(a->row_points, b->row_points, (size_t)a->row_count * sizeof *a->row_points) ==
               0;
    }
    return a->grid.nlat == 0 || (a->regular == b->regular && ar_grid_equal(&a->grid, &b->grid));
}

ar_status ar_file_grid_choose(const ar_file_grid *file_grid, const ar_field_regridding *wanted,
                              const char *path, const char *variable, ar_grid *grid, ar_error *err)
{
    if (wanted->step > 0) {
        ar_status status = ar_grid_init_global(grid, wanted->step, err);
        return status == AR_OK ? AR_OK : ar_fail_within(err, status, "data.grid.step");
    }
    if (file_grid->grid.nlat == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s is %s; data.grid has to name the regular grid to bring it "
                       "to, such as {step: 2.5}",
                       path, variable,
                       file_grid->truncation >= 0 ? "of spherical harmonics"
                                                  : "on a reduced Gaussian grid");
    }
    if (!file_grid->regular) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: latitude is not regular; data.grid has to name the regular grid to "
                       "bring variable %s to, such as {step: 2.5}",
                       path, variable);
    }
    return ar_grid_copy(grid, &file_grid->grid, err);
}

/* Are these all latitudes of a Gaussian grid, and longitudes from Greenwich around the globe?
 * Coordinates in files are rounded to 10⁻³ degrees and better. */
static bool is_gaussian(const ar_grid *grid, double *colatitude, double *weight)
{
    if (!grid->wraps || fabs(grid->longitude[0]) > 1e-3) {
        return false;
    }
    ar_gaussian_quadrature(grid->nlat, colatitude, weight);
    for (int64_t i = 0; i < grid->nlat; i++) {
        if (fabs(90 - colatitude[i] * 180 / M_PI - grid->latitude[i]) > 2e-3) {
            return false;
        }
    }
    return true;
}

/* What is pointed to is of file_grid. */
static ar_status describe_source(const ar_file_grid *file_grid, ar_source_grid *source,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    double *colatitude = NULL, *weight = NULL;
    const ar_grid *grid = &file_grid->grid;
    if (file_grid->truncation >= 0) {
        *source = (ar_source_grid){.kind = AR_SOURCE_SPECTRUM, .truncation = file_grid->truncation};
        return AR_OK;
    }
    if (file_grid->row_points) {
        *source = (ar_source_grid){.kind = AR_SOURCE_GAUSSIAN,
                                   .nlat = file_grid->row_count,
                                   .points = file_grid->row_points};
        return AR_OK;
    }
    *source = ar_source_of_grid(grid);
    if (!file_grid->regular) {
        AR_TRY(ar_allocate(&colatitude, (size_t)grid->nlat, sizeof(double), "latitudes", err));
        AR_TRY(ar_allocate(&weight, (size_t)grid->nlat, sizeof(double), "latitudes", err));
        if (is_gaussian(grid, colatitude, weight)) {
            *source = (ar_source_grid){
                .kind = AR_SOURCE_GAUSSIAN, .nlat = grid->nlat, .nlon = grid->nlon};
        }
    }
cleanup:
    ar_free(colatitude);
    ar_free(weight);
    return status;
}

/* Mean distance of neighbours along the equator or a meridian, whichever is larger, degrees. */
static double spacing(const ar_file_grid *file_grid)
{
    return file_grid->row_points
               ? 180.0 / (double)file_grid->row_count
               : fmax(file_grid->grid.latitude_step, file_grid->grid.longitude_step);
}

static ar_regrid_method choose_method(const ar_file_grid *file_grid,
                                      const ar_field_regridding *wanted)
{
    switch (wanted->way) {
    case AR_FIELD_REGRID_AREA:
        return AR_REGRID_AREA;
    case AR_FIELD_REGRID_BILINEAR:
        return AR_REGRID_BILINEAR;
    case AR_FIELD_REGRID_HARMONICS:
        return AR_REGRID_HARMONICS;
    default:
        break;
    }
    if (file_grid->truncation >= 0) {
        return AR_REGRID_HARMONICS;
    }
    return wanted->step > 1.5 * spacing(file_grid) ? AR_REGRID_AREA : AR_REGRID_BILINEAR;
}

ar_status ar_file_grid_make_regrid(const ar_file_grid *file_grid, const ar_grid *grid,
                                   const ar_field_regridding *wanted, const char *path,
                                   ar_regrid **regrid, ar_error *err)
{
    ar_source_grid source;
    *regrid = NULL;
    if (file_grid->regular && ar_grid_equal(&file_grid->grid, grid)) {
        return AR_OK;
    }
    const ar_regrid_settings settings = {.method = choose_method(file_grid, wanted)};
    ar_status status = describe_source(file_grid, &source, err);
    if (status == AR_OK) {
        status = ar_regrid_create(regrid, &source, grid, &settings, err);
    }
    return status == AR_OK ? AR_OK : ar_fail_within(err, AR_ERROR_INPUT, "%s", path);
}

ar_status ar_file_grid_place(const ar_file_grid *file_grid, ar_regrid *regrid,
                             const float *file_values, float *ordered, float *values, ar_error *err)
{
    if (!regrid) {
        ar_grid_reorder(&file_grid->grid, &file_grid->order, file_values, values);
        return AR_OK;
    }
    if (file_grid->grid.nlat == 0) {
        return ar_regrid_apply_float(regrid, file_values, values, err);
    }
    ar_grid_reorder(&file_grid->grid, &file_grid->order, file_values, ordered);
    return ar_regrid_apply_float(regrid, ordered, values, err);
}

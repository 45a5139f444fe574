#include "field/regrid_rows.h"

#include <math.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/quadrature.h"
#include "field/regrid_weights.h"

static const double radian = AR_PI / 180;

/* One of the sorts of rows that a source has. */
typedef struct {
    int64_t points;
    double *longitude;         /* [points] degrees east */
    ar_sparse_weights columns; /* from them to the target's longitudes */
} row_sort;

enum { NORTH, SOUTH };

/* Rows of the source are 0 … nlat − 1; two more stand for the poles and are computed of the
 * outermost rows, at the target's longitudes. */
struct ar_row_regrid {
    int64_t nlat;     /* of the source */
    double *latitude; /* [nlat] degrees north */
    row_sort *sorts;  /* [sort_count] */
    int64_t sort_count;
    int64_t *sort, *offset; /* [nlat] of each row (`sort`: if used), place in `sorts` and of its
                               first value */
    ar_grid target;
    double minimum_share;
    ar_sparse_weights rows;      /* from rows and poles to the target's latitudes */
    ar_sparse_weights at_target; /* of poles: every longitude from itself */
    double *pole[2]; /* [target.nlon], NULL where the source reaches the pole or region */
};

/* Edges between decreasing latitudes, half-way; the outermost half a step outward, at most at the
 * pole. As −sin(latitude), which increases. */
static void latitude_edges(int64_t n, const double *latitude, double first_step, double last_step,
                           double *edge)
{
    edge[0] = -sin(fmin(90, latitude[0] + first_step / 2) * radian);
    for (int64_t i = 1; i < n; i++) {
        edge[i] = -sin((latitude[i - 1] + latitude[i]) / 2 * radian);
    }
    edge[n] = -sin(fmax(-90, latitude[n - 1] - last_step / 2) * radian);
}

static void longitude_edges(int64_t n, const double *longitude, bool wraps, double first_step,
                            double last_step, double *edge)
{
    for (int64_t j = 1; j < n; j++) {
        edge[j] = (longitude[j - 1] + longitude[j]) / 2;
    }
    edge[0] = wraps ? (longitude[0] + longitude[n - 1] - 360) / 2 : longitude[0] - first_step / 2;
    edge[n] = wraps ? edge[0] + 360 : longitude[n - 1] + last_step / 2;
}

/* Weights of one sort of rows. */
static ar_status weigh_columns(row_sort *sort, const ar_source_grid *source, const ar_grid *target,
                               ar_regrid_method method, ar_error *err)
{
    ar_status status = AR_OK;
    double *edge = NULL, *target_edge = NULL;
    const int64_t n = sort->points;
    const double *x = sort->longitude;
    ar_axis axis = {.count = n,
                    .point = x,
                    .circle = true,
                    .wraps = source->kind == AR_SOURCE_GAUSSIAN || source->wraps};
    if (method == AR_REGRID_BILINEAR) {
        return ar_sparse_weights_linear(&sort->columns, &axis, target->longitude, target->nlon,
                                        err);
    }
    AR_TRY(ar_allocate(&edge, (size_t)n + 1, sizeof *edge, "edges of cells", err));
    AR_TRY(ar_allocate(&target_edge, (size_t)target->nlon + 1, sizeof *edge, "edges", err));
    longitude_edges(n, x, axis.wraps, x[1] - x[0], x[n - 1] - x[n - 2], edge);
    longitude_edges(target->nlon, target->longitude, target->wraps, target->longitude_step,
                    target->longitude_step, target_edge);
    axis.edge = edge;
    AR_TRY(ar_sparse_weights_overlap(&sort->columns, &axis, target_edge, target->nlon, err));
cleanup:
    ar_free(edge);
    ar_free(target_edge);
    return status;
}

static int64_t points_of_row(const ar_source_grid *source, int64_t row)
{
    return source->points ? source->points[row] : source->nlon;
}

/* The sort of rows with so many points: found, or made. */
static ar_status find_sort(ar_row_regrid *r, const ar_source_grid *source, int64_t points,
                           ar_regrid_method method, int64_t *found, ar_error *err)
{
    for (*found = 0; *found < r->sort_count; ++*found) {
        if (r->sorts[*found].points == points) {
            return AR_OK;
        }
    }
    row_sort *sort = &r->sorts[r->sort_count++];
    sort->points = points;
    ar_status status =
        ar_allocate(&sort->longitude, (size_t)points, sizeof(double), "longitudes", err);
    for (int64_t k = 0; k < points && status == AR_OK; k++) {
        sort->longitude[k] = source->kind == AR_SOURCE_GAUSSIAN ? 360.0 * (double)k / (double)points
                                                                : source->longitude[k];
    }
    return status == AR_OK ? weigh_columns(sort, source, &r->target, method, err) : status;
}

static ar_status weigh_rows_by_area(ar_row_regrid *r, const ar_source_grid *source,
                                    const double *gaussian_weight, ar_error *err)
{
    ar_status status = AR_OK;
    double *edge = NULL, *target_edge = NULL;
    const int64_t n = r->nlat;
    const double *y = r->latitude;
    AR_TRY(ar_allocate(&edge, (size_t)n + 1, sizeof *edge, "edges of cells", err));
    AR_TRY(ar_allocate(&target_edge, (size_t)r->target.nlat + 1, sizeof *edge, "edges", err));
    latitude_edges(n, y, y[0] - y[1], y[n - 2] - y[n - 1], edge);
    if (source->kind == AR_SOURCE_GAUSSIAN) {
        edge[0] = -1;
        for (int64_t i = 0; i < n; i++) {
            edge[i + 1] = i == n - 1 ? 1 : edge[i] + gaussian_weight[i];
        }
    }
    latitude_edges(r->target.nlat, r->target.latitude, r->target.latitude_step,
                   r->target.latitude_step, target_edge);
    ar_axis axis = {.count = n, .edge = edge};
    AR_TRY(ar_sparse_weights_overlap(&r->rows, &axis, target_edge, r->target.nlat, err));
cleanup:
    ar_free(edge);
    ar_free(target_edge);
    return status;
}

/* A global grid that ends less than a step before the pole goes on there. */
static ar_status add_poles(ar_row_regrid *r, const ar_source_grid *source, ar_error *err)
{
    ar_status status = AR_OK;
    const int64_t n = r->nlat;
    const double *y = r->latitude;
    bool around = source->kind == AR_SOURCE_GAUSSIAN || source->wraps;
    const double step[2] = {y[0] - y[1], y[n - 2] - y[n - 1]}, gap[2] = {90 - y[0], 90 + y[n - 1]};
    for (int pole = NORTH; pole <= SOUTH; pole++) {
        if (around && gap[pole] > 1e-4 * step[pole] && gap[pole] < step[pole]) {
            AR_TRY(
                ar_allocate(&r->pole[pole], (size_t)r->target.nlon, sizeof(double), "pole", err));
        }
    }
    AR_TRY(ar_sparse_weights_identity(&r->at_target, r->target.nlon, err));
cleanup:
    return status;
}

static ar_status weigh_rows_linear(ar_row_regrid *r, const ar_source_grid *source, ar_error *err)
{
    ar_status status = AR_OK;
    const int64_t n = r->nlat;
    double *point = NULL, *target = NULL;
    AR_TRY(add_poles(r, source, err));
    AR_TRY(ar_allocate(&point, (size_t)n + 2, sizeof *point, "latitudes", err));
    AR_TRY(ar_allocate(&target, (size_t)r->target.nlat, sizeof *target, "latitudes", err));
    int64_t north = r->pole[NORTH] ? 1 : 0, south = r->pole[SOUTH] ? 1 : 0;
    point[0] = -90;
    for (int64_t i = 0; i < n; i++) {
        point[i + north] = -r->latitude[i];
    }
    if (south) {
        point[n + north] = 90;
    }
    for (int64_t i = 0; i < r->target.nlat; i++) {
        target[i] = -r->target.latitude[i];
    }
    ar_axis axis = {.count = n + north + south, .point = point};
    AR_TRY(ar_sparse_weights_linear(&r->rows, &axis, target, r->target.nlat, err));
    for (int64_t e = 0; e < r->rows.first[r->target.nlat]; e++) {
        int64_t row = r->rows.place[e] - north;
        r->rows.place[e] = (int32_t)(row < 0 ? n + NORTH : row == n ? n + SOUTH : row);
    }
cleanup:
    ar_free(point);
    ar_free(target);
    return status;
}

/* Of the rows that are used, and the outermost ones, of which poles are made. */
static ar_status weigh_columns_of_rows(ar_row_regrid *r, const ar_source_grid *source,
                                       ar_regrid_method method, ar_error *err)
{
    ar_status status = AR_OK;
    const int32_t entries = r->rows.first[r->rows.count];
    int64_t offset = 0;
    for (int64_t i = 0; i < r->nlat; i++) {
        r->offset[i] = offset;
        offset += points_of_row(source, i);
    }
    for (int64_t e = -2; e < entries; e++) {
        int64_t row = e == -2 ? 0 : e == -1 ? r->nlat - 1 : r->rows.place[e];
        if (row < r->nlat) {
            AR_TRY(find_sort(r, source, points_of_row(source, row), method, &r->sort[row], err));
        }
    }
cleanup:
    return status;
}

ar_status ar_row_regrid_create(ar_row_regrid **regrid, const ar_source_grid *source,
                               const ar_grid *target, ar_regrid_method method, double minimum_share,
                               ar_error *err)
{
    ar_status status = AR_OK;
    double *weight = NULL;
    ar_row_regrid *r = NULL;
    const size_t n = (size_t)source->nlat;
    *regrid = NULL;
    AR_TRY(ar_allocate(&r, 1, sizeof *r, "regridding", err));
    r->nlat = source->nlat;
    r->minimum_share = minimum_share;
    AR_TRY(ar_grid_copy(&r->target, target, err));
    AR_TRY(ar_allocate(&r->latitude, n, sizeof *r->latitude, "latitudes", err));
    AR_TRY(ar_allocate(&r->sorts, n, sizeof *r->sorts, "rows", err));
    AR_TRY(ar_allocate(&r->sort, n, sizeof *r->sort, "rows", err));
    AR_TRY(ar_allocate(&r->offset, n, sizeof *r->offset, "rows", err));
    AR_TRY(ar_allocate(&weight, n, sizeof *weight, "quadrature weights", err));
    if (source->kind == AR_SOURCE_GAUSSIAN) {
        ar_gaussian_quadrature(source->nlat, r->latitude, weight);
    }
    for (int64_t i = 0; i < r->nlat; i++) {
        r->latitude[i] =
            source->kind == AR_SOURCE_GAUSSIAN ? 90 - r->latitude[i] / radian : source->latitude[i];
    }
    AR_TRY(method == AR_REGRID_AREA ? weigh_rows_by_area(r, source, weight, err)
                                    : weigh_rows_linear(r, source, err));
    AR_TRY(weigh_columns_of_rows(r, source, method, err));
    *regrid = r;
    r = NULL;
cleanup:
    ar_free(weight);
    ar_row_regrid_destroy(&r);
    return status;
}

void ar_row_regrid_destroy(ar_row_regrid **regrid)
{
    ar_row_regrid *r = *regrid;
    if (!r) {
        return;
    }
    for (int64_t k = 0; k < r->sort_count; k++) {
        ar_free(r->sorts[k].longitude);
        ar_sparse_weights_release(&r->sorts[k].columns);
    }
    ar_free(r->sorts);
    ar_free(r->sort);
    ar_free(r->offset);
    ar_free(r->latitude);
    ar_free(r->pole[NORTH]);
    ar_free(r->pole[SOUTH]);
    ar_sparse_weights_release(&r->rows);
    ar_sparse_weights_release(&r->at_target);
    ar_grid_release(&r->target);
    ar_free(r);
    *regrid = NULL;
}

/* The values of the outermost row, its longitudes and how many there are. */
static const row_sort *outermost(const ar_row_regrid *r, int pole, int64_t *offset)
{
    int64_t row = pole == NORTH ? 0 : r->nlat - 1;
    *offset = r->offset[row];
    return &r->sorts[r->sort[row]];
}

/* Poles of a scalar: the mean of the outermost row. */
static void fill_poles(ar_row_regrid *r, const double *source)
{
    for (int pole = NORTH; pole <= SOUTH; pole++) {
        if (!r->pole[pole]) {
            continue;
        }
        int64_t offset, present = 0;
        const row_sort *row = outermost(r, pole, &offset);
        double sum = 0;
        for (int64_t k = 0; k < row->points; k++) {
            double value = source[offset + k];
            bool there = !isnan(value);
            sum += there ? value : 0;
            present += there ? 1 : 0;
        }
        bool enough = present > 0 && (double)present >= r->minimum_share * (double)row->points;
        for (int64_t j = 0; j < r->target.nlon; j++) {
            r->pole[pole][j] = enough ? sum / (double)present : NAN;
        }
    }
}

static void apply(const ar_row_regrid *r, const double *source, double *target)
{
    const int64_t nlon = r->target.nlon;
    const ar_sparse_weights *rows = &r->rows;
    /* weights add up to 1 only to rounding */
    const double least = fmax(r->minimum_share - 1e-9, 1e-9);
    for (int64_t i = 0; i < r->target.nlat; i++) {
        for (int64_t j = 0; j < nlon; j++) {
            double sum = 0, present = 0;
            for (int64_t e = rows->first[i]; e < rows->first[i + 1]; e++) {
                int64_t row = rows->place[e];
                bool is_pole = row >= r->nlat;
                const double *values = is_pole ? r->pole[row - r->nlat] : source + r->offset[row];
                const ar_sparse_weights *columns =
                    is_pole ? &r->at_target : &r->sorts[r->sort[row]].columns;
                for (int64_t c = columns->first[j]; c < columns->first[j + 1]; c++) {
                    double value = values[columns->place[c]];
                    double weight = rows->weight[e] * columns->weight[c];
                    if (!isnan(value)) {
                        sum += weight * value;
                        present += weight;
                    }
                }
            }
            target[i * nlon + j] = present >= least ? sum / present : NAN;
        }
    }
}

void ar_row_regrid_scalar(ar_row_regrid *regrid, const double *source, double *target)
{
    fill_poles(regrid, source);
    apply(regrid, source, target);
}

/* Poles of a wind: the mean vector of the outermost row in a plane at the pole, of which the
 * component along each meridian of the target is taken, or the one across it. */
static void fill_poles_of_wind(ar_row_regrid *r, const double *u, const double *v, bool along)
{
    for (int pole = NORTH; pole <= SOUTH; pole++) {
        if (!r->pole[pole]) {
            continue;
        }
        int64_t offset;
        const row_sort *row = outermost(r, pole, &offset);
        double x = 0, y = 0, sign = pole == NORTH ? 1 : -1;
        for (int64_t k = 0; k < row->points; k++) {
            double s = sin(row->longitude[k] * radian), c = cos(row->longitude[k] * radian);
            x += (-u[offset + k] * s - sign * v[offset + k] * c) / (double)row->points;
            y += (u[offset + k] * c - sign * v[offset + k] * s) / (double)row->points;
        }
        for (int64_t j = 0; j < r->target.nlon; j++) {
            double s = sin(r->target.longitude[j] * radian);
            double c = cos(r->target.longitude[j] * radian);
            r->pole[pole][j] = along ? -sign * (x * c + y * s) : -x * s + y * c;
        }
    }
}

void ar_row_regrid_wind(ar_row_regrid *regrid, const double *source_eastward,
                        const double *source_northward, double *eastward, double *northward)
{
    fill_poles_of_wind(regrid, source_eastward, source_northward, false);
    apply(regrid, source_eastward, eastward);
    fill_poles_of_wind(regrid, source_eastward, source_northward, true);
    apply(regrid, source_northward, northward);
}

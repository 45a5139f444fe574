#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "picture/map_scale.h"
#include "verify/report_parts.h"

/* Where the axis of ratios ends, and at most. */
static const double RATIO_USUAL = 1.5, RATIO_MOST = 4;

/* Variance by wavenumber of truth, mean and members, n = 1 … N. */
static ar_status show_spectra(ar_report_page *page, const ar_field_spectra *it, const double *n,
                              const char *name)
{
    const ar_mean_spectra *spectra = &it->spectra;
    const int64_t count = spectra->truncation;
    char title[AR_REPORT_NAME_SIZE], file[AR_REPORT_NAME_SIZE],
        alternative[AR_REPORT_ALTERNATIVE_SIZE], unit_text[128];
    ar_map_unit unit;
    ar_map_unit_choose(&unit, it->units, 1);
    ar_map_unit_plain(&unit, unit_text);
    char label[AR_REPORT_NAME_SIZE];
    snprintf(label, sizeof label, it->energy ? "energy in %s" : "variance in (%s)²", unit_text);
    snprintf(title, sizeof title, "Spectra after %g h", it->lead_hours);
    snprintf(alternative, sizeof alternative,
             "%s by total wavenumber, logarithmic: effective resolution of the mean n = %lld, of "
             "the members n = %lld (0: all)",
             title,
             (long long)ar_spectra_effective_resolution(spectra->mean, spectra->truth, count),
             (long long)ar_spectra_effective_resolution(spectra->members, spectra->truth, count));
    const ar_chart_series series[] = {
        {.label = "truth",
         .colour = AR_COLOUR_INK,
         .count = count,
         .x = n,
         .y = spectra->truth + 1},
        {.label = "members",
         .colour = AR_COLOUR_ORANGE,
         .count = count,
         .x = n,
         .y = spectra->members + 1},
        {.label = "mean", .colour = AR_COLOUR_BLUE, .count = count, .x = n, .y = spectra->mean + 1},
    };
    const ar_chart chart = {.title = title,
                            .x_label = "total wavenumber",
                            .y_label = it->standard_name[0] || it->units[0] ? label : "",
                            .description = alternative,
                            .x_kind = AR_AXIS_LOGARITHMIC,
                            .y_kind = AR_AXIS_LOGARITHMIC,
                            .series = series,
                            .series_count = 3};
    snprintf(file, sizeof file, "spectra_%s_%gh", name, it->lead_hours);
    return ar_report_show(page, file, &chart);
}

/* What part of the truth's variance, or energy, mean and members keep, at the first and the last
 * lead time. */
static ar_status show_ratios(ar_report_page *page, const ar_field_spectra *first,
                             const ar_field_spectra *last, const double *n, double *ratios,
                             const char *name)
{
    const ar_field_spectra *const ends[2] = {first, last};
    const int64_t count = first->spectra.truncation;
    const int leads = first == last ? 1 : 2;
    char labels[4][64], file[AR_REPORT_NAME_SIZE];
    ar_chart_series series[5] = {{0}};
    int64_t used = 0;
    double largest = 0;
    for (int lead = 0; lead < leads; lead++) {
        const ar_mean_spectra *spectra = &ends[lead]->spectra;
        for (int which = 0; which < 2; which++, used++) {
            const double *forecast = which == 0 ? spectra->members : spectra->mean;
            double *ratio = ratios + used * count;
            for (int64_t i = 0; i < count; i++) {
                ratio[i] =
                    spectra->truth[i + 1] > 0 ? forecast[i + 1] / spectra->truth[i + 1] : NAN;
                largest = fmax(largest, ratio[i]); /* of numbers alone */
            }
            snprintf(labels[used], sizeof labels[used], "%s, %g h", which == 0 ? "members" : "mean",
                     ends[lead]->lead_hours);
            series[used] =
                (ar_chart_series){.label = labels[used],
                                  .kind = lead + 1 < leads ? AR_SERIES_DASHED : AR_SERIES_LINE,
                                  .colour = which == 0 ? AR_COLOUR_ORANGE : AR_COLOUR_BLUE,
                                  .count = count,
                                  .x = n,
                                  .y = ratio};
        }
    }
    series[used++] = (ar_chart_series){.label = "as the truth",
                                       .kind = AR_SERIES_DASHED,
                                       .count = 2,
                                       .x = (double[]){1, (double)count},
                                       .y = (double[]){1, 1}};
    /* Where the truth has next to nothing a ratio may be anything. */
    const double top = fmin(fmax(RATIO_USUAL, ceil(2 * largest) / 2), RATIO_MOST);
    char label[64];
    snprintf(label, sizeof label, "share of the truth's%s",
             largest > top ? " (more is cut off)" : "");
    const ar_chart chart = {.title =
                                first->energy ? "Energy that is kept" : "Variance that is kept",
                            .x_label = "total wavenumber",
                            .y_label = label,
                            .description = "Members and mean over the truth, "
                                           "by total wavenumber",
                            .x_kind = AR_AXIS_LOGARITHMIC,
                            .y_range = {0, top},
                            .series = series,
                            .series_count = used};
    snprintf(file, sizeof file, "smoothing_%s", name);
    return ar_report_show(page, file, &chart);
}

ar_status ar_report_spectra_add(ar_report_page *page, const ar_field_spectra *const *spectra,
                                int64_t count, const char *name)
{
    const ar_field_spectra *first = spectra[0], *last = spectra[count - 1];
    const int64_t truncation = first->spectra.truncation;
    double *n = NULL, *ratios = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&n, (size_t)truncation, sizeof *n, "wavenumbers", page->err));
    AR_TRY(ar_allocate(&ratios, 4 * (size_t)truncation, sizeof *ratios, "a chart", page->err));
    for (int64_t i = 0; i < truncation; i++) {
        n[i] = (double)(i + 1);
    }
    AR_TRY(show_spectra(page, last, n, name));
    AR_TRY(show_ratios(page, first, last, n, ratios, name));
cleanup:
    ar_free(n);
    ar_free(ratios);
    return status;
}

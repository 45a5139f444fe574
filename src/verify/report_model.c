/* The model behind the forecast: how it was trained, and what it attends to. */
#include "base/file.h"
#include "verify/report_parts.h"

static ar_status show(void *context, const char *name, const ar_chart *chart)
{
    return ar_report_show(context, name, chart);
}

static ar_status add_training(ar_report_page *page)
{
    const ar_training_curves *curves = page->report->curves;
    ar_status status = AR_OK;
    ar_page_text(&page->out, "h3", "Training of %s", ar_path_file_name(page->report->model));
    ar_training_curves_tell(curves, &page->out);
    ar_page_charts_begin(&page->out);
    AR_TRY(ar_training_curves_losses(curves, show, page));
    AR_TRY(ar_training_curves_steps(curves, show, page));
    ar_page_charts_end(&page->out);
cleanup:
    return status;
}

ar_status ar_report_model_add(ar_report_page *page)
{
    const ar_report *report = page->report;
    bool attention = false;
    ar_status status = AR_OK;
    for (int64_t i = 0; i < report->map_count; i++) {
        attention |= report->maps[i].variable[0] == '\0';
    }
    if (report->curves || attention) {
        ar_page_text(&page->out, "h2", "The model");
    }
    if (report->curves) {
        AR_TRY(add_training(page));
    }
    if (attention) {
        ar_page_text(&page->out, "h3", "Attention");
        AR_TRY(ar_report_pictures_add(page, "", ""));
    }
cleanup:
    return status;
}

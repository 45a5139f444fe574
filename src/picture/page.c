#include "picture/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "picture/markup.h"

/* Larger than any picture that is drawn here. */
enum { LARGEST_IMAGE = 1 << 26, LONGEST_TEXT = 2048 };

static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--shade:#0004}"
    "body{margin:0 auto;max-width:1180px;padding:0 16px 48px;background:var(--page);color:#222;"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
    "h1{font-size:1.7rem;line-height:1.25;margin:1.4em 0 .5em}"
    "h2{font-size:1.35rem;margin:2.2em 0 .5em;padding-top:.5em;border-top:1px solid #ddd}"
    "h3{font-size:1.1rem;margin:1.6em 0 .4em}"
    "p{max-width:46em}h1,h2,h3,p,figcaption{overflow-wrap:anywhere}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,360px),1fr));"
    "gap:20px 28px;align-items:start}"
    "figure{margin:0}figure svg{display:block;width:100%;max-width:560px;height:auto}"
    /* Pictures are light: on a dark page they lie on a card, a little dimmed. */
    ".map{margin:1em 0}.map img{display:block;box-sizing:border-box;max-width:100%;height:auto;"
    "background:#fff;border-radius:6px}"
    "figcaption{font-size:.875rem;color:#555;margin-top:.3em}"
    /* A shade at the right edge as long as there is more to scroll to: the cover that hides it goes
     * along with the table. */
    ".scroll{overflow-x:auto;margin:1em 0;background:"
    "linear-gradient(to left,var(--page) 40%,transparent) 100% 0/36px 100% no-repeat local,"
    "linear-gradient(to left,var(--shade),transparent) 100% 0/16px 100% no-repeat scroll}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap;"
    "font-size:.9375rem}"
    "th,td{padding:.3em .6em;text-align:right;border-bottom:1px solid #e4e4e4}"
    "th{font-weight:600;border-bottom:2px solid #bbb}.left{text-align:left}"
    "th:first-child,td:first-child{position:sticky;left:0;background:var(--page)}"
    "@media (max-width:600px){th,td{padding:.3em .45em}"
    "td:first-child{min-width:7em;white-space:normal}}"
    ".good{color:#00694c;font-weight:600}.bad{color:#b23c00;font-weight:600}"
    "details{margin:1em 0}summary{cursor:pointer;font-weight:600;padding:.3em 0}"
    "pre{overflow-x:auto;font-size:.8125rem;line-height:1.4;padding:12px;background:#f5f5f5;"
    "border-radius:6px}"
    ".note{padding:.6em 1em;background:#fff5e0;border-left:4px solid #c98500;border-radius:4px}"
    "@media (prefers-color-scheme:dark){:root{--page:#16181c;--shade:#fff5}body{color:#e6e6e6}"
    ".map img{padding:10px;border:1px solid #3a3d42;filter:brightness(.88)}"
    "h2{border-color:#3a3d42}figcaption{color:#aaa}th,td{border-color:#33363b}"
    "th{border-color:#666}.good{color:#3fd0a4}.bad{color:#ff9a63}pre{background:#202329}"
    ".note{background:#2c2618}}";

void ar_page_begin(ar_growing_text *out, const char *title, int refresh_seconds)
{
    ar_text_add(out, "<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
                     "<meta name='viewport' content='width=device-width,initial-scale=1'>\n");
    /* Nothing from elsewhere, and no script, even if some text should come to be markup. */
    ar_text_add(out, "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
                     "img-src data:; style-src 'unsafe-inline'\">\n");
    /* A browser would ask for an icon otherwise. */
    ar_text_add(out, "<link rel='icon' href='data:,'>\n");
    if (refresh_seconds > 0) {
        ar_text_add(out, "<meta http-equiv='refresh' content='%d'>\n", refresh_seconds);
    }
    ar_text_add(out, "<title>");
    ar_markup_add(out, title);
    ar_text_add(out, "</title>\n<style>%s\n%s</style>\n</head>\n<body>\n<main>\n", style,
                ar_chart_style());
    ar_page_text(out, "h1", "%s", title);
}

void ar_page_end(ar_growing_text *out)
{
    ar_text_add(out, "</main>\n</body>\n</html>\n");
}

/* Long names of fields have room for the end of a line after each underscore. */
static void add_breakable(ar_growing_text *out, char *text)
{
    for (char *at = strchr(text, '_'); at; at = strchr(text, '_')) {
        *at = '\0';
        ar_markup_add(out, text);
        ar_text_add(out, "_<wbr>");
        text = at + 1;
    }
    ar_markup_add(out, text);
}

void ar_page_text(ar_growing_text *out, const char *tag, const char *format, ...)
{
    char text[LONGEST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ar_text_add(out, "<%s>", tag);
    add_breakable(out, text);
    ar_text_add(out, "</%s>\n", tag);
}

void ar_page_note(ar_growing_text *out, const char *text)
{
    ar_text_add(out, "<p class='note'>");
    ar_markup_add(out, text);
    ar_text_add(out, "</p>\n");
}

void ar_page_preformatted(ar_growing_text *out, const char *text)
{
    ar_text_add(out, "<pre tabindex='0'>");
    ar_markup_add(out, text);
    ar_text_add(out, "</pre>\n");
}

void ar_page_charts_begin(ar_growing_text *out)
{
    ar_text_add(out, "<div class='charts'>\n");
}

void ar_page_charts_end(ar_growing_text *out)
{
    ar_text_add(out, "</div>\n");
}

void ar_page_chart(ar_growing_text *out, const ar_chart *chart)
{
    ar_text_add(out, "<figure>");
    ar_chart_add(out, chart, false);
    ar_text_add(out, "</figure>\n");
}

ar_status ar_page_image(ar_growing_text *out, const char *path, const char *alternative,
                        const char *caption, ar_error *err)
{
    char *data = NULL;
    size_t bytes = 0;
    ar_status status = ar_file_read_whole(path, LARGEST_IMAGE, &data, &bytes, err);
    if (status == AR_OK) {
        ar_text_add(out, "<figure class='map'><img alt='");
        ar_markup_add(out, alternative);
        ar_text_add(out, "' src='data:image/png;base64,");
        ar_markup_add_base64(out, data, bytes);
        ar_text_add(out, "'><figcaption>");
        ar_markup_add(out, caption);
        ar_text_add(out, "</figcaption></figure>\n");
    }
    ar_free(data);
    return status;
}

void ar_page_table_begin(ar_growing_text *out, const char *const *headers, int left_columns)
{
    /* Who has no mouse scrolls what has the focus. */
    ar_text_add(out, "<div class='scroll' tabindex='0'><table>\n<thead><tr>");
    for (int i = 0; headers[i]; i++) {
        ar_text_add(out, "<th scope='col'%s>", i < left_columns ? " class='left'" : "");
        ar_markup_add(out, headers[i]);
        ar_text_add(out, "</th>");
    }
    ar_text_add(out, "</tr></thead>\n<tbody>\n");
}

void ar_page_row_begin(ar_growing_text *out)
{
    ar_text_add(out, "<tr>");
}

void ar_page_cell(ar_growing_text *out, const char *mark, const char *format, ...)
{
    char text[LONGEST_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ar_text_add(out, "<td%s%s%s>", *mark ? " class='" : "", mark, *mark ? "'" : "");
    add_breakable(out, text);
    ar_text_add(out, "</td>");
}

void ar_page_number(ar_growing_text *out, double number)
{
    if (isfinite(number)) {
        ar_page_cell(out, "", "%.4g", number);
    } else {
        ar_page_cell(out, "", "–");
    }
}

void ar_page_ratio(ar_growing_text *out, int decimals, double ratio)
{
    if (isfinite(ratio)) {
        ar_page_cell(out, "", "%.*f", decimals, ratio);
    } else {
        ar_page_cell(out, "", "–");
    }
}

void ar_page_percent(ar_growing_text *out, const char *mark, double share)
{
    if (isfinite(share)) {
        ar_page_cell(out, mark, "%+.0f %%", rint(100 * share) + 0.0); /* no negative zero */
    } else {
        ar_page_cell(out, "", "–");
    }
}

void ar_page_row_end(ar_growing_text *out)
{
    ar_text_add(out, "</tr>\n");
}

void ar_page_table_end(ar_growing_text *out)
{
    ar_text_add(out, "</tbody></table></div>\n");
}

void ar_page_details_begin(ar_growing_text *out, const char *summary)
{
    ar_text_add(out, "<details><summary>");
    ar_markup_add(out, summary);
    ar_text_add(out, "</summary>\n");
}

void ar_page_details_end(ar_growing_text *out)
{
    ar_text_add(out, "</details>\n");
}

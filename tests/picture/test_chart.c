/* Charts and pages: points stand where they belong, texts of files stay texts, and bytes in base 64
 * are those of RFC 4648, section 10. */
#include "picture/page.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "picture/figure_folder.h"
#include "picture/map_scale.h"
#include "picture/markup.h"

static void texts_stay_texts(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"<b onclick='x'>\"&</b>", "&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;&lt;/b&gt;"},
        {"Größe 10⁻⁵ 😀", "Größe 10⁻⁵ 😀"},
        {"bell \a, cut \xc3", "bell \xef\xbf\xbd, cut \xef\xbf\xbd"},
        /* overlong, a surrogate, beyond Unicode: each byte is none */
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x82<", "\xef\xbf\xbd\xef\xbf\xbd&lt;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ar_error err;
        ar_growing_text out = {.err = &err};
        ar_markup_add(&out, cases[i][0]);
        assert_int_equal(out.status, AR_OK);
        assert_string_equal(out.text, cases[i][1]);
        ar_free(out.text);
    }
}

static void base64_is_that_of_the_standard(void **state)
{
    (void)state;
    const char *const cases[][2] = {{"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ar_error err;
        ar_growing_text out = {.err = &err};
        ar_markup_add_base64(&out, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(out.text, cases[i][1]);
        ar_free(out.text);
    }
    /* more than one round of the loop, and its length */
    ar_error err;
    ar_growing_text out = {.err = &err};
    static char zeros[5000];
    ar_markup_add_base64(&out, zeros, sizeof zeros);
    assert_int_equal(out.length, (sizeof zeros + 2) / 3 * 4);
    assert_int_equal(strspn(out.text, "A"), out.length - 1);
    ar_free(out.text);
}

static int count_of(const char *text, const char *piece)
{
    int count = 0;
    for (const char *at = strstr(text, piece); at; at = strstr(at + 1, piece)) {
        count++;
    }
    return count;
}

/* Axes 0 … 4 and 0 … 10: a line from corner to corner runs along the whole frame. */
static void points_stand_where_they_belong(void **state)
{
    (void)state;
    ar_error err;
    ar_growing_text out = {.err = &err};
    const double x[] = {0, 1, 2, 3, 4}, y[] = {0, 2.5, NAN, 7.5, 10};
    const ar_chart_series series = {
        .label = "<line>", .colour = AR_COLOUR_BLUE, .count = 5, .x = x, .y = y};
    const ar_chart chart = {.title = "a & b",
                            .x_label = "",
                            .y_label = "",
                            .description = "",
                            .series = &series,
                            .series_count = 1};
    ar_chart_add(&out, &chart, false);
    assert_int_equal(out.status, AR_OK);
    double left, top, bottom, right;
    const char *frame = strstr(out.text, "class='frame' d='M");
    assert_non_null(frame);
    assert_int_equal(
        sscanf(frame, "class='frame' d='M%lf %lfV%lfH%lf", &left, &top, &bottom, &right), 4);
    char wanted[256];
    snprintf(wanted, sizeof wanted, "M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f'", left, bottom,
             left + (right - left) / 4, bottom - (bottom - top) / 4, left + (right - left) * 3 / 4,
             bottom - (bottom - top) * 3 / 4, right, top);
    if (!strstr(out.text, wanted)) {
        fail_msg("no line %s in %s", wanted, out.text);
    }
    assert_non_null(strstr(out.text, "a &amp; b"));
    assert_non_null(strstr(out.text, "&lt;line&gt;"));
    assert_null(strstr(out.text, "nan"));
    ar_free(out.text);
}

/* Cells without a share are left out, the fullest has the last of ten colours, and one with a
 * hundredth of it the fourth: 1 + log10(0.01)/3 = 1/3. */
static void cells_have_the_colour_of_their_share(void **state)
{
    (void)state;
    ar_error err;
    ar_growing_text out = {.err = &err};
    const double edges[] = {0, 1, 2}, shares[] = {0, 1, 0.01, 1e-9};
    const ar_chart_cells cells = {2, 2, edges, edges, shares};
    const ar_chart chart = {.title = "",
                            .x_label = "",
                            .y_label = "",
                            .description = "",
                            .square = true,
                            .cells = &cells};
    ar_chart_add(&out, &chart, true);
    assert_int_equal(count_of(out.text, "<rect class='v"), 3);
    assert_int_equal(count_of(out.text, "<rect class='v9'"), 1);
    assert_int_equal(count_of(out.text, "<rect class='v3'"), 1);
    assert_int_equal(count_of(out.text, "<rect class='v0'"), 1);
    assert_int_equal(count_of(out.text, "<style>"), 1);
    ar_free(out.text);
}

static void names_of_files_are_harmless(void **state)
{
    (void)state;
    char name[12];
    ar_figure_name(name, sizeof name, "../a b<c>");
    assert_string_equal(name, "_._a_b_c_");
    ar_figure_name(name, sizeof name, "abcdefghijklmnop");
    assert_string_equal(name, "abcdefghijk");
}

static void units_are_written_out(void **state)
{
    (void)state;
    ar_map_unit unit;
    char text[128];
    ar_map_unit_choose(&unit, "s**-1", 1.8e-4);
    ar_map_unit_plain(&unit, text);
    assert_string_equal(text, "10⁻⁵ s⁻¹");
    ar_map_unit_choose(&unit, "m2 s-2", 5e4);
    ar_map_unit_plain(&unit, text);
    assert_string_equal(text, "m² s⁻²");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(base64_is_that_of_the_standard),
        cmocka_unit_test(points_stand_where_they_belong),
        cmocka_unit_test(cells_have_the_colour_of_their_share),
        cmocka_unit_test(names_of_files_are_harmless),
        cmocka_unit_test(units_are_written_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "picture/chart.h"

/* A series has the colour of its class, for lines, areas and markers alike. Amounts go from what is
 * near to the background to what is far from it, in light and dark. */
static const char style[] =
    ".chart text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "font-size:13px;fill:#222}"
    ".chart .title{font-size:14px;font-weight:600}"
    ".chart .middle{text-anchor:middle}.chart .end{text-anchor:end}"
    ".chart .grid{stroke:#e2e2e2;stroke-width:1}.chart .frame{stroke:#777;stroke-width:1;fill:none}"
    ".chart .line{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}"
    ".chart .dashed{stroke-dasharray:6 4}"
    ".chart .bar,.chart .marker{fill:currentColor}.chart .band{fill:currentColor;opacity:.18}"
    ".chart .c0{color:#222}.chart .c1{color:#0072b2}.chart .c2{color:#d55e00}"
    ".chart .c3{color:#009e73}.chart .c4{color:#b0588f}.chart .c5{color:#c98500}"
    ".chart .c6{color:#56b4e9}.chart .c7{color:#8a8a8a}"
    ".chart .v0{fill:#fde725}.chart .v1{fill:#b5de2b}.chart .v2{fill:#6ece58}"
    ".chart .v3{fill:#35b779}.chart .v4{fill:#1f9e89}.chart .v5{fill:#26828e}"
    ".chart .v6{fill:#31688e}.chart .v7{fill:#3e4989}.chart .v8{fill:#482878}"
    ".chart .v9{fill:#440154}"
    "@media (prefers-color-scheme:dark){"
    ".chart text{fill:#e6e6e6}.chart .grid{stroke:#3a3d42}.chart .frame{stroke:#9a9a9a}"
    ".chart .c0{color:#f0f0f0}.chart .c1{color:#56b4e9}.chart .c2{color:#ff8a4c}"
    ".chart .c3{color:#3fd0a4}.chart .c4{color:#dd9ac4}.chart .c5{color:#e69f00}"
    ".chart .c6{color:#9ad4f5}.chart .c7{color:#9d9d9d}"
    ".chart .v0{fill:#440154}.chart .v1{fill:#482878}.chart .v2{fill:#3e4989}"
    ".chart .v3{fill:#31688e}.chart .v4{fill:#26828e}.chart .v5{fill:#1f9e89}"
    ".chart .v6{fill:#35b779}.chart .v7{fill:#6ece58}.chart .v8{fill:#b5de2b}"
    ".chart .v9{fill:#fde725}}";

const char *ar_chart_style(void)
{
    return style;
}

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "picture/plot.h"

int ar_command_plot(int argc, char **argv)
{
    ar_plot_options o = {0};
    ar_text_list files = {0};
    const char *at = NULL;
    double level = NAN;
    const ar_option options[] = {
        {"var", "NAME", "variable (default: the only one)", AR_OPTION_TEXT, &o.variable, false},
        {"time", "T", "time of the map (default: the first)", AR_OPTION_TIME, &o.time, false},
        {"level", "LEVEL", "level, in the file's unit (default: the first)", AR_OPTION_NUMBER,
         &level, false},
        {"member", "N", "index in any other dimension (default: 0)", AR_OPTION_INTEGER, &o.member,
         false},
        {"at", "LAT,LON", "a line at the grid point nearest to this place, instead of a map",
         AR_OPTION_TEXT, &at, false},
        {"out", "FILE", "picture: .png, or .svg of a line (default: NAME.png)", AR_OPTION_OUT,
         &o.out, false},
        {0}};
    const ar_command_line line = {
        .command = "plot",
        .description = "Draw what is in a file: a map with coastlines of a field on latitudes and "
                       "longitudes,\nor a line over times, levels or whatever dimension is left.",
        .options = options,
        .operand = "FILE",
        .operand_help = "a netCDF or GRIB file or a Zarr store",
        .operands = &files,
        .fewest_operands = 1,
        .most_operands = 1,
        .example = "atmorep plot forecast.nc --var t --level 850 --time 2026-02-10T06 --out t.png\n"
                   "atmorep plot forecast.nc --var t_members --member 3 --at -33.9,18.4"};
    ar_error err = {""};
    char *picture = NULL;
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    if (at) {
        o.at_place = true;
        AR_TRY(ar_place_parse(at, &o.latitude, &o.longitude, &err));
    }
    o.path = files.items[0];
    o.level = isnan(level) ? NULL : &level;
    AR_TRY(ar_plot(&o, &picture, &err));
    printf("%s\n", picture);
cleanup:
    exit_code = ar_command_end("plot", status, &err);
release:
    ar_free(picture);
    ar_text_list_release(&files);
    return exit_code;
}

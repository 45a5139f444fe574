#include "cli/cli.h"
#include "cli/forecast_options.h"

int ar_command_interpolate(int argc, char **argv)
{
    ar_forecast_options o = {.lead_hours = 6, .next_hours = 6};
    const ar_option own[] = {
        {"lead-hours", "HOURS", "from the last known time before to the valid time (default 6)",
         AR_OPTION_INTEGER, &o.lead_hours, false},
        {"next-hours", "HOURS", "from the valid time to the next known time (default 6)",
         AR_OPTION_INTEGER, &o.next_hours, false},
        {"tau", "WORDS",
         "another output, of a model trained for it: time=-3h,rows=1,columns=2,stride=2",
         AR_OPTION_TEXT, &o.tau, false},
        {0}};
    const ar_forecast_command command = {
        .command = "interpolate",
        .description = "A missing time between known ones, by a trained model: time tokens in the "
                       "middle are masked and filled for the whole grid. A model trained with "
                       "random masks (bert) needs no other training for it.",
        .example = "atmorep interpolate --model runs/era5-djf --data era5/*.zarr --start "
                   "2026-02-10T00 --end 2026-02-28T18 --lead-hours 6 --next-hours 6 --out "
                   "between.nc",
        .own = own};
    return ar_forecast_command_run(&command, &o, argc, argv);
}

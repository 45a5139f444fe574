#include "cli/cli.h"
#include "cli/forecast_options.h"

int ar_command_hindcast(int argc, char **argv)
{
    ar_forecast_options o = {.next_hours = 6};
    const ar_option own[] = {
        {"next-hours", "HOURS", "from the valid time to the first known time (default 6)",
         AR_OPTION_INTEGER, &o.next_hours, false},
        {"tau", "WORDS",
         "another output, of a model trained for it: time=-3h,rows=1,columns=2,stride=2",
         AR_OPTION_TEXT, &o.tau, false},
        {0}};
    const ar_forecast_command command = {
        .command = "hindcast",
        .description = "What was before, by a trained model: the first time tokens are masked and "
                       "filled for the whole grid. A model trained with random masks (bert) needs "
                       "no other training for it.",
        .example = "atmorep hindcast --model runs/era5-djf --data era5/*.zarr --start "
                   "2026-02-10T00 --end 2026-02-28T18 --next-hours 6 --out hindcast.nc",
        .own = own};
    return ar_forecast_command_run(&command, &o, argc, argv);
}

#include "cli/cli.h"
#include "cli/forecast_options.h"

int ar_command_forecast(int argc, char **argv)
{
    ar_forecast_options o = {.lead_hours = 6, .steps = 1};
    const ar_option own[] = {
        {"lead-hours", "HOURS", "from the last known time to the valid time (default 6)",
         AR_OPTION_INTEGER, &o.lead_hours, false},
        {"steps", "N",
         "roll-out: N forecasts, each from those before it, a lead time apart (default 1)",
         AR_OPTION_INTEGER, &o.steps, false},
        {"until", "LEAD", "roll-out up to this lead time instead, e.g. 36h or 5d", AR_OPTION_HOURS,
         &o.until_hours, false},
        {"feed-members", NULL,
         "roll-out: each member goes on from itself, N passes a step, not from the mean",
         AR_OPTION_FLAG, &o.feed_members, false},
        {"feed-draws", NULL,
         "roll-out: as many trajectories as members, each from states drawn with the spread and "
         "the "
         "analyses' spectrum",
         AR_OPTION_FLAG, &o.feed_draws, false},
        {"tau", "WORDS",
         "another output, of a model trained for it: time=-3h,rows=1,columns=2,stride=2",
         AR_OPTION_TEXT, &o.tau, false},
        {0}};
    const ar_forecast_command command = {
        .command = "forecast",
        .description =
            "Forecast with a trained model: the last time tokens are masked and filled for "
            "the whole grid.",
        .example =
            "atmorep forecast --model runs/era5-djf --data era5/*.zarr --start 2026-02-10T00 "
            "--end 2026-02-28T18 --every 6 --lead-hours 6 --out forecast.nc\n"
            "atmorep forecast --model runs/era5-djf --data era5/*.zarr --start 2026-02-10T00 "
            "--end 2026-02-28T00 --every 24 --until 5d --feed-draws --out five-days.zarr "
            "--resume\n"
            "atmorep forecast --model runs/era5-djf --data era5/*.zarr --times 2026-02-10T00 "
            "2026-02-14T12 --at 52.5,13.4 --out berlin.nc\n"
            "atmorep forecast --model AtmoRep_id4nvwbetz.mod --data era5/*.nc --normalise-start "
            "2017-01-01 --normalise-end 2017-12-31T23 --start 2018-02-10T00 --end 2018-02-10T00 "
            "--lead-hours 3 --out forecast.nc",
        .own = own};
    return ar_forecast_command_run(&command, &o, argc, argv);
}

#include "cli/cli.h"
#include "cli/forecast_options.h"

int ar_command_fill(int argc, char **argv)
{
    ar_forecast_options o = {.gaps = "missing"};
    const ar_option own[] = {
        {"gaps", "missing|FILE",
         "what is filled in: values that the data does not have (default), or where variables of a "
         "netCDF or Zarr file, called as the data's or `mask`, are 1",
         AR_OPTION_TEXT, &o.gaps, false},
        {0}};
    const ar_forecast_command command = {
        .command = "fill",
        .description = "Fill gaps of any place and time, by a trained model: tokens that hold gaps "
                       "are masked, and of what is predicted for them only the gaps are taken; all "
                       "else stays as it is. A model trained with random masks (bert) needs no "
                       "other training for it.",
        .example = "atmorep fill --model runs/era5-djf --data era5/*.zarr --start 2026-02-10T00 "
                   "--end 2026-02-28T18 --gaps swath.nc --out filled.nc",
        .own = own};
    return ar_forecast_command_run(&command, &o, argc, argv);
}

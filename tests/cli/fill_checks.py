"""Checks of test_fill.sh. The folder `whole` has the data of tests/make_waves.c, the working folder the same with gaps.

fill_checks.py masks             make the masks of the tests
fill_checks.py hidden PROGRAM    known values stay, hidden ones play no part, to the bit
fill_checks.py time PROGRAM      a time that is hidden wholly is that of `atmorep interpolate`, to the bit
fill_checks.py missing PROGRAM   missing values are filled, better than by the mean of their latitude

Prints what is wrong; exits with the number of wrong things.
"""

import subprocess
import sys

import numpy as np
import xarray as xr

wrong = []
WHOLE, GAPS = ["whole/z.nc", "whole/msl.nc"], ["z.nc", "msl.nc"]
VARIABLES = ("z", "msl")


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def load(path):
    return xr.open_dataset(path, decode_times=False).load()


def masks():
    """`mask` for both fields: a swath across the date line that moves; `z` marks level 850 alone at one time."""
    msl, z = load("whole/msl.nc"), load("whole/z.nc")
    time = np.arange(msl.sizes["time"])[:, None, None]
    row, column = np.arange(19)[None, :, None], np.arange(36)[None, None, :]
    swath = ((column + row - 3 * time) % 36 < 2) & (time >= 180)
    mask = msl.rename(msl="mask")
    mask["mask"] = mask.mask.copy(data=swath.astype("f4"))
    mask.mask.attrs = {}
    mask.time.attrs["calendar"] = "365_day"
    mask.to_netcdf("noleap.nc")
    mask.time.attrs["calendar"] = "proleptic_gregorian"  # as xarray writes times that it has decoded
    mask.to_netcdf("mask.nc")
    all_levels = z
    all_levels["z"] = z.z.copy(data=np.zeros(z.z.shape, "f4"))
    all_levels.z.attrs = {}
    all_levels.z[202, 0, 3:9, 30:] = 1
    all_levels["mask"] = mask.mask
    all_levels.to_netcdf("level-mask.nc")
    whole_time = mask.copy(deep=True)
    whole_time.mask[:] = 0
    whole_time.mask[202] = 1
    whole_time.to_netcdf("time.nc")
    one_place = whole_time.copy(deep=True)
    one_place.mask[202] = 0
    one_place.mask[200, 4, 1] = 1
    one_place.to_netcdf("one.nc")
    mask.rename(mask="other").to_netcdf("other.nc")
    mask.isel(latitude=slice(None, None, 2), longitude=slice(None, None, 2)).to_netcdf("coarse.nc")
    (mask * 0.5).assign_coords(mask.coords).to_netcdf("half.nc")
    all_levels.isel(level=[0]).to_netcdf("level.nc")
    mask.isel(time=slice(0, 100)).to_netcdf("none.nc")


def fill(program, data, *options, start="2001-02-20", end="2001-02-22"):
    subprocess.run([program, "fill", "--quiet", "--model", "model", "--data", *data, "--start", start, "--end", end,
                    "--threads", "1", "--out", "filled.nc", *options], check=True)
    return xr.load_dataset("filled.nc", decode_times=False)


def hidden_data(mask, change):
    """Copies of the data with `change` of the values under a mask."""
    marks = load(mask)
    for variable in VARIABLES:
        data = load(f"whole/{variable}.nc")
        name = variable if variable in marks else "mask"
        under = (marks[name] == 1).broadcast_like(data[variable]).transpose(*data[variable].dims)
        data[variable] = data[variable].where(~under, change(data[variable])).astype("f4").assign_attrs(
            data[variable].attrs)
        data.to_netcdf(f"changed-{variable}.nc")
    return [f"changed-{variable}.nc" for variable in VARIABLES], marks


def same(a, b):
    return all(a[v].values.tobytes() == b[v].values.tobytes() for v in a.data_vars if v.split("_")[0] in VARIABLES)


def hidden(program):
    for mask in ("mask.nc", "level-mask.nc"):
        usual = fill(program, WHOLE, "--gaps", mask)
        expect(usual.attrs["gaps"] == mask and "fill" in usual.attrs["history"], mask, usual.attrs)
        other, marks = hidden_data(mask, lambda values: values + 100)
        expect(same(fill(program, other, "--gaps", mask), usual), mask, "depends on what is hidden")
        other, _ = hidden_data(mask, lambda values: np.nan)
        expect(same(fill(program, other, "--gaps", "missing"), usual), mask, "is not as missing values")
        for variable in VARIABLES:
            truth = load(f"whole/{variable}.nc")[variable].isel(time=slice(200, 209, 1))
            name = variable if variable in marks else "mask"
            gap = (marks[name] == 1).isel(time=slice(200, 209)).broadcast_like(truth).transpose(*truth.dims).values
            mean = usual[variable].transpose(*truth.dims).values
            spread = usual[variable + "_spread"].transpose(*truth.dims).values
            expect(gap.any() and (mean[~gap] == truth.values[~gap]).all() and (spread[~gap] == 0).all(), mask, variable,
                   "is not the data where there is no gap")
            expect((mean[gap] != truth.values[gap]).all() and (spread[gap] > 0).all(), mask, variable, "is not filled")


def time(program):
    """The mask hides all of 12 o'clock; five tokens of one time, so both have two known times on each side."""
    when = dict(start="2001-02-20T12", end="2001-02-20T12")
    filled = fill(program, WHOLE, "--gaps", "time.nc", **when)
    subprocess.run([program, "interpolate", "--quiet", "--model", "model", "--data", *WHOLE, "--start", when["start"],
                    "--end", when["end"], "--threads", "1", "--out", "between.nc"], check=True)
    expect(same(filled, xr.load_dataset("between.nc", decode_times=False)), "a hidden time is not the interpolated one")
    without = [load(path).drop_isel(time=202) for path in WHOLE]
    for data, variable in zip(without, VARIABLES):
        data.to_netcdf(f"without-{variable}.nc")
    missing = fill(program, ["without-z.nc", "without-msl.nc"], "--gaps", "missing", **when)
    expect(same(missing, filled), "a time that the data lacks is not the hidden one")


def missing(program):
    """Single values, and a time of which all are missing; also at the last time of all, where nothing is later."""
    filled = fill(program, GAPS, start="2001-02-18", end="2001-03-01T18")
    for variable, amplitude in (("z", 900), ("msl", 700)):
        truth = load(f"whole/{variable}.nc")[variable].isel(time=slice(192, 240))
        data = load(f"{variable}.nc")[variable].isel(time=slice(192, 240)).values
        gap = np.isnan(data)
        mean = filled[variable].transpose(*truth.dims).values
        expect(np.isfinite(mean).all() and (mean[~gap] == data[~gap]).all(), variable, "known values")
        error = np.sqrt(((mean - truth.values)[gap]**2).mean())
        deviation = np.sqrt(((truth - truth.mean(["time", "longitude"])).values[gap]**2).mean())
        # A short training; noise of 0.1 amplitudes cannot be filled in.
        expect(0.1 * amplitude * 0.8 < error < 0.6 * deviation, variable, "errs by", error, "of", deviation)


{"masks": masks, "hidden": hidden, "time": time, "missing": missing}[sys.argv[1]](*sys.argv[2:])
for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

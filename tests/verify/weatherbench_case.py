"""Forecasts in the layout of WeatherBench 2, written by xarray, and their scores by numpy.

usage: weatherbench_case.py make DIR      from the synthetic case that verification_case.py made in DIR
       weatherbench_case.py compare DIR/expected.json SCORES.json

DIR/cf and DIR/weatherbench hold the same forecast.nc and one.nc in the two layouts, of all starts that have both
lead times. DIR/native.zarr is what others write: names of WeatherBench 2 and no others, levels without unit, latitude
last and from the south, longitudes from -180, lead times in whole days or hours as xarray encodes them. DIR/two-metres-*.nc have t2m, or
2m_temperature, in place of the surface pressure.
"""

import json
import os
import sys

import numpy as np
import xarray as xr
from verification_case import HOUR, area_weights, climate_scale, differences, lag_correlation, score

LEADS = (6, 12)


def of_starts(data, starts):
    """The data of each start and lead time on dimensions of their own."""
    times, leads = data.time.values, data.lead_time.values
    index = [[int(np.flatnonzero((times == start + lead * HOUR) & (leads == lead))[0]) for lead in LEADS]
             for start in starts]
    rows = xr.DataArray(index, dims=("start", "prediction_timedelta"))
    data = data.drop_vars(["forecast_reference_time", "lead_time", "time"]).isel(time=rows)
    steps = np.array(LEADS) * HOUR
    return data.rename(start="time").assign_coords(time=("time", starts), prediction_timedelta=steps.astype("m8[ns]"))


def without_mean(data):
    """Members alone, under the field's name."""
    names = [name for name in data.data_vars if name + "_members" in data]
    return data.drop_vars([*names, *(name + "_spread" for name in names)]).rename(
        {name + "_members": name for name in names} | {"member": "number"})


def make(folder):
    cf = xr.open_dataset(f"{folder}/forecast.nc", decode_timedelta=False).load()
    reference = cf.forecast_reference_time.values
    starts = np.intersect1d(reference[cf.lead_time == 6], reference[cf.lead_time == 12])
    os.makedirs(f"{folder}/cf")
    os.makedirs(f"{folder}/weatherbench")
    for name in ("forecast.nc", "one.nc"):
        data = xr.open_dataset(f"{folder}/{name}", decode_timedelta=False).load()
        data.isel(time=np.isin(data.forecast_reference_time, starts)).to_netcdf(f"{folder}/cf/{name}")
        laid_out = of_starts(data, starts)
        (without_mean(laid_out) if "member" in laid_out.dims else laid_out).to_netcdf(f"{folder}/weatherbench/{name}")

    native = without_mean(of_starts(cf, starts)).rename(t="temperature")
    members = native.load()
    native = native.isel(latitude=slice(None, None, -1)).roll(longitude=8, roll_coords=True)
    native = native.assign_coords(longitude=(native.longitude + 180) % 360 - 180, level=native.level.astype("i4"))
    native = native.transpose("time", "number", "prediction_timedelta", "level", "longitude", "latitude")
    for variable in native.variables.values():
        variable.attrs = {key: text for key, text in variable.attrs.items() if key == "units"}
    native.level.attrs = {}
    native.to_zarr(f"{folder}/native.zarr", consolidated=True)
    wrong(native, folder)

    # At two metres the standard name is that of the levels above.
    two_metres = {"standard_name": "air_temperature"}
    for path, name in (("cf/forecast.nc", "surface_pressure"), ("truth.nc", "ps")):
        data = xr.open_dataset(f"{folder}/{path}", decode_timedelta=False).load()
        data = data.rename({key: key.replace(name, "t2m") for key in data.data_vars if key.startswith(name)})
        data.t2m.attrs.update(two_metres)
        data.to_netcdf(f"{folder}/two-metres-{os.path.basename(path)}")
    xr.open_dataset(f"{folder}/untold.nc").rename(surface_pressure="2m_temperature").to_netcdf(
        f"{folder}/two-metres-untold.nc")

    with open(f"{folder}/native.json", "w") as file:
        json.dump(expected_scores(members, xr.open_dataset(f"{folder}/truth.nc").load()), file)


def wrong(native, folder):
    native.isel(prediction_timedelta=0).to_netcdf(f"{folder}/scalar.nc")
    native.isel(prediction_timedelta=0, drop=True).assign_coords(native.coords).to_netcdf(f"{folder}/stepless.nc")
    steps = native.prediction_timedelta.values / HOUR
    for name, values, attributes in (("unitless", steps, {}), ("metres", steps, {"units": "m"}),
                                     ("endless", [6.0, np.inf], {"units": "hours"})):
        native.assign_coords(prediction_timedelta=("prediction_timedelta", values, attributes)).to_netcdf(
            f"{folder}/{name}.nc")
    native.drop_vars("time").to_netcdf(f"{folder}/timeless.nc")
    native.drop_vars("level").to_netcdf(f"{folder}/no-level.nc")
    untold = native.copy()
    untold.attrs = {}
    untold.to_netcdf(f"{folder}/untold.nc")
    untold.level.attrs = {"units": "1"}
    untold.to_netcdf(f"{folder}/model-levels.nc")


def expected_scores(forecast, truth):
    """Climatology is that of the training period, 10 days of 6 hours; an analysis is missing, so times are looked up."""
    truth = truth.isel(lat=slice(None, None, -1)).roll(lon=8).assign_coords(lon=forecast.longitude.values)
    every = np.arange(truth.time.values[0], truth.time.values[-1] + HOUR, 6 * HOUR)
    truth = truth.reindex(time=every)
    weights, expected = area_weights(forecast.latitude.values), {}
    valid = forecast.time.values[:, None] + forecast.prediction_timedelta.values
    for name, level in (("temperature", 500), ("temperature", 850), ("surface_pressure", None)):
        values = forecast[name] if level is None else forecast[name].sel(level=level)
        values = values.transpose("time", "prediction_timedelta", "number", "latitude", "longitude").values.astype("f8")
        ours = truth.ps.values.astype("f8") * 100 if level is None else truth.t.sel(plev=100 * level).values.astype("f8")
        climatology = np.nanmean(ours[:40], 0)
        climate = climate_scale(ours[:40], climatology, weights)
        for step, lead in enumerate(LEADS):
            at = np.searchsorted(every, valid[:, step])
            chosen = np.isfinite(ours[at]).any((1, 2))
            at = at[chosen]
            before = at - lead // 6
            correlation = lag_correlation(ours[:40], climatology, lead // 6)
            scores = score(values[chosen, step], ours[at], ours[before], climatology, correlation, weights, None,
                           climate)
            scores["persistence_times"] = int(np.isfinite(ours[before]).any((1, 2)).sum())
            expected.setdefault(name, {}).setdefault(str(level or "surface"), {})[str(lead)] = scores
    return expected


def compare(expected_path, scores_path):
    """As verification_case.py has it, within 1e-5."""
    expected, found = json.load(open(expected_path)), json.load(open(scores_path))["fields"]
    assert set(found) == set(expected), found.keys()
    count, failures = 0, []
    for name, levels in expected.items():
        assert set(found[name]) == set(levels), found[name].keys()
        for level, leads in levels.items():
            for lead, scores in leads.items():
                for key, wanted in scores.items():
                    number, lines = differences(wanted, found[name][level][lead][key],
                                                scores["mae"] if key == "bias" else 0, f"{name} {level} {lead} {key}")
                    count, failures = count + number, failures + lines
    print("".join(line + "\n" for line in failures), end="")
    print(f"{count - len(failures)} scores agree with numpy, {len(failures)} do not")
    return len(failures) > 0


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    sys.exit({"make": make, "compare": compare}[command](*arguments))

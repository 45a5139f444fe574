"""prepare_checks.py WHAT…: what tests/cli/test_prepare.sh needs xarray and numpy for.

same:STORE: the values of STORE are those of z.nc, msl.nc and orography.nc, to the bit.
packed:STORE: they are so within the errors that STORE states, which are those found here.
statistics:STORE: its monthly statistics are those that numpy finds in STORE itself.
times:STORE:COUNT: it has so many times.
speed:STORE: its wind_speed is that of wind.nc.
files: make wind.nc, and of msl.nc files with another grid, other units, some of its times."""
import sys

import numpy as np
import xarray as xr

FILES = {"z": "z.nc", "msl": "msl.nc", "surface_geopotential": "orography.nc"}


def source(name, store):
    values = xr.open_dataset(FILES[name])[name]
    return values.sel(time=store.time) if "time" in values.dims else values


def check_same(path):
    store = xr.open_zarr(path)
    for name in FILES:
        here, there = store[name], source(name, store)
        assert here.dims == there.dims and here.dtype == np.float32, name
        assert np.array_equal(here.values, there.values, equal_nan=True), name
        for coordinate in there.dims:
            assert (store[coordinate].values == there[coordinate].values).all(), coordinate
        assert here.units == there.units


def stored_values(raw):
    """Unpacked in double and rounded once, as the program reads them; xarray does it in single."""
    values = raw.values
    if values.dtype == np.int16:
        missing = values == -32768
        values = (values * raw.scale_factor + raw.add_offset).astype(np.float32)
        values[missing] = np.nan
    return values


def check_packed(path):
    store = xr.open_zarr(path)
    raw = xr.open_zarr(path, mask_and_scale=False)
    for name in ("z", "msl"):
        stored = stored_values(raw[name])
        scale = raw[name].attrs.get("scale_factor")
        wanted = source(name, store).values
        assert (np.isnan(stored) == np.isnan(wanted)).all()
        error = np.abs(stored.astype(float) - wanted)
        largest, rms = np.nanmax(error), np.sqrt(np.nanmean(error**2))
        said = store[name].attrs
        # the largest is kept in single precision; sums in another order
        assert abs(largest - said["largest_packing_error"]) <= 1e-6 * largest
        assert abs(rms - said["rms_packing_error"]) <= 1e-9 * rms
        assert largest > 0
        if scale:
            # half a step, and the rounding of a float32 of this size
            assert largest <= scale / 2 + np.spacing(np.nanmax(np.abs(wanted)).astype(np.float32))
        else:
            assert (stored.view(np.uint32) & 0xFFFF == 0)[~np.isnan(stored)].all()
            assert (error <= np.abs(wanted) * 2.0**-8)[~np.isnan(error)].all()


def check_statistics(path):
    store = xr.open_zarr(path, mask_and_scale=False)
    months = xr.open_zarr(path + "/statistics.zarr")
    assert "surface_geopotential_mean" not in months
    for name in ("z", "msl"):
        values = stored_values(store[name]).astype(float)
        calendar = store.time.values.astype("datetime64[M]")
        assert (np.unique(calendar).astype("datetime64[ns]") == months.month.values).all()
        for m, month in enumerate(np.unique(calendar)):
            part = values[calendar == month]
            count = (~np.isnan(part)).sum(axis=0)
            mean, deviation = np.nanmean(part, axis=0), np.nanstd(part, axis=0)
            assert (months[name + "_count"].values[m] == count).all()
            # both in double, in another order: 1e-12 of the values' size
            size = np.nanmax(np.abs(part))
            assert np.abs(months[name + "_mean"].values[m] - mean).max() < 1e-12 * size
            assert np.abs(months[name + "_standard_deviation"].values[m] - deviation).max() < 1e-9 * size
            # area weights: of caps and bands between the midpoints of latitudes
            edge = np.clip(np.linspace(95, -95, 20), -90, 90)
            area = -np.diff(np.sin(np.deg2rad(edge)))[:, None] * np.ones(36)
            weight = np.where(np.isnan(part), 0, area)
            axes = (0, -2, -1)
            total = weight.sum(axis=axes)
            mean = (weight * np.nan_to_num(part)).sum(axis=axes) / total
            from_mean = np.nan_to_num(part - np.reshape(mean, np.shape(mean) + (1, 1)))
            deviation = np.sqrt((weight * from_mean**2).sum(axis=axes) / total)
            assert np.abs(months[name + "_global_mean"].values[m] - mean).max() < 1e-12 * size
            assert np.abs(months[name + "_global_standard_deviation"].values[m] - deviation).max() < 1e-9 * size


def check_times(path, count):
    assert xr.open_zarr(path).sizes["time"] == int(count)


def make_files():
    data = xr.open_dataset("msl.nc", decode_times=False).load()
    data.isel(latitude=slice(None, None, 2)).to_netcdf("grid.nc")
    data.isel(time=slice(None, 120)).to_netcdf("first.nc")
    data.isel(time=slice(120, None)).to_netcdf("second.nc")
    data.isel(time=slice(119, None)).to_netcdf("overlap.nc")
    data.isel(time=np.r_[0:40, 50:240]).to_netcdf("gap.nc")
    data.isel(time=slice(None, None, 2)).to_netcdf("alternate.nc")
    data = data.isel(time=slice(120, None))
    data["msl"].attrs["units"] = "hPa"
    data.to_netcdf("units.nc")
    z = xr.open_dataset("z.nc", decode_times=False).load()
    wind = xr.Dataset({"u": (z.z - 30000) / 90, "v": (z.z.roll(longitude=5) - 30000) / 120})
    for name, standard_name in (("u", "eastward_wind"), ("v", "northward_wind")):
        wind[name].attrs = {"standard_name": standard_name, "units": "m s-1"}
    wind.to_netcdf("wind.nc")


def check_speed(path):
    wind = xr.open_dataset("wind.nc")
    here = xr.open_zarr(path).wind_speed.values
    wanted = np.hypot(wind.u.values.astype(float), wind.v.values.astype(float))
    assert np.array_equal(np.isnan(here), np.isnan(wanted))
    # rounded to single precision once or twice
    assert np.nanmax(np.abs(here - wanted) / wanted) < 2e-7


if __name__ == "__main__":
    checks = {"same": check_same, "packed": check_packed, "statistics": check_statistics,
              "times": check_times, "speed": check_speed, "files": make_files}
    for argument in sys.argv[1:]:
        what, *rest = argument.split(":")
        try:
            checks[what](*rest)
        except AssertionError:
            print("FAILED:", argument)
            raise

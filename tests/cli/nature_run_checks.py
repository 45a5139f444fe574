"""What test_nature_run.sh checks with readers not written by us: nature_run_checks.py CHECK FILE…"""
import sys

import numpy as np
import xarray as xr


def plausible(path):
    """CF names, units and coordinates; values of an atmosphere; hydrostatic balance; mass."""
    data = xr.open_dataset(path) if path.endswith(".nc") else xr.open_zarr(path)
    assert dict(data.sizes) == {"time": 4, "level": 3, "latitude": 33, "longitude": 64}, data.sizes
    assert str(data.time.values[0])[:13] == "2003-02-01T00", data.time.values[0]
    assert str(data.time.values[-1])[:13] == "2003-02-01T18", data.time.values[-1]
    assert data.latitude.values[0] == 90 and data.latitude.values[-1] == -90
    assert list(data.level.values) == [850, 500, 250] and data.level.units == "hPa"
    units = {
        "vorticity": ("atmosphere_relative_vorticity", "s-1"),
        "divergence": ("divergence_of_wind", "s-1"),
        "eastward_wind": ("eastward_wind", "m s-1"),
        "northward_wind": ("northward_wind", "m s-1"),
        "air_temperature": ("air_temperature", "K"),
        "geopotential": ("geopotential", "m2 s-2"),
        "lagrangian_tendency_of_air_pressure": ("lagrangian_tendency_of_air_pressure", "Pa s-1"),
        "surface_air_pressure": ("surface_air_pressure", "Pa"),
    }
    assert set(data.data_vars) == set(units), set(data.data_vars)
    for name, (standard_name, unit) in units.items():
        attributes = data[name].attrs
        assert (attributes["standard_name"], attributes["units"]) == (standard_name, unit), name
        assert np.isfinite(data[name].values).all(), name
    temperature, geopotential = data.air_temperature.values, data.geopotential.values
    assert temperature.min() > 180 and temperature.max() < 330
    # Hypsometric equation between 850 and 500 hPa with the mean temperature of both: 1 %.
    thickness = geopotential[:, 1] - geopotential[:, 0]
    expected = 287 * (temperature[:, 0] + temperature[:, 1]) / 2 * np.log(850 / 500)
    assert np.abs(thickness / expected - 1).max() < 0.01
    # The mean surface pressure is 1000 hPa; area weights of latitude bands, float32: 1e-4.
    band = np.cos(np.radians(data.latitude.values))
    mean = (data.surface_air_pressure.values.mean(axis=2) * band).sum(axis=1) / band.sum()
    assert np.abs(mean / 1e5 - 1).max() < 1e-4, mean
    # ∂(u)/∂λ + … : on 500 hPa the curl of the wind is the vorticity where both come from the same
    # spectra; interpolation along σ levels leaves a few per cent.
    u, v = data.eastward_wind.values[-1, 1], data.northward_wind.values[-1, 1]
    latitude = np.radians(data.latitude.values)[:, None]
    step = 2 * np.pi / 64
    east = (np.roll(v, -1, 1) - np.roll(v, 1, 1)) / (2 * step)
    north = np.gradient(u * np.cos(latitude), -np.pi / 32, axis=0)
    inner = slice(8, 25)
    curl = ((east - north) / (6371229 * np.cos(latitude)))[inner]
    vorticity = data.vorticity.values[-1, 1][inner]
    correlation = np.corrcoef(curl.ravel(), vorticity.ravel())[0, 1]
    assert correlation > 0.97, correlation


def equal(a, b):
    """The same values to the bit."""
    x, y = xr.open_dataset(a), xr.open_dataset(b)
    assert set(x.data_vars) == set(y.data_vars)
    for name in list(x.data_vars) + ["time", "latitude", "longitude", "level"]:
        assert np.array_equal(x[name].values, y[name].values), name


def joined(whole, *parts):
    """The parts, one after the other, are the whole, to the bit."""
    x = xr.open_dataset(whole)
    y = xr.concat([xr.open_dataset(part) for part in parts], dim="time", data_vars="minimal")
    for name in list(x.data_vars) + ["time"]:
        assert np.array_equal(x[name].values, y[name].values), name


def follows(first, second):
    """Six hours after the last time of the first the second begins."""
    x, y = xr.open_dataset(first), xr.open_dataset(second)
    assert y.time.values[0] - x.time.values[-1] == np.timedelta64(6, "h"), (x.time, y.time)


def spread(a, b, speed):
    """Two members start apart by about sqrt(2) times the noise, in wind (both components, rms)."""
    x, y = xr.open_dataset(a).isel(time=0), xr.open_dataset(b).isel(time=0)
    band = np.cos(np.radians(x.latitude))
    square = ((x.eastward_wind - y.eastward_wind) ** 2 + (x.northward_wind - y.northward_wind) ** 2).weighted(band)
    ratio = float(np.sqrt(square.mean())) / (np.sqrt(2) * float(speed))
    assert 0.6 < ratio < 1.5, ratio


if __name__ == "__main__":
    {"plausible": plausible, "equal": equal, "joined": joined, "follows": follows, "spread": spread}[sys.argv[1]](*sys.argv[2:])

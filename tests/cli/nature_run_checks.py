"""What test_nature_run.sh checks with readers not written by us: nature_run_checks.py CHECK FILE… [+ CHECK FILE…]…"""
import sys

import numpy as np
import xarray as xr


def open_data(path):
    return xr.open_dataset(path) if path.endswith(".nc") else xr.open_zarr(path)


def plausible(path):
    """CF names, units and coordinates; values of an atmosphere; hydrostatic balance; mass."""
    data = open_data(path)
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


def gradient(field, latitude):
    """∇f of a field of T21 on its Gaussian grid, exactly: along a row by Fourier; across the rows the wave of order m
    is a polynomial of sin φ of degree 21, for odd m times cos φ."""
    order, sine, cosine = np.arange(33), np.sin(latitude), np.cos(latitude)[:, None]
    order[-1] = 0
    waves = np.fft.rfft(field)
    north = np.zeros_like(waves)
    for m in range(22):
        power = cosine[:, 0] ** (m % 2)
        for part in (1, 1j):
            wave = waves[:, m].real if part == 1 else waves[:, m].imag
            fit = np.polynomial.legendre.legfit(sine, wave / power, 21)
            slope = np.polynomial.legendre.legval(sine, np.polynomial.legendre.legder(fit)) * cosine[:, 0]
            value = np.polynomial.legendre.legval(sine, fit)
            north[:, m] += part * (slope if m % 2 == 0 else cosine[:, 0] * slope - sine * value)
    east = np.fft.irfft(1j * order * waves, n=64) / cosine
    return east / 6371229, np.fft.irfft(north, n=64) / 6371229


def own(path, layers):
    """The model's own grid and levels: Gaussian latitudes, CF's σ coordinate, and ω by continuity."""
    data = open_data(path)
    nodes = np.polynomial.legendre.leggauss(32)[0]
    assert np.abs(data.latitude.values - np.degrees(np.arcsin(nodes[::-1]))).max() < 1e-9
    level = data.level
    assert level.standard_name == "atmosphere_sigma_coordinate" and level.positive == "down"
    assert level.formula_terms == "sigma: level ps: surface_air_pressure ptop: ptop"
    assert float(data.ptop) == 0 and data.ptop.units == "Pa"
    interfaces = np.linspace(0, 1, int(layers) + 1)
    assert ((interfaces[:-1] < level.values) & (level.values < interfaces[1:])).all()
    # ω = dp/dt = p v·∇ln ps − ps ∫₀^σ (D + v·∇ln ps) dσ, layer by layer. The file's float32 values
    # leave 1e-7 of it at the top and 1e-5 at the ground, where two large parts cancel over the mountains.
    data = data.isel(time=-1)
    pressure = data.surface_air_pressure.values.astype(float)
    east, north = gradient(np.log(pressure), np.radians(data.latitude.values))
    above = np.zeros_like(pressure)
    for k, sigma_level in enumerate(level.values):
        advection = data.eastward_wind.values[k] * east + data.northward_wind.values[k] * north
        outflow = data.divergence.values[k] + advection
        expected = pressure * (sigma_level * advection - above - (sigma_level - interfaces[k]) * outflow)
        above += (interfaces[k + 1] - interfaces[k]) * outflow
        error = np.abs(data.lagrangian_tendency_of_air_pressure.values[k] - expected).max() / np.abs(expected).max()
        assert error < 1e-4, (k, error)


def moist(path):
    """What a run with water and continents has more."""
    data = open_data(path)
    humidity, rain = data.specific_humidity, data.precipitation_flux
    assert humidity.units == "kg kg-1" and rain.units == "kg m-2 s-1" and rain.cell_methods == "time: mean"
    assert rain.comment == "mean over the 24 hours before the time"
    assert humidity.dims == ("time", "level", "latitude", "longitude") and rain.dims == ("time", "latitude", "longitude")
    # It starts dry: after two weeks there is water, no more than air of 40 °C holds, and it rains some mm a day.
    assert float(humidity.min()) == 0 and 0.005 < float(humidity.max()) < 0.05
    mean = float(rain.isel(time=-1).weighted(np.cos(np.radians(data.latitude))).mean()) * 86400
    assert 0.3 < mean < 10 and float(rain.min()) >= 0, mean
    assert data.surface_altitude.dims == data.land_area_fraction.dims == ("latitude", "longitude")
    assert 2000 < float(data.surface_altitude.max()) < 4000
    land = data.land_area_fraction.weighted(np.cos(np.radians(data.latitude)))
    assert 0.15 < float(land.mean()) < 0.4 and 0 <= float(data.land_area_fraction.min()) <= float(data.land_area_fraction.max()) <= 1


def rain(path, own_path):
    """On the regular grid: bilinear in latitude and longitude; a pole is the mean of the row next to it (float32)."""
    data, model = open_data(path), open_data(own_path)
    rows = np.concatenate([[90], model.latitude.values, [-90]])
    columns = np.append(model.longitude.values, 360)
    # The state is of a run with other intervals, so the first mean is not known.
    assert np.isnan(data.precipitation_flux.values[0]).all() and np.isnan(model.precipitation_flux.values[0]).all()
    for t in range(1, data.sizes["time"]):
        field = model.precipitation_flux.values[t].astype(float)
        poles = [np.full((1, 64), field[i].mean()) for i in (0, -1)]
        field = np.concatenate([poles[0], field, poles[1]])
        field = np.concatenate([field, field[:, :1]], axis=1)
        along = np.array([np.interp(data.longitude.values, columns, row) for row in field])
        expected = np.array([np.interp(-data.latitude.values, -rows, column) for column in along.T]).T
        assert np.abs(data.precipitation_flux.values[t] - expected).max() < 1e-6 * expected.max()


def sigma(path, whole):
    """Only what was asked for, linear in ln σ between the model's levels."""
    data, model = open_data(path), open_data(whole)
    assert set(data.data_vars) == {"eastward_wind", "geopotential", "surface_air_pressure", "ptop"}, set(data.data_vars)
    assert list(data.level.values) == [0.85, 0.5] and data.sizes["time"] == 2
    assert data.sizes["latitude"] == 33 and data.latitude.values[0] == 90
    # The mean over the globe does not depend on the grid: both quadratures are exact to T21, the regular one nearly.
    own_mean = model.eastward_wind.weighted(np.cos(np.radians(model.latitude))).mean(("latitude", "longitude"))
    mean = data.eastward_wind.weighted(np.cos(np.radians(data.latitude))).mean(("latitude", "longitude"))
    for l, sigma_level in enumerate(data.level.values):
        levels = np.log(model.level.values)
        expected = [np.interp(np.log(sigma_level), levels, own_mean.values[t]) for t in (0, 12)]
        assert np.abs(mean.values[:, l] - expected).max() < 0.05, (mean.values[:, l], expected)


def equal(a, b):
    """The same values to the bit, on the same coordinates."""
    x, y = open_data(a), open_data(b)
    x.attrs = y.attrs = {}
    assert x.identical(y), (x, y)


def joined(whole, *parts):
    """The parts, one after the other, are the whole, to the bit."""
    x = open_data(whole)
    y = xr.concat([open_data(part).load() for part in parts], dim="time", data_vars="minimal")
    for name in list(x.data_vars) + ["time"]:
        assert np.array_equal(x[name].values, y[name].values), name


def members(ensemble, *pairs):
    """Members (FILE NUMBER …) that were run alone are those of the ensemble, to the bit."""
    x = open_data(ensemble)
    assert list(x.realization.values) == [0, 1, 2] and x.realization.standard_name == "realization"
    for path, number in zip(pairs[::2], pairs[1::2]):
        y = open_data(path)
        for name in y.data_vars:
            assert np.array_equal(x[name].sel(realization=int(number)).values, y[name].values), (name, number)


def readable(path):
    """An unfinished store: the first times are there, the last are missing."""
    wind = open_data(path).eastward_wind.values
    assert np.isfinite(wind[0]).all() and np.isnan(wind[-1]).all()


def spread(a, b, speed):
    """Two members start apart by about sqrt(2) times the noise, in wind (both components, rms)."""
    x, y = open_data(a).isel(time=0), open_data(b).isel(time=0)
    band = np.cos(np.radians(x.latitude))
    square = ((x.eastward_wind - y.eastward_wind) ** 2 + (x.northward_wind - y.northward_wind) ** 2).weighted(band)
    ratio = float(np.sqrt(square.mean())) / (np.sqrt(2) * float(speed))
    assert 0.6 < ratio < 1.5, ratio


if __name__ == "__main__":
    checks = " ".join(sys.argv[1:]).split(" + ")
    for check in checks:
        name, *arguments = check.split(" ")
        globals()[name](*arguments)

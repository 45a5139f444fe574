"""Files for `atmorep plot`, and a check of the points of a line that it drew.

usage: plot_case.py make DIR
       plot_case.py check-line SVG FILE VARIABLE LATITUDE LONGITUDE FACTOR
"""

import sys
from xml.etree import ElementTree

import numpy as np
import xarray as xr


def make(folder):
    random = np.random.default_rng(3)
    lat, lon, hours = np.arange(80.0, -81, -20), np.arange(0.0, 360, 20), np.arange(0.0, 60, 6)
    values = (1e5 + 1000 * random.standard_normal((hours.size, 2, lat.size, lon.size))).astype("f4")
    data = xr.Dataset(
        {"p": (("time", "level", "latitude", "longitude"), values,
               {"units": "Pa", "standard_name": "air_pressure"}),
         "index": ("time", np.arange(hours.size) * 1.5, {"units": "1"})},
        {"time": ("time", hours, {"units": "hours since 2001-03-01", "calendar": "standard"}),
         "level": ("level", [850.0, 500.0], {"units": "hPa"}),
         "latitude": ("latitude", lat, {"units": "degrees_north"}),
         "longitude": ("longitude", lon, {"units": "degrees_east"})})
    data.to_netcdf(f"{folder}/a.nc")
    data.to_zarr(f"{folder}/a.zarr", mode="w")
    turned = data.assign_coords(longitude=("longitude", (lon + 180) % 360 - 180, data.longitude.attrs))
    turned = turned.sortby("longitude").isel(latitude=slice(None, None, -1))
    turned.transpose("longitude", "time", "latitude", "level").to_netcdf(f"{folder}/turned.nc")
    data.isel(level=slice(0, 0)).to_netcdf(f"{folder}/empty.nc")
    data.isel(latitude=slice(1)).to_netcdf(f"{folder}/row.nc")
    data[["index"]].to_netcdf(f"{folder}/index.nc")


def check_line(svg, file, variable, latitude, longitude, factor):
    field = xr.open_dataset(file, decode_times=False)[variable]
    line = field.isel(level=0).sel(latitude=float(latitude), longitude=float(longitude), method="nearest")
    wanted = [f"{h:.5g}: {float(factor) * float(v):.4g}" for h, v in zip(field.time.values, line.values)]
    shown = [t.text for t in ElementTree.parse(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert shown == wanted, f"{shown} should be {wanted}"


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    check_line(*sys.argv[2:])

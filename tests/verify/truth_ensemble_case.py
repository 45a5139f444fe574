"""Make a forecast and ensembles of truth from two of its three analyses, let `atmorep verify` compare them, and
check scores.json against numpy, with all pairs of members written out.

usage: truth_ensemble_case.py DIR PROGRAM
"""

import json
import subprocess
import sys

import numpy as np
import xarray as xr

from verification_case import HOUR, area_weights, pooled, write_forecast


def distances(members, truth, weights):
    """members [time, n, lat, lon], truth [time, m, lat, lon]; float64."""
    n, m = members.shape[1], truth.shape[1]
    there = np.isfinite(members).all(1) & np.isfinite(truth).all(1)
    mean = lambda values: pooled(np.where(there, values, np.nan), weights)
    pairs = lambda a, b: np.abs(a[:, :, None] - b[:, None]).sum((1, 2))
    within = pairs(truth, truth) / (m * (m - 1))
    distance = 2 * pairs(members, truth) / (n * m) - pairs(members, members) / (n * (n - 1)) - within
    variance, true_variance = members.var(1, ddof=1), truth.var(1, ddof=1)
    difference = members.mean(1) - truth.mean(1)
    return {
        "energy_distance": mean(distance),
        "energy_distance_relative": mean(distance) / mean(within),
        "bias": mean(difference),
        "mean_distance": np.sqrt(max(mean(difference**2 - variance / n - true_variance / m), 0)),
        "spread": np.sqrt(mean(variance)),
        "truth_spread": np.sqrt(mean(true_variance)),
        "spread_ratio": np.sqrt(mean(variance) / mean(true_variance)),
        "members": n,
        "truth_members": m,
        "times": members.shape[0],
    }


def main(folder, program):
    random = np.random.default_rng(12)
    nlat, nlon, n, m = 7, 8, 5, 4
    latitude, longitude = np.linspace(90, -90, nlat), np.arange(nlon) * 45.0
    start = np.datetime64("2001-01-01", "ns")
    place = {"lat": ("lat", latitude, {"units": "degrees_north"}),
             "lon": ("lon", longitude, {"units": "degrees_east"}),
             "plev": ("plev", [500.0, 850.0], {"units": "hPa", "standard_name": "air_pressure"})}
    kelvin = {"units": "K", "standard_name": "air_temperature"}
    values = lambda *shape: random.normal(250, 3, (*shape, 2, nlat, nlon)).astype("f4")
    times = start + np.arange(40) * 6 * HOUR
    xr.Dataset({"t": (("time", "plev", "lat", "lon"), values(40), kelvin)},
               {"time": ("time", times), **place}).to_netcdf(f"{folder}/truth.nc")

    # Forecasts from steps 24, 30 and 36 to 6 and 12 hours; truth from 24 and 30, and one from long before.
    analyses, leads = np.array([24, 30, 36]), np.array([1, 2])
    valid = (analyses[:, None] + leads).ravel()
    members = random.normal(251, 2, (6, 2, n, nlat, nlon)).astype("f4")
    members[3, 0, 1, 2, 3] = np.nan
    training = {"training_start": "2001-01-01", "training_end": "2001-01-05"}
    write_forecast(f"{folder}/forecast.nc", {"t": (kelvin, [850.0, 500.0], members)}, times[valid],
                   np.tile(leads * 6, 3), latitude, longitude, training)
    true, numbers = {}, ("realization", np.arange(m), {"standard_name": "realization"})
    for first in (2, 24, 30):
        # In degrees Celsius, members first, as a nature run has them.
        true[first] = values(m, 5)
        celsius = (true[first].astype("f8") - 273.15).astype("f4")
        xr.Dataset({"t": (("realization", "time", "plev", "lat", "lon"), celsius, dict(kelvin, units="degC"))},
                   {"time": ("time", times[first : first + 5]), "realization": numbers, **place},
                   ).to_netcdf(f"{folder}/ensemble_{first}.nc")
    subprocess.run([program, "verify", "--quiet", "--no-maps", "--forecast", f"{folder}/forecast.nc", "--truth",
                    f"{folder}/truth.nc", "--truth-ensemble", f"{folder}/ensemble_*.nc", "--out", folder,
                    "--region", "tropics"], check=True, stdout=subprocess.DEVNULL)
    scores, checked = json.load(open(f"{folder}/scores.json")), 0
    rows = {"": np.arange(nlat), "tropics": np.flatnonzero(np.abs(latitude) <= 20)}
    for region, row in rows.items():
        found = (scores["regions"][region] if region else scores)["true_distribution"]["t"]
        for level, name in enumerate(["850", "500"]):
            for k, lead in enumerate(leads):
                truth = np.stack([true[first][:, lead, 1 - level] for first in (24, 30)]).astype("f8")
                mine = members[[k, 2 + k], level].astype("f8")
                wanted = distances(mine[:, :, row], truth[:, :, row], area_weights(latitude)[row])
                for key, value in wanted.items():
                    here = found[name][str(lead * 6)][key]
                    # Celsius in float32 is off by up to 8e-6 K.
                    assert abs(here - value) < 5e-5, (region, name, lead, key, here, value)
                    checked += 1
    print(f"{checked} distances agree with numpy")


if __name__ == "__main__":
    main(*sys.argv[1:])

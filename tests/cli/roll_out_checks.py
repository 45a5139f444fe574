"""Checks of test_roll_out.sh: roll-outs against feeding forecasts back by hand, to the bit.

roll_out_checks.py PROGRAM MODEL LEAD_HOURS DATA…

Data by hand is the known times and, after them, what forecasts of all times up to the lead hold: their mean, or
one member. Prints what is wrong; exits with the number of wrong things.
"""

import subprocess
import sys

import numpy as np
import xarray as xr

program, model, lead, data = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
VALID = np.datetime64("2001-02-20T12")  # of the first step
VARIABLES = ("z", "msl")
wrong = []


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def forecast(valid, hours, paths, out, *options):
    subprocess.run([program, "forecast", "--quiet", "--model", model, "--data", *paths, "--start", str(valid), "--end",
                    str(valid), "--lead-hours", str(hours), "--threads", "1", "--out", out, *options], check=True)
    return xr.load_dataset(out, decode_timedelta=False)


def same(a, b):
    return a.values.shape == b.values.shape and a.values.tobytes() == b.values.tobytes()


def known_data(fed=None, member=None):
    """Files with the data up to the reference time, and what is fed back after it."""
    for name in VARIABLES:
        all_times = xr.load_dataset(name + ".nc")
        part = all_times.sel(time=slice(None, VALID - np.timedelta64(lead, "h")))
        for file in fed or ():
            values = file[name] if member is None else file[name + "_members"].isel(member=member, drop=True)
            values = values.drop_vars(["forecast_reference_time", "lead_time"]).transpose(*all_times[name].dims)
            values = values.assign_coords({c: all_times[c] for c in all_times.coords if c != "time"})
            part = xr.concat([part, values.to_dataset(name=name)], "time", combine_attrs="override")
        part[name].attrs = all_times[name].attrs
        part.to_netcdf(f"known-{name}.nc")
    return [f"known-{name}.nc" for name in VARIABLES] + [path for path in data if path[:-3] not in VARIABLES]


later = VALID + np.timedelta64(lead, "h")
single = forecast(VALID, lead, data, "single.nc")
from_mean = forecast(VALID, lead, data, "mean.nc", "--steps", "3")
from_members = forecast(VALID, lead, data, "members.nc", "--steps", "3", "--feed-members")
for name, file in (("mean", from_mean), ("members", from_members)):
    expect(file.lead_time.values.tolist() == [lead, 2 * lead, 3 * lead], name, "lead times", file.lead_time.values)
    expect((file.time.values[1] == later), name, "valid times", file.time.values)
    expect((file.forecast_reference_time == VALID - np.timedelta64(lead, "h")).all(), name, "reference times")
    for variable in VARIABLES:
        for kind in ("", "_spread", "_members"):
            expect(same(file[variable + kind][:1], single[variable + kind]), name, variable + kind,
                   "of the first step is not the forecast")

# What is true later on plays no part.
blind = forecast(VALID, lead, known_data(), "blind.nc", "--steps", "3")
for variable in VARIABLES:
    expect(same(blind[variable + "_members"], from_mean[variable + "_members"]), variable, "depends on later data")

steps = range(6, lead + 1, 6)
fed = [forecast(VALID - np.timedelta64(lead - h, "h"), h, data, f"fed-{h}.nc") for h in steps]
by_hand = forecast(later, lead, known_data(fed), "hand.nc")
for variable in VARIABLES:
    expect(same(by_hand[variable + "_members"], from_mean[variable + "_members"][1:2]), variable,
           "fed back by hand, from the mean")

tails = []
for member in range(single.sizes["member"]):
    by_hand = forecast(later, lead, known_data(fed, member), "hand.nc")
    found = [tail for tail in range(single.sizes["member"]) if all(
        same(by_hand[v + "_members"].isel(member=tail), from_members[v + "_members"][1:2].isel(member=member))
        for v in VARIABLES)]
    expect(len(found) == 1, "member", member, "is no tail fed back by hand")
    tails += found
expect(sorted(tails) == list(range(single.sizes["member"])), "members go on by tails", tails)

for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

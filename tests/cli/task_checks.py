"""Checks of test_tasks.sh.

task_checks.py known PROGRAM "MODEL COMMAND LEAD NEXT OFFSET…"…
    The output for one valid time depends on the data of each of these times (OFFSET: steps of 6 hours
    from it), and of no other, to the bit; data of the valid time need not be there.
task_checks.py scored "NAME LEAD SHARE"…
    In NAME.nc lead_time is LEAD hours and the valid time less the reference time, and all is finite; in
    NAME/scores.json the RMSE of all fields and levels is at most SHARE of persistence's.
task_checks.py linear NAME BEFORE AFTER
    linear_interpolation_rmse in NAME/scores.json is that of the line between the data's times so many
    hours before and after.

Prints what is wrong; exits with the number of wrong things.
"""

import json
import subprocess
import sys

wrong = []
VALID, INDEX = "2001-02-20T12", 202  # 50 days and a half after the first time


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def copy(altered, without=None):
    """Copies of the files of waves with the values of some times altered, or without one time."""
    import numpy as np
    import xarray as xr

    for name in ("z", "msl"):
        data = xr.open_dataset(name + ".nc", decode_times=False).load()
        data[name][[INDEX + offset for offset in altered]] += np.float32(100)
        if without is not None:
            data = data.drop_isel(time=INDEX + without)
        data.to_netcdf(f"copy-{name}.nc")
    return ["copy-z.nc", "copy-msl.nc"]


def output(program, model, command, hours, data):
    """All values of the file that a command writes, as bytes."""
    import xarray as xr

    subprocess.run([program, command, "--quiet", "--model", model, "--data", *data, "--start", VALID, "--end", VALID,
                    *hours, "--threads", "1", "--out", "known.nc"], check=True)
    with xr.open_dataset("known.nc") as file:
        return b"".join(file[name].values.tobytes() for name in sorted(file.data_vars))


def check_case(program, case):
    model, command, lead, following, *known = case.split()
    known = [int(offset) for offset in known]
    hours = []
    for name, value in (("--lead-hours", lead), ("--next-hours", following)):
        hours += [name, value] if value != "0" else []
    usual = output(program, model, command, hours, ["z.nc", "msl.nc"])
    others = [offset for offset in range(-8, 9) if offset not in known]
    expect(output(program, model, command, hours, copy(others, without=0)) == usual, case, "depends on other times")
    for offset in known:
        expect(output(program, model, command, hours, copy([offset])) != usual, case, "does not see", offset)


def check_known(program, *cases):
    for case in cases:
        check_case(program, case)


def check_times(path, lead):
    import numpy as np
    import xarray as xr

    data = xr.open_dataset(path, decode_timedelta=False)
    expect((data.lead_time == float(lead)).all(), path, "lead_time", data.lead_time.values)
    hours = (data.time - data.forecast_reference_time) / np.timedelta64(1, "h")
    expect((hours == float(lead)).all(), path, "reference times", hours.values)
    for name in ("z", "msl", "z_members", "msl_members", "z_spread", "msl_spread"):
        expect(np.isfinite(data[name]).all(), path, name, "is not finite")


def check_better(path, lead, share):
    with open(path) as file:
        scores = json.load(file)
    found = 0
    for variable, levels in scores["fields"].items():
        for level, leads in levels.items():
            model, persistence = leads[lead]["rmse"], leads[lead]["persistence_rmse"]
            found += 1
            expect(model <= float(share) * persistence, path, variable, level, model, "of", persistence)
    expect(found == 3, path, "scores of", found, "fields and levels")


def check_scored(*cases):
    for case in cases:
        name, lead, share = case.split()
        check_times(name + ".nc", lead)
        check_better(name + "/scores.json", lead, share)


def check_linear(path, before, after):
    """The error of the line between known times `before` and `after` hours away, of all fields and levels; rows are
    weighted by the areas of their bands."""
    import numpy as np
    import xarray as xr

    before, after = int(before), int(after)
    forecast = xr.open_dataset(path + ".nc", decode_timedelta=False)
    found = json.load(open(path + "/scores.json"))["fields"]
    latitude = np.radians(forecast.latitude.values)
    edges = np.concatenate([[np.pi / 2], (latitude[1:] + latitude[:-1]) / 2, [-np.pi / 2]])
    area = -np.diff(np.sin(edges))[:, None]
    for variable in ("z", "msl"):
        data = xr.open_dataset(variable + ".nc")[variable].astype(np.float64)
        at = [data.sel(time=forecast.time.values + np.timedelta64(hours, "h")).values for hours in (-before, 0, after)]
        error = (after * at[0] + before * at[2]) / (before + after) - at[1]
        error = error.reshape(error.shape[0], -1, *error.shape[-2:])
        right = np.sqrt((error**2 * area).sum((0, 2, 3)) / (area.sum() * error.shape[0] * error.shape[3]))
        lead = before if before <= after else -after
        scores = [by_lead[str(lead)]["linear_interpolation_rmse"] for by_lead in found[variable].values()]
        expect(np.allclose(sorted(scores), sorted(right), rtol=1e-5), variable, scores, right)


{"known": check_known, "scored": check_scored, "linear": check_linear}[sys.argv[1]](*sys.argv[2:])
for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

"""Check what the program wrote against computations of its own: check_whole.py forecast FILE | scores FILE.json | info FILE.json.

Prints what is wrong; exits with the number of wrong things.
"""

import json
import sys

wrong = []


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def check_forecast(path):
    import numpy as np
    import xarray as xr

    data = xr.open_zarr(path) if path.endswith(".zarr") else xr.open_dataset(path)
    expect(data.attrs["Conventions"] == "CF-1.8", "Conventions", data.attrs["Conventions"])
    for name in ("title", "source", "history", "model", "configuration", "data", "training_start", "training_end"):
        expect(name in data.attrs, "no attribute", name)
    expect(data.sizes["time"] == 48 and data.sizes["latitude"] == 19 and data.sizes["longitude"] == 36, data.sizes)
    expect((np.diff(data.time) == np.timedelta64(6, "h")).all(), "valid times are not 6 hours apart")
    expect((data.time - data.forecast_reference_time == np.timedelta64(6, "h")).all(), "reference times")
    expect((data.lead_time / np.timedelta64(1, "h") == 6).all() if data.lead_time.dtype.kind == "m" else (data.lead_time == 6).all(), "lead_time")
    expect((np.diff(data.latitude) == -10).all() and (np.diff(data.longitude) == 10).all(), "grid")
    for name, levels, mean in (("z", 2, 30000), ("msl", 0, 101000)):
        members, average, spread = data[name + "_members"], data[name], data[name + "_spread"]
        expect(members.sizes["member"] == 4, name, "members", members.sizes)
        expect(members.sizes.get("level", 0) == levels, name, "levels", members.sizes)
        for part in (members, average, spread):
            expect(bool(np.isfinite(part).all()), part.name, "is not finite everywhere")
            expect(part.attrs["units"] == {"z": "m2 s-2", "msl": "Pa"}[name], part.name, "units", part.attrs)
        wide = members.astype("f8")
        # The file holds single precision: 6e-8 of the values in the mean; members differ by some hundred, so that
        # their rounding at 1e5 leaves 1e-4 of the spread.
        expect(float(abs(wide.mean("member") - average).max()) < 1e-6 * mean, name, "mean is not that of its members")
        error = float((abs(wide.std("member", ddof=1) - spread) / spread.mean()).max())
        expect(error < 1e-3, name, "spread is not that of its members:", error)
        expect(float(spread.min()) > 0, name, "has points without spread")
        expect(abs(float(average.mean()) - mean) < 0.02 * mean, name, "is far from its data:", float(average.mean()))
        # No seam: the largest step from one column to the next is as large where tiles begin as elsewhere.
        steps = abs(wide - wide.roll(longitude=1)).mean(("time", "member"))
        steps = steps.mean("level") if levels else steps
        middle = steps.sel(latitude=slice(60, -60)).mean("latitude")
        expect(float(middle.max()) < 1.3 * float(middle.mean()), name, "has seams:", middle.values.round())


def check_scores(path):
    with open(path) as file:
        fields = json.load(file)["fields"]
    expect(set(fields) == {"z", "msl"}, "fields", list(fields))
    expect(set(fields["z"]) == {"850", "500"} and len(fields["msl"]) == 1, "levels")
    for field, levels in fields.items():
        for level, leads in levels.items():
            expect(list(leads) == ["6"], field, level, "lead times", list(leads))
            score = leads["6"]
            for name in ("rmse", "bias", "crps", "spread_skill_ratio", "persistence_rmse", "damped_persistence_rmse", "climatology_rmse"):
                expect(isinstance(score.get(name), float), field, level, name, score.get(name))
            # Every baseline by far: the wave's next place can be read off the last one.
            for name in ("persistence_rmse", "damped_persistence_rmse", "climatology_rmse"):
                expect(score["rmse"] < 0.6 * score[name], field, level, "rmse", score["rmse"], "against", name, score[name])
            expect(score["crps"] < score["rmse"], field, level, "crps", score["crps"])
            expect(0.3 < score["spread_skill_ratio"] < 3, field, level, "spread/skill", score["spread_skill_ratio"])


def check_info(path):
    with open(path) as file:
        expect(isinstance(json.load(file), dict), path, "is no JSON object")


def check_metrics(path):
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    training = [line["loss"] for line in lines if line["kind"] == "training"]
    expect(len(training) > 3 and training[-1] < 0.6 * training[0], "training losses", training)
    expect(any(line["kind"] == "validation" for line in lines), "no validation")
    for line in lines:
        for field in ("geopotential", "msl"):
            expect(line["fields"][field]["kernel_crps"] > 0, line)


{"forecast": check_forecast, "scores": check_scores, "info": check_info, "metrics": check_metrics}[sys.argv[1]](sys.argv[2])
for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

"""Checks of test_alpha.sh: alpha_checks.py PROGRAM, in its folder. Prints what is wrong; exits with how many things."""

import subprocess
import sys

import numpy as np
import xarray as xr

from tensors import read_tensors

program = sys.argv[1]
wrong = []


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def forecast(model, *options, start="2001-02-18T06"):
    subprocess.run([program, "forecast", "--quiet", "--model", model, "--data", "z.nc", "msl.nc", "--threads", "1",
                    "--start", start, "--out", "alpha.nc", *options], check=True)
    return xr.load_dataset("alpha.nc", decode_timedelta=False)


# The network of tiles_checks.py says 0.7 sin(hour + 1) + 0.3 cos(day) beside what is of place. 6 o'clock of the 48th
# day from 0, which has 48.25 days behind it.
_, tensors = read_tensors("formula.safetensors")
for words, hour, day in (("hour=12", 12, 48.5), ("hour+3", 9, 48 + 9 / 24), ("day+30", 6, 78.25), ("day-60", 6, 354.25),
                         ("day=100", 6, 100.25), ("day=100,hour=0", 0, 100), ("hour-12", 18, 47.75)):
    file = forecast("formula.safetensors", "--alpha", words)
    expect(file.attrs["alpha"] == words, words, "is not kept")

    def said(hour, day):
        return 0.7 * np.sin(2 * np.pi * hour / 24 + 1) + 0.3 * np.cos(2 * np.pi * day / 365.2425)

    for variable, name in (("z", "geopotential"), ("msl", "msl")):
        deviation = tensors[f"normalisation.{name}.standard_deviation"][2, :, :, 0]
        right = (said(hour, day) - said(6, 48.25)) * deviation[:, :, None]
        error = abs(file[variable + "_difference"].values[0] - right).max()
        # the field's own rounding beside its mean, twice, of sums over some tiles
        most = 2e-5 * deviation.max() + 1e-6 * float(abs(file[variable]).max())
        expect(error < most, words, variable, "errs by", error)

# What is factual stays so, to the bit; a date that is none of another is no difference.
usual, file = forecast("waves"), forecast("waves", "--alpha", "day+30")
for variable in ("z", "msl"):
    for kind in ("", "_spread", "_members"):
        expect(usual[variable + kind].values.tobytes() == file[variable + kind].values.tobytes(), variable + kind)
    none = forecast("waves", "--alpha", "hour=6")
    expect((none[variable + "_difference"] == 0).all() and (none[variable + "_p_value"] == 1).all(), variable, "none")
    expect("units" in file[variable + "_difference"].attrs and file[variable + "_p_value"].units == "1", "units")

# Probabilities, and the same variables at one place; the distribution itself is tested by task/counterfactual.
for variable in ("z", "msl"):
    p, difference = file[variable + "_p_value"].values, file[variable + "_difference"].values
    expect(((p >= 0) & (p <= 1)).all() and abs(difference).max() > 0, variable, "p", p.min(), p.max())
    place = forecast("waves", "--alpha", "day+30", "--at", "50,10")
    shape = place[variable + "_p_value"].shape
    expect(shape == ((1, 2, 1, 1) if variable == "z" else (1, 1, 1)), variable, shape)

# A model that knows the year.
file = forecast("released", "--alpha", "year=1990")
expect(float(abs(file.z_difference).max()) > 0, "the year changes nothing")

for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

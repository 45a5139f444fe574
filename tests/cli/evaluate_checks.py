"""Checks of test_evaluate.sh.

evaluate_checks.py fix FROM TO             a checkpoint whose members are `MEMBERS` standard deviations everywhere
evaluate_checks.py fixed CHECKPOINT JSON   its scores, against those of all the data
evaluate_checks.py trained JSON            scores of a trained model

Prints what is wrong; exits with the number of wrong things.
"""

import json
import sys

import numpy as np
import xarray as xr

from tensors import read_tensors, write_tensors

wrong = []
MEMBERS = np.array([-0.5, -0.1, 0.2, 0.8])


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def fix(source, out):
    metadata, tensors = read_tensors(source)
    for name, values in tensors.items():
        if not name.startswith(("grid.", "normalisation.", "training.")):
            values[:] = 0
        if ".tail_nets." in name and name.endswith(".1.bias"):
            values[:] = MEMBERS[int(name.split(".")[3])]
    write_tensors(out, metadata, tensors)


def near(what, found, right, share):
    expect(abs(found / right - 1) < share, what, found, "instead of", right)


def fixed(checkpoint, path):
    """1024 cubes of 6 x 12 points and 5 times, a fifth of their tokens: about 10^4 tokens of 3 x 3 points of waves some
    ten points long. A mean of squares over some thousand independent ones errs by 5 % (two standard deviations)."""
    _, tensors = read_tensors(checkpoint)
    with open(path) as file:
        scores = json.load(file)["fields"]
    for variable, field, levels in (("z", "geopotential", ("850", "500")), ("msl", "msl", ("surface",))):
        data = xr.open_dataset(variable + ".nc")[variable].sel(time=slice("2001-02-12", "2001-02-28"))
        data = data.transpose("time", ..., "latitude", "longitude").values.astype(float)
        data = data.reshape(-1, len(levels), 19, 36)
        # cubes' rows: centres by area, so that rows at the poles are rarer than their area
        first = np.cos(np.radians(90 - 10 * (np.arange(14) + 2.5)))
        weights = np.array([sum(first[k] for k in range(14) if k <= row < k + 6) for row in range(19)])
        weights = (weights / weights.sum())[None, :, None] * np.ones((data.shape[0], 1, 36)) / 36 / data.shape[0]
        for l, level in enumerate(levels):
            score = scores[variable][level]
            mean, unit = (tensors[f"normalisation.{field}.{what}"][0, l] for what in ("mean", "standard_deviation"))
            anomaly = data[:, l] - mean
            error = unit * MEMBERS.mean() - anomaly
            near(f"{variable} {level} rmse", score["rmse"], np.sqrt((weights * error**2).sum()), 0.05)
            near(f"{variable} {level} climatology", score["climatology_rmse"], np.sqrt((weights * anomaly**2).sum()),
                 0.05)
            near(f"{variable} {level} spread", score["spread"],
                 np.sqrt((weights * unit**2 * MEMBERS.var(ddof=1)).sum()), 0.05)
            pairs = abs(MEMBERS[:, None] - MEMBERS).sum()
            to_truth = sum(abs(unit * m - anomaly) for m in MEMBERS) / 4
            near(f"{variable} {level} crps", score["crps"], (weights * (to_truth - unit * pairs / 32)).sum(), 0.05)
            near(f"{variable} {level} fair", score["crps_fair"], (weights * (to_truth - unit * pairs / 24)).sum(), 0.05)
            between = (data[:-2, l] + data[2:, l]) / 2 - data[1:-1, l]
            right = np.sqrt((weights[1:-1] * between**2).sum() / weights[1:-1].sum())
            near(f"{variable} {level} interpolation", score["interpolation_rmse"], right, 0.05)
            # ⌈r·n⌉ of n = 40 tokens of z, 20 of msl, r uniform below 0.4: a share of 0.2 + 1/2n
            share = (0.2 + 0.5 / 40) if variable == "z" else (0.2 + 0.5 / 20)
            near(f"{variable} {level} points", score["points"], 1024 * 5 * 6 * 12 * share, 0.05)


def trained(path):
    with open(path) as file:
        scores = json.load(file)["fields"]
    for variable in scores:
        for level, score in scores[variable].items():
            expect(score["rmse"] < 0.6 * score["climatology_rmse"], variable, level, score)
            expect(score["crps_fair"] < score["crps"] < score["rmse"], variable, level, score)
            expect(0.3 < score["spread_skill_ratio"] < 1.5, variable, level, score)


{"fix": fix, "fixed": fixed, "trained": trained}[sys.argv[1]](*sys.argv[2:])
for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

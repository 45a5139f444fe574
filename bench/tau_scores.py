"""Root mean square errors, weighted by area, of what bench/tau.sh made: at times half-way between the tokens' own by
asking for them, and by the mean of both sides.

tau_scores.py DATA FOLDER STEP   FOLDER/at-HOURS.nc at half, one, one and a half and two times STEP hours

The ratio of both has the interval of 95 % of 2000 resamples of blocks of 2 days.
"""

import sys

import numpy as np
import xarray as xr

folder, step = sys.argv[2], int(sys.argv[3])
data = xr.open_zarr(sys.argv[1])
at = {hours: xr.open_dataset(f"{folder}/at-{hours}.nc", decode_timedelta=False)
      for hours in (step // 2, step, step * 3 // 2, 2 * step)}
random = np.random.default_rng(1)
first = at[step // 2]
starts = first.forecast_reference_time.values


def values(hours, variable):
    if hours == 0:
        return data[variable].sel(time=starts, level=first.level).values
    file = at[hours]
    assert (file.forecast_reference_time.values == starts).all() and (file.lead_time == hours).all()
    return file[variable].values


def square_errors(predicted, hours, variable):
    """[start, level], the area weighted mean."""
    truth = data[variable].sel(time=starts + np.timedelta64(hours, "h"), level=first.level).values
    weight = np.cos(np.radians(first.latitude.values))[:, None]
    return ((predicted - truth)**2 * weight).mean((-2, -1)) / weight.mean()


def interval(a, b):
    """Of the ratio of root mean squares; starts are 6 hours apart."""
    blocks = np.arange(len(a)) // 8
    ratios = []
    for _ in range(2000):
        chosen = np.concatenate([np.flatnonzero(blocks == k) for k in random.integers(0, blocks[-1] + 1, blocks[-1] + 1)])
        ratios.append((a[chosen].mean() / b[chosen].mean())**0.5)
    return np.percentile(ratios, [2.5, 97.5])


print(f"{len(starts)} starts, {starts[0]} to {starts[-1]}")
print("field level hours | asked for | mean of both sides | that before | that after | ratio of the first two")
for variable in ("vorticity", "air_temperature"):
    for hours in (step // 2, step * 3 // 2):
        sides = values(hours - step // 2, variable), values(hours + step // 2, variable)
        kinds = values(hours, variable), (sides[0] + sides[1]) / 2, *sides
        errors = [square_errors(kind, hours, variable) for kind in kinds]
        for level in range(errors[0].shape[1]):
            asked, mean = errors[0][:, level], errors[1][:, level]
            roots = " | ".join(f"{e[:, level].mean()**0.5:.3g}" for e in errors)
            low, high = interval(asked, mean)
            print(variable, float(first.level[level]), hours, "|", roots,
                  f"| {(asked.mean() / mean.mean())**0.5:.3f} ({low:.3f} to {high:.3f})")

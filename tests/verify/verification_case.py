"""Make forecast files with xarray and score them with numpy, to compare with scores.json.

usage: verification_case.py make-synthetic DIR
       verification_case.py make-era5 DIR DATA_FOLDER
       verification_case.py check-winds DIR PROGRAM
       verification_case.py check-precipitation DIR PROGRAM
       verification_case.py compare DIR/expected.json DIR/scores.json
       verification_case.py compare-lead HOURS ALL/scores.json DIR/scores.json…

Nothing here is shared with the program: readers, weights, and scores (O(N^2) CRPS) are Python's own.
"""

import json
import math
import subprocess
import sys

import numpy as np
import xarray as xr

HOUR = np.timedelta64(1, "h")


def area_weights(latitude):
    """Area of each row's band between midpoints (to the pole at a polar row), mean 1."""
    ordered = np.sort(latitude)
    middle = (ordered[1:] + ordered[:-1]) / 2
    first, last = ordered[0] - (middle[0] - ordered[0]), ordered[-1] + (ordered[-1] - middle[-1])
    bounds = np.clip(np.concatenate([[first], middle, [last]]), -90, 90)
    area = np.diff(np.sin(np.deg2rad(bounds)))
    area = area[np.argsort(np.argsort(latitude))]
    return area / area.mean()


def pooled(values, weights):
    """Weighted mean over time and space of what is there; values [time, lat, lon]."""
    w = np.broadcast_to(weights[:, None], values.shape[1:])[None] * np.isfinite(values)
    return float(np.nansum(w * values) / w.sum())


def mean_anomaly_correlation(forecast, truth, climatology, weights):
    """Mean over times, not centred; [time, lat, lon]."""
    found = []
    for x, y in zip(forecast - climatology, truth - climatology):
        both = np.isfinite(x) & np.isfinite(y)
        w = np.broadcast_to(weights[:, None], both.shape)[both]
        x, y = x[both], y[both]
        if both.any():
            found.append((w * x * y).sum() / np.sqrt((w * x * x).sum() * (w * y * y).sum()))
    return float(np.mean(found))


def energy_scores(members, truth, weights):
    """Plain and fair, the vectors written out; NaN where not all is there. members [time, level, member, lat,
    lon]; truth [time, level, lat, lon]."""
    n, plain, fair = members.shape[2], [], []
    for x_levels, y_levels in zip(members, truth):
        vectors = []
        for x, y in zip(x_levels, y_levels):
            there = np.isfinite(y) & np.isfinite(x).all(0)
            w = np.broadcast_to(weights[:, None], y.shape)[there]
            root = np.sqrt(w / w.sum() / len(y_levels))
            vectors.append(np.vstack([x[:, there], y[there]]) * root)
        x, y = np.hstack(vectors)[:-1], np.hstack(vectors)[-1]
        distance = np.linalg.norm(x - y, axis=1).mean()
        pairs = np.linalg.norm(x[:, None] - x[None], axis=2).sum()
        plain.append(distance - pairs / (2 * n * n))
        fair.append(distance - pairs / (2 * n * (n - 1)))
    return float(np.mean(plain)), float(np.mean(fair))


def distribution_scores(members, truth, there, weights):
    """Ignorance and rank histogram of the points that are `there`, one after another."""
    n = members.shape[1]
    w = np.broadcast_to(weights[:, None], there.shape)[there]
    x, y = np.moveaxis(members, 1, -1)[there], truth[there]
    mean, sigma = x.mean(1), x.std(1, ddof=1)
    # In the widest type: densities far out in the tail are below the smallest double.
    density = np.exp(-(((y - mean) / sigma).astype(np.longdouble) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    ranks, below, equal = np.zeros(n + 1), (x < y[:, None]).sum(1), (x == y[:, None]).sum(1)
    for shift in range(n + 1):
        tied = equal >= shift
        np.add.at(ranks, below[tied] + shift, (w / (equal + 1))[tied])
    share = ranks / w.sum()
    departure = (n + 1) * ((share - 1 / (n + 1)) ** 2).sum()
    return {
        "ignorance": float(-(w * np.log2(density)).sum() / w.sum()),
        "without_spread": 0.0,
        "rank_histogram": share.tolist(),
        "rank_departure": departure,
        "rank_delta": departure * w.sum() ** 2 / (w**2).sum() / n,
    }


def brier_scores(members, truth, there, weights, threshold):
    """Of exceeding a threshold, the decomposition from its definition."""
    n = members.shape[1]
    w = np.broadcast_to(weights[:, None], there.shape)[there]
    w = w / w.sum()
    x, y = np.moveaxis(members, 1, -1)[there], truth[there]
    k, event = (x > threshold).sum(1), (y > threshold).astype("f8")
    share = [float(w[k == i].sum()) for i in range(n + 1)]
    observed = [float((w * event)[k == i].sum() / w[k == i].sum()) if (k == i).any() else None
                for i in range(n + 1)]
    base = (w * event).sum()
    used = [i for i in range(n + 1) if share[i] > 0]
    return {
        "brier": (w * (k / n - event) ** 2).sum(),
        "brier_fair": (w * ((k / n - event) ** 2 - k * (n - k) / (n * n * (n - 1)))).sum(),
        "reliability": sum(share[i] * (i / n - observed[i]) ** 2 for i in used),
        "resolution": sum(share[i] * (observed[i] - base) ** 2 for i in used),
        "uncertainty": base * (1 - base),
        "frequency": base,
        "forecast": share,
        "observed": observed,
    }


def quadratic_distance(members, truth, there, weights, climate):
    """Of the distributions of all values, both known at 1001 places; the truth passes through float32."""
    places = climate["mean"] + climate["deviation"] * np.arange(-500, 501) / 50
    w = np.broadcast_to(weights[:, None], there.shape)[there]
    def distribution(values, shares):
        order = np.argsort(values)
        below = np.concatenate([[0], np.cumsum(shares[order])])
        return below[np.searchsorted(values[order], places, "right")] / shares.sum()
    x, y = np.moveaxis(members, 1, -1)[there], truth[there].astype("f4").astype("f8")
    forecast = distribution(x.ravel(), np.repeat(w, x.shape[1]))
    return ((forecast - distribution(y, w)) ** 2).sum() * climate["deviation"] / 50


def place_scores(members, truth):
    """Of all values at a place; members [time, member], truth [time], which passes through float32."""
    there = np.isfinite(truth) & np.isfinite(members).all(1)
    x, y = members[there].ravel(), truth[there].astype("f4").astype("f8")
    every = np.sort(np.concatenate([x, y]))
    distribution = lambda values: np.searchsorted(np.sort(values), every[:-1], "right") / len(values)
    edges = np.linspace(every[0], every[-1], 41)
    parts = [1, 5, 25, 50, 75, 95, 99]
    describe = lambda values: {
        "mean": values.mean(), "deviation": values.std(), "quantiles": np.percentile(values, parts).tolist(),
        "shares": np.round(np.histogram(values, edges)[0] / len(values), 7).tolist()}
    model, observed = describe(x), describe(y)
    return {
        "times": int(there.sum()), "members": members.shape[1], "edges": edges.tolist(),
        "wasserstein": (np.abs(distribution(x) - distribution(y)) * np.diff(every)).sum(),
        "bias": model["mean"] - observed["mean"],
        "bias_of_1_percent": model["quantiles"][0] - observed["quantiles"][0],
        "bias_of_99_percent": model["quantiles"][-1] - observed["quantiles"][-1],
        "model": model, "truth": observed,
    }


def seeps_scores(members, truth, period, weights, dry):
    """Rodwell et al. (2010) by counting; members [time, member, lat, lon], truth, period [time, lat, lon]."""
    is_there = np.isfinite(period)
    p = (period < dry).sum(0) / is_there.sum(0)
    heavy = np.nanquantile(np.where(period >= dry, period, np.nan), 2 / 3, axis=0)
    category = lambda values: (values >= dry).astype(int) + (values >= heavy)
    zero = np.zeros_like(p)
    cost = np.array([[zero, 1 / (1 - p), 4 / (1 - p)], [1 / p, zero, 3 / (1 - p)],
                     [1 / p + 3 / (2 + p), 3 / (2 + p), zero]]) / 2
    there = np.isfinite(truth) & np.isfinite(members).all(1)
    counts = there & (p > 0.1) & (p < 0.85)
    lat, lon = np.indices(p.shape)
    of = lambda forecast: np.where(counts, cost[category(forecast), category(truth), lat, lon], np.nan)
    w = np.broadcast_to(weights[:, None], truth.shape)
    return {"seeps": pooled(of(members.mean(1)), weights),
            "seeps_members": float(np.mean([pooled(of(members[:, k]), weights) for k in range(members.shape[1])])),
            "seeps_share": float((w * counts).sum() / (w * there).sum())}


def student_t_within(t, freedom):
    """P(|T| <= t) by integrating the density (the trapezoid of a smooth function, on a fine grid)."""
    x = np.linspace(0, t, 20001)
    norm = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))
    return 2 * norm * np.trapz((1 + x * x / freedom) ** (-(freedom + 1) / 2), x)


def calibration_scores(members, truth, there, weights, deviation):
    """Histograms of error and spread by numpy's own binning. Truth, mean and spread pass through float32, as
    a rounding at an edge puts a point into the next bin."""
    n = members.shape[1]
    w = np.broadcast_to(weights[:, None], there.shape)[there]
    x, y = np.moveaxis(members, 1, -1)[there], truth[there].astype("f4").astype("f8")
    error = x.mean(1).astype("f4").astype("f8") - y
    spread = x.std(1, ddof=1).astype("f4").astype("f8")
    edges, ratio_edges = deviation * 2.0 ** (np.arange(-20, 5) / 4), np.arange(-20, 21) / 4
    bins = np.digitize(spread, edges)
    joint, share = np.zeros((26, 26)), np.bincount(bins, w, 26) / w.sum()
    np.add.at(joint, (bins, np.digitize(np.abs(error), edges)), w / w.sum())
    with np.errstate(invalid="ignore"):
        roots = [np.sqrt(np.bincount(bins, w * e**2, 26) / np.bincount(bins, w, 26)) for e in (spread, error)]
    within = lambda k: {
        "": (w * (np.abs(error) <= k * spread)).sum() / w.sum(),
        "_expected": student_t_within(k / np.sqrt(1 + 1 / n), n - 1)}
    each = (x - y[:, None]) / spread[:, None]
    return {
        "climatology_deviation": deviation,
        **{f"within_one_spread{key}": value for key, value in within(1).items()},
        **{f"within_two_spreads{key}": value for key, value in within(2).items()},
        "spread_skill_reliability": np.nansum(share * np.abs(roots[1] - roots[0])),
        "edges": edges.tolist(),
        "spread_error": np.round(joint, 7).tolist(),
        "share": np.round(share, 7).tolist(),
        "spread": [float(value) if np.isfinite(value) else None for value in roots[0]],
        "rmse": [float(value) if np.isfinite(value) else None for value in roots[1]],
        "ratio_edges": ratio_edges.tolist(),
        "error_over_spread": np.round(
            np.bincount(np.digitize(error / spread, ratio_edges), w, 42) / w.sum(), 7).tolist(),
        "member_error_over_spread": np.round(
            np.bincount(np.digitize(each, ratio_edges).ravel(), np.repeat(w, n), 42) / w.sum() / n, 7).tolist(),
    }


def climate_scale(period, climatology, weights):
    """Mean of the climatology, and deviations of values from it and from this mean; period [time, lat, lon]."""
    mean = pooled(climatology[None], weights)
    variance = pooled((period - climatology) ** 2, weights)
    return {"mean": mean, "anomaly_deviation": np.sqrt(variance),
            "deviation": np.sqrt(variance + pooled((climatology[None] - mean) ** 2, weights))}


def score(members, truth, reference, climatology, correlation, weights, threshold=None, climate=None):
    """members [time, member, lat, lon]; truth, reference [time, lat, lon]; all float64."""
    everything = members
    n = members.shape[1]
    there = np.isfinite(members).all(1) & np.isfinite(truth)
    members = np.where(there[:, None], members, np.nan)
    error = members.mean(1) - truth
    distance = np.abs(members - truth[:, None]).mean(1)
    pairs = 2 * sum(np.abs(members[:, i] - members[:, j]) for i in range(n) for j in range(i))
    spread = np.sqrt(pooled(members.var(1, ddof=1), weights))
    rmse = np.sqrt(pooled(error**2, weights))
    damped = climatology + correlation * (reference - climatology)
    energy, energy_fair = energy_scores(members[:, None], truth[:, None], weights)
    brier = {} if threshold is None else {
        "thresholds": {f"{threshold:.10g}": brier_scores(members, truth, there, weights, threshold)}}
    return {
        **distribution_scores(members, truth, there, weights),
        **brier,
        **({} if climate is None else {
            "calibration": calibration_scores(members, truth, there, weights, climate["anomaly_deviation"]),
            "iqd": quadratic_distance(members, truth, there, weights, climate)}),
        "acc": mean_anomaly_correlation(everything.mean(1), truth, climatology, weights),
        "persistence_acc": mean_anomaly_correlation(reference, truth, climatology, weights),
        "energy_score": energy,
        "energy_score_fair": energy_fair,
        "rmse": rmse,
        "bias": pooled(error, weights),
        "mae": pooled(np.abs(error), weights),
        "crps": pooled(distance - pairs / (2 * n * n), weights),
        "crps_fair": pooled(distance - pairs / (2 * n * (n - 1)), weights),
        "spread": spread,
        "spread_skill_ratio": spread / rmse,
        "persistence_rmse": np.sqrt(pooled((reference - truth) ** 2, weights)),
        "persistence_crps": pooled(np.abs(reference - truth), weights),
        "damped_persistence_rmse": np.sqrt(pooled((damped - truth) ** 2, weights)),
        "climatology_rmse": np.sqrt(pooled((climatology - truth) ** 2, weights)),
        "members": n,
        "times": truth.shape[0],
        "persistence_times": truth.shape[0],
    }


def power_spectra(fields):
    """Mean over fields [count, lat, lon] of the variance by total wavenumber, on a grid from pole to pole: the
    coefficient of each zonal wavenumber is a trigonometric polynomial in colatitude, which is integrated
    against Legendre functions at Gauss's abscissae."""
    count, nlat, nlon = fields.shape
    largest = min(nlat - 2, (nlon - 1) // 2)
    theta, degree = np.arange(nlat) * np.pi / (nlat - 1), np.arange(nlat)
    x, w = np.polynomial.legendre.leggauss(2 * nlat)
    coefficient = np.fft.fft(fields, axis=2) / nlon
    power, sectoral = np.zeros(largest + 1), np.full_like(x, np.sqrt(1 / (4 * np.pi)))
    for m in range(largest + 1):
        if m > 0:
            sectoral = sectoral * np.sqrt((2 * m + 1) / (2 * m) * (1 - x * x))
        wave, rows, k = (np.cos, slice(None), degree) if m % 2 == 0 else (np.sin, slice(1, -1), degree[1:-1])
        series = np.linalg.solve(wave(np.outer(theta[rows], k)), coefficient[:, rows, m].T)
        values = wave(np.outer(np.arccos(x), k)) @ series
        before, here = np.zeros_like(x), sectoral
        for n in range(m, largest + 1):
            f = 2 * np.pi * ((w * here) @ values)
            power[n] += (1 if m == 0 else 2) * (np.abs(f) ** 2).mean() / (4 * np.pi)
            up = np.sqrt((4 * (n + 1) ** 2 - 1) / ((n + 1) ** 2 - m * m))
            down = np.sqrt((n * n - m * m) / (4 * n * n - 1)) if n > m else 0
            before, here = here, up * (x * here - down * before)
    return power


def lag_correlation(period, climatology, steps):
    """Of anomalies `steps` apart; period [time, lat, lon]."""
    anomaly = period - climatology
    first, second = anomaly[:-steps], anomaly[steps:]
    both = np.isfinite(first) & np.isfinite(second)
    first, second = np.where(both, first, 0), np.where(both, second, 0)
    norm = np.sqrt((first**2).sum(0) * (second**2).sum(0))
    with np.errstate(invalid="ignore"):
        return np.clip(np.where(norm > 0, (first * second).sum(0) / norm, 0), 0, 1)


def write_forecast(path, fields, times, leads, latitude, longitude, training):
    """fields: {name: (attributes, levels or None, members [time, level, member, lat, lon])}."""
    variables = {}
    reference = times - leads * HOUR
    for name, (attributes, levels, members) in fields.items():
        attributes = dict(attributes, field=name)
        head = ("time",) + (("level",) if levels is not None else ())
        if levels is None:
            members = members[:, 0]
        place = ("latitude", "longitude")
        axis = len(head)
        variables[name] = (head + place, members.mean(axis).astype("f4"), attributes)
        variables[name + "_spread"] = (head + place, members.std(axis, ddof=1).astype("f4"), attributes)
        variables[name + "_members"] = (head + ("member",) + place, members.astype("f4"), attributes)
    coordinates = {
        "time": ("time", times, {"standard_name": "time"}),
        "forecast_reference_time": ("time", reference, {"standard_name": "forecast_reference_time"}),
        "latitude": ("latitude", latitude, {"units": "degrees_north", "standard_name": "latitude"}),
        "longitude": ("longitude", longitude, {"units": "degrees_east", "standard_name": "longitude"}),
    }
    levels = [field[1] for field in fields.values() if field[1] is not None]
    if levels:
        pressure = {"units": "hPa", "standard_name": "air_pressure", "positive": "down"}
        coordinates["level"] = ("level", np.asarray(levels[0], "f8"), pressure)
    variables["lead_time"] = (
        "time",
        leads.astype("f8"),
        {"units": "hours", "standard_name": "forecast_period"},
    )
    data = xr.Dataset(variables, coordinates, {"Conventions": "CF-1.8", **training})
    unit = {"units": "hours since 1970-01-01 00:00:00", "dtype": "f8"}
    data.to_netcdf(path, encoding={"time": unit, "forecast_reference_time": unit})


def write_finer(folder):
    """The truth on a grid of twice the resolution, with noise at the points in between."""
    random = np.random.default_rng(8)
    truth = xr.open_dataset(f"{folder}/truth.nc").load()
    nlat, nlon = truth.lat.size, truth.lon.size
    fine = xr.Dataset(
        coords={
            "time": truth.time,
            "plev": truth.plev,
            "lat": ("lat", np.linspace(-90, 90, 2 * nlat - 1), truth.lat.attrs),
            "lon": ("lon", truth.lon.values[0] + np.arange(2 * nlon) * 180.0 / nlon, truth.lon.attrs),
        }
    )
    for name, variable in truth.data_vars.items():
        values = random.normal(0, 1e5, variable.shape[:-2] + (2 * nlat - 1, 2 * nlon)).astype("f4")
        values[..., ::2, ::2] = variable.values
        fine[name] = (variable.dims, values, variable.attrs)
    fine.to_netcdf(f"{folder}/fine.nc")


def scores_of_both(other, members, truth, climatology, weights):
    """Of another forecast and of this one at the same times: as "baselines" has them."""
    found = {"members": other.shape[1], "times": truth.shape[0]}
    for prefix, x in (("", other), ("forecast_", members)):
        n = x.shape[1]
        x = np.where((np.isfinite(x).all(1) & np.isfinite(truth))[:, None], x, np.nan)
        distance = pooled(np.abs(x - truth[:, None]).mean(1), weights)
        pairs = pooled(sum(np.abs(x[:, i] - x[:, j]) for i in range(n) for j in range(n)) + 0 * truth, weights)
        found[prefix + "rmse"] = np.sqrt(pooled((x.mean(1) - truth) ** 2, weights))
        found[prefix + "crps"] = distance - pairs / (2 * n * n)
        found[prefix + "crps_fair"] = distance - pairs / (2 * n * (n - 1)) if n > 1 else None
        found[prefix + "acc"] = mean_anomaly_correlation(x.mean(1), truth, climatology, weights)
    for key in ("rmse", "crps", "crps_fair"):
        found[key + "_skill"] = 1 - found["forecast_" + key] / found[key] if found[key] else None
    return found


def write_baselines(folder, times, leads, shape, latitude, longitude, truth):
    """An ensemble of three at some of the times, levels the other way round, without ps; and a single forecast in
    another unit, of all, without times of training. Their members as the program has them: {name: (which of the
    times, members [time, level, member, lat, lon])}."""
    random = np.random.default_rng(9)
    some, everything = np.arange(4, 20), np.arange(times.size)
    three = np.nan_to_num(truth[some], nan=11.0)[:, :2, None] + random.normal(-0.5, 2, (16, 2, 3) + shape)
    one = np.nan_to_num(truth, nan=11.0)[:, :2, None] + random.normal(0.2, 1.5, (times.size, 2, 1) + shape)
    three, one = three.astype("f4").astype("f8"), (one - 273.15).astype("f4").astype("f8")
    temperature = {"units": "K", "standard_name": "air_temperature"}
    write_forecast(f"{folder}/three.nc", {"t": (temperature, [500.0, 850.0], three)}, times[some], leads[some],
                   latitude, longitude, {"training_start": "1999-01-01", "training_end": "1999-12-31"})
    celsius = {"units": "degC", "standard_name": "air_temperature"}
    write_forecast(f"{folder}/all.nc", {"temperature": (celsius, [500.0, 850.0], np.repeat(one, 2, 2))}, times, leads,
                   latitude, longitude, {})
    xr.open_dataset(f"{folder}/all.nc").drop_vars(["temperature_members", "temperature_spread"]).to_netcdf(
        f"{folder}/one.nc")
    return {"three": (some, three), "one": (everything, one + 273.15)}


def make_synthetic(folder):
    """Two levels in Pa and a surface field in hPa, upside down from -180, with gaps, on 60 times."""
    random = np.random.default_rng(7)
    steps, nlat, nlon, n = 60, 9, 16, 5
    south_first = np.linspace(-90, 90, nlat)
    from_west = np.arange(nlon) * 22.5 - 180
    times = np.datetime64("2001-02-20", "ns") + np.arange(steps) * 6 * HOUR
    walk = np.cumsum(random.normal(size=(steps, 3, nlat, nlon)), 0)
    truth = (10 + 0.5 * walk + random.normal(size=walk.shape)).astype("f4")
    truth[random.random(truth.shape) < 0.05] = np.nan
    truth[:, 2] += 1000
    kept = np.arange(steps) != 50
    place = ("time", "lat", "lon")
    xr.Dataset(
        {
            "t": (
                ("time", "plev", "lat", "lon"),
                truth[kept][:, :2],
                {"units": "K", "standard_name": "air_temperature"},
            ),
            "ps": (place, truth[kept][:, 2], {"units": "hPa", "standard_name": "surface_air_pressure"}),
        },
        {
            "time": ("time", times[kept]),
            "plev": ("plev", [50000.0, 85000.0], {"units": "Pa", "standard_name": "air_pressure"}),
            "lat": ("lat", south_first, {"units": "degrees_north"}),
            "lon": ("lon", from_west, {"units": "degrees_east"}),
        },
    ).to_netcdf(f"{folder}/truth.nc")
    write_finer(folder)

    # As the program has it: north first, from 0 E, levels as the forecast orders them, ps in Pa.
    ours = np.roll(truth[:, :, ::-1], -nlon // 2, axis=3).astype("f8")
    ours[:, 2] *= 100
    ours[~kept] = np.nan
    forecast_steps = np.repeat(np.arange(44, 58), 2)
    leads = np.tile([6, 12], 14)
    spread = np.array([1.0, 1.0, 100.0])[:, None, None, None]
    members = np.nan_to_num(ours[forecast_steps], nan=11.0)[:, :, None]
    members = members + spread * random.normal(0.3, 1.5, (28, 3, n, nlat, nlon))
    members = members.astype("f4").astype("f8")
    latitude, longitude = south_first[::-1], np.arange(nlon) * 22.5
    temperature = {"units": "K", "standard_name": "air_temperature"}
    # Another name than the truth's: it is found by its standard name.
    pressure = {"units": "Pa", "standard_name": "surface_air_pressure"}
    fields = {
        "t": (temperature, [850.0, 500.0], members[:, [1, 0]]),
        "surface_pressure": (pressure, None, members[:, 2:]),
    }
    training = {"training_start": "2001-02-20", "training_end": "2001-03-01T18:00"}
    write_forecast(f"{folder}/forecast.nc", fields, times[forecast_steps], leads, latitude, longitude, training)

    rivals = write_baselines(folder, times[forecast_steps], leads, (nlat, nlon), latitude, longitude,
                             ours[forecast_steps])
    expected, weights = {}, area_weights(latitude)
    everywhere = np.arange(nlon)
    regions = {
        "": (np.arange(nlat), everywhere),
        "tropics": (np.flatnonzero(np.abs(latitude) <= 20), everywhere),
        "northern-hemisphere": (np.flatnonzero(latitude >= 20), everywhere),
        # 50 W to 30 E, over Greenwich; of 22.5-degree columns these.
        "atlantic": (np.flatnonzero((latitude <= 70) & (latitude >= -45)), np.array([0, 1, 14, 15])),
    }
    thresholds = {"t": 12.5}
    for index, (name, level) in enumerate([("t", "500"), ("t", "850"), ("surface_pressure", "surface")]):
        climatology = np.nanmean(ours[:40, index], 0)
        climate = climate_scale(ours[:40, index], climatology, weights)
        for lead in (6, 12):
            chosen = (leads == lead) & kept[forecast_steps]
            valid = forecast_steps[chosen]
            reference = valid - lead // 6
            correlation = lag_correlation(ours[:40, index], climatology, lead // 6)
            for region, (rows, columns) in regions.items():
                part = np.ix_(rows, columns)
                values = score(members[chosen, index][:, :, rows][..., columns],
                               ours[valid, index][:, rows][..., columns],
                               ours[reference, index][:, rows][..., columns], climatology[part],
                               correlation[part], weights[rows], thresholds.get(name), climate)
                values["persistence_times"] = int(kept[reference].sum())
                if index < 2:
                    values["baselines"] = {}
                    for rival, (which, other) in rivals.items():
                        both = which[chosen[which]]
                        theirs = other[chosen[which], index][:, :, rows][..., columns]
                        values["baselines"][rival] = scores_of_both(
                            theirs, members[both, index][:, :, rows][..., columns],
                            ours[forecast_steps[both], index][:, rows][..., columns], climatology[part], weights[rows])
                fields = expected.setdefault(region, {})
                fields.setdefault(name, {}).setdefault(level, {})[str(lead)] = values
    over_levels = {}
    for lead in (6, 12):
        chosen = (leads == lead) & kept[forecast_steps]
        plain, fair = energy_scores(members[chosen, :2], ours[forecast_steps[chosen], :2], weights)
        over_levels[str(lead)] = {"energy_score": plain, "energy_score_fair": fair, "levels": 2,
                                  "times": int(chosen.sum())}
    expected["energy_scores_over_levels"] = {"t": over_levels}
    # 33.93 S, 18.42 E: of rows and columns 22.5 degrees apart, -45 and 22.5 are the nearest.
    place = {"latitude": -45.0, "longitude": 22.5, "fields": {}}
    for index, (name, level) in enumerate([("t", "500"), ("t", "850"), ("surface_pressure", "surface")]):
        for lead in (6, 12):
            chosen = (leads == lead) & kept[forecast_steps]
            values = place_scores(members[chosen, index, :, 6, 1], ours[forecast_steps[chosen], index, 6, 1])
            place["fields"].setdefault(name, {}).setdefault(level, {})[str(lead)] = values
    expected["places"] = {"Cape Town": place}
    json.dump(expected, open(f"{folder}/expected.json", "w"))


def check_winds(folder, program):
    """Solid bodies in rotation about tilted axes, whose kinetic energy is all at n = 1: the wind w x r of
    angular velocities w that differ between times and members has the energy a^2 |w|^2 / 3."""
    random = np.random.default_rng(5)
    latitude, longitude = np.linspace(90, -90, 19), np.arange(36) * 10.0
    phi, lam = np.meshgrid(np.deg2rad(latitude), np.deg2rad(longitude), indexing="ij")

    def wind(w):
        """w [..., 3] in m/s at the surface: eastward and northward [..., lat, lon]."""
        x, y, z = (w[..., i, None, None] for i in range(3))
        eastward = z * np.cos(phi) - (x * np.cos(lam) + y * np.sin(lam)) * np.sin(phi)
        return eastward, x * np.sin(lam) - y * np.cos(lam)

    times = np.datetime64("2001-01-01", "ns") + np.arange(8) * 6 * HOUR
    truth, members = random.normal(0, 10, (8, 3)), random.normal(0, 10, (4, 1, 3, 3))
    names = ["eastward_wind", "northward_wind"]
    place = {"lat": ("lat", latitude, {"units": "degrees_north"}),
             "lon": ("lon", longitude, {"units": "degrees_east"}),
             "plev": ("plev", [500.0], {"units": "hPa", "standard_name": "air_pressure"})}
    data = {name: (("time", "plev", "lat", "lon"), values[:, None].astype("f4"),
                   {"units": "m s-1", "standard_name": name}) for name, values in zip(names, wind(truth))}
    xr.Dataset(data, {"time": ("time", times), **place}).to_netcdf(f"{folder}/truth.nc")
    fields = {short: ({"units": "m s-1", "standard_name": name}, [500.0], values)
              for short, name, values in zip("uv", names, wind(members))}
    training = {"training_start": "2001-01-01", "training_end": "2001-01-01T18:00"}
    write_forecast(f"{folder}/forecast.nc", fields, times[4:], np.full(4, 6), latitude, longitude, training)
    subprocess.run([program, "verify", "--quiet", "--no-maps", "--forecast", f"{folder}/forecast.nc", "--truth",
                    f"{folder}/truth.nc", "--out", folder], check=True, stdout=subprocess.DEVNULL)
    found = json.load(open(f"{folder}/scores.json"))["spectra"]["kinetic_energy"]["500"]["6"]
    expected = {"truth": truth[4:], "mean": members.mean(2)[:, 0], "members": members[:, 0]}
    for key, w in expected.items():
        wanted = (w**2).sum(-1).mean() / 3
        assert abs(found[key][1] / wanted - 1) < 1e-6, (key, found[key][1], wanted)
        assert abs(sum(found[key]) / wanted - 1) < 1e-6, (key, sum(found[key]), wanted)
    assert found["times"] == 4
    print("kinetic energy agrees with numpy")


def check_precipitation(folder, program):
    """SEEPS of rain in metres that is more or less often dry from pole to pole, two rows too seldom or often."""
    random = np.random.default_rng(9)
    steps, nlat, nlon, n, first = 300, 12, 10, 4, 240
    latitude, longitude = np.linspace(90, -90, nlat), np.arange(nlon) * 36.0
    times = np.datetime64("2001-01-01", "ns") + np.arange(steps) * 6 * HOUR
    wet = random.random((steps, nlat, nlon)) > np.linspace(0.02, 0.95, nlat)[:, None]
    truth = (wet * random.gamma(0.8, 4e-3, wet.shape)).astype("f4")
    truth[random.random(truth.shape) < 0.03] = np.nan
    other = random.random((steps - first, n, nlat, nlon)) > 0.5
    members = np.where(other, np.nan_to_num(truth[first:, None], nan=1e-3), 0)
    members = (members * random.gamma(4, 0.25, members.shape)).astype("f4")
    names = {"units": "m", "standard_name": "lwe_thickness_of_precipitation_amount"}
    xr.Dataset({"tp": (("time", "lat", "lon"), truth, names)},
               {"time": ("time", times), "lat": ("lat", latitude, {"units": "degrees_north"}),
                "lon": ("lon", longitude, {"units": "degrees_east"})}).to_netcdf(f"{folder}/truth.nc")
    training = {"training_start": "2001-01-01", "training_end": str(times[first - 1])[:16]}
    write_forecast(f"{folder}/forecast.nc", {"tp": (names, None, members[:, None])}, times[first:],
                   np.full(steps - first, 6), latitude, longitude, training)
    for options, dry in (([], 0.25e-3), (["--seeps-dry", "1"], 1e-3)):
        subprocess.run([program, "verify", "--quiet", "--no-maps", "--forecast", f"{folder}/forecast.nc",
                        "--truth", f"{folder}/truth.nc", "--out", folder, *options], check=True,
                       stdout=subprocess.DEVNULL)
        found = json.load(open(f"{folder}/scores.json"))["fields"]["tp"]["surface"]["6"]
        wanted = seeps_scores(members.astype("f8"), truth[first:].astype("f8"), truth[:first].astype("f8"),
                              area_weights(latitude), dry)
        assert 0 < wanted["seeps_share"] < 1
        for key, value in wanted.items():
            # Probabilities pass through float32.
            assert abs(found[key] / value - 1) < 1e-6, (key, found[key], value)
    print("SEEPS agrees with numpy")


def make_era5(folder, data):
    """Persistence with noise as an ensemble of 8, for the test days of the real data set."""
    random = np.random.default_rng(3)
    cases = [
        ("vo", "vorticity_850hpa.zarr", [850.0], "850", 4.43e-5, 2e-5),
        ("msl", "mean_sea_level_pressure.zarr", None, "surface", 267.0, 150.0),
    ]
    fields, expected = {}, {}
    for name, store, levels, level, known, noise in cases:
        truth = xr.open_zarr(f"{data}/{store}", consolidated=None)[name]
        attributes = {key: truth.attrs[key] for key in ("units", "standard_name", "long_name")}
        times = truth.valid_time.values
        latitude, longitude = truth.latitude.values, truth.longitude.values
        values = truth.values.reshape(len(times), latitude.size, longitude.size).astype("f8")
        valid = np.flatnonzero(times >= np.datetime64("2026-02-10"))
        shape = (valid.size, 8) + values.shape[1:]
        members = (values[valid - 1][:, None] + random.normal(0, noise, shape)).astype("f4")
        fields[name] = (attributes, levels, members[:, None])
        period = values[times <= np.datetime64("2026-01-31T18")]
        climatology = period.mean(0)
        correlation = lag_correlation(period, climatology, 1)
        weights = area_weights(latitude)
        scores = score(members.astype("f8"), values[valid], values[valid - 1], climatology, correlation, weights,
                       climate=climate_scale(period, climatology, weights))
        # Published with the data: persistence of the test days, to the digits that were told.
        assert abs(scores["persistence_rmse"] / known - 1) < 0.003, scores["persistence_rmse"]
        expected.setdefault("", {})[name] = {level: {"6": scores}}
        spectra = {
            "truth": power_spectra(values[valid]).tolist(),
            "mean": power_spectra(members.astype("f8").mean(1)).tolist(),
            "members": power_spectra(members.astype("f8").reshape(-1, *values.shape[1:])).tolist(),
            "times": valid.size,
        }
        expected.setdefault("spectra", {})[name] = {level: {"6": spectra}}
        if name == "vo":
            n = np.arange(1, len(spectra["truth"]))
            energy = 6371229.0**2 / (2 * n * (n + 1)) * np.array(spectra["truth"][1:])
            expected["spectra"]["rotational_kinetic_energy"] = {level: {"6": {"truth": [0.0, *energy]}}}
    training = {"training_start": "2025-12-01T00:00", "training_end": "2026-01-31T18:00"}
    write_forecast(f"{folder}/forecast.nc", fields, times[valid], np.full(valid.size, 6), latitude, longitude,
                   training)
    json.dump(expected, open(f"{folder}/expected.json", "w"))


def differences(wanted, found, scale, path):
    """(number compared, list of lines about numbers that differ)."""
    if isinstance(wanted, dict):
        pairs = [(wanted[key], found[key], f"{path} {key}") for key in wanted]
    elif isinstance(wanted, list):
        assert len(wanted) == len(found), path
        pairs = [(*both, f"{path} {i}") for i, both in enumerate(zip(wanted, found))]
    else:
        assert wanted is None or np.isfinite(wanted), path
        same = found is None if wanted is None else abs(found - wanted) <= 1e-5 * max(scale, abs(wanted))
        return 1, [] if same else [f"{path}: {found}, numpy has {wanted}"]
    results = [differences(*pair[:2], scale, pair[2]) for pair in pairs]
    return sum(count for count, _ in results), sum((lines for _, lines in results), [])


def compare_lead(hours, whole_path, *part_paths):
    """Of one lead time alone, all is there that is of it where there are others too (but for thresholds
    and baselines, which are not asked for): the same to rounding, as the interpolation's weights are 0 and 1 to rounding."""
    fields = json.load(open(whole_path))["fields"]
    for path in part_paths:
        found = json.load(open(path))["fields"]
        wanted = {name: {level: {hours: leads[hours]} for level, leads in levels.items()}
                  for name, levels in fields.items()}
        count, lines = differences(numbers_of(wanted), found, 0, path)
        assert not lines, lines
        print(f"{count} scores of lead time {hours} are the same")


def numbers_of(tree):
    """Without texts, thresholds and baselines."""
    return {key: numbers_of(value) if isinstance(value, dict) else value
            for key, value in tree.items() if not isinstance(value, str) and key not in ("thresholds", "baselines")}


def compare(expected_path, scores_path):
    """Every expected score is there and within 1e-5: baselines pass through float32 once (6e-8 of values
    that are up to 1000 times the score); the bias, a small difference, to 1e-5 of the MAE."""
    expected, report = json.load(open(expected_path)), json.load(open(scores_path))
    spectra = expected.pop("spectra", {})
    levels = expected.pop("energy_scores_over_levels", {})
    places = expected.pop("places", {})
    assert set(report.get("spectra", {})) == set(spectra), report["spectra"].keys()
    count, failures = differences(spectra, report.get("spectra", {}), 0, "spectra")
    level_count, level_failures = differences(levels, report.get("energy_scores_over_levels", {}), 0, "levels")
    place_count, place_failures = differences(places, report.get("places", {}), 0, "places")
    count, failures = count + level_count + place_count, failures + level_failures + place_failures
    assert set(report.get("regions", {})) | {""} == set(expected), report.get("regions", {}).keys()
    for region, names in expected.items():
        fields = report["regions"][region]["fields"] if region else report["fields"]
        assert set(fields) == set(names), fields.keys()
        for name, levels in names.items():
            assert set(fields[name]) == set(levels), fields[name].keys()
            for level, leads in levels.items():
                assert set(fields[name][level]) == set(leads), fields[name][level].keys()
                for lead, scores in leads.items():
                    for key, wanted in scores.items():
                        scale = scores["mae"] if key == "bias" else 0
                        place = f"{region} {name} {level} {lead} {key}"
                        number, lines = differences(wanted, fields[name][level][lead][key], scale, place)
                        count += number
                        failures += lines
    print("".join(line + "\n" for line in failures), end="")
    print(f"{count - len(failures)} scores agree with numpy, {len(failures)} do not")
    return len(failures) > 0


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    commands = {"make-synthetic": make_synthetic, "make-era5": make_era5, "compare": compare,
                "compare-lead": compare_lead, "check-winds": check_winds,
                "check-precipitation": check_precipitation}
    sys.exit(commands[command](*arguments))

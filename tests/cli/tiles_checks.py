"""Checks of test_tiles.sh: what tiles are put together to, on the globe of tests/make_waves.c.

tiles_checks.py blind FROM TO            a checkpoint whose tokens are not told their place and time
tiles_checks.py formula FROM TO [STRIDE] one whose network computes `wanted` below, in tokens of points so far apart
tiles_checks.py known PROGRAM CHECKPOINT what that forecasts, at every point
tiles_checks.py displaced PROGRAM CHECKPOINT STRIDE TAU…  the same of other outputs (test_tau.sh)
tiles_checks.py between PROGRAM MODEL FORMULA  points between those of tokens, of a trained model and of one of `formula`
tiles_checks.py halfway                  errors of the output half-way, beside means of the ends (test_tau.sh)
tiles_checks.py turned PROGRAM MODEL     turning the data turns the forecast
tiles_checks.py seams FORECAST OTHER     errors step at the edges of tiles as inside; tiles of OTHER do not overlap

Prints what is wrong; exits with the number of wrong things.
"""

import subprocess
import sys

import numpy as np
import xarray as xr

from tensors import read_tensors, write_tensors

wrong = []
FIELDS = {"z": "geopotential", "msl": "msl"}
TOKENS = {"z": (3, 3), "msl": (6, 3)}  # rows and columns of points of a token; 10 degrees apart
MEMBERS, STEP = 4, np.pi / 18


def expect(true, *what):
    if not true:
        wrong.append(" ".join(str(w) for w in what))


def blind(source, out):
    metadata, tensors = read_tensors(source)
    for name, values in tensors.items():
        if name.startswith("embeds_token_info."):
            values[:] = 0
    write_tensors(out, metadata, tensors)


def wanted(latitude, longitude, hour, day):
    """A function of place and time, in standard deviations of the field; all in radians."""
    return np.sin(latitude) + 0.5 * np.cos(longitude) + 0.7 * np.sin(hour + 1) + 0.3 * np.cos(day)


def formula(source, out, stride="1"):
    """Nothing mixes tokens, so that one is (0, …, info, −info), 32 numbers of mean 0 and variance 2·4/32: sines and
    cosines. The tails take `wanted` of each point from it by the theorems of addition."""
    metadata, tensors = read_tensors(source)
    for name, values in tensors.items():
        if not name.startswith(("grid.", "normalisation.", "training.")):
            values[:] = 0
    size = np.sqrt(2 * 4 / 32 + 1e-5)  # of the layer norm
    for f, (rows, columns) in enumerate(TOKENS.values()):
        tensors[f"embeds_token_info.{f}.weight"][:] = np.concatenate([np.eye(8), -np.eye(8)])
        step = STEP * int(stride)
        down = ((rows - 1) / 2 - np.arange(rows))[:, None] * step + np.zeros(columns)
        right = (np.arange(columns) - (columns - 1) / 2)[None, :] * step + np.zeros((rows, 1))
        for n in range(MEMBERS):
            tail = f"tails.{f}.tail_nets.{n}."
            weight = tensors[tail + "1.weight"]
            weight[:, 16], weight[:, 17] = np.cos(down).ravel(), np.sin(down).ravel()
            weight[:, 18], weight[:, 19] = -0.5 * np.sin(right).ravel(), 0.5 * np.cos(right).ravel()
            weight[:, 20], weight[:, 21] = 0.7 * np.cos(1), 0.7 * np.sin(1)
            weight[:, 23] = 0.3
            weight *= size
            tensors[tail + "0.weight"][:] = 1
            tensors[tail + "1.bias"][:] = 0.1 * n
    write_tensors(out, metadata, tensors)


def forecast(program, model, data, out, *options):
    subprocess.run([program, "forecast", "--quiet", "--model", model, "--data", *data, "--threads", "1", "--out", out,
                    *options], check=True)
    return xr.load_dataset(out, decode_timedelta=False)


def expect_known(file, tensors, *what):
    """Every value is that of the formula."""
    days = (file.time - np.datetime64("2001-01-01")) / np.timedelta64(1, "D")
    hours = 2 * np.pi * (days % 1)
    value = wanted(np.radians(file.latitude), np.radians(file.longitude), hours, 2 * np.pi * days / 365.2425)
    for variable, name in FIELDS.items():
        shape = ("level", "latitude") if variable == "z" else ("one", "latitude")
        rows = [round((90 - latitude) / 10) for latitude in file.latitude.values]
        mean, deviation = (xr.DataArray(tensors[f"normalisation.{name}.{part}"][2, :, rows, 0].T, dims=shape)
                           for part in ("mean", "standard_deviation"))
        if variable == "msl":
            mean, deviation = mean.isel(one=0), deviation.isel(one=0)
        members = mean + deviation * (value + 0.1 * file.member)
        # float32 in the network, its sums over tiles, and the field's own rounding beside its mean
        tolerance = 1e-5 * float(deviation.max()) + 3e-7 * float(abs(mean).max()) * 4
        for kind, right in (("_members", members), ("", members.mean("member")),
                            ("_spread", members.std("member", ddof=1))):
            error = abs(file[variable + kind] - right)
            expect(error.notnull().all() and float(error.max()) <= tolerance, *what, variable + kind, "errs by",
                   float(error.max()), "of", tolerance)


def known(program, checkpoint):
    """On the whole globe, and at single places: the nearest points, at poles and the date line too."""
    _, tensors = read_tensors(checkpoint)
    for where in (("--overlap", "0"), ("--overlap", "0.3"), ("--overlap", "0.5"), ("--overlap", "0.9"),
                  ("--at", "52,13"), ("--at", "90,355"), ("--at", "-90,0"), ("--at", "-34,-17"), ("--at", "-3,359")):
        file = forecast(program, checkpoint, ["z.nc", "msl.nc"], "known.nc", "--start", "2001-02-18", "--end",
                        "2001-02-19", "--every", "6", *where)
        if where[0] == "--at":
            latitude, longitude = (float(text) for text in where[1].split(","))
            expect(file.latitude.values.tolist() == [10 * round(latitude / 10)], where, file.latitude.values)
            expect(file.longitude.values.tolist() == [10 * round(longitude / 10) % 360], where, file.longitude.values)
        expect(file.sizes["time"] == 5, where, "times", file.sizes)
        expect_known(file, tensors, *where)


def displaced(program, checkpoint, stride, *words):
    """Whatever is asked for, the grid is every stride-th point, valid times are those that were asked for, and the
    time from the last known one, 12 hours before the token's, is told."""
    _, tensors = read_tensors(checkpoint)
    for tau in words:
        file = forecast(program, checkpoint, ["z.nc", "msl.nc"], "displaced.nc", "--start", "2001-02-18", "--end",
                        "2001-02-19", "--every", "6", "--lead-hours", "12", "--tau", tau)
        expect_known(file, tensors, tau)
        expect(np.array_equal(file.latitude, np.arange(90, -91, -10 * int(stride))), tau, "latitudes", file.latitude)
        expect(np.array_equal(file.longitude, np.arange(0, 360, 10 * int(stride))), tau, "longitudes", file.longitude)
        expect(file.time.size == 5 and file.attrs["tau"] == tau, tau, file.time, file.attrs.get("tau"))
        hours = int(tau.split("time=")[1].split("h")[0]) if "time=" in tau else 0
        expect((file.lead_time == 12 + hours).all(), tau, "lead times", file.lead_time)
        expect((file.time - file.forecast_reference_time == np.timedelta64(12 + hours, "h")).all(), tau, "times")


def halfway():
    """Of what a model says of the middle of 12 hours, and of the end: the first errs less than the mean of both ends,
    the beginning being known."""
    middle, end = xr.load_dataset("middle.nc"), xr.load_dataset("end.nc")
    for variable in FIELDS:
        data = xr.open_dataset(variable + ".nc")[variable]
        truth, start = (data.sel(time=middle.time - np.timedelta64(h, "h")).values for h in (0, 6))
        mean = (start + end[variable].values) / 2
        errors = [float(((values - truth)**2).mean()**0.5) for values in (middle[variable].values, mean)]
        expect(errors[0] < 0.9 * errors[1], variable, "half-way errs by", errors[0], "the mean of the ends by",
               errors[1])


def between(program, model, known_model):
    """Of tokens that have every second point: what is asked for at all points is, at their own, the forecast to the bit,
    whatever the data has at the others; between them it errs less than interpolating linearly; at single places it is
    what is known there."""
    when = ("--start", "2001-02-11", "--end", "2001-02-27", "--every", "24", "--lead-hours", "12")
    data = ["z.nc", "msl.nc"]
    own = forecast(program, model, data, "own.nc", *when)
    whole = forecast(program, model, data, "whole.nc", *when, "--tau", "stride=1")
    for variable in FIELDS:
        spoilt = xr.open_dataset(variable + ".nc", decode_times=False).load()
        keep = spoilt[variable].values[..., ::2, ::2].copy()
        spoilt[variable].values[:] = 3e5
        spoilt[variable].values[..., ::2, ::2] = keep
        spoilt.to_netcdf(f"spoilt-{variable}.nc")
    spoilt = [f"spoilt-{variable}.nc" for variable in FIELDS]
    blind = forecast(program, model, spoilt, "blind.nc", *when, "--tau", "stride=1")
    for variable in FIELDS:
        members = variable + "_members"
        expect(np.array_equal(whole[members][..., ::2, ::2], own[members]), members, "differ at the tokens' own points")
        expect(np.array_equal(whole[members], blind[members]), members, "depend on points that tokens do not have")
        truth = xr.open_dataset(variable + ".nc")[variable].sel(time=whole.time).values
        coarse = own[variable].values
        linear = np.empty_like(truth)
        linear[..., ::2, ::2], linear[..., ::2, 1::2] = coarse, (coarse + np.roll(coarse, -1, -1)) / 2
        linear[..., 1::2, :] = (linear[..., :-1:2, :] + linear[..., 2::2, :]) / 2
        inside = np.ones(truth.shape[-2:], bool)
        inside[::2, ::2] = False
        errors = [float((((values - truth)[..., inside])**2).mean()**0.5) for values in (whole[variable].values, linear)]
        expect(errors[0] < 0.9 * errors[1], variable, "between points errs by", errors[0], "interpolated by", errors[1])
    _, tensors = read_tensors(known_model)
    for place in ("50,130", "-90,350", "90,10", "-31,-9"):
        file = forecast(program, known_model, data, "place.nc", "--start", "2001-02-18", "--end", "2001-02-18",
                        "--lead-hours", "12", "--at", place, "--tau", "stride=1")
        latitude, longitude = (10 * round(float(text) / 10) for text in place.split(","))
        expect((float(file.latitude[0]), float(file.longitude[0])) == (latitude, longitude % 360), place, file)
        expect_known(file, tensors, place)


def turned_data(columns):
    for variable in FIELDS:
        data = xr.open_dataset(variable + ".nc", decode_times=False).load()
        data[variable].values[:] = np.roll(data[variable].values, columns, -1)
        data.to_netcdf(f"turned-{variable}.nc")
    return [f"turned-{variable}.nc" for variable in FIELDS]


def turned(program, model):
    """By tokens of 3 points where tiles begin at every token, and by tiles where they do not: the same tiles in another
    order, so the same but for the rounding of sums of up to 16 tiles. By other angles tiles have other origins, and the
    mean differs by less than the ensemble says that it may err."""
    when = ("--start", "2001-02-20T12", "--end", "2001-02-20T12")
    for overlap, columns, exact in (("0.75", 3, True), ("0.75", 33, True), ("0.5", 6, True), ("0", 12, True),
                                    ("0.5", 1, False), ("0.5", 2, False), ("0.5", 3, False), ("0.75", 1, False)):
        usual = forecast(program, model, ["z.nc", "msl.nc"], "usual.nc", *when, "--overlap", overlap)
        file = forecast(program, model, turned_data(columns), "turned.nc", *when, "--overlap", overlap)
        for variable in FIELDS:
            if exact:
                change = abs(np.roll(file[variable + "_members"], -columns, -1) - usual[variable + "_members"]).max()
                most = 3e-6 * abs(usual[variable]).max()
            else:
                change = ((np.roll(file[variable], -columns, -1) - usual[variable])**2).mean()**0.5
                most = (usual[variable + "_spread"]**2).mean()**0.5
            expect(change <= most, "turned by", columns, "overlap", overlap, variable, float(change), "of", float(most))


def waves(file, levels):
    """The waves of tests/make_waves.c without their noise, in amplitudes."""
    time = ((file.time - np.datetime64("2001-01-01")) / np.timedelta64(6, "h")).values
    t, level, latitude, longitude = np.meshgrid(time, np.arange(levels), np.radians(file.latitude),
                                                np.radians(file.longitude), indexing="ij")
    return np.cos(latitude) * sum(
        np.sin(2 * np.pi * t / (70 + 23 * k) + 1.7 * k + 0.4 * latitude) *
        np.sin(k * (longitude - STEP * t) + 0.6 * level + k * k) for k in range(1, 6))


def jumps(path, edges, others):
    """Errors' root mean square step to the east at columns where tiles end, over that at `others`; the same of the
    largest step."""
    file = xr.load_dataset(path)
    for variable, levels, amplitude, mean in (("z", 2, 900, 30000), ("msl", 1, 700, 101000)):
        truth = mean + amplitude * waves(file, levels)
        error = file[variable].transpose("time", ..., "latitude", "longitude").values.reshape(truth.shape) - truth
        step = abs(np.roll(error, -1, -1) - error)
        at, inside = step[..., edges], step[..., others]
        yield variable, np.sqrt((at**2).mean() / (inside**2).mean()), at.max() / inside.max()


def seams(blended, unblended):
    """The network's answer steps at borders of tokens, every 3 columns, tiles or not. Where tiles of 12 columns end
    every 6, its error steps by at most a quarter more than at the borders of tokens inside of tiles; where they do not
    overlap, they are seen to end every 12."""
    column = np.arange(36)
    for variable, usual, largest in jumps(blended, column % 6 == 5, column % 6 == 2):
        expect(usual < 1.25 and largest < 1.25, variable, "steps at the edges of tiles:", usual, largest)
    for variable, usual, _ in jumps(unblended, column % 12 == 11, (column % 3 == 2) & (column % 12 != 11)):
        expect(usual > 1.25, variable, "has no seams without an overlap:", usual)


{"blind": blind, "formula": formula, "known": known, "displaced": displaced, "between": between, "halfway": halfway,
 "turned": turned, "seams": seams}[sys.argv[1]](*sys.argv[2:])
for line in wrong:
    print(line)
sys.exit(min(len(wrong), 99))

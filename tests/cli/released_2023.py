"""A small AtmoRep model of 2023 in numpy, in double precision: its weights under the names of that year, head
by head, and what it forecasts. Written from the description of the network (Lessig et al. 2023), not from the
program that it is held against. Used by test_released.sh.

    released_2023.py make           data.nc, model_id{norms,plain}.json and AtmoRep_id{norms,plain}.mod
    released_2023.py check ID FILE  hold the forecast FILE of AtmoRep_idID.mod against this one
"""
import json
import math
import sys

import numpy as np
import xarray as xr

from torch_files import plain, save

HOURS, NLAT, NLON, STEP = 24, 4, 12, 0.25
FIELDS = [  # name, E, coupled, levels, tokens, token size; variable and standard name in the data
    ("vorticity", 32, ["temperature", "total_precip"], [96, 137], [2, 2, 3], [3, 2, 4]),
    ("temperature", 24, ["vorticity"], [137], [2, 1, 2], [3, 4, 6]),
    ("total_precip", 32, [], [0], [2, 2, 2], [3, 2, 6])]
VARIABLES = [("vo", "atmosphere_relative_vorticity", "s-1", 2e-5), ("t", "air_temperature", "K", 10),
             ("tp", None, "m", 1e-3)]
PREDICTED = ["temperature", "vorticity"]  # the order of decoders and tails
LAYERS, HEADS, DECODER_HEADS, COUPLING_HEADS, MEMBERS, INFO = 3, 4, 4, 2, 2, 16
MLP = {"encoder": 2, "decoder": 3}


# ---- making ----------------------------------------------------------------------------------------

def make_data():
    rng = np.random.default_rng(1)
    times = np.datetime64("2017-03-05T00", "ns") + np.arange(HOURS) * np.timedelta64(1, "h")
    coordinates = {"time": times, "latitude": 50 - STEP * np.arange(NLAT),
                   "longitude": 10 + STEP * np.arange(NLON)}
    data = xr.Dataset(coords=coordinates)
    for (name, _, _, levels, _, _), (variable, standard, units, scale) in zip(FIELDS, VARIABLES):
        values = scale * (5 + rng.standard_normal((HOURS, len(levels), NLAT, NLON)))
        place = ("time", f"level_{variable}", "latitude", "longitude")
        if levels == [0]:
            values, place = values[:, 0], ("time", "latitude", "longitude")
        else:
            data[f"level_{variable}"] = xr.Variable(f"level_{variable}", levels, {
                "standard_name": "atmosphere_hybrid_sigma_pressure_coordinate", "units": "1", "axis": "Z",
                "positive": "down"})
        data[variable] = xr.Variable(place, values.astype("f4"), {"units": units})
        if standard:
            data[variable].attrs["standard_name"] = standard
    data.latitude.attrs = {"units": "degrees_north", "standard_name": "latitude"}
    data.longitude.attrs = {"units": "degrees_east", "standard_name": "longitude"}
    data.to_netcdf("data.nc")


def configuration(norms):
    return {"fields": [[name, [1, width, coupled, 0], levels, tokens, size, [0.5, 0.9, 0.2, 0.05]]
                       for name, width, coupled, levels, tokens, size in FIELDS],
            "fields_prediction": [[name, 0.5] for name in PREDICTED], "size_token_info": 8,
            "size_token_info_net": INFO, "with_cls": False, "with_layernorm": True,
            "coupling_num_heads_per_field": COUPLING_HEADS, "with_qk_lnorm": norms,
            "encoder_num_layers": LAYERS, "encoder_num_heads": HEADS,
            "encoder_num_mlp_layers": MLP["encoder"], "encoder_att_type": "dense",
            "decoder_num_layers": 2, "decoder_num_heads": DECODER_HEADS,
            "decoder_num_mlp_layers": MLP["decoder"], "decoder_cross_att_ratio": 0.5,
            "decoder_cross_att_rate": 1.0, "net_tail_num_nets": MEMBERS, "net_tail_num_layers": 0,
            "losses": ["mse_ensemble", "stats"], "batch_size": 2, "lr_max": 1e-4, "dropout_rate": 0.0,
            "years_train": [2010, 2011, 2016], "wandb_id": "test"}


def make_weights():
    rng = np.random.default_rng(2)
    state = {}

    def matrix(name, rows, columns, bias=True, scale=1.0):
        state[name + ".weight"] = scale * rng.standard_normal((rows, columns)) / math.sqrt(columns)
        if bias:
            state[name + ".bias"] = 0.1 * rng.standard_normal(rows)

    def heads(name, size, width, other_width):
        matrix(name + ".proj_qs", size, width, False, 2)
        matrix(name + ".proj_ks", size, other_width, False, 2)
        matrix(name + ".proj_vs", size, other_width, False)

    def mlp(name, width, layers):
        for j in range(layers):
            matrix(f"{name}.blocks.{3 * j}", width if j == layers - 1 else 2 * width,
                   width if j == 0 else 2 * width)

    widths = {name: width for name, width, *_ in FIELDS}
    # Years are thousands: smaller weights, that the values count too.
    matrix("embed_token_info", INFO, 8, scale=1e-3)
    for f, (name, width, coupled, levels, tokens, size) in enumerate(FIELDS):
        matrix(f"embeds.{f}", width - INFO, int(np.prod(size)))
        for layer in range(LAYERS):
            block = f"encoders.{f}.heads.{layer}"
            for h in range(HEADS):
                heads(f"{block}.heads_self.{h}", width // HEADS, width, width)
            for h in range(COUPLING_HEADS * len(coupled)):
                heads(f"{block}.heads_coupling.{h}", width // HEADS, width,
                      widths[coupled[h // COUPLING_HEADS]])
            matrix(block + ".proj_out", width,
                   width // HEADS * (HEADS + COUPLING_HEADS * len(coupled)), False)
            mlp(f"encoders.{f}.mlps.{layer}", width, MLP["encoder"])
    for p, name in enumerate(PREDICTED):
        width, values = widths[name], int(np.prod(next(x[5] for x in FIELDS if x[0] == name)))
        for layer in range(2):
            block = f"decoders.{p}.blocks.{2 * layer}"
            for h in range(DECODER_HEADS // 2):
                heads(f"{block}.heads.{h}", width // DECODER_HEADS, width, width)
                heads(f"{block}.heads_other.{h}", width // DECODER_HEADS, width, width)
            matrix(block + ".proj_out", width, width, False)
            mlp(f"decoders.{p}.blocks.{2 * layer + 1}", width, MLP["decoder"])
        for n in range(MEMBERS):
            state[f"tails.{p}.tail_nets.{n}.0.weight"] = 1 + 0.2 * rng.standard_normal(width)
            state[f"tails.{p}.tail_nets.{n}.0.bias"] = 0.2 * rng.standard_normal(width)
            matrix(f"tails.{p}.tail_nets.{n}.1", values, width)
    return {name: values.astype("f4") for name, values in state.items()}


# ---- the network -----------------------------------------------------------------------------------

def norm(x):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


class Model:
    def __init__(self, norms):
        self.weights = {name: values.astype("f8") for name, values in make_weights().items()}
        self.norms = norms
        self.as_2024 = False  # coupling queries without norm, and a decoder with norms

    def linear(self, name, x):
        return x @ self.weights[name + ".weight"].T + self.weights.get(name + ".bias", 0)

    def head(self, name, own, other):
        """One head: in 2023 all of them were made alike, with norms of q and k or without."""
        q, k, v = (self.linear(f"{name}.proj_{x}s", own if x == "q" else other) for x in "qkv")
        decoder = name.startswith("decoders.")
        if self.norms and not (self.as_2024 and "coupling" in name) or self.as_2024 and decoder:
            q = norm(q)
        if self.norms or self.as_2024 and decoder:
            k = norm(k)
        scores = q @ k.T / math.sqrt(q.shape[1])
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True) @ v

    def mlp(self, name, x, layers):
        state = norm(x)
        for j in range(layers):
            state = gelu(self.linear(f"{name}.blocks.{3 * j}", state))
        return x + state

    def embed(self, f, tokens, info):
        extents, width = tokens.shape[:4], FIELDS[f][1]
        values = self.linear(f"embeds.{f}", tokens)
        state = np.concatenate([values, self.linear("embed_token_info", info)], -1).reshape(-1, width)
        _, nt, ny, nx = extents
        for i in range(len(state)):
            v, t, r = i // (nt * ny * nx), i % (nt * ny * nx) // (ny * nx), i % (ny * nx)
            y, x = r // ny, r % nx  # the quotient by ny is that of the released code
            for k in range(width // 2):
                omega = 2 * math.pi * 2 * k / width
                state[i, 2 * k] += 0.5 * math.sin(8 * y * omega) + math.sin(t * omega)
                state[i, 2 * k + 1] += 0.5 * math.cos(8 * x * omega) + math.cos(v * omega)
        return state

    def encode(self, states):
        names, layers = [x[0] for x in FIELDS], []
        for layer in range(LAYERS):
            normals, after = [norm(state) for state in states], []
            for f, (_, width, coupled, *_) in enumerate(FIELDS):
                block = f"encoders.{f}.heads.{layer}"
                heads = [self.head(f"{block}.heads_self.{h}", normals[f], normals[f])
                         for h in range(HEADS)]
                heads += [self.head(f"{block}.heads_coupling.{h}", normals[f],
                                    normals[names.index(coupled[h // COUPLING_HEADS])])
                          for h in range(COUPLING_HEADS * len(coupled))]
                state = states[f] + self.linear(block + ".proj_out", np.concatenate(heads, 1))
                after.append(self.mlp(f"encoders.{f}.mlps.{layer}", state, MLP["encoder"]))
            states = after
            layers.append(states)
        return layers

    def decode(self, p, f, layers):
        state = layers[-1][f]
        for layer in range(2):
            block, own, other = f"decoders.{p}.blocks.{2 * layer}", norm(state), norm(layers[-1 - layer][f])
            heads = [self.head(f"{block}.heads.{h}", own, own) for h in range(DECODER_HEADS // 2)]
            heads += [self.head(f"{block}.heads_other.{h}", own, other) for h in range(DECODER_HEADS // 2)]
            state = state + self.linear(block + ".proj_out", np.concatenate(heads, 1))
            state = self.mlp(f"decoders.{p}.blocks.{2 * layer + 1}", state, MLP["decoder"])
        return state

    def tail(self, p, n, state):
        name = f"tails.{p}.tail_nets.{n}"
        state = norm(state) * self.weights[name + ".0.weight"] + self.weights[name + ".0.bias"]
        return self.linear(name + ".1", state)


# ---- the forecast ----------------------------------------------------------------------------------

def tokenise(values, tokens, size):
    """[L, hours, lat, lon] to [L, nt, ny, nx, V]."""
    split = values.reshape(len(values), *[n for pair in zip(tokens, size) for n in pair])
    return split.transpose(0, 1, 3, 5, 2, 4, 6).reshape(len(values), *tokens, -1)


def describe(levels, tokens, size, times, latitudes, longitudes):
    """Year, day of year from 0, hour, level, 90 - latitude, longitude, level, resolution: of a token's last
    time and its centre."""
    info = np.zeros((len(levels), *tokens, 8))
    for t in range(tokens[0]):
        date = times[(t + 1) * size[0] - 1].astype("datetime64[s]").item()
        info[:, t, ..., :3] = date.year, date.timetuple().tm_yday - 1, date.hour
    info[..., 3] = info[..., 6] = np.reshape(levels, (-1, 1, 1, 1))
    info[..., 4] = 90 - latitudes.reshape(tokens[1], size[1]).mean(1)[:, None]
    info[..., 5] = longitudes.reshape(tokens[2], size[2]).mean(1)
    info[..., 7] = STEP
    return info


def forecast(model, last):
    """Members [level, member, lat, lon] of the predicted fields at hour `last` of the data, from the times up to
    three hours before, with the deviation that they are normalised by at each point: that of all times."""
    data, states, scales = xr.open_dataset("data.nc"), [], []
    hours = slice(last - 5, last + 1)
    for f, ((_, _, _, levels, tokens, size), (variable, *_)) in enumerate(zip(FIELDS, VARIABLES)):
        values = data[variable].values.astype("f8").reshape(HOURS, -1, NLAT, NLON).transpose(1, 0, 2, 3)
        mean, deviation = values.mean(1, keepdims=True), values.std(1, keepdims=True)
        cube = tokenise(((values - mean) / deviation)[:, hours], tokens, size)
        cube[:, -1] = 0
        info = describe(levels, tokens, size, data.time.values[hours], data.latitude.values,
                        data.longitude.values)
        states.append(model.embed(f, cube, info))
        scales.append((mean[:, 0], deviation[:, 0]))
    layers, members = model.encode(states), {}
    for p, name in enumerate(PREDICTED):
        f = [x[0] for x in FIELDS].index(name)
        _, _, _, levels, tokens, size = FIELDS[f]
        decoded = model.decode(p, f, layers).reshape(len(levels), *tokens, -1)[:, -1]
        mean, deviation = scales[f]
        tails = [model.tail(p, n, decoded).reshape(len(levels), *tokens[1:], *size)[:, :, :, -1]
                 .transpose(0, 1, 3, 2, 4).reshape(len(levels), NLAT, NLON) for n in range(MEMBERS)]
        members[VARIABLES[f][0]] = np.stack([mean + deviation * x for x in tails], 1), deviation
    return members


def check(identity, path):
    """Single precision against double: a few 1e-6 after some twenty layers of sums of up to a hundred numbers, in
    units of the field's standard deviation. With the norms of 2024 the results differ by tenths."""
    model, other_model, found = Model(identity == "norms"), Model(identity == "norms"), xr.open_dataset(path)
    other_model.as_2024 = True
    others = forecast(other_model, HOURS - 1)
    for variable, (right, deviation) in forecast(model, HOURS - 1).items():
        ours = found[variable + "_members"].values.astype("f8").reshape(right.shape)
        error = np.abs((ours - right) / deviation[:, None]).max()
        other = np.abs((others[variable][0] - right) / deviation[:, None]).max()
        print(f"{identity} {variable}: largest difference {error:.1e}; of the network of 2024 {other:.1e}")
        assert error < 2e-5 and other > 1e-2, (identity, variable)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make_data()
        for norms in (True, False):
            identity = "norms" if norms else "plain"
            with open(f"model_id{identity}.json", "w") as file:
                json.dump(configuration(norms), file)
            save(f"AtmoRep_id{identity}.mod", {n: plain(v) for n, v in make_weights().items()})
    else:
        check(*sys.argv[2:])

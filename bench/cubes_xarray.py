"""The cubes of bench/cubes.yaml by xarray, zarr and numpy, in one process: the times of a day and
of the cubes that begin in it are loaded, so many cubes are drawn of them, normalised and cut into
tokens, then comes the next day. Prints one line of JSON.

    python3 bench/cubes_xarray.py cubes.zarr --cubes 600 --cubes-a-day 66
"""

import argparse
import json
import resource
import time

import numpy
import xarray

SIZE, TOKENS = (3, 18, 18), (12, 3, 6)
EXTENT = tuple(s * t for s, t in zip(SIZE, TOKENS))


def cut(block, mean, deviation):
    """[36, 54, 108] values to tokens [12 * 3 * 6, 3 * 18 * 18]."""
    normal = (block - mean) / deviation
    parts = normal.reshape(TOKENS[0], SIZE[0], TOKENS[1], SIZE[1], TOKENS[2], SIZE[2])
    return numpy.ascontiguousarray(parts.transpose(0, 2, 4, 1, 3, 5)).reshape(-1, numpy.prod(SIZE))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("store")
    parser.add_argument("--cubes", type=int, default=600)
    parser.add_argument("--cubes-a-day", type=int, default=66)
    options = parser.parse_args()
    store = xarray.open_zarr(options.store, chunks=None)
    names = [name for name in store.data_vars if "time" in store[name].dims]
    rows = numpy.cos(numpy.radians(store.latitude.values))
    rows = rows[: len(rows) - EXTENT[1] + 1].clip(0)
    rows /= rows.sum()
    days = (store.sizes["time"] - EXTENT[0]) // 24
    random = numpy.random.default_rng(1)
    reading = cutting = 0.0
    done = 0
    while done < options.cubes:
        begin = time.perf_counter()
        day = int(random.integers(days)) * 24
        part = {n: store[n].isel(time=slice(day, day + 24 + EXTENT[0] - 1)).values[:, 0] for n in names}
        read = time.perf_counter()
        for _ in range(min(options.cubes_a_day, options.cubes - done)):
            t, x = random.integers(24), random.integers(store.sizes["longitude"])
            y = random.choice(len(rows), p=rows)
            columns = numpy.arange(x, x + EXTENT[2]) % store.sizes["longitude"]
            for n in names:
                block = part[n][t : t + EXTENT[0], y : y + EXTENT[1]][:, :, columns]
                cut(block, numpy.float32(280), numpy.float32(10))
            done += 1
        reading += read - begin
        cutting += time.perf_counter() - read
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps(
            {
                "cubes": done,
                "cubes_per_second": round(done / (reading + cutting), 2),
                "reading": round(reading, 3),
                "cutting": round(cutting, 3),
                "peak_gib": round(peak, 3),
            }
        )
    )


if __name__ == "__main__":
    main()

#!/bin/bash
# How fast batches come from files: cubes of 36 x 54 x 108 points of two hourly fields at 0.25
# degrees, made by interpolating a nature run; in memory, and by months within a limit, in
# alternation with xarray, zarr and numpy; then how long steps wait for them.
#
# usage: bench/cubes.sh [FOLDER for the data, 2 GB, kept (default: a temporary one)] [ROUNDS (3)]
# PYTHON is a Python with xarray and zarr (default: python3).
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
rounds=${2:-3}
cmake --preset release -S "$source" > /dev/null
cmake --build "$source/build/release" --target atmorep-program bench-cubes > /dev/null
bin=$source/build/release/bin
if [ $# -gt 0 ]; then
    mkdir -p "$1"
    cd "$1"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cd "$work"
fi
if [ ! -e cubes.zarr ]; then
    "$bin/atmorep" nature-run --truncation T42 --spin-up-days 20 --days 16 --every 1 \
        --pressure-levels 850 --variables air_temperature vorticity --out nature.zarr
    "$bin/atmorep" prepare "$source/bench/cubes.yaml" --data nature.zarr --out cubes.zarr
fi
for round in $(seq "$rounds"); do
    echo "in memory:  $("$bin/bench-cubes" "$source/bench/cubes.yaml" --steps 300 --set data.memory_gib=0 2> log)"
    echo "2.5 GiB:    $("$bin/bench-cubes" "$source/bench/cubes.yaml" --steps 300 --set data.memory_gib=2.5 2> log)"
    echo "xarray:     $("${PYTHON:-python3}" "$source/bench/cubes_xarray.py" cubes.zarr --cubes 600)"
done
# One thread is busy as a step of half a second would be; the other processor loads.
echo "busy steps: $("$bin/bench-cubes" "$source/bench/cubes.yaml" --steps 150 --step-seconds 0.5 --set data.memory_gib=2.5 2> log)"

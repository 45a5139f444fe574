#!/usr/bin/env bash
# How far the model's conditional distribution is from the true one: ensembles of the nature run begin from
# six of its own states, each with noise of 1 m/s, as well as an analysis is known, and forecasts from the same
# times are held against them (docs/verification.md, "Against the true distribution", has the numbers).
#     bench/truth_ensemble.sh [FOLDER]   FOLDER (default: zero-shot) as bench/zero_shot.sh left it; a few
#                                        minutes on 2 cores, and what is there is not made again
set -euo pipefail
cd "$(dirname "$0")/.."
atmorep=$PWD/build/release/bin/atmorep
cd "${1:-zero-shot}"
mkdir -p truth
starts=6 days_between=6
output="--every 3 --pressure-levels 850 500 --variables vorticity divergence air_temperature"

# The run of bench/zero_shot.sh once more, as far as the first start: the same seed is the same weather, and
# so are the states from here on.
run="--spin-up-days 150 --start 2001-01-15"
[[ -e truth/0.state ]] || "$atmorep" nature-run --truncation T31 --levels 8 $run --days 378 $output \
    --out truth/before.zarr --state truth/0.state --resume
for ((i = 0; i < starts; i++)); do
    from="--from truth/$i.state $run $output"
    [[ -e truth/ensemble-$i.nc ]] || "$atmorep" nature-run $from --days 6 --ensemble 20 --perturb 1 \
        --out truth/ensemble-$i.nc
    [[ -e truth/$((i + 1)).state ]] || "$atmorep" nature-run $from --days $days_between \
        --out truth/between-$i.nc --state truth/$((i + 1)).state
done

first=2002-01-28
last=$(date -u -d "$first $((days_between * (starts - 1))) days" +%F)
[[ -e truth/forecast.nc ]] || "$atmorep" forecast --model third --data nature.zarr --start ${first}T06 \
    --end "${last}T06" --every $((24 * days_between)) --lead-hours 6 --until 5d --feed-draws --out truth/forecast.nc
"$atmorep" verify --forecast truth/forecast.nc --truth nature.zarr --truth-ensemble truth/ensemble-*.nc \
    --out truth/scores

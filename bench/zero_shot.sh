#!/usr/bin/env bash
# What a model that was trained with random masks alone does without further training: forecasts,
# hindcasts, interpolation in time, and a roll-out of five days, each verified on days it never saw.
#     bench/zero_shot.sh [FOLDER]        on the nature run, which it makes first (docs/verification.md
#                                        has the numbers; some 80 minutes on 2 cores)
#     bench/zero_shot.sh FOLDER DATA     on ERA5: DATA is the folder of demo.sh (about 25 minutes)
# FOLDER (default: zero-shot) keeps everything; called again it goes on with what is there.
set -euo pipefail
cd "$(dirname "$0")/.."
atmorep=build/release/bin/atmorep
folder=${1:-zero-shot}
mkdir -p "$folder"

# train CONFIGURATION RUN OPTION…: unless RUN is complete
train() {
    local configuration=$1 run=$2
    shift 2
    "$atmorep" train "$configuration" --out "$run" --resume "$@"
}

# verify NAME COMMAND OPTION…: make a forecast and score it
verify() {
    local name=$1
    shift
    [[ -f $folder/$name.nc ]] || "$atmorep" "$@" --model "$model" --data "${data[@]}" --out "$folder/$name.nc"
    "$atmorep" verify --forecast "$folder/$name.nc" --truth "${data[@]}" --out "$folder/$name"
}

if (($# == 2)); then
    data=("$2"/*.zarr)
    model=$folder/era5
    train configs/era5-djf-bert.yaml "$model" --set "data.paths=['${2//\'/\'\'}/*.zarr']"
    period="--start 2026-02-10T00 --end 2026-02-28T12 --every 6"
    verify forecast forecast $period --lead-hours 6
    verify hindcast hindcast $period --next-hours 6
    verify interpolation interpolate $period --lead-hours 6 --next-hours 6
else
    data=("$folder/nature.zarr")
    model=$folder/third
    [[ -e ${data[0]} ]] || "$atmorep" nature-run --truncation T31 --levels 8 --spin-up-days 150 --days 420 \
        --start 2001-01-15 --every 3 --pressure-levels 850 500 \
        --variables vorticity divergence air_temperature --out "${data[0]}" --resume
    train configs/nature-run-bert.yaml "$folder/first" --set "data.paths=['${data[0]}']"
    # Once more, with more masks of whole times.
    again=(--set "data.paths=['${data[0]}']" training.learning_rate=1.5e-3 training.learning_rate_final=1.0e-5
        masking.whole_times=0.6 masking.together=0.8)
    train configs/nature-run-bert.yaml "$folder/second" --from "$folder/first" "${again[@]}" training.steps=4000
    # And longer, with more weight on temperature, which is the closest to a line between times.
    train configs/nature-run-bert.yaml "$model" --from "$folder/second" "${again[@]}" training.steps=10000 \
        fields.air_temperature.loss_weight=3
    period="--start 2002-01-28T00 --end 2002-03-05T00 --every 36"
    verify forecast forecast $period --lead-hours 6
    verify hindcast hindcast $period --next-hours 6
    verify interpolation interpolate $period --lead-hours 3 --next-hours 6
    verify roll-out forecast --start 2002-01-28T06 --end 2002-02-28T06 --every 360 --lead-hours 6 --until 5d --feed-draws
fi

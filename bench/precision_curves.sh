#!/bin/bash
# Does training in bf16 end where training in float32 does? Trains a short form of configs/era5-djf.yaml (ERA5 at 2.5
# degrees, December to February) in both precisions from several seeds and keeps their validation losses: the two are
# to lie within the spread of the seeds. Needs the data of that configuration.
#
# usage: bench/precision_curves.sh PROGRAM RUNS FOLDER [STEPS] [SEED...]
# RUNS keeps the runs, and what is complete there is not run again; FOLDER, such as bench/results/MACHINE, gets
# precision.json. Run it in the project's folder, then bench/report.py FOLDER draws the curves.
set -eu
program=$1
runs=$2
folder=$3
steps=${4:-600}
shift "$(($# < 4 ? $# : 4))"
seeds=${*:-1 2 3}
every=$((steps / 12))
mkdir -p "$runs" "$folder"

lines=$(mktemp)
for seed in $seeds; do
    for precision in float32 bf16; do
        run=$runs/$precision.$seed
        grep -qs '"kind": "validation", "step": '"$steps" "$run/metrics.jsonl" ||
            "$program" train configs/era5-djf.yaml --out "$run" --resume --quiet --set seed="$seed" \
                training.precision="$precision" training.steps="$steps" training.validate_every="$every" \
                training.checkpoint_every="$steps" training.validation_samples=960
        sed -n 's/.*"kind": "validation", "step": \([0-9]*\).*"loss": \([0-9.e+-]*\).*/\1 \2/p' \
            "$run/metrics.jsonl" | while read -r step loss; do
            printf '{"precision":"%s","seed":%s,"step":%s,"loss":%s}\n' \
                "$precision" "$seed" "$step" "$loss" >> "$lines"
        done
        echo "precision_curves.sh: $precision, seed $seed done"
    done
done
{ echo '['; sed '$!s/$/,/' "$lines"; echo ']'; } > "$folder/precision.json.part"
mv "$folder/precision.json.part" "$folder/precision.json"
rm "$lines"

#!/usr/bin/env bash
# What a query for a time half-way between the tokens' own is worth (docs/model.md, "Other outputs"): a
# model of the built-in nature run that knows every sixth hour is asked for 3 and 9 hours ahead, one that
# goes on from it and knows every twelfth hour for 6 and 18, and both are compared with the mean of what
# they say of the times on both sides. The second trains longer, asks for times half-way a little more often
# and gives temperature, whose queries gained least, three times the weight. About an hour
# on 2 idle cores.
#     bench/tau.sh FOLDER     FOLDER keeps data, runs and forecasts; what is there is not made again
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)
atmorep=$bench/../build/release/bin/atmorep
mkdir -p "${1:?usage: bench/tau.sh FOLDER}"
cd "$1"

if [[ ! -e data.zarr ]]; then
    "$atmorep" nature-run --truncation T31 --levels 8 --spin-up-days 150 --days 100 --start 2001-01-15 \
        --every 3 --pressure-levels 850 500 --variables vorticity divergence air_temperature --out data.zarr
fi
if [[ ! -e hours-6 ]]; then
    "$atmorep" train "$bench/tau.yaml" --out hours-6
fi
# Three times 4,000 steps: each begins with a high learning rate again.
previous=hours-6
for run in hours-12-first hours-12-second hours-12; do
    if [[ ! -e $run ]]; then
        "$atmorep" train "$bench/tau.yaml" --out $run --from $previous --set data.time_step_hours=12 \
            --set 'tau.hours=[-6]' --set tau.share=0.6 --set fields.air_temperature.loss_weight=3 \
            --set training.steps=4000 --set training.learning_rate=1.5e-3 --set training.warm_up_steps=50
    fi
    previous=$run
done

# forecast STEP HOURS LEAD OPTION…: HOURS after each sixth hour from 2001-04-12 to 2001-04-23
forecast() {
    local start end
    start=$(date -u -d "2001-04-12 $2 hours" +%Y-%m-%dT%H)
    end=$(date -u -d "2001-04-23 $2 hours" +%Y-%m-%dT%H)
    "$atmorep" forecast --model "hours-$1" --data data.zarr --every 6 --start "$start" --end "$end" \
        --lead-hours "$3" --out "scores-$1/at-$2.nc" "${@:4}"
}
for step in 6 12; do
    half=$((step / 2))
    mkdir -p scores-$step
    forecast $step $step $step
    forecast $step $((2 * step)) $((2 * step))
    forecast $step $half $step --tau time=-${half}h
    forecast $step $((step + half)) $((2 * step)) --tau time=-${half}h
    /usr/bin/python3 "$bench/tau_scores.py" data.zarr scores-$step $step
done

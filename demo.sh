#!/usr/bin/env bash
# Train a model, forecast days that training never saw, score the forecast and draw maps of it:
#     ./demo.sh         on data that the built-in atmosphere model makes first: needs no download,
#                       about 6 minutes on 2 cores
#     ./demo.sh DATA    on real reanalysis: DATA is a folder with vorticity_850hpa.zarr and
#                       mean_sea_level_pressure.zarr, or with the folder era5-2.5deg-djf that has
#                       them; about 9 minutes on 2 cores
# Called again it goes on where it was interrupted and keeps what is made, all of it in demo/.
set -euo pipefail
called_from=$PWD
cd "$(dirname "$0")"

if (($# > 1)) || [[ ${1-} == -* ]]; then
    echo "usage: ./demo.sh [DATA]" >&2
    exit 2
fi

atmorep=build/release/bin/atmorep
commands=()
trap 'echo "interrupted; called again ./demo.sh goes on from here" >&2; exit 130' INT TERM

# Show a command as one would type it, then run it.
run() {
    local text
    text=$(printf ' %q' "$@")
    commands+=("$text")
    printf '\n$%s\n' "$text"
    "$@"
}

# Print the folder of the stores: that which is given, or era5-2.5deg-djf in it.
find_reanalysis() {
    local folder
    for folder in "$1" "$1/era5-2.5deg-djf"; do
        if compgen -G "$folder/*.zarr" >/dev/null; then
            (cd "$folder" && pwd)
            return
        fi
    done
    echo "no *.zarr in $1 or $1/era5-2.5deg-djf; call ./demo.sh with the folder of the data:" >&2
    echo "ERA5 vorticity at 850 hPa and mean sea level pressure, 6-hourly, 2025-12-01 to 2026-02-28" >&2
    return 1
}

build() {
    scripts/install.sh build
    cmake --preset release >/dev/null
    cmake --build --preset release
}

# make_data FOLDER: FOLDER/data.zarr, unless it is there and made by the same command.
make_data() {
    local command=("$atmorep" nature-run --truncation T31 --levels 8 --spin-up-days 150 --days 100
        --start 2001-01-15 --every 3 --pressure-levels 850 500
        --variables vorticity divergence air_temperature --out "$1/data.zarr" --resume)
    if [[ $(cat "$1/data.command" 2>/dev/null) != "${command[*]}" ]]; then
        rm -rf "$1"
        mkdir -p "$1"
        echo "${command[*]}" >"$1/data.command"
    fi
    if [[ -e $1/data.zarr ]]; then
        commands+=("$(printf ' %q' "${command[@]}")")
    else
        run "${command[@]}"
    fi
}

# learn_and_verify FOLDER CONFIGURATION SETTING START END DATA…: train, or go on with it, forecast
# every 6 hours from START to END, and verify. SETTING overrides a key of the configuration.
learn_and_verify() {
    local folder=$1 configuration=$2 setting=$3 start=$4 end=$5
    local train=("$atmorep" train "$configuration" --out "$folder/run" ${setting:+--set "$setting"})
    shift 5
    if ! cmp -s "$configuration" "$folder/configuration.yaml"; then
        rm -rf "$folder/run"
        mkdir -p "$folder"
        cp "$configuration" "$folder/configuration.yaml"
    fi
    if [[ -d $folder/run ]]; then
        train+=(--resume)
    fi
    run "${train[@]}"

    if [[ ! -f $folder/forecast.nc ||
        -n $(find "$folder/run" -newer "$folder/forecast.nc" -name '*.safetensors') ]]; then
        run "$atmorep" forecast --model "$folder/run" --data "$@" --start "$start" --end "$end" \
            --every 6 --lead-hours 6 --out "$folder/forecast.nc"
    fi
    run "$atmorep" verify --forecast "$folder/forecast.nc" --truth "$@" --out "$folder/verify"

    printf '\nReport: %s\n' "$folder/verify/report.html"
    printf 'Scores: %s and scores.json\n' "$folder/verify/scores.txt"
    printf 'Pictures:\n'
    find "$folder/verify" -maxdepth 1 -name '*.png' | sort | sed 's/^/    /'
    printf 'Commands, to be repeated by hand in %s:\n' "$PWD"
    printf '   %s\n' "${commands[@]}"
}

if (($# == 1)); then
    given=$1
    [[ $given == /* ]] || given=$called_from/$given
    data=$(find_reanalysis "$given")
    build
    # As YAML text the pattern stands in single quotes, in which a quote is doubled.
    learn_and_verify demo/era5 configs/era5-djf.yaml "data.paths=['${data//\'/\'\'}/*.zarr']" \
        2026-02-10T00 2026-02-28T18 "$data"/*.zarr
else
    build
    make_data demo/nature-run
    learn_and_verify demo/nature-run configs/nature-run-demo.yaml "" \
        2001-04-15T00 2001-04-24T18 demo/nature-run/data.zarr
fi

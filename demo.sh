#!/usr/bin/env bash
# Train on real reanalysis, forecast days that training never saw, and score the forecast:
#     ./demo.sh [DATA]
# DATA is a folder with mean_sea_level_pressure.zarr and vorticity_850hpa.zarr, or with the folder
# era5-2.5deg-djf that has them; without it ../shared/data is looked for. About 11 minutes on 2 cores.
# Called again after an interruption it goes on where it was.
set -euo pipefail
cd_from=$PWD
cd "$(dirname "$0")"

find_data() {
    local given=$1 folder
    for folder in "$given" "$given/era5-2.5deg-djf"; do
        if compgen -G "$folder/*.zarr" >/dev/null; then
            (cd "$folder" && pwd)
            return
        fi
    done
}

if (($# > 1)); then
    echo "usage: ./demo.sh [DATA]" >&2
    exit 2
fi
if (($# == 1)); then
    given=$1
    [[ $given == /* ]] || given=$cd_from/$given
else
    given=../shared/data
fi
data=$(find_data "$given")
if [[ -z $data ]]; then
    echo "no *.zarr in $given or $given/era5-2.5deg-djf; call ./demo.sh with the folder of the data:" >&2
    echo "ERA5 vorticity at 850 hPa and mean sea level pressure, 6-hourly, 2025-12-01 to 2026-02-28" >&2
    exit 1
fi

# Show a command as one would type it, then run it.
run() {
    printf '\n$'
    printf ' %q' "$@"
    printf '\n'
    "$@"
}

scripts/install.sh build
cmake --preset release >/dev/null
cmake --build --preset release

atmorep=build/release/bin/atmorep
mkdir -p demo

# A path as YAML text in single quotes, in which a quote is doubled.
quoted="'${data//\'/\'\'}/*.zarr'"
train=("$atmorep" train configs/era5-djf.yaml --out demo/run --set "data.paths=[$quoted]")
if [[ -d demo/run ]]; then
    train+=(--resume)
fi
run "${train[@]}"

if [[ ! -f demo/forecast.nc || -n $(find demo/run -newer demo/forecast.nc -name '*.safetensors') ]]; then
    run "$atmorep" forecast --model demo/run --data "$data"/*.zarr --start 2026-02-10T00 \
        --end 2026-02-28T18 --every 6 --lead-hours 6 --out demo/forecast.nc
fi

run "$atmorep" verify --forecast demo/forecast.nc --truth "$data"/*.zarr --out demo/verify

printf '\nScores (demo/verify/scores.json, demo/verify/scores.txt):\n'
cat demo/verify/scores.txt
printf '\nPictures:\n'
find demo/verify -name '*.png' | sort

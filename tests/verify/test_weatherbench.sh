# `atmorep verify` on forecasts in the layout of WeatherBench 2: the scores of the same forecast in the usual one,
# byte for byte; of a store as others write it, those of numpy; of baselines the same; and its refusals. Arguments:
# the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
case=$source/tests/verify/weatherbench_case.py
export OPENBLAS_NUM_THREADS=1 # numpy's products are small
. "$2/tests/cli/work_folder.sh"

if ! $python -c 'import xarray, netCDF4, zarr' 2>/dev/null; then
    echo "SKIPPED: $python has no xarray, netCDF4 and zarr to make forecasts with"
    exit 77
fi
$python "$source/tests/verify/verification_case.py" make-synthetic . && $python "$case" make . || fail "no case"

# Pictures play no part, and take gmt their time.
verify() {
    PATH=/nowhere "$program" verify --quiet --no-maps --resamples 10 "$@" >/dev/null 2>err || fail "verify $*: $(cat err)"
}

# One name in each folder, so that nothing in the scores tells the layouts apart.
for folder in cf weatherbench; do
    cd "$work/$folder" || exit 1
    verify --forecast forecast.nc --truth ../truth.nc --baseline one.nc --threshold t=12.5 --region tropics --place 'Cape Town=-33.93,18.42' \
        --out scores
done
cd "$work" || exit 1
cmp cf/scores/scores.json weatherbench/scores/scores.json || fail "the layout changes scores"
cmp cf/scores/scores.txt weatherbench/scores/scores.txt || fail "the layout changes the table"
grep -q '"one"' cf/scores/scores.json || fail "nothing is compared with the baseline"

verify --forecast native.zarr --truth truth.nc --out native
$python "$case" compare native.json native/scores.json || fail "scores differ from numpy's"

# As a baseline of itself its errors are those of the forecast; it needs no times of training then.
itself() {
    $python - "$1" <<'PY' || fail "a forecast against itself: $1"
import json
import sys

compared = 0
for levels in json.load(open(sys.argv[1] + "/scores.json"))["fields"].values():
    for leads in levels.values():
        for scores in leads.values():
            same = scores["baselines"]["same"]
            for key in ("rmse", "crps", "crps_fair"):
                assert same[key] == same["forecast_" + key] == scores[key], (key, same, scores[key])
            assert same["times"] == scores["times"]
            compared += 1
assert compared == 6, compared
PY
}
verify --forecast cf/forecast.nc --truth truth.nc --baseline same=untold.nc --out itself
itself itself
verify --forecast two-metres-forecast.nc --truth two-metres-truth.nc --baseline same=two-metres-untold.nc --out two-metres
itself two-metres
verify --forecast cf/forecast.nc --truth truth.nc --baseline model-levels.nc --out model-levels
grep -q 'baseline model-levels has no level of t in common with the forecast' err || fail "model levels: $(cat err)"

# refused FILE PATTERN: one line with the pattern, and no scores
refused() {
    "$program" verify --quiet --no-maps --forecast "$1" --truth truth.nc --out refused >/dev/null 2>err
    [ $? -eq 1 ] && grep -q "$1: $2" err && [ "$(wc -l <err)" -eq 1 ] && [ ! -e refused ] || fail "$1: $(cat err)"
}
refused scalar.nc 'variable prediction_timedelta has not the one dimension prediction_timedelta'
refused stepless.nc 'no variable has the dimensions time, prediction_timedelta\[, level\], latitude, longitude'
refused unitless.nc 'prediction_timedelta has no units, such as "hours"'
refused metres.nc 'prediction_timedelta: .*m'
refused endless.nc 'prediction_timedelta inf hours is no lead time'
refused timeless.nc 'variable time is missing'
refused no-level.nc 'variable level is missing'
refused untold.nc 'global attribute training_start is missing'
exit $failures

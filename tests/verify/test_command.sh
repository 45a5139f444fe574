# `atmorep verify` against scores that numpy computes from the same files, and its refusals.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
case=$source/tests/verify/verification_case.py
data=$source/../shared/data/era5-2.5deg-djf
export OPENBLAS_NUM_THREADS=1 # numpy's products are small
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# refused CODE PATTERN ARGUMENT…: exit code, one line with the pattern, and no scores
refused() {
    local code=$1 pattern=$2 got
    shift 2
    rm -rf "$work/refused"
    "$program" verify --quiet --no-maps --out "$work/refused" "$@" 2>"$work/err" >"$work/out"
    got=$?
    if [ $got -ne "$code" ] || ! grep -q "$pattern" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] ||
        [ -e "$work/refused/scores.json" ]; then
        fail "verify $*: exit $got, wanted $code and one line '$pattern':"
        cat "$work/err"
    fi
}

if ! $python -c 'import xarray, netCDF4' 2>/dev/null; then
    echo "SKIPPED: $python has no xarray and netCDF4 to make forecast files with"
    exit 77
fi

echo "== synthetic data: levels, units, orientation, gaps, two lead times"
mkdir "$work/synthetic"
$python "$case" make-synthetic "$work/synthetic" || fail "cannot make the synthetic case"
forecast=$work/synthetic/forecast.nc truth=$work/synthetic/truth.nc
"$program" verify --no-maps --forecast "$forecast" --truth "$truth" --out "$work/synthetic" \
    --threshold t=12.5 --region tropics northern-hemisphere --region atlantic=70,-50,-45,30 --place 'Cape Town=-33.93,18.42' \
    --baseline "$work/synthetic/three.nc" one="$work/synthetic/one.nc" \
    >"$work/table" 2>"$work/err" || fail "synthetic case: $(cat "$work/err")"
$python "$case" compare "$work/synthetic/expected.json" "$work/synthetic/scores.json" || fail "scores differ"
cmp "$work/table" "$work/synthetic/scores.txt" || fail "the table on the terminal is not scores.txt"
grep -q 'baseline three has no surface_pressure' "$work/err" || fail "no warning about a baseline without a field"
grep -q 'lacks 2 of 28 valid times' "$work/err" || fail "no warning about times without truth"
"$program" verify --quiet --json --no-maps --forecast "$forecast" --truth "$truth" --out "$work/json" \
    2>/dev/null >"$work/printed.json"
cmp "$work/printed.json" "$work/json/scores.json" || fail "--json does not print scores.json"

echo "== truth on another grid, one of two lead times"
# A grid that holds all points of the forecast's: interpolated linearly, truth is what it was.
"$program" verify --quiet --json --no-maps --forecast "$forecast" --truth "$work/synthetic/fine.nc" --regrid bilinear \
    --lead-hours 12 --out "$work/fine" >/dev/null 2>&1 || fail "truth on a finer grid"
"$program" verify --quiet --no-maps --forecast "$forecast" --truth "$truth" --lead-hours 12 \
    --out "$work/twelve" >/dev/null 2>&1 || fail "one lead time"
$python "$case" compare-lead 12 "$work/synthetic/scores.json" "$work/twelve/scores.json" "$work/fine/scores.json" ||
    fail "scores of one lead time"

echo "== a baseline whose calendar is the forecast's by another name"
$python - "$work" <<'PYTHON'
import sys, xarray as xr
for calendar in ("standard", "360_day"):
    data = xr.open_dataset(f"{sys.argv[1]}/synthetic/three.nc", decode_times=False).load()
    assert data["time"].attrs["calendar"] == "proleptic_gregorian"
    for name in ("time", "forecast_reference_time"):
        data[name].attrs["calendar"] = calendar
    data.to_netcdf(f"{sys.argv[1]}/{calendar}.nc")
PYTHON
for baseline in synthetic/three.nc standard.nc; do
    "$program" verify --quiet --no-maps --forecast "$forecast" --truth "$truth" --out "$work/calendar" \
        --baseline three="$work/$baseline" >/dev/null 2>"$work/err" || fail "$baseline: $(cat "$work/err")"
    mv "$work/calendar/scores.json" "$work/$(basename $baseline).json"
done
sed -i 's,/standard.nc",/synthetic/three.nc",' "$work/standard.nc.json"
grep -q rmse_skill "$work/three.nc.json" && cmp "$work/three.nc.json" "$work/standard.nc.json" ||
    fail "scores of a baseline in the standard calendar"

echo "== winds"
mkdir "$work/winds"
$python "$case" check-winds "$work/winds" "$program" || fail "kinetic energy"

echo "== precipitation"
mkdir "$work/precipitation"
$python "$case" check-precipitation "$work/precipitation" "$program" || fail "SEEPS"

echo "== without gmt"
PATH=/nowhere "$program" verify --forecast "$forecast" --truth "$truth" \
    --out "$work/no-gmt" >/dev/null 2>"$work/err" || fail "without gmt"
grep -q 'gmt is not installed' "$work/err" || fail "no warning that gmt is not installed"
[ -s "$work/no-gmt/scores.json" ] || fail "no scores without gmt"

echo "== refusals"
$python - "$forecast" "$work" <<'PYTHON'
import sys, xarray as xr
data, work = xr.open_dataset(sys.argv[1], decode_times=False).load(), sys.argv[2]
data.assign_attrs(training_end="2001-03-05T06:00").to_netcdf(f"{work}/inside.nc")
unknown = data.copy(); del unknown.attrs["training_end"]; unknown.to_netcdf(f"{work}/unknown.nc")
wrong = data.copy(deep=True); wrong["lead_time"][3] += 1; wrong.to_netcdf(f"{work}/wrong.nc")
later = data.assign_coords(time=("time", data.time.values + 1e4, data.time.attrs),
    forecast_reference_time=("time", data.forecast_reference_time.values + 1e4, data.time.attrs))
later.to_netcdf(f"{work}/later.nc")
data.isel(longitude=slice(0, 8)).to_netcdf(f"{work}/half.nc")
truth = xr.open_dataset(f"{work}/synthetic/truth.nc", decode_times=False).load()
truth.isel(lat=slice(0, 6)).to_netcdf(f"{work}/south.nc")
kelvins = data.copy(deep=True); kelvins["lead_time"].attrs["units"] = "K"; kelvins.to_netcdf(f"{work}/kelvins.nc")
short_year = truth.copy(deep=True); short_year["time"].attrs.update(calendar="360_day", units="hours since 1850-01-01")
short_year.to_netcdf(f"{work}/short-year.nc")
metres = truth.copy(); metres["t"].attrs["units"] = "m"; metres.to_netcdf(f"{work}/metres.nc")
PYTHON
refused 1 'valid time 2001-03-03T00:00 lies in the training period 2001-02-20T00:00 to 2001-03-05T06:00' \
    --forecast "$work/inside.nc" --truth "$truth"
refused 1 'training_end is missing' --forecast "$work/unknown.nc" --truth "$truth"
refused 1 'lead_time 13 hours at valid time 2001-03-03T06:00' --forecast "$work/wrong.nc" --truth "$truth"
refused 1 '2002' --forecast "$work/later.nc" --truth "$truth"
refused 1 "grid is 9 x 16" --forecast "$work/half.nc" --truth "$truth"
refused 1 'nowhere.nc' --forecast "$work/nowhere.nc" --truth "$truth"
refused 1 'nowhere' --forecast "$forecast" --truth "$work/nowhere"
refused 1 'forecast' --forecast "$truth" --truth "$truth"
refused 2 'begins at 2001-03-01T00:00' --forecast "$forecast" --truth "$truth" \
    --climatology-start 2001-03-01 --climatology-end 2001-02-21
refused 2 '\-\-forecast FILE is missing' --truth "$truth"
usual=(--forecast "$forecast" --truth "$truth")
refused 1 'truth of t in .*/south.nc: its grid is 6 x 16 from 22.5 N, 0 E and that of forecast .* is 9 x 16 from 90 N' \
    --forecast "$forecast" --truth "$work/south.nc"
refused 1 'its grid of 6 x 16 .* does not cover 48 of the points of the forecast.s, 9 x 16' \
    --forecast "$forecast" --truth "$work/south.nc" --regrid area
refused 1 'truth of t in .*/metres.nc: .*m.*K' --forecast "$forecast" --truth "$work/metres.nc"
refused 2 '\-\-regrid cubic is neither bilinear nor area' "${usual[@]}" --regrid cubic
refused 2 '\-\-baseline: two are called three' "${usual[@]}" --baseline "$work/synthetic/three.nc" \
    three="$work/synthetic/one.nc"
refused 1 '\-\-baseline nowhere: .*nowhere.nc' "${usual[@]}" --baseline "$work/nowhere.nc"
refused 1 '\-\-baseline 360_day: .*/360_day.nc has calendar 360_day' "${usual[@]}" --baseline "$work/360_day.nc"
refused 1 '\-\-baseline half: t: its grid is 9 x 8 .* and that of forecast .* is 9 x 16' "${usual[@]}" \
    --baseline "$work/half.nc"
refused 1 '\-\-lead-hours 48: .*forecast.nc has no such lead time; it has 2 of them, from 6 to 12 hours' "${usual[@]}" --lead-hours 6 48
refused 2 '\-\-lead-hours soon is not a number of hours' "${usual[@]}" --lead-hours soon
refused 2 '\-\-threshold t=warm is not FIELD=VALUE' "${usual[@]}" --threshold t=warm
refused 2 '\-\-threshold q=1: .* has the fields t, surface_pressure' "${usual[@]}" --threshold q=1
refused 2 '\-\-region alps is neither a box .* nor one of globe, northern-hemisphere' "${usual[@]}" --region alps
refused 2 '\-\-region box=10,0,20,30 is neither a box' "${usual[@]}" --region box=10,0,20,30
refused 2 '\-\-region tropics is asked for twice' "${usual[@]}" --region tropics tropics
refused 1 '\-\-region spot: no grid point lies in 1 to 2 N' "${usual[@]}" --region spot=2,1,1,2
refused 2 '\-\-place Rome is not NAME=LATITUDE,LONGITUDE' "${usual[@]}" --place Rome
refused 2 '\-\-place Rome is asked for twice' "${usual[@]}" --place Rome=41.9,12.5 Rome=41,12
for dry in -1 0; do
    refused 2 "seeps-dry $dry: should be above 0, the mm (a day, of a rate)" "${usual[@]}" --seeps-dry $dry
done
refused 2 '\-\-resamples 0: should be 1 or more' "${usual[@]}" --resamples 0
refused 2 '\-\-resamples 999999999999: should be 1 to 1000000' "${usual[@]}" --resamples 999999999999
refused 2 '\-\-block-days -1: should be 1 to 1000000' "${usual[@]}" --block-days -1
refused 1 'kelvins.nc: lead_time: unit' --forecast "$work/kelvins.nc" --truth "$truth"
# the calendar is what is wrong, not that a time is missing, or is not
refused 1 "truth of t in .*/short-year.nc: the truth's calendar is 360_day, that of forecast .* is proleptic_gregorian" \
    --forecast "$forecast" --truth "$work/short-year.nc"
"$program" verify --quiet --no-maps "${usual[@]}" --out "$work/nowhere/scores" 2>"$work/err"
[ $? -eq 2 ] && grep -q "\-\-out $work/nowhere/scores: there is no folder $work/nowhere" "$work/err" &&
    [ ! -e "$work/nowhere" ] || fail "a folder in none: $(cat "$work/err")"
head -c 3000 "$forecast" >"$work/short.nc"
refused 1 'short.nc' --forecast "$work/short.nc" --truth "$truth"

if [ -d "$data" ]; then
    echo "== ERA5, test days: persistence with noise, 8 members, with maps"
    mkdir "$work/era5"
    $python "$case" make-era5 "$work/era5" "$data" || fail "cannot make the ERA5 case"
    "$program" verify --quiet --forecast "$work/era5/forecast.nc" --truth "$data"/*.zarr \
        --out "$work/era5" || fail "ERA5 case"
    $python "$case" compare "$work/era5/expected.json" "$work/era5/scores.json" || fail "scores differ"
    if command -v gmt >/dev/null; then
        for map in map_vo_850 map_msl; do
            [ "$(head -c 8 "$work/era5/$map.png" | od -An -c | tr -d ' ')" = '211PNG\r\n032\n' ] ||
                fail "$map.png is no PNG"
        done
        [ -z "$(ls -A "$work/era5" | grep '^\.')" ] || fail "something is left: $(ls -A "$work/era5")"
    fi
else
    echo "SKIPPED: $data is not there; the comparison on ERA5 is left out"
fi
exit $failures

# From data to scores as a user does it: train, forecast, verify, info; the results read by other
# programs. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
check=$source/tests/cli/check_whole.py
. "$2/tests/cli/work_folder.sh"

# run COMMAND…: quiet when all is well
run() {
    "$program" "$@" >out 2>err || {
        fail "atmorep $*: exit $?"
        cat out err
    }
}

"$(dirname "$program")/make_waves" . || fail "make_waves"

echo "== train, forecast, verify"
run train "$source/tests/cli/waves.yaml" --out model --threads 1
run forecast --model model --data z.nc msl.nc --start 2001-02-18 --end 2001-03-01T18 --every 6 \
    --lead-hours 6 --out forecast.nc --threads 1
run verify --forecast forecast.nc --truth z.nc msl.nc --out scores --no-maps
grep -q 'geopotential\|z ' out || fail "no table on the terminal"

echo "== the same again, to the byte of all values"
run forecast --model model/checkpoint-00000300.safetensors --data '[mz]*.nc' --start 2001-02-18 \
    --end 2001-02-19 --out again.nc --threads 1
run forecast --model model --data z.nc --data msl.nc --start 2001-02-18 --end 2001-02-18 --out one.nc
if command -v ncdump >/dev/null; then
    # The history differs by its time and command.
    ncdump -p 9,17 -v z_members one.nc | sed -n '/^data:/,$p' >one.txt
    ncdump -p 9,17 -v z_members again.nc | sed -n '/^data:/,$p' | head -n "$(wc -l <one.txt)" >again.txt
    [ "$(wc -l <one.txt)" -gt 300 ] || fail "ncdump shows $(wc -l <one.txt) lines"
    [ "$(diff <(head -n -2 one.txt) <(head -n -2 again.txt) | wc -l)" -eq 0 ] ||
        fail "a time's forecast depends on the others, or on threads"
else
    echo "SKIPPED: no ncdump"
fi

echo "== the same as a Zarr group"
run forecast --model model --data z.nc msl.nc --start 2001-02-18 --end 2001-03-01T18 --every 6 \
    --lead-hours 6 --out forecast.zarr --threads 1
run verify --forecast forecast.zarr --truth z.nc msl.nc --out zarr-scores --no-maps
cmp <(sed 's/forecast.nc/forecast.zarr/' scores/scores.json) zarr-scores/scores.json ||
    fail "forecast.zarr has other scores than forecast.nc"
"$program" forecast --model model --data z.nc msl.nc --start 2001-02-18 --end 2001-02-18 \
    --out forecast.txt 2>err >out
[ $? -eq 2 ] && grep -q 'forecast.txt.*\.nc.*\.zarr' err || fail "an unknown ending: $(cat err)"

echo "== beyond the last known time but not further"
run forecast --model model --data z.nc msl.nc --start 2001-03-02 --end 2001-03-03 --out beyond.nc
grep -q '4 of 5 times left out' err || fail "no warning about times left out: $(cat err)"
"$program" info beyond.nc --json 2>/dev/null | grep -q '2001-03-02T00:00' || fail "beyond.nc has no 2001-03-02"

echo "== info"
for thing in z.nc forecast.nc model model/checkpoint-00000300.safetensors model/configuration.yaml \
    "$source/tests/cli/waves.yaml"; do
    run info "$thing"
    [ "$(wc -l <out)" -gt 5 ] || fail "info $thing tells little: $(cat out)"
    "$program" info "$thing" --json >info.json || fail "info $thing --json"
    [ ! -x $python ] || $python "$check" info info.json || fail "info $thing --json is not JSON"
done

echo "== what others read"
if $python -c 'import xarray, netCDF4, zarr' 2>/dev/null; then
    $python "$check" forecast forecast.nc || fail "forecast.nc"
    $python "$check" forecast forecast.zarr || fail "forecast.zarr"
else
    echo "SKIPPED: $python has no xarray, netCDF4 and zarr"
fi
if [ -x $python ]; then
    $python "$check" scores scores/scores.json || fail "scores.json"
    $python "$check" metrics model/metrics.jsonl || fail "metrics.jsonl"
else
    echo "SKIPPED: no $python"
fi
if command -v cdo >/dev/null; then
    cdo -s sinfo forecast.nc >out 2>err || fail "cdo sinfo: $(cat err)"
    grep -q '36x19' out && grep -q 'time : 48 steps' out || fail "cdo sinfo reads: $(cat out)"
else
    echo "SKIPPED: no cdo"
fi
if command -v ncdump >/dev/null; then
    ncdump -h forecast.nc >out || fail "ncdump"
    grep -q 'float z_members(time, level, member, latitude, longitude)' out || fail "ncdump reads: $(cat out)"
fi

echo "== no score on training times"
run forecast --model model --data z.nc msl.nc --start 2001-02-09 --end 2001-02-12 --out inside.nc
"$program" verify --quiet --no-maps --forecast inside.nc --truth z.nc msl.nc --out inside 2>err >out
[ $? -eq 1 ] && grep -q 'training period' err && [ ! -e inside/scores.json ] ||
    fail "verify on training times: $(cat err)"

exit $failures

# Forecasting, hindcasting and interpolating with models trained with random masks alone: what each
# depends on is what it should know, to the bit; hidden data need not be there; it is better than
# persistence; wrong options are told. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
checks=$source/tests/cli/task_checks.py
. "$2/tests/cli/work_folder.sh"

# run COMMAND…: quiet when all is well
run() {
    "$program" "$@" >out 2>err || {
        fail "atmorep $*: exit $?"
        cat out err
    }
}

# refuse TEXT COMMAND…: a wrong use with this text, and no file
refuse() {
    local text=$1
    shift
    "$program" "$@" --data z.nc msl.nc --start 2001-02-18 --end 2001-02-18 --out refused.nc >out 2>err
    [ $? -eq 2 ] && grep -qF -e "$text" err || fail "atmorep $*: $(cat err)"
    [ ! -e refused.nc ] || fail "atmorep $* wrote a file"
    [ "$(wc -l <err)" -eq 1 ] || fail "atmorep $* says more than a line: $(cat err)"
}

"$(dirname "$program")/make_waves" . || fail "make_waves"

# Five tokens of one time; three tokens of two times, of which msl also shows coarser ones.
sed -e 's/strategy: forecast, forecast_tokens: 1/strategy: bert/' -e 's/tokens: \[2, /tokens: [5, /' \
    "$source/tests/cli/waves.yaml" >single.yaml
sed -e 's/strategy: forecast, forecast_tokens: 1/strategy: bert/' -e 's/tokens: \[2, /tokens: [3, /' \
    -e 's/token_size: \[1, /token_size: [2, /' "$source/tests/cli/waves.yaml" >double.yaml
cat >stream.yaml <<'YAML'
  - name: msl_coarse
    stream_of: msl
    predicted: false
    tokens: [1, 1, 2]
    token_size: [6, 6, 6]
    embedding: 32
    coupled: [msl]
YAML
sed -i '/^model:/{
r stream.yaml
N
}' double.yaml
run train single.yaml --out single --threads 1
run train double.yaml --out double --threads 1
# Trained to forecast two times at once, which it then does whichever of them is asked for.
run train single.yaml --out pair --threads 1 --set training.steps=20 \
    --set 'masking={strategy: forecast, forecast_tokens: 2}'

echo "== what is known"
if $python -c 'import xarray, netCDF4' 2>/dev/null; then
    # model, command, lead, next, and the known times in steps from the valid one
    $python "$checks" known "$program" "single forecast 12 0 -4 -3 -2" "pair forecast 6 0 -3 -2 -1" "single hindcast 0 12 2 3 4" \
        "single interpolate 6 6 -2 -1 1 2" "double forecast 6 0 -4 -3 -2 -1" \
        "double hindcast 0 6 1 2 3 4" "double interpolate 6 12 -2 -1 2 3" || fail "what is known"
else
    echo "SKIPPED: $python has no xarray and netCDF4"
fi

echo "== lead times and scores"
# score NAME COMMAND…
score() {
    local name=$1
    shift
    run "$@" --data z.nc msl.nc --start 2001-02-18 --end 2001-02-27 --out "$name.nc" --threads 1
    run verify --forecast "$name.nc" --truth z.nc msl.nc --out "$name" --no-maps
}
score forecast forecast --model single
score hindcast hindcast --model single
score between interpolate --model single
score later interpolate --model double --lead-hours 12
# A short training: 0.3 to 0.9 of persistence's error where it is right, more than 1 where a time, a
# token or a level is taken for another.
if $python -c 'import xarray, netCDF4' 2>/dev/null; then
    $python "$checks" scored "forecast 6 0.95" "hindcast -6 0.95" "between 6 0.95" "later -6 0.95" || fail "scores"
    $python "$checks" linear between 6 6 || fail "linear interpolation"
    $python "$checks" linear later 12 6 || fail "linear interpolation from a later time"
fi
grep -q "RMSE/linear" between/scores.txt && ! grep -q "RMSE/linear" forecast/scores.txt || fail "no linear interpolation in the table"

echo "== what does not fit"
refuse "--next-hours 30: hides 30 hours, and the model sees 30 in all; at most 24 hours can be hidden at once" \
    hindcast --model single --next-hours 30
refuse "--lead-hours 12 --next-hours 18: hides 24 hours, and the model sees 30 in all; at most 18 hours can be" \
    interpolate --model single --lead-hours 12 --next-hours 18
refuse "--lead-hours 6 --next-hours 6: 1 unknown times in between, and the model's tokens span 2; should be a multiple" \
    interpolate --model double
refuse "--next-hours 0: should be at least 1" interpolate --model single --next-hours 0
refuse "--next-hours 5: the model steps by 6 hours, so a multiple of that" hindcast --model single --next-hours 5
refuse "unknown option --lead-hours" hindcast --model single --lead-hours 6
run hindcast --help
grep -q '^  atmorep hindcast ' out || fail "no example: $(cat out)"

exit $failures

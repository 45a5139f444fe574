# What users do wrong, and what disks and files do to them: one line that says what, exit 1 or 2, and
# nothing half-written. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$source/tests/cli/waves.yaml" waves.yaml
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# judge CODE PATTERN GOT WHAT: exit code and one line on standard error, in `err`
judge() {
    if [ "$3" -ne "$1" ] || ! grep -q -- "$2" err || [ "$(wc -l <err)" -ne 1 ]; then
        fail "$4: exit $3, wanted $1 and one line '$2', got:"
        cat err
    fi
}

# refused CODE PATTERN ARGUMENT…: and nothing is written under the names of results
refused() {
    local code=$1 pattern=$2
    shift 2
    "$program" "$@" 2>err >out
    judge "$code" "$pattern" $? "atmorep $*"
    if [ -e result.nc ] || ls .result* result.nc.* >/dev/null 2>&1 || ls run/*.safetensors run/.checkpoint* >/dev/null 2>&1; then
        fail "atmorep $* leaves $(ls -A . run 2>/dev/null | tr '\n' ' ')"
        rm -rf result.nc run
    fi
}

# config_refused PATTERN SETTING…: by `train` before anything is made
config_refused() {
    local pattern=$1 settings=() setting
    shift
    for setting in "$@"; do
        settings+=(--set "$setting")
    done
    refused 1 "$pattern" train waves.yaml --out run --quiet --set training.steps=2 "${settings[@]}"
}

# edited PATTERN SED…: the configuration changed by sed is refused
edited() {
    local pattern=$1
    shift
    sed "$@" waves.yaml >edited.yaml
    refused 1 "$pattern" train edited.yaml --out run --quiet
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
"$program" train waves.yaml --out model --quiet --threads 1 --set training.steps=2 \
    --set training.checkpoint_every=1 || fail "train"

echo "== configurations"
edited "edited.yaml:[0-9]*: .*'trainig'.*training" 's/^training:/trainig:/'
edited "edited.yaml:[0-9]*: .*'model.encodr'.*encoder" 's/encoder:/encodr:/'
edited "edited.yaml:[0-9]*: .*training.steps.*many" 's/steps: 300/steps: many/'
edited "edited.yaml:[0-9]*: .*embedding is 30.*model.encoder.heads = 4" 's/embedding: 32/embedding: 30/'
edited "edited.yaml:[0-9]*: .*coupled.*'mls'.*geopotential, msl" 's/coupled: \[msl\]/coupled: [mls]/'
edited "edited.yaml" 's/fields:/fields: [/'
edited "edited.yaml" 's/seed: 3/seed: 3\nseed: 4/'
config_refused "training.losses" 'training.losses={crsp: 1}'
config_refused "kernel_crps_fair" 'training.losses={kernel_crps_fair: 1}'
config_refused "training.batch" training.batch=0
refused 2 'no_such_key' train waves.yaml --out run --quiet --set no_such_key=1
config_refused "overlap" data.validation.start=2001-02-09
refused 1 'nowhere.yaml' train nowhere.yaml --out run --quiet

echo "== configurations that do not fit the data"
config_refused "field geopotential.*spans 21 points in latitude, but the data has 19" \
    'fields.0.tokens=[2, 7, 4]' 'fields.1.tokens=[2, 7, 4]' 'fields.1.token_size=[1, 3, 3]'
config_refused "700" 'fields.0.levels=[850, 700]'
config_refused "temperature" fields.0.name=temperature 'fields.1.coupled=[temperature]'
config_refused "geopotential.*no time between 2002-01-01.*to 2001-03-01T18:00" data.training.start=2002-01-01 \
    data.training.end=2002-02-01 data.validation.start=2003-01-01 data.validation.end=2003-01-03
config_refused "no cube of 2 times.*2001-03-01T18:00" data.validation.start=2003-01-01 data.validation.end=2003-01-03
config_refused "nowhere.nc" 'data.paths=[nowhere.nc]'
config_refused "no cube of 2 times, 5 hours apart" data.time_step_hours=5

echo "== usage"
refused 2 '\-\-out' train waves.yaml
refused 2 'CONFIG' train --out run
refused 2 'overlap' forecast --model model --data z.nc msl.nc --start 2001-02-20 --end 2001-02-20 --out result.nc --overlap 1
forecast=(forecast --quiet --model model --data z.nc msl.nc --out result.nc)
refused 2 'lead-hours 5.*6 hours' "${forecast[@]}" --start 2001-02-20 --end 2001-02-20 --lead-hours 5
refused 2 'lead-hours 12.*at most 6 hours' "${forecast[@]}" --start 2001-02-20 --end 2001-02-20 --lead-hours 12
refused 2 'lead-hours' "${forecast[@]}" --start 2001-02-20 --end 2001-02-20 --lead-hours 9223372036854775802
refused 2 'end must not lie before' "${forecast[@]}" --start 2001-02-20 --end 2001-02-19
for every in 0 -6 9223372036854775807; do
    refused 2 "every $every" "${forecast[@]}" --start 2001-02-20 --end 2001-02-20 --every $every
done

echo "== times, models and files that are not there"
refused 1 '2005-02-20.*goes from 2001-01-01T00:00 to 2001-03-01T18:00' "${forecast[@]}" --start 2005-02-20 --end 2005-02-21
refused 1 '2001-02-20T03.*no time of the data' "${forecast[@]}" --start 2001-02-20T03 --end 2001-02-20T05 --every 7
refused 2 '--start yesterday: should be a time' "${forecast[@]}" --start yesterday --end 2001-02-20
refused 2 '--end 2001-13-01: should be a time' "${forecast[@]}" --start 2001-02-20 --end 2001-13-01
refused 2 '--times 2001-02-32: should be a time' "${forecast[@]}" --times 2001-02-20 2001-02-32
refused 1 '2001-02-30.*no date of the standard calendar' "${forecast[@]}" --start 2001-02-30 # a day of other calendars than the data's
mkdir empty
one=(--start 2001-02-20 --end 2001-02-20 --out result.nc --quiet)
refused 1 'empty: no checkpoint.*atmorep train' forecast --model empty --data z.nc msl.nc "${one[@]}"
refused 1 'nowhere' forecast --model nowhere --data z.nc msl.nc "${one[@]}"
refused 1 'z.nc' forecast --model z.nc --data z.nc msl.nc "${one[@]}"
refused 1 'msl' forecast --model model --data z.nc "${one[@]}"
refused 2 '--out nowhere/result.nc: there is no folder nowhere$' forecast --model model --data z.nc msl.nc "${one[@]:0:4}" \
    --quiet --out nowhere/result.nc
refused 2 '--out nowhere/here/s.json: there is no folder nowhere/here$' evaluate --model model --data z.nc msl.nc \
    "${one[@]:0:4}" --out nowhere/here/s.json
refused 2 '--out /nowhere/n.zarr/: there is no folder /nowhere$' nature-run --out /nowhere/n.zarr/
refused 2 '--state z.nc/state: there is no folder z.nc$' nature-run --out n.nc --state z.nc/state
refused 1 'nowhere' info nowhere
refused 1 'waves.txt' info waves.txt

echo "== damaged files"
head -c 100000 z.nc >short.nc
config_refused 'short.nc' 'data.paths=[short.nc, msl.nc]'
refused 1 'short.nc' info short.nc
head -c 100 z.nc >stub.nc
config_refused 'stub.nc' 'data.paths=[stub.nc, msl.nc]'
head -c 20000 model/checkpoint-00000002.safetensors >short.safetensors
refused 1 'short.safetensors' forecast --model short.safetensors --data z.nc msl.nc "${one[@]}"
if $python -c 'import xarray, zarr, numcodecs' 2>/dev/null; then
    $python - <<'PYTHON'
import xarray as xr
for name in ("z", "msl"):
    data = xr.open_dataset(f"{name}.nc").load()
    chunks = (60, 2, 19, 36) if name == "z" else (60, 19, 36)
    data.to_zarr(f"{name}.zarr", encoding={name: {"chunks": chunks}}, consolidated=True)
PYTHON
    chunk=$(ls z.zarr/z/ | grep '^1' | head -n 1)
    cp -r z.zarr broken.zarr
    "$program" train waves.yaml --out zarr-run --quiet --set 'data.paths=[z.zarr, msl.zarr]' \
        --set training.steps=2 --set training.checkpoint_every=1 --threads 1 || fail "training from Zarr"
    # The same values from another format give the same numbers.
    cmp <(sed 's/, "samples_per_second": [^}]*//' zarr-run/metrics.jsonl) \
        <(sed 's/, "samples_per_second": [^}]*//' model/metrics.jsonl) || fail "Zarr and netCDF train differently"
    head -c 3000 "z.zarr/z/$chunk" >"broken.zarr/z/$chunk"
    config_refused "broken.zarr.*$chunk" 'data.paths=[broken.zarr, msl.nc]'
    head -c 20000 /dev/zero >"broken.zarr/z/$chunk"
    config_refused "broken.zarr.*$chunk" 'data.paths=[broken.zarr, msl.nc]'
    echo '{' >broken.zarr/z/.zarray
    rm -f broken.zarr/.zmetadata
    config_refused 'broken.zarr' 'data.paths=[broken.zarr, msl.nc]'
else
    echo "SKIPPED: $python has no xarray and zarr: damaged Zarr stores"
fi

echo "== full disks"
# A limit of the size of files, with its signal ignored, is what a full disk is to a program.
limited() {
    local blocks=$1
    shift
    (trap '' XFSZ; ulimit -f "$blocks"; exec "$program" "$@") 2>err >out
}
limited 100 forecast --model model --data z.nc msl.nc --start 2001-02-18 --end 2001-02-28 --out result.nc --quiet
judge 1 'result.nc' $? "a forecast onto a full disk"
[ -e result.nc ] && fail "a forecast onto a full disk leaves result.nc"
[ -z "$(ls -A | grep partial)" ] || fail "a forecast onto a full disk leaves $(ls -A | grep partial)"
rm -r result.nc.part || fail "nothing is kept for --resume"
limited 100 train waves.yaml --out full --quiet --set training.steps=4 --set training.checkpoint_every=2
judge 1 'full/checkpoint-00000002.safetensors' $? "training onto a full disk"
[ "$(ls -A full | tr '\n' ' ')" = "configuration.yaml metrics.jsonl " ] || fail "a full disk leaves $(ls -A full)"
cp -r model before
limited 100 train waves.yaml --out model --resume --quiet --set training.steps=2 --set training.checkpoint_every=1
[ $? -eq 0 ] && diff -r before model || fail "resuming a finished run onto a full disk"
if mkdir disk && mount -t tmpfs -o size=400k tmpfs disk 2>/dev/null; then
    "$program" forecast --model model --data z.nc msl.nc --start 2001-02-18 --end 2001-02-28 \
        --out disk/result.nc --quiet 2>err
    judge 1 'disk/result.nc' $? "a forecast onto a full file system"
    [ "$(ls -A disk)" = result.nc.part ] || fail "a full file system keeps $(ls -A disk)"
    rm -r disk/result.nc.part
    "$program" train waves.yaml --out disk/run --quiet --set training.steps=4 --set training.checkpoint_every=2 2>err
    judge 1 'disk/run/checkpoint-00000002.safetensors' $? "training onto a full file system"
    [ "$(ls -A disk/run | tr '\n' ' ')" = "configuration.yaml metrics.jsonl " ] ||
        fail "a full file system keeps $(ls -A disk/run)"
    umount disk
else
    echo "SKIPPED: no right to mount a small file system"
fi

echo "== missing values"
mkdir gaps
"$(dirname "$program")/make_waves" gaps gaps || fail "make_waves gaps"
"$program" train waves.yaml --out gaps/run --quiet --threads 1 --set 'data.paths=[gaps/z.nc, gaps/msl.nc]' \
    --set training.steps=60 --set training.validate_every=30 || fail "training on data with gaps"
grep -qi 'nan\|inf' gaps/run/metrics.jsonl && fail "losses on data with gaps: $(cat gaps/run/metrics.jsonl)"
[ "$(wc -l <gaps/run/metrics.jsonl)" -eq 5 ] || fail "metrics on data with gaps: $(cat gaps/run/metrics.jsonl)"
"$program" forecast --model gaps/run --data gaps/z.nc gaps/msl.nc --start 2001-02-18 --end 2001-02-28 \
    --out gaps/forecast.nc --quiet || fail "a forecast from data with gaps"
if $python -c 'import xarray, netCDF4' 2>/dev/null; then
    $python - <<'PYTHON' || fail "the forecast from data with gaps is not finite"
import sys, numpy as np, xarray as xr
truth = xr.open_dataset("gaps/z.nc").z
assert 0 < float(np.isnan(truth).mean()) < 0.1
data = xr.open_dataset("gaps/forecast.nc")
sys.exit(not all(bool(np.isfinite(data[name]).all()) for name in ("z", "z_spread", "z_members", "msl")))
PYTHON
fi
# What the missing values are called does not matter; that all of a level is missing does.
if $python -c 'import xarray, netCDF4' 2>/dev/null; then
    $python - <<'PYTHON'
import xarray as xr
data = xr.open_dataset("z.nc").load()
data.z[:, 1] = float("nan")
data.to_netcdf("hollow.nc")
data.z[:] = 7.0
data.to_netcdf("flat.nc")
PYTHON
    config_refused 'geopotential.*500' 'data.paths=[hollow.nc, msl.nc]'
    config_refused 'geopotential.*850' 'data.paths=[flat.nc, msl.nc]'
fi

exit $failures

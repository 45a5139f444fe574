# Released models run as they are: forecasts from a .mod of 2023 are those of an independent network, from the
# converted weights and after a training step of no length they have the same bits; what cannot be known is asked for.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
export OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! "$python" -c 'import numpy, xarray, netCDF4' 2>/dev/null; then
    echo "skipped: $python with numpy, xarray and netCDF4 is not there"
    exit 77
fi
cd "$work" || exit 1
failures=0
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$source/tests/cli:$PYTHONPATH

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# run ARGUMENT…: must succeed
run() {
    "$program" "$@" --quiet 2>err || { fail "$*"; cat err; }
}

# refused CODE PATTERN ARGUMENT…: with one line, and nothing is written
refused() {
    local code=$1 pattern=$2 got
    shift 2
    "$program" "$@" --quiet >out 2>err
    got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$pattern" err || [ "$(wc -l <err)" -ne 1 ]; then
        fail "$*: exit $got, wanted $code and one line '$pattern', got:"
        cat err
    fi
    [ -e refused ] || [ -e refused.nc ] && fail "$* leaves something"
}

# check CODE WHAT
check() {
    "$python" -c "import numpy as np, xarray as xr
from torch_files import read_safetensors, assert_same
def members(path):
    with xr.open_dataset(path) as data:
        return {v: data[v].values for v in data if v.endswith('_members')}
$1" || fail "$2"
}

"$python" "$source/tests/cli/released_2023.py" make || exit 1
times="--data data.nc --start 2017-03-05T23 --end 2017-03-05T23 --lead-hours 3"
period="data.training.start=2017-03-05 data.training.end=2017-03-05T23"
train="training.steps=1 training.learning_rate=1e-60 training.learning_rate_final=1e-60"
all="--normalise-start 2017-03-05 --normalise-end 2017-03-05T23"

for id in norms plain; do
    echo "== AtmoRep_id$id.mod"
    run forecast --model AtmoRep_id$id.mod $times --out $id.nc
    "$python" "$source/tests/cli/released_2023.py" check $id $id.nc || fail "forecast of $id"
    run convert AtmoRep_id$id.mod --config model_id$id.json --out $id.safetensors
    run forecast --model $id.safetensors $times $all --out converted.nc

    # One step that changes nothing: the run has the weights, and statistics of the same times.
    run train model_id$id.json --from AtmoRep_id$id.mod --out run-$id --set 'data.paths=[data.nc]' $period $train
    run train model_id$id.json --from $id.safetensors --out again-$id --set 'data.paths=[data.nc]' $period $train
    run forecast --model run-$id $times --out run.nc
    check "
for path in 'converted.nc', 'run.nc':
    assert_same(members(path), members('$id.nc'))
start = {n: v for n, v in read_safetensors('$id.safetensors').items()
         if not n.startswith('embed_token_info.') and '.embed.' not in n}
for folder in 'run', 'again':
    found = read_safetensors(f'{folder}-$id/checkpoint-00000001.safetensors', ('F32', 'F64'))
    assert_same({n: found[n] for n in start}, start)" "forecasts of converted weights and of a run, weights of a run"
done

echo "== a run learns, and goes on"
learn="--from AtmoRep_idnorms.mod --out run --set data.paths=[data.nc] $period training.steps=3 training.log_every=1"
run train model_idnorms.json $learn
run train model_idnorms.json $learn --resume
run train run/configuration.yaml --out run --resume
check "
import json
losses = [json.loads(line)['loss'] for line in open('run/metrics.jsonl') if '\"training\"' in line]
assert len(losses) == 3 and np.isfinite(losses).all(), losses" "training"

echo "== what the statistics are of"
run forecast --model AtmoRep_idnorms.mod --config model_idnorms.json $times --normalise-end 2017-03-05T11 --out half.nc
check "
half, whole = xr.open_dataset('half.nc'), xr.open_dataset('norms.nc')
assert (half.normalisation_start, half.normalisation_end) == ('2017-03-05T00:00', '2017-03-05T11:00')
assert (whole.normalisation_start, whole.normalisation_end) == ('2017-03-05T00:00', '2017-03-05T23:00')
assert (whole.training_start, whole.training_end) == ('2010-01-01', '2016-12-31T23')
assert np.abs(half.t - whole.t).max() > 0.1" "periods of statistics"
"$program" forecast --model norms.safetensors $times --out again.nc 2>err || fail "forecast"
grep -q 'no statistics of its training data.*from 2017-03-05T00:00 to 2017-03-05T23:00; --normalise-start' err ||
    fail "nothing tells where the statistics come from"

echo "== what cannot be known is asked for"
refused 2 'model_idnorms.json: .* does not know data.paths, data.training.start, data.training.end; should' \
    train model_idnorms.json --out refused
refused 2 'does not know data.training.end; should' train model_idnorms.json --out refused \
    --set 'data.paths=[data.nc]' data.training.start=2017-03-05
refused 1 'model_idnorms.json (--set): training.steps is 0' train model_idnorms.json --out refused \
    --set 'data.paths=[data.nc]' $period training.steps=0
refused 1 'model_idnorms.json: fields\[0\].embedding is 32, not divisible by model.encoder.heads' \
    train model_idnorms.json --out refused --set 'data.paths=[data.nc]' $period model.encoder.heads=5
refused 2 'norms.safetensors has its configuration' \
    forecast --model norms.safetensors --config model_idnorms.json $times --out refused.nc
refused 2 'run/checkpoint-00000003.safetensors has the statistics' forecast --model run $times $all --out refused.nc
sed 's/"net_tail_num_nets": 2/"net_tail_num_nets": 3/' model_idnorms.json >model_idthree.json
refused 1 'AtmoRep_idnorms.mod: does not fit model_idthree.json: 8 parameters are missing: tails.0.tail_nets.2' \
    forecast --model AtmoRep_idnorms.mod --config model_idthree.json $times --out refused.nc
refused 1 '8 parameters are missing: tails.0.tail_nets.2' train model_idthree.json --from AtmoRep_idnorms.mod \
    --out refused --set 'data.paths=[data.nc]' $period
mkdir alone && cp AtmoRep_idnorms.mod alone
refused 2 'alone/AtmoRep_idnorms.mod: .*should be alone/model_idnorms.json beside it' \
    forecast --model alone/AtmoRep_idnorms.mod $times --out refused.nc
run train model_idnorms.json --from alone/AtmoRep_idnorms.mod --out from-alone --set 'data.paths=[data.nc]' $period $train
exit $((failures > 0))

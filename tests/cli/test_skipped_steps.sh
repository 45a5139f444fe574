# Steps whose loss is not finite are skipped and counted, also through a kill and a resume; too many of
# them in a row, or parameters that are not finite themselves, end a run, and what was good stays.
# Arguments: the program, the source folder.
program=$1
source=$2
python3 -c 'import json, struct' 2>/dev/null || exit 77
. "$2/tests/cli/work_folder.sh"

# In the background `become` is the program's own process.
become() {
    local run=$1
    shift
    exec "$program" train "$source/tests/cli/waves.yaml" --out "$run" --quiet --threads 2 --set training.steps=40 \
        training.batch=1 training.learning_rate=1.0e-6 training.learning_rate_final=0 training.warm_up_steps=0 training.checkpoint_every=4 \
        training.log_every=1 training.validation_samples=4 'training.losses={mse_ensemble: 1}' "$@"
}

train() {
    (become "$@")
}

# poison FACTOR FILE: the checkpoint of `base` with the weights of one tail times FACTOR
poison() {
    python3 - "$@" <<'EOF'
import json, struct, sys
data = bytearray(open('base/checkpoint-00000040.safetensors', 'rb').read())
begin = 8 + struct.unpack_from('<Q', data)[0]
header = json.loads(data[8:begin])
name = [n for n in header if n.startswith('tails.1.') and n.endswith('weight') and len(header[n]['shape']) == 2][0]
first, last = header[name]['data_offsets']
for at in range(begin + first, begin + last, 4):
    value = struct.unpack_from('<f', data, at)[0] * float(sys.argv[1])
    struct.pack_into('<f', data, at, value)
open(sys.argv[2], 'wb').write(data)
EOF
}

# losses RUN: of the lines of training
losses() {
    sed -n 's/{"kind": "training".*"loss": \([0-9.e+-]*\),.*/\1/p' "$1/metrics.jsonl"
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
train base --set training.learning_rate=1.0e-3 || fail "the model to start from"

echo "== some steps are skipped"
# One tail so far off that the squares of a target, 18 values of 4 members, overflow float32 in some of
# the batches. They are as many times the loss, which a safe factor tells, twice that as it is the mean
# of two fields, and 1.25 times that for the largest of the targets. Steps of 1e-6 do not change that.
poison 1e15 near.safetensors
train near --from near.safetensors || fail "a large loss is no reason to skip"
factor=$(losses near | sort -g | awk '{ l[NR] = $1 } END { print 1e15 * sqrt(3.4e38 / (2 * 1.25 * 18 * 4) / l[int(NR / 2)]) }')
poison "$factor" edge.safetensors
train whole --from edge.safetensors 2>err || fail "a run with skipped steps: $(cat err)"
skipped=$(grep -c 'step [0-9]* is skipped, its loss is inf' err)
echo "$skipped of 40 steps skipped"
[ "$skipped" -ge 3 ] && [ "$skipped" -le 37 ] || fail "$skipped skipped steps: the test says nothing"
[ "$(wc -l <err)" -eq "$skipped" ] || fail "more than a line a step: $(cat err)"
tail -1 err | grep -q "; $skipped skipped so far" || fail "counted $(tail -1 err), there were $skipped"
[ "$(losses whole | wc -l)" -eq $((40 - skipped)) ] || fail "losses of $(losses whole | wc -l) steps"
grep '"kind": "training"' whole/metrics.jsonl | tail -1 | grep -q "\"skipped_steps\": $skipped," ||
    fail "metrics count otherwise: $(tail -2 whole/metrics.jsonl)"
python3 -c 'import json; [json.loads(line) for line in open("whole/metrics.jsonl")]' || fail "no JSON"

echo "== the same bits through a kill"
become killed --from edge.safetensors 2>err &
child=$!
for _ in $(seq 2000); do
    [ -e killed/checkpoint-00000012.safetensors ] && break
    sleep 0.005
done
kill -KILL $child 2>/dev/null
wait $child 2>/dev/null
[ -e killed/checkpoint-00000040.safetensors ] && echo "the run was over before it was killed"
train killed --from edge.safetensors --resume 2>err || fail "resuming: $(cat err)"
cmp whole/checkpoint-00000040.safetensors killed/checkpoint-00000040.safetensors || fail "other bits after a kill"
for run in whole killed; do
    sed 's/, "samples_per_second": [^}]*//' $run/metrics.jsonl >$run.metrics
done
diff whole.metrics killed.metrics || fail "other metrics after a kill"

# refused PATTERN RUN ARGUMENT…: exit code 1, and a line on standard error with the pattern behind the
# warnings
refused() {
    local pattern=$1 got
    shift
    train "$@" 2>err
    got=$?
    if [ $got -ne 1 ] || ! tail -1 err | grep -q -- "$pattern" || [ "$(grep -vc 'is skipped' err)" -ne 1 ]; then
        fail "train $*: exit $got, wanted 1 and '$pattern', got:"
        cat err
    fi
}

echo "== nothing but such steps"
poison 1e25 far.safetensors
refused 'far: the last 10 steps up to 10 were skipped.*saved.*learning_rate' far --from far.safetensors
[ "$(ls -A far | tr '\n' ' ')" = "checkpoint-00000004.safetensors checkpoint-00000008.safetensors \
checkpoint-00000010.safetensors configuration.yaml metrics.jsonl " ] || fail "files: $(ls -A far)"
grep -qi 'nan\|inf' far/metrics.jsonl && fail "no JSON: $(cat far/metrics.jsonl)"
refused 'far: the last 11 steps up to 11 were skipped' far --from far.safetensors --resume

echo "== parameters that are not finite"
poison inf lost.safetensors
refused 'lost: at step 1 the parameters are not finite numbers any more' lost --from lost.safetensors
[ "$(ls -A lost | tr '\n' ' ')" = "configuration.yaml metrics.jsonl " ] || fail "files: $(ls -A lost)"

exit $failures

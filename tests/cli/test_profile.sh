# --profile: the table's rows make its total and the shares 100 %, the trace is what Perfetto reads, a
# run that is profiled has the bits of one that is not, and one that is interrupted tells too.
# `info --machine` tells the peaks alone.
# Arguments: the program, the source folder.
program=$1
source=$2
. "$2/tests/cli/work_folder.sh"

"$(dirname "$program")/make_waves" . || fail "make_waves"
train() {
    "$program" train "$source/tests/cli/waves.yaml" --quiet --threads 1 --set training.batch=4 \
        training.validation_samples=4 "$@"
}

# sums FILE: seconds are printed to 1 ms and shares to 0.1 %, of at most 40 rows
sums() {
    awk '$1 == "total" {total = $2; seen = 1; next}
         /%/ && !/% of/ && !seen {for (i = 1; i <= NF; i++) if ($i == "%") {sum += $(i - 2); share += $(i - 1)}}
         END {exit !(seen && total > 0 && sum - total < 0.021 && total - sum < 0.021 && share > 98 && share < 102)}' "$1"
}

train --out plain --set training.steps=8 >out || fail "train"
[ -s out ] && fail "a table that nobody asked for: $(cat out)"
train --out timed --set training.steps=8 --profile=trace.json >table || fail "train --profile"
sums table || fail "rows do not make the total: $(cat table)"
cmp plain/checkpoint-00000008.safetensors timed/checkpoint-00000008.safetensors ||
    fail "a profiled run ends with other bits"
head -1 table | grep -q '^8 steps, cpu-[a-z0-9_]*, float32, 1 threads; peak [0-9.]* GFLOP/s' ||
    fail "the head: $(head -1 table)"
for row in 'attention *forward' 'attention *adjoint' 'linear *adjoint' 'loading the data' 'AdamW' \
    'gradient norm' 'waiting for the batch' 'feeding the model' 'validation' 'writing checkpoints' \
    'in none of these'; do
    grep -q "^$row " table || fail "no row '$row': $(cat table)"
done

# What info counts, with all tokens there can be, is what was done: this configuration masks as many
# every time.
counted=$("$program" info timed | sed -n 's/^ *GFLOP a training step, executed: //p')
grep -q "info counts $counted GFLOP" table || fail "info counts $counted, not as in $(tail -1 table)"
grep -q "s for $counted GFLOP" table || fail "not $counted GFLOP were done: $(tail -2 table)"

if command -v python3 >/dev/null; then
    python3 - <<'END' || fail "trace.json"
import json
events = [e for e in json.load(open("trace.json"))["traceEvents"] if e["ph"] == "X"]
steps = {e["args"]["step"] for e in events if e["name"] == "step"}
assert steps == {1, 2, 3, 6, 7, 8}, steps
names = {(e["name"], e["cat"]) for e in events}
for wanted in ("encoders.0.heads.1.proj_heads", "encoders.0.heads.1.self_attention"):
    assert (wanted, "forward") in names and (wanted, "adjoint") in names, wanted
for e in events:
    assert e["ts"] >= 0 and e["dur"] >= 0
    if e["name"] == "encoders.0.heads.1.proj_heads" and e["cat"] == "forward":
        a = e["args"]
        assert abs(a["GFLOP"] - 2e-9 * a["rows"] * a["columns"] * 32) < 1e-6 * a["GFLOP"], a
END
fi

# A forecast.
"$program" forecast --model timed --data z.nc msl.nc --start 2001-02-18 --end 2001-02-18T06 --quiet \
    --out forecast.nc --profile >table || fail "forecast --profile"
sums table || fail "rows of a forecast do not make the total: $(cat table)"
grep -q '^blending tiles ' table && ! grep -q adjoint table || fail "forecast: $(cat table)"

# What stands after --profile is the configuration, never a file to write.
cp "$source/tests/cli/waves.yaml" mine.yaml
"$program" train --profile mine.yaml --quiet --out third --set training.steps=1 >table || fail "operand"
cmp "$source/tests/cli/waves.yaml" mine.yaml || fail "--profile wrote over the configuration"
grep -q '^total ' table || fail "no table: $(cat table)"
train --out fourth --profile=trace.txt 2>err
[ $? -eq 2 ] && grep -q 'trace.txt: a trace is a .json file' err || fail "said: $(cat err)"
train --out fourth --set training.steps=1 --profile=no/folder/trace.json >table 2>err
[ $? -eq 1 ] && grep -q 'no/folder/trace.json' err || fail "a trace without a place: $(cat err)"
grep -q '^total ' table || fail "no table without the trace"

# The machine: its peaks, and a step at them, which printed with four digits agree to 2e-3.
"$program" info "$source/tests/cli/waves.yaml" --machine --threads 1 >machine || fail "info --machine"
awk -F': ' '/GFLOP a training step, executed/ && !step {step = $2} /peak GFLOP.s, float32/ {peak = $2}
            /seconds a training step at the peak, float32/ {seconds = $2}
            END {error = seconds * peak / step - 1; exit !(peak > 0 && error < 2e-3 && error > -2e-3)}' machine ||
    fail "a step at the peak: $(cat machine)"
grep -q '^  backend: cpu-' machine && grep -q '^  memory GB/s: [0-9]' machine || fail "machine: $(cat machine)"
"$program" info >out 2>err
[ $? -eq 2 ] && grep -q 'PATH is missing' err || fail "info of nothing: $(cat err)"

# Interrupted.
"$program" train "$source/tests/cli/waves.yaml" --quiet --threads 1 --out long --profile \
    --set training.steps=1000000 training.log_every=1 >table 2>err &
child=$!
for _ in $(seq 200); do
    [ -s long/metrics.jsonl ] && break
    sleep 0.1
done
kill -INT $child
wait $child
[ $? -eq 1 ] && grep -q 'interrupted after step' err || fail "interrupted: $(cat err)"
sums table || fail "an interrupted run has no table: $(cat table)"
exit $failures

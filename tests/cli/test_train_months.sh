# Training on data that is read month by month: killed and resumed it ends with the same bits, it
# learns what training in memory learns, and too little memory is told with what would do.
# Arguments: the program, the source folder.
program=$1
source=$2
config=$source/tests/cli/waves.yaml
. "$2/tests/cli/work_folder.sh"

become() {
    local run=$1
    shift
    exec "$program" train "$config" --out "$run" --threads 1 --set training.steps=120 \
        --set training.batch=4 --set training.checkpoint_every=9 --set training.log_every=7 \
        --set training.validate_every=30 --set training.validation_samples=10 \
        --set data.training.end=2001-08-31T18 --set data.validation.start=2001-09-01 \
        --set data.validation.end=2001-12-31 --set data.memory_gib=0.0072 \
        --set data.samples_per_month=16 "$@"
}

train() {
    (become "$@" 2>log)
}

last=checkpoint-00000120.safetensors

# same RUN OTHER: final checkpoints to the byte, metrics but for speeds
same() {
    cmp "$1/$last" "$2/$last" || fail "$2 ends with other bits than $1"
    for run in "$1" "$2"; do
        sed 's/, "samples_per_second": [^}]*//' "$run/metrics.jsonl" >"$run.metrics"
    done
    diff "$1.metrics" "$2.metrics" || fail "$2 has other metrics than $1"
}

"$(dirname "$program")/make_waves" . year || fail "make_waves"

echo "== uninterrupted"
begin=$(date +%s.%N)
train whole || fail "the uninterrupted run: $(cat log)"
took=$(awk "BEGIN { print $(date +%s.%N) - $begin }")
# 31 days and the cube's last time: 125 times of 3 levels of 19 x 36 points are 1.03 MB; of 7.73 MB,
# two months are validation's.
grep -q 'month by month: 4 of 8 months in memory at once, 0.00478 GiB with the next one, each for 16 steps; each batch' log ||
    fail "the line on memory: $(cat log)"

echo "== killed and resumed"
kills=0
for attempt in $(seq 1 40); do
    become killed --resume --quiet &
    child=$!
    sleep "$(awk "BEGIN { print $took * (0.3 + 0.13 * ($attempt % 6)) }")"
    kill -KILL $child 2>/dev/null && kills=$((kills + 1))
    wait $child 2>/dev/null && break
done
echo "killed $kills times"
same whole killed
[ "$kills" -ge 1 ] || fail "the run was never killed: the test says nothing"

echo "== it learns what training in memory learns"
train memory --set data.memory_gib=0 || fail "training in memory"
grep -q 'month by month' log && fail "memory_gib=0 reads by months"
# losses RUN: the validation losses of a run, first and last
losses() {
    grep '"kind": "validation"' "$1/metrics.jsonl" | sed 's/.*"loss": \([0-9.e-]*\).*/\1/' | sed -n '1p;$p' | tr '\n' ' '
}
echo "by months: $(losses whole), in memory: $(losses memory)"
awk "BEGIN { split(\"$(losses whole) $(losses memory)\", l, \" \"); exit !(l[2] < 0.95 * l[1] && l[2] < 1.15 * l[4]) }" ||
    fail "losses by months $(losses whole), in memory $(losses memory)"

echo "== little memory, and too little"
# 33 times are 0.271 MB: six times this and some are 2.15 MB
train little --set data.memory_gib=0.002 || fail "parts of months: $(cat log)"
grep -q ' 4 of 32 parts of 8 days in memory at once, 0.00126 GiB .* for 4 steps' log || fail "parts of months: $(cat log)"
train nothing --set data.memory_gib=0.0001 && fail "a limit of less than two days"
grep -q 'data.memory_gib is 0.0001, but two days of all fields, for training and for validation, take 0.0002 GiB' log ||
    fail "the line on too little memory: $(cat log)"
[ -e nothing ] && fail "a refused run left $(ls nothing)"
train least --set data.memory_gib=0.0002 --set training.steps=20 || fail "the limit that the line asks for: $(cat log)"
grep -q ' 2 of 243 days in memory' log || fail "the least memory: $(cat log)"

echo "== what is not drawn is not read"
train months --set 'sampling.months=[2, 3, 9]' --set training.steps=9 || fail "some months: $(cat log)"
grep -q 'all times of training are kept in memory, 0.0018. GiB; validation is kept in memory' log ||
    fail "two months beside each other: $(cat log)"
train hours --set 'sampling={months: [1, 5, 8, 10], hours: [0], region: [90, 300, 0, 100]}' \
    --set training.steps=9 || fail "a region at some hours: $(cat log)"
grep -q 'month by month: 3 of 3 months in memory' log || fail "months far apart: $(cat log)"
train nowhere --set 'sampling.location=[85, 0]' && fail "a cube across the pole"
grep -q 'sampling.location is \[85, 0\], where no cube (50 x 110 degrees) of the data' log ||
    fail "the line on a place without cubes: $(cat log)"

exit $failures

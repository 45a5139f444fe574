# A run that is killed or interrupted at any moment and resumed ends with the same bits as one that
# was not, and writes the same metrics but for speeds; runs are not mixed up.
# Arguments: the program, the source folder.
program=$1
source=$2
config=$source/tests/cli/waves.yaml
. "$2/tests/cli/work_folder.sh"

# Between lines of metrics (7), validations (10) and checkpoints (4) there is no common step, so that
# every kind of interruption is met. In the background `become` is the program's own process.
become() {
    local run=$1
    shift
    exec "$program" train "$config" --out "$run" --quiet --set training.steps=45 --set training.batch=4 \
        --set training.warm_up_steps=5 --set training.checkpoint_every=4 --set training.log_every=7 \
        --set training.validate_every=10 --set training.validation_samples=10 --set training.dropout=0.1 "$@"
}

train() {
    (become "$@")
}

# same RUN OTHER: final checkpoints to the byte, metrics but for speeds
same() {
    cmp "$1/checkpoint-00000045.safetensors" "$2/checkpoint-00000045.safetensors" ||
        fail "$2 ends with other bits than $1"
    for run in "$1" "$2"; do
        sed 's/, "samples_per_second": [^}]*//' "$run/metrics.jsonl" >"$run.metrics"
    done
    diff "$1.metrics" "$2.metrics" || fail "$2 has other metrics than $1"
}

seconds() {
    date +%s.%N
}

"$(dirname "$program")/make_waves" . || fail "make_waves"

echo "== uninterrupted, twice"
begin=$(seconds)
train whole --threads 2 || fail "the uninterrupted run"
took=$(awk "BEGIN { print $(seconds) - $begin }")
train again --threads 2 || fail "the second uninterrupted run"
same whole again
[ "$(ls -A whole | tr '\n' ' ')" = "checkpoint-00000040.safetensors checkpoint-00000044.safetensors \
checkpoint-00000045.safetensors configuration.yaml metrics.jsonl report.html " ] || fail "files: $(ls -A whole)"
[ "$(grep -c '"kind": "training"' whole/metrics.jsonl)" -eq 7 ] || fail "lines of training"
[ "$(grep -c '"kind": "validation"' whole/metrics.jsonl)" -eq 5 ] || fail "lines of validation"

# Whatever the kills left unfinished is gone.
no_leftovers() {
    [ "$(ls -A "$1" | grep -v '^checkpoint-[0-9]*.safetensors$' | tr '\n' ' ')" = "configuration.yaml metrics.jsonl report.html " ] ||
        fail "$1 holds $(ls -A "$1")"
}

# fraction F: sleep for this share of a whole run's time
fraction() {
    sleep "$(awk "BEGIN { print $took * ($1) }")"
}

# Kill until a run comes to its end; `kills` tells how often.
kill_again_and_again() {
    rm -rf killed
    kills=0
    for attempt in $(seq 1 60); do
        become killed --threads 2 --resume &
        local child=$!
        fraction "0.15 + 0.11 * ($attempt % 7) + 0.03 * int($attempt / 7)"
        kill -KILL $child 2>/dev/null && kills=$((kills + 1))
        wait $child 2>/dev/null && return
    done
    fail "not at its end after $kills kills"
}

# SIGTERM until a run comes to its end; each one has to leave a checkpoint of the step it names.
interrupt_again_and_again() {
    rm -rf interrupted
    interruptions=0
    for attempt in $(seq 1 60); do
        become interrupted --threads 2 --resume 2>err &
        local child=$! code step
        fraction "0.3 + 0.13 * ($attempt % 5)"
        kill -TERM $child 2>/dev/null
        wait $child 2>/dev/null
        code=$?
        [ $code -eq 0 ] && return
        if [ $code -eq 1 ] && grep -q 'interrupted after step [0-9]* of 45' err; then
            interruptions=$((interruptions + 1))
            [ "$(wc -l <err)" -eq 1 ] || fail "more than a line: $(cat err)"
            step=$(sed 's/.*after step \([0-9]*\) of.*/\1/' err)
            [ -e "interrupted/checkpoint-$(printf %08d "$step").safetensors" ] ||
                fail "interrupted after step $step, but there is: $(ls interrupted)"
        elif [ $code -ne 143 ]; then # else it was before the program listened
            fail "interrupted: exit $code, $(cat err)"
            return
        fi
    done
    fail "not at its end after $interruptions interruptions"
}

# Where the first run was slow by chance, the later ones may end before they are killed: then sooner.
whole_time=$took
echo "== killed again and again (a run takes $took s)"
for try in 1 2 3 4; do
    kill_again_and_again
    same whole killed
    no_leftovers killed
    [ "$kills" -ge 2 ] && break
    took=$(awk "BEGIN { print $took / 2 }")
done
echo "killed $kills times"
[ "$kills" -ge 2 ] || fail "the run was killed $kills times only: the test says nothing"

took=$whole_time
echo "== interrupted"
for try in 1 2 3 4; do
    interrupt_again_and_again
    same whole interrupted
    [ "$interruptions" -ge 1 ] && break
    took=$(awk "BEGIN { print $took / 2 }")
done
echo "interrupted $interruptions times"
[ "$interruptions" -ge 1 ] || fail "the run was never interrupted: the test says nothing"

echo "== one thread"
train single --threads 1 || fail "a run with one thread"
train single-again --threads 1 --set training.steps=45 || fail "another run with one thread"
same single single-again

# refused CODE PATTERN ARGUMENT…: exit code, and one line on standard error with the pattern
refused() {
    local code=$1 pattern=$2 got
    shift 2
    train "$@" 2>err
    got=$?
    if [ $got -ne "$code" ] || ! grep -q -- "$pattern" err || [ "$(wc -l <err)" -ne 1 ]; then
        fail "train $*: exit $got, wanted $code and one line '$pattern', got:"
        cat err
    fi
}

echo "== what is not resumed"
cp -r whole before
refused 2 'whole: this folder holds a run already.*--resume' whole
exec 8<whole
flock -n 8 || fail "the folder whole is locked"
refused 2 'whole: another run is at work in this folder' whole --resume
exec 8<&-
refused 1 "started with 'seed: 3', now it is 'seed: 4'" whole --resume --set seed=4
refused 1 'learning_rate: 0.004' whole --resume --set training.learning_rate=0.005
refused 1 'embedding: 32' whole --resume --set fields.msl.embedding=48
refused 1 'losses' whole --resume --set 'training.losses={mse: 1}'
diff -r before whole || fail "a refused run changed the folder"
train whole --resume || fail "resuming a finished run"
diff -r before whole || fail "resuming a finished run changed it"
train fresh --resume --set training.steps=3 || fail "--resume without a run does not start one"
[ -e fresh/checkpoint-00000003.safetensors ] || fail "--resume without a run made: $(ls fresh)"

echo "== every 0 is never"
train never --set training.steps=3 --set training.checkpoint_every=0 --set training.log_every=0 \
    --set training.validate_every=0 || fail "intervals of 0"
[ "$(ls -A never | tr '\n' ' ')" = "checkpoint-00000003.safetensors configuration.yaml metrics.jsonl report.html " ] ||
    fail "intervals of 0 leave $(ls -A never)"
[ -s never/metrics.jsonl ] && fail "intervals of 0 write metrics: $(cat never/metrics.jsonl)"

exit $failures

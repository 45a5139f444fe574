# No thread that computes can be stopped by SIGINT or SIGTERM for a handler: oneDNN's matrix products
# have the stack pointer in the heap, where what a handler needs would be written (of 60 interrupted
# runs with a handler 2 ended with 'corrupted size vs. prev_size').
# Arguments: the program, the source folder.
program=$1
source=$2
[ -r /proc/self/task ] || exit 77
. "$2/tests/cli/work_folder.sh"

# signals TASK WHICH: of SIGINT and SIGTERM those in a mask of the thread, as a number
signals() {
    local mask
    mask=$(sed -n "s/^$2:\s*//p" "$1/status")
    echo $((0x$mask & (1 << 1 | 1 << 14)))
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
"$program" train "$source/tests/cli/waves.yaml" --out run --quiet --threads 2 \
    --set training.steps=1000000 --set training.log_every=1 2>err &
child=$!
for _ in $(seq 200); do
    [ -s run/metrics.jsonl ] && break
    sleep 0.1
done

threads=0 open=0
for task in /proc/$child/task/*; do
    threads=$((threads + 1))
    [ "$(signals "$task" SigCgt)" -eq 0 ] || fail "a handler is there: $(grep Sig "$task/status")"
    [ "$(signals "$task" SigBlk)" -eq 0 ] && open=$((open + 1))
done
[ "$threads" -ge 3 ] || fail "$threads threads: the two that compute and the one that waits are 3"
[ "$open" -le 1 ] || fail "$open of $threads threads can be stopped by a signal"

kill -INT $child
wait $child
code=$?
[ $code -eq 1 ] || fail "interrupted: exit $code"
grep -q 'interrupted after step [0-9]* of 1000000, all of it saved' err || fail "said: $(cat err)"
ls run/checkpoint-*.safetensors >/dev/null || fail "no checkpoint"
exit $failures

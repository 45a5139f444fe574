# The networks of the speed measurements are the peer's: as many parameters, and the operations of as many
# products, as PyTorch counts for its own network of the same architecture (sum of numel over its parameters; 2·m·k·n
# for each product, twice that in the adjoint but for the embedding, which needs no gradient of its input). All are
# exact, so there is no tolerance: one weight, head or masked token more or less shows. Nothing is timed.
# One thing is ours: the decoder's last layer has queries, their projection and perceptron for the M masked of its T
# tokens only, which spares 2·(T − M)·E·(2·T + E + 4·E) in the forward pass of a field, thrice that in training.
# Arguments: the program (bench-step lies beside it), the source folder.
step=$(dirname "$1")/bench-step
source=$2
failures=0

# expect WHAT PATTERN OPTION...: what bench-step tells of a configuration matches the pattern
expect() {
    local what=$1 pattern=$2 found
    shift 2
    found=$("$step" "$@" --steps 0 --json)
    if ! printf '%s' "$found" | grep -qe "$pattern"; then
        echo "FAILED: $what: wanted $pattern in: $found"
        failures=$((failures + 1))
    fi
}

s=$source/bench/s.yaml m=$source/bench/m.yaml
expect "parameters of S" '"parameters":5267072,' "$s"
expect "parameters of M" '"parameters":103346304,' "$m"
expect "operations of S in training, 574.82320896 less 49.36826880" '"gflop":525.45494016,' "$s"
expect "operations of S in inference, 191.77606656 less 16.45608960" '"gflop":175.31997696,' "$s" --mode infer
expect "operations of M in training, 120.856541184 less 4.467032064" '"gflop":116.38950912,' "$m"
expect "operations of M in inference, 40.493841408 less 1.489010688" '"gflop":39.00483072,' "$m" --mode infer
expect "operations of M with four samples, 483.426164736 less 17.868128256" '"gflop":465.55803648,' "$m" --batch 4
# 216 of 4,320 tokens, the smallest point of the scaling: 1/20 of all linear products and 1/400 of attention, whose
# operations are 3 · 152.8823808 GFLOP of the above, (574.82320896 − 458.6471424) / 20 + 458.6471424 / 400, less
# 0.426000384
expect "operations of S with 216 tokens" '"gflop":6.5294208,' "$s" \
    --set 'fields.0.levels=[1]' --set 'fields.0.tokens=[12,3,6]'
expect "the precision" '"precision":"bf16"' "$m" --precision bf16
if "$step" "$s" --steps 0 --mode both > /dev/null 2>&1; then
    echo "FAILED: an unknown mode is not refused"
    failures=$((failures + 1))
fi
exit $((failures > 0))

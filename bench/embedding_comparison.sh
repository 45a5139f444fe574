#!/bin/bash
# The embedding by a transformer inside each token against the linear one, at equal cost, on ERA5 at
# 2.5 degrees: docs/model.md shows the table. Vorticity and mean sea level pressure 6 hours ahead, as
# configs/era5-djf.yaml has it, but with tokens of 6 x 6 points, which have something inside. The
# linear networks get the transformer's operations as more encoder layers, or as a wider embedding.
#
# usage: bench/embedding_comparison.sh PROGRAM OUT [STEPS] [SEED...]
# OUT keeps the runs; what is there already is not run again. Run it in the project's folder; it
# trains one network after the other and prints the table at the end.
set -eu
program=$1
out=$2
steps=${3:-700}
shift "$(($# < 3 ? $# : 3))"
seeds=${*:-1 2 3}
arms="linear_deep linear_wide transformer"
mkdir -p "$out"

# The configuration of an arm: the shipped one with other tokens and another network.
configuration()
{
    local embedding=128 layers=4 network='{type: linear}'
    case $1 in
        linear_deep) layers=8 ;;
        linear_wide) embedding=184 ;;
        transformer) network='{type: transformer, patch: [1, 2, 2], layers: 2, heads: 4, width: 60}' ;;
    esac
    sed -e "s/^    tokens: .*/    tokens: [3, 2, 3]/" \
        -e "s/^    token_size: .*/    token_size: [1, 6, 6]/" \
        -e "s/^    embedding: .*/    embedding: $embedding\n    embedding_network: $network/" \
        -e "s/^  encoder: .*/  encoder: {layers: $layers, heads: 8}/" \
        -e "s/^  steps: .*/  steps: $steps/" \
        -e "s/^  checkpoint_every: .*/  checkpoint_every: $steps/" \
        -e "s/^  validate_every: .*/  validate_every: $steps/" \
        -e "s/^  validation_samples: .*/  validation_samples: 1920/" configs/era5-djf.yaml
}

for arm in $arms; do
    configuration "$arm" > "$out/$arm.yaml"
done
for seed in $seeds; do
    for arm in $arms; do
        grep -qs '"kind": "validation", "step": '"$steps" "$out/$arm.$seed/metrics.jsonl" ||
            "$program" train "$out/$arm.yaml" --out "$out/$arm.$seed" --set seed="$seed" --quiet
    done
done

printf '| embedding | parameters | GFLOP a step |'
printf ' seed %s |' $seeds
printf ' mean |\n|---|---|---|'
for seed in $seeds mean; do
    printf '%s' '---|'
done
printf '\n'
for arm in $arms; do
    "$program" info "$out/$arm.yaml" --json > "$out/$arm.json"
    number() { sed -n "s/^.*\"$1\":[[:space:]]*\([0-9.e+]*\).*/\1/p" "$out/$arm.json" | head -1; }
    printf '| %s | %s | %.1f |' "$arm" "$(number parameters)" "$(number 'GFLOP a training step, nominal (3 times forward)')"
    sum=0
    for seed in $seeds; do
        loss=$(grep '"kind": "validation"' "$out/$arm.$seed/metrics.jsonl" | tail -1 |
            sed 's/.*"loss": *\([0-9.e+-]*\).*/\1/')
        printf ' %.4f |' "$loss"
        sum="$sum + $loss"
    done
    printf ' %.4f |\n' "$(awk "BEGIN {print ($sum) / $(echo $seeds | wc -w)}")"
done

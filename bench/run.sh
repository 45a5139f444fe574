#!/bin/bash
# How fast the program is on this machine: builds the release, measures what the processor and its
# memory could do, then steps of the networks S and M (bench/s.yaml, bench/m.yaml), in alternation
# with peers where there are any, and how time and memory grow with tokens, width, batch and threads.
# docs/performance.md tells what is measured; its tables and pictures come from here.
#
# usage: bench/run.sh [OPTION...]
#   --part steps|scaling  one of the two (default: both)
#   --rounds N            alternations of a case, each with processes of their own (default: 3)
#   --steps N             timed steps of a process (default: 3)
#   --threads N           (default: all cores)
#   --case PATTERN        only steps whose name matches, such as 'S-1-train-*'
#   --peer NAME=COMMAND   a program to compare with, such as
#                         "PyTorch 2.15=env LD_PRELOAD=... python pytorch_step.py --att sdpa"; may be
#                         given often. It is called with --cfg S|M --batch N --mode train|infer
#                         --threads N --steps N [--bf16] and prints a line that begins with RES
#   --before COMMAND      put before every measurement, such as "numactl -N 0"
#   --out FOLDER          (default: bench/results/ and the processor's name)
#   --docs                write tables and pictures into docs/performance.md and docs/pictures too
set -euo pipefail
cd "$(dirname "$0")/.."

parts="steps scaling" rounds=3 steps=3 threads=$(nproc) pattern='*' before="" out="" docs=""
peers=()
while [ $# -gt 0 ]; do
    case $1 in
        --docs) docs=--docs; shift; continue ;;
        --part | --rounds | --steps | --threads | --case | --peer | --before | --out)
            [ $# -gt 1 ] || { echo "run.sh: $1 wants a value" >&2; exit 2; } ;;
        *) echo "run.sh: unknown option $1; the head of bench/run.sh lists them" >&2; exit 2 ;;
    esac
    case $1 in
        --part) parts=$2 ;;
        --rounds) rounds=$2 ;;
        --steps) steps=$2 ;;
        --threads) threads=$2 ;;
        --case) pattern=$2 ;;
        --peer) peers+=("$2") ;;
        --before) before=$2 ;;
        --out) out=$2 ;;
    esac
    shift 2
done

cmake --preset release > /dev/null
cmake --build --preset release --target bench-step bench-peaks > /dev/null
bin=build/release/bin

# ---- the machine -------------------------------------------------------------------------------

processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)
family=$(sed -n 's/^cpu family[[:space:]]*: //p' /proc/cpuinfo | head -1)
model=$(sed -n 's/^model[[:space:]]*: //p' /proc/cpuinfo | head -1)
if [ -z "$out" ]; then
    name="$processor $family $model $(nproc) cores"
    out=bench/results/$(printf '%s' "$name" | tr '[:upper:]' '[:lower:]' |
        sed 's/([^)]*)//g; s/[^a-z0-9]\{1,\}/-/g')
fi
mkdir -p "$out"
echo "run.sh: results go to $out"
[ ${#peers[@]} -gt 0 ] ||
    echo "run.sh: no --peer given, so nothing is compared: times, memory and shares of the peaks only"

peaks=$($before $bin/bench-peaks "$threads")
printf '{"processor": "%s", "family": %s, "model": %s, "cores": %s, "memory_gib": %s, "date": "%s", "commit": "%s", "compiler": "%s", "system": "%s", "peaks": %s}\n' \
    "$processor" "$family" "$model" "$(nproc)" \
    "$(awk '/MemTotal/ {printf "%.0f", $2 / 1048576}' /proc/meminfo)" "$(date -u +%Y-%m-%d)" \
    "$(git describe --always --dirty)" "$(cc --version | head -1)" "$(uname -sr)" "$peaks" \
    > "$out/machine.json"
echo "run.sh: peaks $peaks"

# ---- measurements ------------------------------------------------------------------------------

# The lines of a file as an array of JSON, whole or not at all.
write_array()
{
    { echo '['; sed '$!s/$/,/' "$1"; echo ']'; } > "$2.part"
    mv "$2.part" "$2"
}

failed=0 # of our own measurements; a peer may be missing
# own LINES WHAT CONFIGURATION [OPTION...]: one process of ours; WHAT begins its JSON.
own()
{
    local lines=$1 what=$2 result
    shift 2
    if ! result=$($before $bin/bench-step "$@" --json); then
        echo "run.sh: no result from: bench-step $*" >&2
        failed=1
        return
    fi
    printf '{%s,%s\n' "$what" "${result#\{}" >> "$lines"
}

# peer LINES WHAT COMMAND...: one process of a peer, its line RES as JSON like ours.
peer()
{
    local lines=$1 what=$2 result
    shift 2
    result=$($before "$@" 2> /dev/null | grep '^RES' || true)
    if [ -z "$result" ]; then
        echo "run.sh: no result from: $*" >&2
        return
    fi
    printf '%s\n' "$result" | sed -E -n \
        's/.* clean ([0-9]+)\/([0-9]+) best ([0-9.]+)s med ([0-9.]+)s max ([0-9.]+)s .* RSS ([0-9.]+)GiB.*/\1 \2 \3 \4 \5 \6/p' |
        while read -r quiet all best median slowest memory; do
            printf '{%s,"steps":%s,"quiet_steps":%s,"seconds":{"best":%s,"median":%s,"slowest":%s},"peak_memory_mib":%s}\n' \
                "$what" "$all" "$quiet" "$best" "$median" "$slowest" \
                "$(awk "BEGIN {print $memory * 1024}")"
        done >> "$lines"
}

measure_steps()
{
    local lines network batch mode precision round name what type
    lines=$(mktemp)
    for case in S-1-train-float32 S-1-train-bf16 S-1-infer-float32 S-1-infer-bf16 M-1-train-float32 \
        M-1-train-bf16 M-1-infer-float32 M-1-infer-bf16 M-4-train-float32 M-4-train-bf16; do
        # shellcheck disable=SC2254
        case $case in $pattern) ;; *) continue ;; esac
        IFS=- read -r network batch mode precision <<< "$case"
        type=()
        [ "$precision" = float32 ] || type=(--bf16)
        for ((round = 1; round <= rounds; round++)); do
            what="\"case\":\"$case\",\"round\":$round,\"network\":\"$network\""
            own "$lines" "$what,\"who\":\"atmorep\"" "bench/${network,,}.yaml" --mode "$mode" \
                --batch "$batch" --precision "$precision" --threads "$threads" --steps "$steps"
            for named in "${peers[@]}"; do
                name=${named%%=*}
                # The command is words, as on a command line.
                # shellcheck disable=SC2086
                peer "$lines" "$what,\"who\":\"$name\"" ${named#*=} --cfg "$network" \
                    --batch "$batch" --mode "$mode" --threads "$threads" --steps "$steps" \
                    "${type[@]}"
            done
        done
        echo "run.sh: $case done"
    done
    write_array "$lines" "$out/steps.json"
    rm "$lines"
}

# One point of a curve: VARIED is what changes, VALUE where.
point()
{
    local lines=$1 varied=$2 value=$3 precision mode
    shift 3
    for precision in float32 bf16; do
        for mode in train infer; do
            own "$lines" "\"varied\":\"$varied\",\"value\":$value" "$@" --precision "$precision" \
                --mode "$mode"
        done
    done
    echo "run.sh: $varied $value done"
}

measure_scaling()
{
    local lines levels width batch n long
    local small=(--set 'fields.0.levels=[1]')
    lines=$(mktemp)
    point "$lines" tokens 216 bench/s.yaml --threads "$threads" --steps "$steps" "${small[@]}" \
        --set 'fields.0.tokens=[12,3,6]'
    for levels in 1 2 5 10 20; do
        # Half a minute a step with most tokens: one does, and needs no warming up.
        long=()
        [ "$levels" -lt 20 ] || long=(--steps 1 --warm-up 0)
        point "$lines" tokens $((864 * levels)) bench/s.yaml --threads "$threads" --steps "$steps" \
            --set "fields.0.levels=[$(seq -s, "$levels")]" "${long[@]}"
    done
    for width in 128 256 512 1024 2048; do
        point "$lines" width "$width" bench/s.yaml --threads "$threads" --steps "$steps" "${small[@]}" \
            --set fields.0.embedding="$width" --set model.encoder.heads=$((width / 32)) \
            --set model.decoder.heads=$((width / 32))
    done
    for batch in 1 2 4 8 16; do
        point "$lines" batch "$batch" bench/m.yaml --threads "$threads" --steps "$steps" \
            --batch "$batch"
    done
    for ((n = 1; n <= threads; n = n < threads && 2 * n > threads ? threads : 2 * n)); do
        point "$lines" threads "$n" bench/s.yaml --threads "$n" --steps "$steps"
    done
    write_array "$lines" "$out/scaling.json"
    rm "$lines"
}

for part in $parts; do
    case $part in
        steps) measure_steps ;;
        scaling) measure_scaling ;;
        *) echo "run.sh: --part $part is neither steps nor scaling" >&2; exit 2 ;;
    esac
done
python3 bench/report.py "$out" $docs
exit $failed

# One program runs on every x86-64 processor: instructions that not all of them have (AVX and later)
# stand only in the objects of the path of src/backend/cpu that they are for, and, where qemu can
# pretend to be such a processor, one without AVX (Nehalem) trains to the losses of the portable
# path and makes a nature run, and one with AVX2 alone (Haswell) trains to the same. Losses agree to
# 1e-4: the C library's exp and the matrix products may round otherwise, by 1e-7, and two steps of
# training do not make much of it.
# Arguments: the program, the source folder.
program=$1
source=$2
. "$2/tests/cli/work_folder.sh"
build=$(dirname "$program")/..
[ "$(uname -m)" = x86_64 ] || exit 77

# later WHAT TARGET: lines of the disassembly of a target's objects that match WHAT
later() {
    grep -o "CMakeFiles/$2\.dir/[^ \"]*\.o" "$build/compile_commands.json" | sort -u >objects
    [ -s objects ] || fail "$2 has no objects"
    (cd "$build" && xargs objdump -d --no-show-raw-insn) <objects | grep -cE "$1"
}

if command -v objdump >/dev/null; then
    vex='^ +[0-9a-f]+:[[:space:]]+v[a-z0-9]+ |%[yz]mm|%k[0-7]'
    evex='%zmm|%k[0-7]'
    for target in atmorep atmorep-program cpu-portable; do
        count=$(later "$vex" $target)
        [ "$count" -eq 0 ] || fail "$target: $count instructions need AVX"
    done
    count=$(later "$evex" cpu-avx2)
    [ "$count" -eq 0 ] || fail "cpu-avx2: $count instructions need AVX-512"
    # What is looked for would be seen.
    [ "$(later "$vex" cpu-avx2)" -gt 1000 ] || fail "no AVX2 in cpu-avx2"
    [ "$(later "$evex" cpu-avx512)" -gt 1000 ] || fail "no AVX-512 in cpu-avx512"
fi

# train RUN [qemu PROCESSOR]; losses into RUN.losses
train() {
    local run=$1
    shift
    "$@" "$program" train "$source/tests/cli/waves.yaml" --out "$run" --quiet --threads 1 \
        --set training.steps=2 training.batch=2 training.log_every=1 training.validation_samples=2 \
        training.validate_every=2 ${backend:+--backend $backend} 2>err || fail "$run: $(cat err)"
    grep -o '"loss": [0-9.]*' "$run/metrics.jsonl" >"$run.losses"
    [ "$(wc -l <"$run.losses")" -eq 3 ] || fail "$run: losses of $(wc -l <"$run.losses") lines"
}

# An emulator has no room for the address sanitizer's map of the memory.
if command -v qemu-x86_64 >/dev/null && ! ldd "$program" | grep -q libasan; then
    "$(dirname "$program")/make_waves" . || fail "make_waves"
    backend=cpu-portable train here
    for processor in Nehalem Haswell; do
        train $processor qemu-x86_64 -cpu $processor
        paste here.losses $processor.losses |
            awk '{d = $4 / $2 - 1; if (d > 1e-4 || d < -1e-4) {print; wrong = 1}} END {exit wrong}' ||
            fail "$processor has other losses"
    done
    OMP_NUM_THREADS=1 qemu-x86_64 -cpu Nehalem "$program" nature-run --out nature.nc --truncation 10 \
        --levels 3 --days 1 --spin-up-days 0 --quiet || fail "no nature run without AVX"
fi
exit $failures

# atmorep prepare, as a user runs it: the store holds what its sources hold, its statistics are right,
# training on it is training on them, and no kill changes a byte of it.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"
need_python xarray netCDF4 zarr
config=$source/tests/cli/prepare.yaml

check() {
    PYTHONDONTWRITEBYTECODE=1 $python "$source/tests/cli/prepare_checks.py" "$@" || fail "$*"
}

prepare() {
    "$program" prepare "$@" --quiet
}

# refused CODE PATTERN ARGUMENT…: exit code, and one line on standard error with the pattern
refused() {
    local code=$1 pattern=$2 got
    shift 2
    prepare "$@" 2>err
    got=$?
    if [ $got -ne "$code" ] || ! grep -q -- "$pattern" err || [ "$(wc -l <err)" -ne 1 ]; then
        fail "prepare $*: exit $got, wanted $code and one line '$pattern', got: $(cat err)"
    fi
}

"$(dirname "$program")/make_waves" . gaps || fail "make_waves"

echo "== a store of three fields"
prepare "$config" --out whole.zarr --threads 1 || fail "prepare"
check same:whole.zarr statistics:whole.zarr files
[ -e whole.zarr.part ] && fail "what is unfinished was left"
"$program" info whole.zarr | grep -q 'surface_geopotential' || fail "info"
# name and size of every source
for file in z.nc msl.nc orography.nc; do
    "$program" info whole.zarr --json | grep -q "[0-9a-f]\{16\}  $(stat -c %s $file)  $file" ||
        fail "provenance of $file"
done

echo "== what it would take"
mkdir dry && cd dry
"$program" prepare "$config" --data ../z.nc ../msl.nc ../orography.nc --out dry.zarr --dry-run >../dry.txt || fail "dry run"
cd ..
[ -z "$(ls -A dry)" ] || fail "a dry run wrote $(ls -A dry)"
grep -q '^times  *240 from 2001-01-01T00:00 to 2001-03-01T18:00, every 6 h$' dry.txt || fail "times: $(cat dry.txt)"
# 240 times of three levels and one static field, of 19 x 36 floats
grep -q '^result  *2.0 MB of float32' dry.txt || fail "size: $(cat dry.txt)"
said=$(sed -n 's/^result.*about \([0-9.]*\) MB compressed.*/\1/p' dry.txt)
is=$(cat whole.zarr/z/[0-9]* whole.zarr/msl/[0-9]* | wc -c)
awk "BEGIN { exit !($said > 0.8e-6 * $is && $said < 1.2e-6 * $is) }" || fail "compressed $is bytes, said $said MB"

echo "== the same on any number of threads, and left alone when it is there"
prepare "$config" --out threads.zarr --threads 3 || fail "prepare with 3 threads"
diff -r whole.zarr threads.zarr || fail "another number of threads makes another store"
mkdir whole.zarr.part && touch whole.zarr.part/slices # as a kill leaves it at the very end
"$program" prepare "$config" --out whole.zarr 2>err || fail "prepare again"
[ -e whole.zarr.part ] && fail "what is unfinished was left beside a complete store"
grep -q 'whole.zarr is complete already' err || fail "a complete store: $(cat err)"
diff -r whole.zarr threads.zarr || fail "a complete store was changed"
refused 2 "whole.zarr: was begun with 'times: 240.*not with 'times: 237" "$config" --out whole.zarr --start 2001-01-01T18
mkdir other.zarr && touch other.zarr/mine
refused 2 'other.zarr: is there already and no store' "$config" --out other.zarr
[ -e other.zarr/mine ] || fail "something else was replaced"
refused 2 'must end in .zarr' "$config" --out whole.nc

echo "== training on it is training on its sources"
train() {
    "$program" train "$source/tests/cli/waves.yaml" --quiet --threads 1 --set training.steps=4 \
        --set training.batch=4 --set training.log_every=1 --set training.validate_every=2 --out "$@" || fail "train $*"
    sed 's/, "samples_per_second": [^}]*//' "$1/metrics.jsonl" >"$1.metrics"
}
train of-files
train of-store --set 'data.paths=[whole.zarr]'
[ -s of-files.metrics ] || fail "no metrics"
diff of-files.metrics of-store.metrics || fail "training on the store is another training"
# the configuration as a run keeps it has every key that training knows
prepare of-files/configuration.yaml --out of-run.zarr || fail "the configuration of a run"
prepare "$source/tests/cli/waves.yaml" --out of-run.zarr || fail "another store for the same configuration"

echo "== killed again and again"
cp "$config" slow.yaml
echo 'store: {chunk_times: 1, compression_level: 9}' >>slow.yaml
begin=$(date +%s.%N)
prepare slow.yaml --out slow.zarr --threads 2 || fail "prepare in many chunks"
took=$(awk "BEGIN { print $(date +%s.%N) - $begin }")
kills=0 went_on=0
# Where the first one was slow by chance, the others may end before they are killed: then sooner.
for try in 1 2 3 4 5; do
    rm -rf killed.zarr killed.zarr.part
    for attempt in $(seq 1 60); do
        "$program" prepare slow.yaml --out killed.zarr --threads 2 2>err &
        child=$!
        sleep "$(awk "BEGIN { print $took * (0.2 + 0.13 * ($attempt % 7)) }")"
        kill -KILL $child 2>/dev/null && kills=$((kills + 1))
        wait $child 2>/dev/null
        code=$?
        grep -q 'going on with killed.zarr.part' err && went_on=$((went_on + 1))
        [ $code -eq 0 ] && break
        [ $code -eq 137 ] || fail "killed: exit $code, $(cat err)"
    done
    [ $code -eq 0 ] || fail "not at its end after $kills kills"
    diff -r slow.zarr killed.zarr || fail "what was killed is another store"
    [ -e killed.zarr.part ] && fail "what is unfinished was left"
    [ $kills -ge 2 ] && [ $went_on -ge 1 ] && break
    took=$(awk "BEGIN { print $took / 2 }")
done
echo "killed $kills times, $went_on times gone on"
[ $kills -ge 2 ] && [ $went_on -ge 1 ] || fail "the test says nothing"

echo "== interrupted, then another command in the same place"
sed 's/chunk_times: 1/chunk_times: 4/' slow.yaml >other.yaml
for try in $(seq 20); do
    rm -rf held.zarr held.zarr.part
    "$program" prepare slow.yaml --out held.zarr --threads 1 --quiet 2>err &
    child=$!
    for i in $(seq 400); do
        [ -e held.zarr.part/slices ] && break
        sleep 0.005
    done
    kill -TERM $child
    wait $child 2>/dev/null
    code=$?
    [ -e held.zarr ] || break # else it was faster
done
[ $code -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'held.zarr.part: interrupted with [0-9]* of .*; the same command goes on from there' err ||
    fail "interrupted: exit $code, $(cat err)"
refused 2 "held.zarr.part: was begun with 'store:.*chunk_times: 1" other.yaml --out held.zarr
prepare slow.yaml --out held.zarr || fail "going on after an interruption"
diff -r slow.zarr held.zarr || fail "what was interrupted is another store"

echo "== verified"
# Whatever happens to chunks before they are read back, cut or with other bytes, they are written again.
for try in $(seq 20); do
    rm -rf held.zarr held.zarr.part
    "$program" prepare slow.yaml --out held.zarr --threads 1 --quiet 2>err &
    child=$!
    for i in $(seq 400); do
        [ "$(ls held.zarr.part/store.zarr/z 2>/dev/null | wc -l)" -gt 10 ] && break
        sleep 0.005
    done
    kill -TERM $child
    wait $child 2>/dev/null
    [ -e held.zarr ] || break
done
chunks=(held.zarr.part/store.zarr/z/[0-9]*)
[ ${#chunks[@]} -ge 10 ] || fail "${#chunks[@]} chunks are too few"
truncate -s 100 "${chunks[0]}"
rm "${chunks[1]}"
cp "${chunks[3]}" "${chunks[2]}"
prepare slow.yaml --out held.zarr 2>err || fail "going on with damaged chunks: $(cat err)"
grep -q 'warning: .*store.zarr: 3 horizontal fields, read back, are not what was written; they are written again' err ||
    fail "damaged chunks: $(cat err)"
diff -r slow.zarr held.zarr || fail "what was damaged is another store"

echo "== packed"
for type in bfloat16 int16; do
    { cat "$config" && echo "store: {type: $type}"; } >$type.yaml
    "$program" prepare $type.yaml --out $type.zarr 2>err || fail "prepare $type"
    grep -q "geopotential as $type: largest error [0-9.]*, root mean square [0-9.]* m2 s-2" err || fail "errors: $(cat err)"
done

echo "== a derived field"
echo 'fields: [{name: wind_speed, derived_from: [eastward_wind, northward_wind]}]' >wind.yaml
prepare wind.yaml --data wind.nc --out wind.zarr || fail "prepare a derived field"
prepare wind.yaml --data wind.zarr --out speed.zarr || fail "what was derived is there already"
cmp wind.zarr/wind_speed/0.0.0.0 speed.zarr/wind_speed/0.0.0.0 || fail "what was derived was changed"
"$program" info wind.zarr | grep -q "  $(stat -c %s wind.nc)  wind.nc" || fail "provenance of a derived field"

echo "== on another grid"
sed 's/^data: {/&grid: {step: 20}, /' "$config" >grid.yaml
prepare grid.yaml --out coarse.zarr || fail "prepare with data.grid"
"$program" info coarse.zarr --json | tr -d ' \n\t' | grep -q '"latitude":10,"longitude":18' || fail "coarse.zarr is not coarse"

echo "== what does not go together"
refused 1 'grids of field geopotential in z.nc and of field msl in grid.nc differ' "$config" --out x.zarr \
    --data z.nc grid.nc orography.nc
refused 1 'grids of variable msl in first.nc and of msl in grid.nc differ' "$config" --out x.zarr \
    --data z.nc first.nc grid.nc orography.nc
refused 1 'units of variable msl in first.nc and of msl in units.nc differ: Pa and hPa' "$config" --out x.zarr \
    --data z.nc first.nc units.nc orography.nc
refused 1 'time 2001-01-30T18:00 in two files, first.nc and overlap.nc' "$config" --out x.zarr \
    --data z.nc first.nc overlap.nc orography.nc
ls -d x.zarr* 2>/dev/null && fail "what was refused left something"
prepare "$config" --out halves.zarr --data z.nc first.nc second.nc orography.nc || fail "two files of a field"

echo "== gaps"
"$program" prepare "$config" --out gap.zarr --data z.nc gap.nc orography.nc 2>err || fail "a gap"
grep -q 'does not have: 2001-01-11T00:00/2001-01-13T06:00' err || fail "a gap is told: $(cat err)"
"$program" info gap.zarr | grep -q 'gaps.*2001-01-11T00:00/2001-01-13T06:00' || fail "a gap is recorded"
# Every other time is missing: no cube of two times, 6 hours apart, is there.
prepare "$config" --out alternate.zarr --data z.nc alternate.nc orography.nc 2>/dev/null || fail "every other time"
"$program" train "$source/tests/cli/waves.yaml" --out across --quiet --set 'data.paths=[alternate.zarr]' 2>err &&
    fail "trained across gaps"
grep -q 'no cube of 2 times, 6 hours apart, fits between .* without a gap' err || fail "across gaps: $(cat err)"

echo "== by xarray"
check packed:int16.zarr packed:bfloat16.zarr statistics:int16.zarr statistics:bfloat16.zarr same:slow.zarr \
    same:halves.zarr same:gap.zarr statistics:gap.zarr times:gap.zarr:230 speed:wind.zarr
exit $failures

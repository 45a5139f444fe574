# `atmorep nature-run` as a user runs it: what others read in its files, bits that repeat, ensembles, stops of every
# kind and what goes on after them. Arguments: the program, the source folder.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
program=$1
python=/usr/bin/python3
checks=$2/tests/cli/nature_run_checks.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
small="--truncation T21 --levels 5 --spin-up-days 2 --dry --quiet"

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# run ARGUMENT…: must succeed
run() {
    "$program" nature-run "$@" || fail "nature-run $*"
}

# checked CHECK FILE… [+ CHECK FILE…]…: checks by readers not written by us
checked() {
    $python "$checks" "$@" || fail "$*"
}

# refused CODE PATTERN ARGUMENT…: exit code, one line with the pattern, and nothing on the disk
refused() {
    local code=$1 pattern=$2 got
    shift 2
    "$program" nature-run --out "$work/refused.nc" --dry "$@" 2>"$work/err" >"$work/out"
    got=$?
    if [ $got -ne "$code" ] || ! grep -qe "$pattern" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] ||
        [ -e "$work/refused.nc" ] || [ -e "$work/refused.nc.part" ]; then
        fail "nature-run $*: exit $got, wanted $code and one line '$pattern':"
        cat "$work/err"
    fi
}

"$program" nature-run --truncation T5 --levels 2 --days 1 --spin-up-days 0 --out "$work/tiny.nc" 2>"$work/err"
if grep -q 'DATMOREP_SPECTRAL=ON' "$work/err"; then
    echo "SKIPPED: this program was built without spherical harmonics"
    exit 77
fi

refused 2 'T42 is wanted' --truncation large
refused 2 'every 0 hours; should be' --every 0
refused 2 '0 days after' --days 0
refused 2 'sigma levels: 0' --levels 0
refused 2 'pressure in hPa is wanted' --pressure-levels 850 high
refused 2 'pressure level of -5 hPa' --pressure-levels=-5
refused 2 'all rise or all fall' --pressure-levels 850 500 700
refused 2 'above 0 and at most 1' --sigma-levels 0.5 1.5
refused 2 'or model alone' --sigma-levels model 0.5
refused 2 'should be one of them' --sigma-levels 0.5 --pressure-levels 850
refused 2 'the largest is' --longitudes 32
refused 2 'on the regular grid only' --longitudes 64 --grid gaussian
refused 2 'regular or gaussian' --grid octahedral
refused 2 'no variable wind to write; there are vorticity' --variables wind
refused 2 'no variable specific_humidity' --variables specific_humidity
refused 2 'every 0 days; should be 1' --checkpoint-days 0
refused 2 'without a state; should be' --perturb 0.1
refused 2 'ensemble of 3 with a perturbation of 0' --ensemble 3
refused 2 'member 2; should be' --member 2
refused 1 'is no restart file' $small --from "$program"
refused 1 'absent.state' $small --from "$work/absent.state"
run --truncation T21 --levels 4 --days 1 --spin-up-days 0 --dry --quiet --out "$work/other.nc" --state "$work/other.state"
refused 1 'was written with levels 4; this run has 5' $small --from "$work/other.state"
refused 2 'one state is saved' $small --from "$work/other.state" --perturb 1 --ensemble 2 --state "$work/s"

if ! $python -c 'import xarray, netCDF4, zarr' 2>/dev/null; then
    echo "SKIPPED in part: $python has no xarray, netCDF4 and zarr to read the files with"
    exit $((failures ? 1 : 77))
fi

echo "== what others read"
whole="$small --start 2003-02-01 --pressure-levels 850 500 250"
run $whole --days 1 --out "$work/a.nc" --state "$work/a.state" --threads 2
run $whole --days 1 --out "$work/a.zarr" --state "$work/a2.state"
checked plausible "$work/a.nc" + plausible "$work/a.zarr" + equal "$work/a.nc" "$work/a.zarr"
cmp "$work/a.state" "$work/a2.state" || fail "states of two runs differ"
run $small --days 1 --from "$work/a.state" --start 2003-02-01 --every 1 --out "$work/own.nc" --grid gaussian --sigma-levels model
run $small --days 1 --from "$work/a.state" --start 2003-02-01 --every 12 --out "$work/sigma.zarr" --sigma-levels 0.85 0.5 \
    --variables eastward_wind geopotential
checked own "$work/own.nc" 5 + sigma "$work/sigma.zarr" "$work/own.nc"
if command -v cdo >/dev/null; then
    cdo -s griddes "$work/own.nc" 2>/dev/null | grep -q 'gridtype *= *gaussian' || fail "cdo sees no Gaussian grid"
    cdo -s zaxisdes "$work/own.nc" 2>/dev/null | grep -q 'atmosphere_sigma_coordinate\|size *= *5' || fail "cdo sees no levels"
    [ "$(cdo -s ntime "$work/own.nc" 2>/dev/null)" = 24 ] || fail "cdo does not count 24 times"
fi

echo "== the same bits: other threads, and in two parts"
run $whole --days 1 --out "$work/b.nc" --threads 1
run $whole --days 2 --out "$work/c.nc"
run $whole --days 1 --out "$work/d.zarr" --from "$work/a.state"
checked equal "$work/a.nc" "$work/b.nc" + joined "$work/c.nc" "$work/a.nc" "$work/d.zarr"

echo "== members from one state"
member="$whole --days 1 --from $work/a.state --perturb 0.1 --every 12"
run $member --seed 1 --out "$work/e.nc" --ensemble 3 --threads 2
run $member --seed 1 --out "$work/e0.zarr"
run $member --seed 1 --out "$work/e2.zarr" --member 2 --threads 1
run $member --seed 2 --out "$work/f0.nc"
checked members "$work/e.nc" "$work/e0.zarr" 0 "$work/e2.zarr" 2 + spread "$work/e0.zarr" "$work/e2.zarr" 0.1 + \
    spread "$work/e0.zarr" "$work/f0.nc" 0.1

# Wait until the run PID has made COUNT new checkpoints in FOLDER, a simulated day each.
wait_for_checkpoints() {
    local pid=$1 folder=$2 count=$3 last now
    last=$(stat -c %i "$folder"/last_good*.state 2>/dev/null)
    while [ "$count" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
        now=$(stat -c %i "$folder"/last_good*.state 2>/dev/null)
        [ "$now" = "$last" ] || count=$((count - 1))
        last=$now
        sleep 0.01
    done
}

# stopped SIGNAL OUT ARGUMENT…: begin a run or go on with it, and stop it after some checkpoints
stopped() {
    local signal=$1 out=$2 pid
    shift 2
    "$program" nature-run --out "$out" --resume "$@" 2>"$work/err" &
    pid=$!
    wait_for_checkpoints $pid "$out.part" 4
    kill "-$signal" $pid || fail "the run was over before it could be stopped: $out"
    wait $pid 2>/dev/null
    [ -e "$out.part/last_good.state" ] || [ -e "$out.part/last_good_0.state" ] || [ -e "$out.part/last_good_1.state" ] ||
        fail "no state of $out after signal $signal"
    [ ! -e "$out" ] || fail "$out is there before it is complete"
}

echo "== killed, interrupted, and going on to the same bits"
long="--truncation T21 --levels 5 --spin-up-days 1 --days 16 --every 24 --checkpoint-days 1 --quiet"
run $long --out "$work/uncut.zarr" --state "$work/uncut.state"
for out in "$work/cut.zarr" "$work/cut.nc"; do
    stopped KILL "$out" $long
    stopped INT "$out" $long
    grep -q "cut.*part: interrupted at hour .* the same command with --resume goes on" "$work/err" || fail "interrupted: $(cat "$work/err")"
    [ "${out%.nc}" != "$out" ] || checked readable "$out.part/data.zarr"
    "$program" nature-run --out "$out" $long 2>"$work/err"
    [ $? -eq 2 ] && grep -q 'holds an unfinished run; the same command with --resume' "$work/err" || fail "no --resume: $(cat "$work/err")"
    "$program" nature-run --out "$out" $long --resume --seed 2 2>"$work/err"
    [ $? -eq 2 ] && grep -q "was begun with 'seed: 1', not with 'seed: 2'" "$work/err" || fail "another seed: $(cat "$work/err")"
    run --out "$out" $long --resume --state "$out.state" --threads 1
    cmp "$work/uncut.state" "$out.state" || fail "the state differs from that of the run without a stop"
done

echo "== an ensemble, killed"
crowd="--truncation T21 --levels 5 --spin-up-days 1 --days 7 --every 24 --checkpoint-days 1 --quiet"
crowd="$crowd --from $work/uncut.state --perturb 1 --ensemble 2"
run $crowd --out "$work/crowd.zarr"
stopped KILL "$work/cut_crowd.zarr" $crowd
run $crowd --out "$work/cut_crowd.zarr" --resume
checked equal "$work/uncut.zarr" "$work/cut.zarr" + equal "$work/uncut.zarr" "$work/cut.nc" + \
    equal "$work/crowd.zarr" "$work/cut_crowd.zarr"

echo "== water, continents and mountains"
next="--truncation T21 --levels 5 --spin-up-days 1 --days 1 --every 12 --quiet --from $work/uncut.state"
run $next --out "$work/moist.zarr"
run $next --out "$work/moist_own.nc" --grid gaussian --sigma-levels model
checked moist "$work/uncut.zarr" + rain "$work/moist.zarr" "$work/moist_own.nc" + own "$work/moist_own.nc" 5

echo "== all of it from a file"
sed "s/^out: .*/out: missing.nc/; s/^days: .*/days: 1/; s/^spin_up_days: .*/spin_up_days: 2/; s/^start: .*/start: 2003-02-01/
    s/truncation: 31/truncation: 21/; s/levels: 8 .*/levels: [0, 0.2, 0.4, 0.6, 0.8, 1]/; s/water_cycle: true/water_cycle: false/
    s/cycle: true/cycle: false/; s/land: true/land: false/; s/orography: 1/orography: 0/; s/pressure_levels: .*/pressure_levels: [850, 500, 250]/" \
    "$2/configs/nature-run.yaml" >"$work/whole.yaml"
run --config "$work/whole.yaml" --out "$work/from_file.nc" --quiet
checked equal "$work/a.nc" "$work/from_file.nc"
mistake() {
    sed "$1" "$work/whole.yaml" >"$work/mistake.yaml"
    refused "$2" "$3" --config "$work/mistake.yaml"
}
mistake 's/^days: 1/days: one/' 1 "mistake.yaml:5: days is 'one'; should be a whole number"
mistake 's/^seed/sede/' 1 "unknown key 'sede'; did you mean 'seed'"
mistake 's/^seed: 1/days: 1/' 1 'days is there twice'
mistake 's/levels: \[0, .*/levels: five/' 1 'model.levels is .five.; should be a whole number, or a list of the interfaces'
mistake 's/levels: \[0, .*/levels: [0, 0.5, 0.5, 1]/' 2 'sigma'
mistake 's/  # sigma_levels: .*/  sigma_levels: model/' 1 'sigma_levels is .model.; should be absent where there are pressure_levels'
mistake 's/pressure_levels: .*/sigma_levels: [0.5, low]/' 1 'should be a list of numbers'
mistake 's/grid: regular/grid: gauss/' 1 "should be one of regular, gaussian"
mistake 's/order: 8/order: 5/' 2 'diffusion of order 5; should be 4 or 8'
mistake 's/^model:/model: 3\nmore:/' 1 'model is .3.; should be keys with values'
refused 1 'absent.yaml' --config "$work/absent.yaml"
rm "$work"/*.yaml

echo "== a model that blows up"
cat >"$work/wild.yaml" <<'END'
days: 200
spin_up_days: 0
checkpoint_days: 1
model: {truncation: 31, levels: 2, steps_per_hour: 1, diffusion: {hours: 0}, time_filter: {strength: 0, alpha: 1}}
END
"$program" nature-run --config "$work/wild.yaml" --quiet --out "$work/wild.zarr" 2>"$work/err"
[ $? -eq 1 ] && grep -q 'hour .*: wind of .* at sigma .*latitude .*longitude .*wild.zarr.part holds the times before and the last good state' \
    "$work/err" || fail "a numeric failure: $(cat "$work/err")"
checked readable "$work/wild.zarr.part/data.zarr"
[ -s "$work/wild.zarr.part/last_good.state" ] && [ ! -e "$work/wild.zarr" ] || fail "no last good state, or a file of a failed run"
# The state that is kept is older than the one that failed, also where a checkpoint was due right then (seed 35 here).
for seed in 1 35; do
    rm -rf "$work/wild.zarr.part"
    "$program" nature-run --config "$work/wild.yaml" --truncation 21 --seed $seed --quiet --out "$work/wild.zarr" 2>"$work/err"
    sed -n 's/.*hour \([0-9.]*\): wind.* state, of hour \([0-9]*\)$/\1 \2/p' "$work/err" | awk '$2 < $1 { kept = 1 } END { exit !kept }' ||
        fail "seed $seed keeps a bad state: $(cat "$work/err")"
done
rm -rf "$work/wild.zarr.part" "$work/wild.yaml"

echo "== one run at a time"
forever="--truncation T21 --levels 5 --spin-up-days 1 --days 100000 --every 24 --checkpoint-days 1 --quiet"
"$program" nature-run $forever --out "$work/busy.zarr" &
busy=$!
wait_for_checkpoints $busy "$work/busy.zarr.part" 1
"$program" nature-run $forever --out "$work/busy.zarr" --resume 2>"$work/err"
[ $? -eq 2 ] && grep -q 'another run is at work' "$work/err" || fail "two runs in one folder: $(cat "$work/err")"
kill -0 $busy || fail "the first of two runs has ended"
[ -e "$work/busy.zarr.part/run.yaml" ] || fail "the second run harmed the first"
kill -KILL $busy
wait $busy 2>/dev/null
rm -rf "$work/busy.zarr.part"

left=$(ls -A "$work" | grep -vE '^[a-z0-9_]+\.(nc|state|zarr|nc.state|zarr.state)$|^(err|out)$')
[ -z "$left" ] || fail "temporary files were left: $left"
exit $((failures > 0))

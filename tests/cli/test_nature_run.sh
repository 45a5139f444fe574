# `atmorep nature-run` as a user runs it: what others read in its files, bits that repeat, interrupts.
# Arguments: the program, the source folder.
program=$1
python=/usr/bin/python3
checks=$2/tests/cli/nature_run_checks.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
small="--truncation T21 --levels 5 --spin-up-days 2 --quiet"

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# refused CODE PATTERN ARGUMENT…: exit code, one line with the pattern, and no file
refused() {
    local code=$1 pattern=$2 got
    shift 2
    "$program" nature-run --out "$work/refused.nc" "$@" 2>"$work/err" >"$work/out"
    got=$?
    if [ $got -ne "$code" ] || ! grep -qe "$pattern" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] ||
        [ -e "$work/refused.nc" ]; then
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
refused 2 'the largest is' --longitudes 32
refused 2 'without a state; should be' --perturb 0.1
refused 1 'is no restart file' $small --from "$program"
refused 1 'absent.state' $small --from "$work/absent.state"
"$program" nature-run --truncation T21 --levels 4 --days 1 --spin-up-days 0 --quiet --out "$work/other.nc" --state "$work/other.state"
refused 1 'was written with levels 4; this run has 5' $small --from "$work/other.state"

if ! $python -c 'import xarray, netCDF4' 2>/dev/null; then
    echo "SKIPPED in part: $python has no xarray and netCDF4 to read the files with"
    exit $((failures ? 1 : 77))
fi

echo "== what others read"
whole="$small --start 2003-02-01 --pressure-levels 850 500 250"
"$program" nature-run $whole --days 1 --out "$work/a.nc" --state "$work/a.state" --threads 2 || fail "first run"
$python "$checks" plausible "$work/a.nc" || fail "the netCDF file"
if $python -c 'import zarr' 2>/dev/null; then
    "$program" nature-run $whole --days 1 --out "$work/a.zarr" || fail "run to Zarr"
    $python "$checks" plausible "$work/a.zarr" || fail "the Zarr group"
fi

echo "== the same bits: other threads, and in two parts"
"$program" nature-run $whole --days 1 --out "$work/b.nc" --threads 1 || fail "run on one thread"
$python "$checks" equal "$work/a.nc" "$work/b.nc" || fail "one and two threads differ"
"$program" nature-run $whole --days 2 --out "$work/c.nc" || fail "run of two days"
"$program" nature-run $whole --days 2 --out "$work/d.nc" --from "$work/a.state" || fail "run from a state"
$python "$checks" joined "$work/c.nc" "$work/a.nc" "$work/d.nc" || fail "two parts are not the whole"
refused 2 'the run ends at hour 72' $whole --days 1 --from "$work/a.state"

echo "== members from one state"
"$program" nature-run $whole --days 2 --out "$work/e.nc" --from "$work/a.state" --perturb 0.1 --seed 1 || fail "member 1"
"$program" nature-run $whole --days 2 --out "$work/f.nc" --from "$work/a.state" --perturb 0.1 --seed 2 || fail "member 2"
"$program" nature-run $whole --days 2 --out "$work/g.nc" --from "$work/a.state" --perturb 0.1 --seed 2 || fail "member 2"
$python "$checks" spread "$work/e.nc" "$work/f.nc" 0.1 || fail "members are not apart by the noise"
$python "$checks" equal "$work/f.nc" "$work/g.nc" || fail "a member does not repeat"

echo "== interrupted"
"$program" nature-run --truncation T21 --levels 5 --spin-up-days 0 --days 100000 --every 6 \
    --out "$work/long.nc" --state "$work/long.state" 2>"$work/err" &
run=$!
sleep 2
kill -INT $run
wait $run
[ $? -eq 1 ] || fail "an interrupted run did not exit with 1"
grep -q 'interrupted at hour .* go on into another file with --from' "$work/err" || fail "interrupted: $(cat "$work/err")"
hour=$(sed -n 's/.*interrupted at hour \([0-9]*\).*/\1/p' "$work/err")
"$program" nature-run --truncation T21 --levels 5 --spin-up-days 0 --days $((hour / 24 + 2)) --every 6 --quiet \
    --out "$work/rest.nc" --from "$work/long.state" || fail "going on"
$python "$checks" follows "$work/long.nc" "$work/rest.nc" || fail "times after the interrupt"
left=$(ls -A "$work" | grep -vE '^[a-z]+\.(nc|state|zarr)$|^(err|out)$')
[ -z "$left" ] || fail "temporary files were left: $left"
exit $((failures > 0))

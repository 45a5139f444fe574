# Zarr v3 as a user writes it: `--zarr-format 3` gives the bits that v2 gives, to a reader in Python that follows the
# specification alone, and to `atmorep` itself; a run begun in one version does not go on in the other.
# Arguments: the program, the source folder.
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
program=$1
python=/usr/bin/python3
work=$(mktemp -d)
tests=$2/tests/io
trap 'rm -rf "$work"' EXIT
failures=0
run="nature-run --truncation T21 --levels 5 --spin-up-days 1 --every 12 --dry --quiet"
day="$run --days 1"

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# refused CODE PATTERN ARGUMENT…: exit code, one line with the pattern
refused() {
    local code=$1 pattern=$2 got
    shift 2
    "$program" "$@" 2>"$work/err" >"$work/out"
    got=$?
    if [ $got -ne "$code" ] || ! grep -qe "$pattern" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ]; then
        fail "$*: exit $got, wanted $code and one line '$pattern':"
        cat "$work/err"
    fi
}

# same V2 V3: all values of two groups, by readers not written by us
same() {
    if ! $python -c 'import zarr, numcodecs' 2>/dev/null; then
        echo "SKIPPED in part: $python has no zarr and numcodecs to read the files with"
        return
    fi
    PYTHONPATH=$tests $python -B - "$1" "$2" <<'PYTHON' || fail "values of $2 differ"
import sys
import zarr
import zarr_v3

v2 = zarr.open_consolidated(sys.argv[1])
assert len(v2) > 5
for name, array in v2.items():
    values, metadata, files = zarr_v3.read_array(sys.argv[2], name)
    assert values.dtype == array.dtype and metadata["dimension_names"] == array.attrs["_ARRAY_DIMENSIONS"]
    assert values.tobytes() == array[...].tobytes(), name
    checksums = [one["name"] == "crc32c" for one in metadata["codecs"]]
    assert any(checksums) or values.ndim < 3, (name, metadata["codecs"])
PYTHON
}

"$program" nature-run --truncation T5 --levels 2 --days 1 --spin-up-days 0 --out "$work/tiny.nc" 2>"$work/err"
if grep -q 'DATMOREP_SPECTRAL=ON' "$work/err"; then
    echo "SKIPPED: this program was built without spherical harmonics"
    exit 77
fi

refused 2 'Zarr format 3 is for a .zarr alone' $day --out "$work/a.nc" --zarr-format 3
refused 2 'Zarr format 4; should be 2 or 3' $day --out "$work/a.zarr" --zarr-format 4
[ ! -e "$work/a.zarr.part" ] || fail "a refused run left something behind"

"$program" $day --out "$work/v2.zarr" || fail "v2"
"$program" $day --out "$work/v3.zarr" --zarr-format 3 || fail "v3"
"$program" info "$work/v3.zarr" | sed '/history:/d' >"$work/v3.txt" || fail "info"
grep -q 'Zarr v3' "$work/v3.txt" || fail "info does not tell the format"
"$program" info "$work/v2.zarr" | sed '/history:/d; s/Zarr v2/Zarr v3/; s/v2\.zarr/v3.zarr/' | diff - "$work/v3.txt" ||
    fail "info tells something else of v3 than of v2"

same "$work/v2.zarr" "$work/v3.zarr"

# a store of `prepare`, and its statistics
(cd "$work" && "$(dirname "$program")/make_waves" .) || fail "make_waves"
cp "$2/tests/cli/prepare.yaml" "$work/v2.yaml"
{ cat "$work/v2.yaml"; echo 'store: {zarr_format: 3}'; } >"$work/v3.yaml"
for version in v2 v3; do
    (cd "$work" && "$program" prepare $version.yaml --out prepared_$version.zarr --quiet) || fail "prepare $version"
done
{ cat "$work/v2.yaml"; echo 'store: {zarr_format: 4}'; } >"$work/v4.yaml"
refused 1 'store.zarr_format is .*4.*; should be 2 or 3' prepare "$work/v4.yaml" --out "$work/prepared_v4.zarr"
for group in "" /statistics.zarr; do
    same "$work/prepared_v2.zarr$group" "$work/prepared_v3.zarr$group"
done

# an unfinished run of one version
"$program" $run --days 400 --checkpoint-days 1 --out "$work/cut.zarr" 2>/dev/null &
child=$!
for ((i = 0; i < 400; i++)); do
    [ ! -e "$work/cut.zarr.part/data.zarr/.zmetadata" ] || [ ! -e "$work/cut.zarr.part/last_good.state" ] || break
    sleep 0.05
done
kill -INT $child
wait $child
refused 2 'was begun as Zarr v2' $run --days 400 --checkpoint-days 1 --out "$work/cut.zarr" --resume --zarr-format 3

[ $failures -eq 0 ] || echo "$failures failures"
exit $((failures > 0))

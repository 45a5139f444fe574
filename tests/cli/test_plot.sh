# `atmorep plot`: lines have the values that xarray reads; a map is the same picture, byte for byte, of
# the same field in another order and another format; errors name what is there. Arguments: the program,
# the source folder.
program=$1
source=$2
python=/usr/bin/python3
case=$source/tests/cli/plot_case.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# refused CODE PATTERN ARGUMENT…: exit code, one line with the pattern, no picture
refused() {
    local code=$1 pattern=$2 got
    shift 2
    (cd "$work" && PATH=${search:-$PATH} "$program" plot "$@" >"$work/out" 2>"$work/err")
    got=$?
    if [ $got -ne "$code" ] || ! grep -q -- "$pattern" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] ||
        ls "$work"/*.png "$work"/*.svg >/dev/null 2>&1; then
        fail "plot $*: exit $got, wanted $code and one line '$pattern':"
        cat "$work/err"
    fi
}

if ! $python -c 'import xarray, netCDF4, zarr' 2>/dev/null; then
    echo "SKIPPED: $python has no xarray, netCDF4 and zarr to make files with"
    exit 77
fi
$python "$case" make "$work" || fail "cannot make the files"

echo "== refusals"
refused 2 '--var is missing; there are p, index' a.nc
refused 2 'no variable q; to be drawn are p, index' a.nc --var q
refused 2 'p has no level 700; its levels are 850, 500' a.nc --var p --level 700
refused 2 'p has no time 2001-03-01T01:00; there are 10, 2001-03-01T00:00 to 2001-03-03T06:00' a.nc --var p \
    --time 2001-03-01T01:00
refused 2 'should be a file .png, or .svg where a line is drawn' a.nc --var p --out p.svg
refused 2 'should be a file .png' a.nc --var index --out p.pdf
refused 2 '--at 10: should be LAT,LON' a.nc --var p --at 10
refused 2 'index has no latitudes and longitudes for --at' a.nc --var index --at 10,10
refused 1 'nowhere.nc' nowhere.nc
refused 1 'p is empty: its dimension level has no value' empty.nc --var p
refused 2 'p has 1 latitudes and 18 longitudes, and a map needs two of each' row.nc --var p
search=/nowhere refused 1 'GMT, which is not installed' a.nc --var p
search=/nowhere refused 1 'rsvg-convert, which is not installed' index.nc

refused 2 'there is no folder lines' a.nc --var p --at=-33.9,18.4 --out lines/p.svg

echo "== lines"
mkdir "$work/lines"
for file in a.nc a.zarr turned.nc; do
    "$program" plot "$work/$file" --var p --at=-33.9,18.4 --out "$work/lines/p.svg" >"$work/out" 2>"$work/err" ||
        fail "plot $file: $(cat "$work/err")"
    [ "$(cat "$work/out")" = "$work/lines/p.svg" ] || fail "the path is not printed"
    $python "$case" check-line "$work/lines/p.svg" "$work/a.nc" p -33.9 18.4 0.01 || fail "line of $file"
done
[ -z "$(ls -A "$work/lines" | grep -v '^p.svg$')" ] || fail "something is left: $(ls -A "$work/lines")"

if command -v gmt >/dev/null; then
    echo "== maps"
    for file in a.nc a.zarr turned.nc; do
        "$program" plot "$work/$file" --var p --level 500 --time 2001-03-02 --out "$work/$file.png" >/dev/null ||
            fail "plot $file"
        cmp "$work/a.nc.png" "$work/$file.png" || fail "$file gives another picture"
    done
    "$program" plot "$work/a.nc" --var p --level 850 --time 2001-03-02 --out "$work/other.png" >/dev/null
    cmp -s "$work/a.nc.png" "$work/other.png" && fail "another level gives the same picture"
else
    echo "SKIPPED: gmt is not installed; no maps are drawn"
fi
exit $failures

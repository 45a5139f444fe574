# report.html of `atmorep verify`: whole, by itself, with texts of files as texts; without GMT too; and as
# a browser sees it. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
case=$source/tests/verify/report_page_case.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

if ! $python -c 'import xarray, netCDF4' 2>/dev/null; then
    echo "SKIPPED: $python has no xarray and netCDF4 to make forecast files with"
    exit 77
fi
$python "$case" make "$work" || fail "cannot make the case"
scored=(verify --quiet --forecast "$work/forecast.nc" --truth "$work/truth.nc")
usual=("${scored[@]}" --threshold t=281 --model "$work/run" --attention "$work/attention")

echo "== what shall be shown of the model is not there"
for option in "--model $work/attention" "--attention $work/run"; do
    told=$("$program" "${scored[@]}" $option --out "$work/out" 2>&1)
    [ $? -eq 1 ] && [ "$(echo "$told" | wc -l)" -eq 1 ] && [[ $told == *"${option#* }/"* ]] && [ ! -e "$work/out" ] ||
        fail "$option: $told"
done

echo "== without gmt and rsvg-convert"
PATH=/nowhere "$program" "${usual[@]}" --out "$work/out" 2>"$work/err" >/dev/null ||
    fail "verify: $(cat "$work/err")"
$python "$case" check "$work" no || fail "the page without maps"
grep -q 'GMT is not installed' "$work/out/report.html" || fail "the page does not say that maps are missing"
grep -q 'rsvg-convert is not installed' "$work/out/report.html" || fail "nor that PNGs are"

echo "== with a gmt that fails: all else is there, and it is told"
mkdir "$work/bin" "$work/before"
cp "$work/out/scores.json" "$work/out/scores.txt" "$work/before"
rm -r "$work/out"
printf '#!/bin/sh\nexit 7\n' >"$work/bin/gmt"
chmod +x "$work/bin/gmt"
PATH=$work/bin "$program" "${usual[@]}" --out "$work/out" 2>"$work/err" >/dev/null && fail "no error is told"
grep -q 'atmorep verify: .*holds scores and report, but 5 pictures could not be drawn; the first: map_t.png' "$work/err" ||
    fail "what failed is not told: $(cat "$work/err")"
for file in scores.json scores.txt; do
    cmp "$work/before/$file" "$work/out/$file" || fail "$file is not what it is without pictures"
done
$python "$case" check "$work" no || fail "the page without pictures"
grep -q 'Pictures that could not be drawn: 5' "$work/out/report.html" || fail "the page does not say that pictures are missing"

if command -v gmt >/dev/null; then
    echo "== with maps"
    "$program" "${usual[@]}" --out "$work/out" 2>"$work/err" >/dev/null || fail "verify: $(cat "$work/err")"
    $python "$case" check "$work" yes || fail "the page with maps"
    if command -v rsvg-convert >/dev/null; then
        for png in rmse_t_surface ranks_t_surface reliability_t_surface_281; do
            [ "$(head -c 4 "$work/out/figures/$png.png" | tail -c 3)" = PNG ] || fail "$png.png is no PNG"
        done
    fi
else
    echo "SKIPPED: gmt is not installed; the page is not checked with maps"
fi

if command -v chromium >/dev/null; then
    echo "== in a browser, as wide as a telephone"
    $python "$case" instrument "$work"
    chromium --headless=new --no-sandbox --disable-gpu --no-first-run --host-resolver-rules='MAP * ~NOTFOUND' \
        --user-data-dir="$work/profile" --enable-logging=stderr --window-size=500,900 \
        --dump-dom "file://$work/instrumented.html" \
        >"$work/dom" 2>"$work/console" || fail "chromium: $(tail -3 "$work/console")"
    images=$(grep -o '<img ' "$work/instrumented.html" | wc -l)
    grep -q "<title>$images of $images pictures, fits, true</title>" "$work/dom" ||
        fail "not all of $images pictures are there, or the page is too wide, or the first table hides its scores: $(grep -o '<title>.*</title>' "$work/dom" | head -1)"
    # What the page's policy refuses, such as anything from the network, is told there too.
    if grep 'CONSOLE' "$work/console"; then
        fail "the page writes to the console"
    fi
else
    echo "SKIPPED: chromium is not installed; the page is not looked at in a browser"
fi
exit $failures

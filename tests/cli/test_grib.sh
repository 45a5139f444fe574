# The same data as netCDF and as GRIB, which cdo made of it: info lists it, and training on it starts
# with the same loss. Arguments: the program, the source folder.
program=$1
source=$2
. "$2/tests/cli/work_folder.sh"

if ! command -v cdo >/dev/null; then
    echo "skipped: no cdo"
    exit 77
fi
"$(dirname "$program")/make_waves" . || fail "make_waves"
cdo -s -f grb setparam,129.128 z.nc z.grib || fail "cdo writes no z.grib"
cdo -s -f grb2 setltype,101 -setparam,0.3.0 msl.nc msl.grib || fail "cdo writes no msl.grib"

"$program" info z.grib >out 2>err
if [ $? -ne 0 ] && grep -q 'built without GRIB' err; then
    echo "skipped: $(cat err)"
    exit 77
fi

echo "== info"
grep -q 'format: GRIB 1' out && grep -q 'standard_name: geopotential' out && grep -q 'pressure_level: 2' out ||
    fail "info z.grib: $(cat out err)"
"$program" info msl.grib >out 2>err || fail "info msl.grib: $(cat err)"
grep -q 'format: GRIB 2' out && grep -q 'first: 2001-01-01T00:00' out || fail "info msl.grib: $(cat out)"

# loss FOLDER: of its first step
loss() {
    grep -m 1 '"loss"' "$1/metrics.jsonl" | sed 's/.*"loss": *\([^,}]*\).*/\1/'
}

echo "== the first steps of training"
sed 's/steps: 300/steps: 3/; s/warm_up_steps: 20/warm_up_steps: 0/; s/log_every: 20/log_every: 1/' \
    "$source/tests/cli/waves.yaml" >nc.yaml
sed 's/z\.nc/z.grib/; s/msl\.nc/msl.grib/' nc.yaml >grib.yaml
sed 's/name: geopotential/name: paramId129/; s/\[geopotential\]/[paramId129]/' grib.yaml >number.yaml
for kind in nc grib number; do
    "$program" train $kind.yaml --out $kind --threads 1 >out 2>err || fail "train $kind.yaml: $(cat err)"
done
echo "losses: $(loss nc) $(loss grib) $(loss number)"
# 16 bits of the range of a field are 10^-4 of its standard deviation
awk -v a="$(loss nc)" -v b="$(loss grib)" -v c="$(loss number)" \
    'BEGIN { exit !(a > 0 && (a - b)^2 < (2e-3 * a)^2 && (b - c)^2 < (2e-3 * a)^2) }' ||
    fail "the losses of netCDF, GRIB and GRIB by number differ: $(loss nc) $(loss grib) $(loss number)"

exit $failures

# `atmorep verify --truth-ensemble` against numpy, and its refusals.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
export OPENBLAS_NUM_THREADS=1 # numpy's products are small
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

$python "$source/tests/verify/truth_ensemble_case.py" "$work" "$program" || fail "distances"
grep -q 'Against the true distribution of 4 members' "$work/scores.txt" || fail "no table"

# refused PATTERN FILE…: exit code 1, one line with the pattern, and no scores
refused() {
    local pattern=$1
    shift
    "$program" verify --quiet --no-maps --forecast "$work/forecast.nc" --truth "$work/truth.nc" \
        --out "$work/refused" --truth-ensemble "$@" 2>"$work/err" >/dev/null
    if [ $? -ne 1 ] || ! grep -q "$pattern" "$work/err" || [ "$(wc -l <"$work/err")" -ne 1 ] ||
        [ -e "$work/refused/scores.json" ]; then
        fail "$*: wanted one line '$pattern': $(cat "$work/err")"
    fi
}
refused 'no coordinate has the standard_name realization' "$work/truth.nc"
refused 'nowhere.nc' "$work/nowhere.nc"
refused 'no forecast of .*forecast.nc begins at the first time of a truth ensemble' "$work/ensemble_2.nc"
$python - "$work" <<'PYTHON'
import sys, xarray as xr
xr.open_dataset(f"{sys.argv[1]}/ensemble_30.nc").isel(realization=slice(3)).to_netcdf(f"{sys.argv[1]}/three.nc")
data = xr.open_dataset(f"{sys.argv[1]}/ensemble_30.nc")
numbers = data.realization.astype("f8").where(data.realization != 1)
data.assign_coords(realization=numbers).to_netcdf(f"{sys.argv[1]}/unnumbered.nc")
PYTHON
refused 'three.nc has 3 members where the truth ensembles before it have 4' "$work/ensemble_24.nc" "$work/three.nc"
refused 'unnumbered.nc: realization nan is no number of a member' "$work/unnumbered.nc"
exit $failures

# Layouts of forecast files: WeatherBench 2's holds the values of the usual one under its names and
# dimensions, in netCDF and Zarr, and keeps the attributes; `atmorep verify` gives both the same
# scores; cdo reads the usual one. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4 zarr
"$(dirname "$program")/make_waves" . || fail "make_waves"
"$program" train "$source/tests/cli/waves.yaml" --out waves --threads 1 --quiet --set training.steps=5 || fail "train"
common="--quiet --model waves --data z.nc msl.nc --threads 1 --start 2001-02-18 --end 2001-02-20 --every 24 --until 18h"
"$program" forecast $common --out cf.nc || fail "cf"
"$program" forecast $common --layout weatherbench --out weatherbench.nc || fail "weatherbench.nc"
"$program" forecast $common --layout weatherbench --out weatherbench.zarr || fail "weatherbench.zarr"
"$program" forecast $common --layout weatherbench --at 50,10 --alpha day+1 --out refused.nc 2>err && fail "alpha of a roll-out"
"$program" forecast $common --layout grib --out refused.nc 2>err
[ $? -eq 2 ] && grep -qF -e "--layout grib: should be cf or weatherbench" err || fail "a layout that is none: $(cat err)"
[ ! -e refused.nc ] || fail "a file of a layout that is none"
# But for names the scores are the same to the bit.
scores_of() {
    PATH=/nowhere "$program" verify --quiet --no-maps --forecast "$1" --truth z.nc msl.nc --out "scores-$1" >out 2>err ||
        fail "verify $1: $(cat err)"
    sed "s/$1/FILE/g; s/mean_sea_level_pressure/msl/g; s/geopotential/z/g" "scores-$1/scores.json"
}
scores_of cf.nc >cf.json
grep -q '"crps"' cf.json || fail "there are no scores"
for file in weatherbench.nc weatherbench.zarr; do
    scores_of $file | cmp - cf.json || fail "$file: other scores"
done

$python - <<'PY' || fail "layouts"
import sys

import numpy as np
import xarray as xr

wrong = 0
cf = xr.load_dataset("cf.nc", decode_timedelta=False)


def expect(true, *what):
    global wrong
    if not true:
        print(*what)
        wrong += 1


for path, engine in (("weatherbench.nc", "netcdf4"), ("weatherbench.zarr", "zarr")):
    file = xr.open_dataset(path, engine=engine, decode_timedelta=True).load()
    expect(set(file.dims) == {"time", "prediction_timedelta", "level", "number", "latitude", "longitude"}, path,
           file.dims)
    expect(file.geopotential.dims == ("time", "prediction_timedelta", "level", "latitude", "longitude"), path,
           file.geopotential.dims)
    expect((file.time.values == np.array(["2001-02-17T18", "2001-02-18T18", "2001-02-19T18"], "M8[ns]")).all(), path,
           file.time.values)
    expect((file.prediction_timedelta.values == np.array([6, 12, 18], "m8[h]")).all(), path,
           file.prediction_timedelta.values)
    for name, variable in (("geopotential", "z"), ("mean_sea_level_pressure", "msl")):
        for kind in ("", "_spread", "_members"):
            same = file[name + kind].values.tobytes() == cf[variable + kind].values.tobytes()
            expect(same and file[name + kind].attrs["units"] == cf[variable + kind].attrs["units"], path, name + kind)
    for attribute in ("Conventions", "source", "model", "configuration", "data", "training_end", "steps"):
        expect(file.attrs[attribute] == cf.attrs[attribute], path, attribute)
    valid = (file.time + file.prediction_timedelta).values.ravel()
    expect((valid == cf.time.values).all(), path, "valid times", valid)
sys.exit(wrong)
PY

if command -v cdo >/dev/null; then
    cdo -s sinfon cf.nc >cdo.txt 2>err || fail "cdo sinfon: $(cat err)"
    grep -q '36x19' cdo.txt && grep -q 'msl' cdo.txt || fail "cdo sinfon: $(cat cdo.txt)"
else
    echo "SKIPPED: there is no cdo to read the usual layout"
fi

exit $failures

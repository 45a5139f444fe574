# Data in other units than the model was trained with is converted: forecasts, gaps and scores are those of
# data in the model's, but for rounding; where no conversion exists, that is told.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4
"$(dirname "$program")/make_waves" . gaps || fail "make_waves"
"$program" train "$source/tests/cli/waves.yaml" --out waves --threads 1 --quiet --set training.steps=50 || fail "train"
$python - <<'PY' || fail "data"
import netCDF4
import shutil

for name, unit, scale in (("hpa", "hPa", 100), ("kg", "kg", 1)):
    shutil.copy("msl.nc", name + ".nc")
    with netCDF4.Dataset(name + ".nc", "a") as file:
        file["msl"][:] = file["msl"][:].astype("f8") / scale
        file["msl"].units = unit
PY

period="--threads 1 --quiet --start 2001-02-18 --end 2001-02-20"
for kind in msl hpa; do
    "$program" forecast --model waves --data z.nc $kind.nc $period --out $kind-forecast.nc || fail "forecast from $kind.nc"
    "$program" fill --model waves --data z.nc $kind.nc $period --out $kind-fill.nc 2>err || fail "fill of $kind.nc: $(cat err)"
    "$program" evaluate --model waves --data z.nc $kind.nc $period --samples 32 --out $kind.json >out ||
        fail "evaluation on $kind.nc"
done
"$program" forecast --model waves --data z.nc hpa.nc --threads 1 --start 2001-02-18 --out told.nc 2>told ||
    fail "forecast: $(cat told)"
grep -q "field msl: its data is in 'hPa' and converted to the model's 'Pa'" told || fail "not told: $(cat told)"

$python - <<'PY' || fail "another answer in other units"
import json
import sys

import numpy as np
import xarray as xr

wrong = 0


def expect(true, *what):
    global wrong
    if not true:
        print(*what)
        wrong += 1


# Some roundings to single precision, 6e-8 of a value each: of the data, of its conversion, and what a network makes of it.
for task in ("forecast", "fill"):
    pa, hpa = (xr.load_dataset(f"{kind}-{task}.nc", decode_timedelta=False) for kind in ("msl", "hpa"))
    for name in ("z", "msl"):
        for kind in ("", "_spread", "_members"):
            a, b = pa[name + kind], hpa[name + kind]
            expect(a.attrs == b.attrs, task, name + kind, b.attrs)
            expect((np.isnan(a) == np.isnan(b)).all(), task, name + kind, "is missing elsewhere")
            error = float(abs(a - b).max())
            expect(error < 1e-6 * float(abs(pa[name]).max()), task, name + kind, "differs by", error)
    expect(hpa.msl.units == "Pa", task, hpa.msl.units)
pa, hpa = (json.load(open(f"{kind}.json"))["fields"]["msl"]["surface"] for kind in ("msl", "hpa"))
for score, value in pa.items():
    expect(hpa[score] == value if isinstance(value, str) else abs(hpa[score] - value) <= 1e-4 * abs(value), score,
           hpa[score], "is not", value)
sys.exit(wrong)
PY

"$program" forecast --quiet --model waves --data z.nc kg.nc --start 2001-02-18 --out refused.nc 2>err
[ $? -eq 1 ] && grep -q "field msl: its data is in 'kg', the model of .* was trained with 'Pa'" err && [ ! -e refused.nc ] ||
    fail "kg: $(cat err)"

exit $failures

# `atmorep attention`: the file of weights, checked by numpy against the data's grid, the model's reach and
# the sum of a softmax; wrong places, times and levels. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

# refused CODE PATTERN ARGUMENT…: exit code, one line with the pattern, and nothing written
refused() {
    local code=$1 pattern=$2 got
    shift 2
    "$program" attention --quiet --no-maps --out refused "$@" 2>err >out
    got=$?
    if [ $got -ne "$code" ] || ! grep -qe "$pattern" err || [ "$(wc -l <err)" -ne 1 ] || [ -e refused ]; then
        fail "attention $*: exit $got, wanted $code and one line '$pattern':"
        cat err
    fi
}

need_python netCDF4
"$(dirname "$program")/make_waves" . || fail "make_waves"
for kind in dense axial axial_parallel; do
    "$program" train "$source/tests/cli/waves.yaml" --out $kind --quiet --threads 1 --set training.steps=3 \
        --set training.batch=4 --set training.validate_every=0 --set model.decoder.layers=2 \
        --set model.attention.kind=$kind || fail "train $kind"
    "$program" attention --model $kind --data z.nc msl.nc --time 2001-02-20T06 --at 41,352 --level 500 \
        --out maps-$kind --no-maps --quiet --threads 1 || fail "attention $kind"
done
"$program" attention --model dense --data z.nc msl.nc --time 2001-02-20T06 --at 41,352 --level 500 --forecast \
    --out maps-forecast --no-maps --quiet --threads 1 || fail "attention --forecast"

$python - <<'CHECK' || fail "the maps"
import netCDF4, numpy as np

grid = netCDF4.Dataset("z.nc")
lat_name = [v for v in grid.variables if "lat" in v][0]
lon_name = [v for v in grid.variables if "lon" in v][0]
lats, lons = np.sort(grid[lat_name][:])[::-1], grid[lon_name][:]
dlat, dlon = abs(lats[1] - lats[0]), abs(lons[1] - lons[0])
FIELDS = {"geopotential": (2, 2, 2, 4, 3), "msl": (1, 2, 1, 4, 6)}  # levels, tokens, points of a token in latitude
HEADS = {"encoder_self": 4, "encoder_coupling": 1, "decoder_self": 2, "decoder_cross": 2}
# In the order of turns; axes of one token have none.
TURNS = {"geopotential": ["time", "latitude", "longitude", "level"], "msl": ["time", "longitude"]}
AXES = ["level", "time", "latitude", "longitude"]


def places(f, name):
    """Token coordinates as the grid gives them: the mean of a token's points."""
    levels, nt, ny, nx, sy = FIELDS[name]
    size = {"latitude": sy * dlat, "longitude": 3 * dlon, "time": 6.0}
    for axis, extent in size.items():
        c = f[f"{axis}_{name}"]
        assert abs(c.token_extent - extent) < 1e-9, (axis, c.token_extent)
        assert len(c[:]) == 1 or np.allclose(np.abs(np.diff(c[:])), extent), axis
    latitudes = f["latitude_" + name][:]
    if sy % 2:  # the middle of an odd number of points is a point of the grid
        assert all(np.min(np.abs(lats - y)) < 1e-9 for y in latitudes)
    time = netCDF4.num2date(f["time_" + name][-1], f["time_" + name].units, f["time_" + name].calendar)
    assert (time.month, time.day, time.hour) == (2, 20, 6), time
    assert np.all(np.diff(f["longitude_" + name][:]) > 0)


def check(kind):
    f = netCDF4.Dataset(f"maps-{kind}/attention.nc")
    assert f.Conventions == "CF-1.8"
    for name in FIELDS:
        places(f, name)
    maps = [v for v in f.variables.values() if v.ndim == 6]
    assert len(maps) == 8, [v.name for v in maps]
    for v in maps:
        query, key = v.query_field, v.key_field
        part = "_".join(v.name.split("_")[:2])
        w = np.asarray(v[:], dtype=float)
        levels, nt, ny, nx, sy = FIELDS[key]
        assert w.shape == (2, HEADS[part], levels, nt, ny, nx), (v.name, w.shape)
        # float32 weights, at most 32 of them
        assert np.allclose(w.sum(axis=(2, 3, 4, 5)), 1, atol=1e-6), v.name
        assert (w >= 0).all()
        # the query token holds the place that was asked for
        qlat, qlon = v.query_latitude, v.query_longitude
        assert abs(41 - qlat) <= FIELDS[query][4] * dlat / 2 + dlat / 2
        assert abs((352 - qlon + 180) % 360 - 180) <= 3 * dlon / 2 + dlon / 2, qlon
        assert v.query_level == (500 if query == "geopotential" else 0), (v.name, v.query_level)
        reach(kind, v, w)


def reach(kind, v, w):
    """Weights are zero but at the place of the query on all axes that the head does not attend along."""
    key, query = v.key_field, v.query_field
    if kind in ("dense", "forecast"):
        assert (w > 0).all()
        return
    same = {}
    for axis in AXES[1:]:
        c = v.group()[f"{axis}_{key}"]
        q = getattr(v, f"query_{axis}")
        extent = (c.token_extent + v.group()[f"{axis}_{query}"].token_extent) / 2
        same[axis] = np.abs(c[:] - q) < extent - 1e-9  # tokens overlap
    count = FIELDS[key][0]
    level = list(v.group()["level_" + query][:]).index(v.query_level)
    same["level"] = np.ones(count, bool) if FIELDS[query][0] != count else np.arange(count) == level
    turns, heads = TURNS[key], w.shape[1]
    groups = 1 if kind == "axial" else min(heads, len(turns))
    for layer in range(2):
        for g in range(groups):
            along = turns[(g + layer) % len(turns)]
            mask = np.ones(w.shape[2:], bool)
            for i, axis in enumerate(AXES):
                if axis != along:
                    mask &= same[axis].reshape([-1 if i == k else 1 for k in range(4)])
            for h in range(g * heads // groups, (g + 1) * heads // groups):
                assert ((w[layer, h] > 0) == mask).all(), (v.name, layer, h, along)


for kind in ("dense", "axial", "axial_parallel", "forecast"):
    check(kind)
a = netCDF4.Dataset("maps-dense/attention.nc")["encoder_self_geopotential"][:]
b = netCDF4.Dataset("maps-forecast/attention.nc")["encoder_self_geopotential"][:]
assert np.abs(a - b).max() > 1e-6, "masking changed nothing"
CHECK

if command -v gmt >/dev/null; then
    "$program" attention --model axial --data z.nc msl.nc --time 2001-02-20T06 --at=-20,10 --out drawn --quiet ||
        fail "attention with maps"
    [ "$(ls -A drawn | wc -l)" -eq 9 ] || fail "files: $(ls -A drawn)"
    [ "$(head -c 4 drawn/encoder_self_msl.png | tail -c 3)" = PNG ] || fail "no picture"
fi

known="--model dense --data z.nc msl.nc --time 2001-02-20T06 --at 41,352"
refused 2 "at 41: should be LAT,LON" --model dense --data z.nc msl.nc --time 2001-02-20T06 --at 41
refused 2 'at 41,x: should be LAT,LON' --model dense --data z.nc msl.nc --time 2001-02-20T06 --at 41,x
refused 2 'at 91,0: should be LAT,LON' --model dense --data z.nc msl.nc --time 2001-02-20T06 --at 91,0
refused 1 'no time between 2002-02-20T06' --model dense --data z.nc msl.nc --time 2002-02-20T06 --at 41,352
refused 1 'the data of geopotential has no 2000-12-31T18:00' --model dense --data z.nc msl.nc \
    --time 2001-01-01 --at 41,352
refused 1 'level 3: geopotential has levels 850 to 500' $known --level 3
refused 1 'nowhere' --model nowhere --data z.nc msl.nc --time 2001-02-20T06 --at 41,352
exit $failures

# Which times are forecast: a date, a list, a range, a lead time to be reached; each as it would be alone,
# to the bit, and wrong ones told. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4
"$(dirname "$program")/make_waves" . || fail "make_waves"
"$program" train "$source/tests/cli/waves.yaml" --out waves --threads 1 --quiet --set training.steps=5 || fail "train"

# forecast OUT OPTION…
forecast() {
    local out=$1
    shift
    "$program" forecast --quiet --model waves --data z.nc msl.nc --threads 1 --out "$out" "$@" || fail "forecast $*"
}

# refuse CODE TEXT OPTION…: this exit code, one line with this text, and no file
refuse() {
    local code=$1 text=$2
    shift 2
    "$program" forecast --quiet --model waves --data z.nc msl.nc --out refused.nc "$@" >out 2>err
    [ $? -eq $code ] && grep -qF -e "$text" err || fail "atmorep forecast $*: $(cat err)"
    [ ! -e refused.nc ] && [ "$(wc -l <err)" -eq 1 ] || fail "atmorep forecast $*: a file, or not one line: $(cat err)"
}

forecast range.nc --start 2001-02-18 --end 2001-02-20 --every 12
forecast list.nc --times 2001-02-19T12 2001-02-18 2001-02-19T12 2001-02-20
forecast date.nc --start 2001-02-19T12
forecast steps.nc --start 2001-02-18 --steps 4
forecast until.nc --start 2001-02-18 --until 24h
forecast day.nc --start 2001-02-18 --until 1d
forecast place.nc --times 2001-02-18 2001-02-19 --until 24 --at 48,9
forecast globe.nc --times 2001-02-18 2001-02-19 --until 24 --at -41,174
$python - <<'PY' || fail "times"
import sys
import xarray as xr

wrong = 0
files = {name: xr.load_dataset(name + ".nc", decode_timedelta=False)
         for name in ("range", "list", "date", "steps", "until", "day", "place", "globe")}


def expect(true, *what):
    global wrong
    if not true:
        print(*what)
        wrong += 1


def same(a, b):
    return a.sizes == b.sizes and all(a[v].values.tobytes() == b[v].values.tobytes() for v in a.variables)


expect(same(files["list"], files["range"].isel(time=[0, 3, 4])), "a list is not the times of the range")
expect(same(files["date"], files["range"].isel(time=[3])), "a date is not the time of the range")
expect(same(files["until"], files["steps"]) and same(files["day"], files["steps"]), "--until is not --steps")
expect(files["until"].attrs["steps"] == 4, "steps", files["until"].attrs["steps"])
place = files["place"]
expect(dict(place.sizes) == dict(time=8, latitude=1, longitude=1, level=2, member=4), "sizes", place.sizes)
expect(place.lead_time.values.tolist() == [6, 12, 18, 24] * 2, "lead times", place.lead_time.values)
expect(place.latitude == 50 and place.longitude == 10, "place", place.latitude, place.longitude)
expect(not same(place, files["globe"]), "two places are the same")
sys.exit(wrong)
PY

refuse 2 "no valid time is asked for; should be --start (with --end) or --times"
refuse 2 "--times with --end: should be a list or a range" --times 2001-02-18 --end 2001-02-19
refuse 2 "--times with --start: should be a list or a range" --times 2001-02-18 --start 2001-02-19
refuse 2 "--start 2001-02-19 --end 2001-02-18 --every 6: no time" --start 2001-02-19 --end 2001-02-18
refuse 2 "--until 20 h: should be a multiple of the lead time of a step, 6 h" --start 2001-02-18 --until 20h
refuse 2 "--until 99999996 h: should be 878400 hours at most" --start 2001-02-18 --until 99999996h
refuse 2 "--until 24 h with --steps 2: should be one of them" --start 2001-02-18 --until 1d --steps 2
refuse 2 "--until soon: should be hours or days, such as 36, 36h or 5d" --start 2001-02-18 --until soon
refuse 2 "--at 52: should be LAT,LON in degrees north and east" --start 2001-02-18 --at 52
refuse 2 "--at 48,9 with --feed-draws: states are drawn of the whole globe" \
    --start 2001-02-18 --at 48,9 --steps 2 --feed-draws
refuse 1 "2001-02-18T07:00: needs geopotential at 2001-02-18T01:00, which is no time of the data; nearest to it are \
2001-02-18T00:00 and 2001-02-18T06:00" --start 2001-02-18T07
refuse 1 "2001-01-01T00:00: needs geopotential at 2000-12-31T18:00, which is no time of the data; nearest to it is \
2001-01-01T00:00" --start 2001-01-01
refuse 1 "geopotential has no time between 2003-01-01 and 2003-01-02 in z.nc; it goes from 2001-01-01T00:00 to" \
    --times 2003-01-01 2003-01-02

exit $failures

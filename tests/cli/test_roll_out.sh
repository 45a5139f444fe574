# Roll-outs: the first step is the forecast, the second is what one gets by feeding forecasts back by
# hand, to the bit, from the mean and for each member; fields that are not predicted come from the data.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

run() {
    "$program" "$@" >out 2>err || {
        fail "atmorep $*: exit $?"
        cat out err
    }
}

# refuse CODE TEXT COMMAND…: this exit code, one line with this text, and no file
refuse() {
    local code=$1 text=$2
    shift 2
    "$program" "$@" --start 2001-03-01T18 --end 2001-03-01T18 --out refused.nc --quiet >out 2>err
    [ $? -eq $code ] && grep -qF -e "$text" err || fail "atmorep $*: $(cat err)"
    [ ! -e refused.nc ] && [ "$(wc -l <err)" -eq 1 ] || fail "atmorep $*: a file, or not one line: $(cat err)"
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
few="--threads 1 --quiet --set training.steps=30 --set training.warm_up_steps=2"

# Two times a token, so that a lead of two steps feeds back both; orography is static.
sed -e 's/tokens: \[2, /tokens: [3, /' -e 's/token_size: \[1, /token_size: [2, /' \
    -e 's/paths: .*/paths: [z.nc, msl.nc, orography.nc]/' -e 's/coupled: \[msl\]/coupled: [msl, surface_geopotential]/' \
    "$source/tests/cli/waves.yaml" >double.yaml
sed -i 's/^model:/  - {name: surface_geopotential, static: true, tokens: [1, 2, 4], token_size: [6, 3, 3], '\
'embedding: 32}\nmodel:/' double.yaml
sed 's/  - name: msl/&\n    predicted: false/' "$source/tests/cli/waves.yaml" >input.yaml
run train "$source/tests/cli/waves.yaml" --out waves $few
run train double.yaml --out double $few
run train input.yaml --out input $few
# Two times a step, and one that is known.
run train "$source/tests/cli/waves.yaml" --out longer $few --set 'fields.0.tokens=[3, 2, 4]' \
    --set 'fields.1.tokens=[3, 1, 4]' --set masking.forecast_tokens=2

echo "== fed back by hand"
if $python -c 'import xarray, netCDF4' 2>/dev/null; then
    $python "$source/tests/cli/roll_out_checks.py" "$program" waves 6 z.nc msl.nc || fail "one time a step"
    $python "$source/tests/cli/roll_out_checks.py" "$program" double 12 z.nc msl.nc orography.nc ||
        fail "two times a step"
    $python "$source/tests/cli/roll_out_checks.py" "$program" longer 12 z.nc msl.nc || fail "more fed back than known"
else
    echo "SKIPPED: $python has no xarray and netCDF4"
fi

echo "== memory"
# The members of 400 steps are 13 MiB, of 250 steps 8; peaks of one program differ by some pages. (The address sanitizer
# would keep what is freed.)
/usr/bin/python3 - "$program" <<'PY' || fail "memory grows with the number of steps"
import os
import subprocess
import sys

keep_nothing = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
environment = dict(os.environ, ASAN_OPTIONS=":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), keep_nothing])))


def peak(steps, *options):
    """KiB of a roll-out's largest resident set."""
    process = subprocess.Popen([sys.argv[1], "forecast", "--quiet", "--model", "waves", "--data", "z.nc", "msl.nc",
                                "--threads", "1", "--start", "2001-02-18", "--steps", str(steps), "--out", "long.zarr",
                                *options], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit("a roll-out fails")
    return usage.ru_maxrss


for steps, options in ((400, ()), (250, ("--feed-members",))):
    short, long = peak(4, *options), peak(steps, *options)
    if long - short > 4096:
        sys.exit(f"4 steps: {short} KiB, {steps} steps: {long} KiB {options}")
PY

echo "== fields that are not predicted"
run forecast --model input --data z.nc msl.nc --start 2001-02-28 --end 2001-02-28 --steps 7 --out input.nc
refuse 1 "--steps 3: needs msl at 2001-03-02T00:00, which the data does not have" \
    forecast --model input --data z.nc msl.nc --steps 3

echo "== drawn states"
# The same for any number of threads. In the first step the variance of what is drawn is above 0 and at most twice that
# of the members, which is here allowed to be twice as much again by chance (3 starts of 4 members).
draws="forecast --model waves --data z.nc msl.nc --start 2001-02-18 --end 2001-02-20 --every 24 --steps 8 --quiet"
run $draws --feed-draws --threads 1 --out drawn.zarr
run $draws --feed-draws --threads 2 --out drawn-2.zarr
[ "$(cat drawn.zarr/msl_members/* | cksum)" = "$(cat drawn-2.zarr/msl_members/* | cksum)" ] ||
    fail "draws differ with the number of threads"
run $draws --threads 1 --out mean.zarr
run verify --forecast drawn.zarr --truth z.nc msl.nc --out drawn-scores --no-maps
run verify --forecast mean.zarr --truth z.nc msl.nc --out mean-scores --no-maps
/usr/bin/python3 - <<'PY' || fail "variance of draws"
import json


def variance(folder):
    return json.load(open(folder + "/scores.json"))["fields"]["msl"]["surface"]["6"]["spread"] ** 2


ratio = variance("drawn-scores") / variance("mean-scores")
if not 0.02 < ratio < 4:
    exit(f"draws have {ratio:.2f} of the variance of the members")
PY
refuse 2 "--feed-members and --feed-draws are both given" \
    forecast --model waves --data z.nc msl.nc --steps 2 --feed-members --feed-draws
refuse 2 "--feed-draws is for roll-outs" forecast --model waves --data z.nc msl.nc --feed-draws

echo "== scores and usage"
run forecast --model waves --data z.nc msl.nc --start 2001-02-18 --end 2001-02-19 --steps 4 --feed-members --out rolled.nc
run verify --forecast rolled.nc --truth z.nc msl.nc --out scores --no-maps
[ "$(grep -c '^msl .* 24 h ' out)" -ge 2 ] || fail "no scores 24 hours ahead: $(cat out)"
refuse 2 "--steps 0: should be at least 1" forecast --model waves --data z.nc msl.nc --steps 0
refuse 2 "--steps 9000000 of 6 hours" forecast --model waves --data z.nc msl.nc --steps 9000000
refuse 2 "unknown option --steps" hindcast --model waves --data z.nc msl.nc --steps 2

exit $failures

# Counterfactuals: a network that computes a known function of place and time differs by what that says;
# what tokens are told alone changes; significance is the paired t test's; wrong words are told.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4
"$(dirname "$program")/make_waves" . || fail "make_waves"

# refuse TEXT OPTION…: wrong use, one line with this text, and no file
refuse() {
    local text=$1
    shift
    "$program" forecast --quiet --model waves --data z.nc msl.nc --start 2001-02-18 --out refused.nc "$@" >out 2>err
    [ $? -eq 2 ] && grep -qF -e "$text" err || fail "atmorep forecast $*: $(cat err)"
    [ ! -e refused.nc ] && [ "$(wc -l <err)" -eq 1 ] || fail "atmorep forecast $*: a file, or not one line: $(cat err)"
}

"$program" train "$source/tests/cli/waves.yaml" --threads 1 --quiet --out waves --set training.steps=30 || fail "train"
"$program" train "$source/tests/cli/waves.yaml" --threads 1 --quiet --out start --set training.steps=1 \
    --set model.token_info.width=16 --set normalisation.period=monthly || fail "train"
"$program" train "$source/tests/cli/waves.yaml" --threads 1 --quiet --out released --set training.steps=1 \
    --set model.token_info.kind=released || fail "train"
$python "$source/tests/cli/tiles_checks.py" formula start/checkpoint-*1.safetensors formula.safetensors || fail "formula"
$python "$source/tests/cli/alpha_checks.py" "$program" || fail "counterfactuals"

# Scored is the factual forecast: what a date changes is no field of the truth.
"$program" forecast --quiet --model waves --data z.nc msl.nc --start 2001-02-18 --alpha day+30 --out told.nc || fail "told"
"$program" verify --quiet --no-maps --forecast told.nc --truth z.nc msl.nc --out scores >out 2>err || fail "verify: $(cat err)"
grep -q '"msl"' scores/scores.json && ! grep -q 'difference"\|p_value' scores/scores.json || fail "scores of no field"

refuse "--alpha year=1990: tokens of this model know the day and the hour, but no year" --alpha year=1990
refuse "--alpha day: 'day' should be year=1990, day=0 to 365, hour=0 to 23, or day+30" --alpha day
refuse "--alpha hour=24: 'hour=24' should be" --alpha hour=24
refuse "--alpha day+30,month=2: 'month=2' should be" --alpha day+30,month=2
refuse "--alpha day+30 with a roll-out: one pass at tokens' own times only" --alpha day+30 --steps 2

exit $failures

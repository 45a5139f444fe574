# Scores of random masks: of a network that answers with fixed numbers they are what numpy computes of all
# the data; a trained model is better than climatology and has them again from the same seed; times of
# training and wrong numbers are refused. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
checks=$source/tests/cli/evaluate_checks.py
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4
period="--data z.nc msl.nc --start 2001-02-12 --end 2001-02-28 --threads 1 --quiet"

# refuse TEXT OPTION…: wrong use with this line, and no file
refuse() {
    local text=$1
    shift
    "$program" evaluate --model bert --data z.nc msl.nc --end 2001-02-28 --out refused.json --quiet "$@" >out 2>err
    [ $? -eq 2 ] && grep -qF -e "$text" err || fail "atmorep evaluate $*: $(cat err)"
    [ ! -e refused.json ] && [ "$(wc -l <err)" -eq 1 ] || fail "atmorep evaluate $*: a file, or not one line"
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
sed -e 's/strategy: forecast, forecast_tokens: 1/strategy: bert/' -e 's/tokens: \[2, /tokens: [5, /' \
    "$source/tests/cli/waves.yaml" >bert.yaml
"$program" train bert.yaml --out bert --threads 1 --quiet || fail "train"

echo "== fixed answers"
$python "$checks" fix bert/checkpoint-*300.safetensors fixed.safetensors || fail "fix"
"$program" evaluate --model fixed.safetensors $period --ratio 0.4 --samples 1024 --out fixed.json >out || fail "evaluate"
$python "$checks" fixed fixed.safetensors fixed.json || fail "fixed answers"

echo "== a trained model"
"$program" evaluate --model bert $period --samples 64 --out first.json >first.txt || fail "evaluate"
"$program" evaluate --model bert $period --samples 64 --out second.json >second.txt || fail "evaluate"
"$program" evaluate --model bert $period --samples 64 --seed 2 --out other.json >other.txt || fail "evaluate"
cmp -s first.txt second.txt && cmp -s first.json second.json || fail "the same seed has other scores"
cmp -s first.txt other.txt && fail "another seed has the same scores"
$python "$checks" trained first.json || fail "a trained model"

echo "== what does not fit"
refuse "--start 2001-02-10 --end 2001-02-28: reaches into the training period 2001-01-01T00:00 to 2001-02-10T" \
    --start 2001-02-10
refuse "--ratio 1.5: should be above 0 and at most 1" --start 2001-02-12 --ratio 1.5
refuse "--samples 0: should be at least 1" --start 2001-02-12 --samples 0

exit $failures

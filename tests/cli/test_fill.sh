# Filling gaps by a model trained with random masks alone: what is known stays as it is, to the bit; what
# is filled depends on nothing that is hidden; a hidden time is the interpolated one; gaps of the data are
# filled better than by its mean; wrong masks are told. Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
checks=$source/tests/cli/fill_checks.py
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4

# refuse TEXT OPTION…: a failure with this line, and no file
refuse() {
    local text=$1
    shift
    "$program" fill --quiet --model model --start 2001-02-20 --end 2001-02-20 --out refused.nc "$@" >out 2>err
    [ $? -eq 1 ] && grep -qF -e "$text" err || fail "atmorep fill $*: $(cat err)"
    [ ! -e refused.nc ] && [ "$(wc -l <err)" -eq 1 ] || fail "atmorep fill $*: a file, or not one line: $(cat err)"
}

mkdir whole
"$(dirname "$program")/make_waves" whole || fail "make_waves"
"$(dirname "$program")/make_waves" . gaps || fail "make_waves"
sed -e 's/strategy: forecast, forecast_tokens: 1/strategy: bert/' -e 's/tokens: \[2, /tokens: [5, /' \
    -e 's/paths: .*/paths: [whole\/z.nc, whole\/msl.nc]/' "$source/tests/cli/waves.yaml" >bert.yaml
"$program" train bert.yaml --out model --threads 1 --quiet || fail "train"
$python "$checks" masks || fail "masks"

echo "== masks"
$python "$checks" hidden "$program" || fail "what is hidden"
echo "== a whole time"
$python "$checks" time "$program" || fail "a whole time"
echo "== missing values"
$python "$checks" missing "$program" || fail "missing values"

echo "== what does not fit"
refuse "--gaps other.nc: has no variable z, nor one called mask, to mark the gaps of geopotential" \
    --gaps other.nc --data whole/z.nc whole/msl.nc
refuse "--gaps coarse.nc: mask is on a grid of 10 x 18 from 90 N, 0 E, the data of geopotential on one of 19 x 36" \
    --gaps coarse.nc --data whole/z.nc whole/msl.nc
refuse "--gaps noleap.nc: mask has the calendar 365_day, the data of geopotential standard; should be the same" \
    --gaps noleap.nc --data whole/z.nc whole/msl.nc
refuse "--gaps half.nc: mask has the value 0.5; should be 1 where a value is to be filled in, else 0" \
    --gaps half.nc --data whole/z.nc whole/msl.nc
refuse "--gaps level.nc: z has no level 500, which geopotential has" --gaps level.nc --data whole/z.nc whole/msl.nc
refuse "--gaps none.nc: there is no gap at any of the wanted times" --gaps none.nc --data whole/z.nc whole/msl.nc
refuse "--gaps missing: there is no gap at any of the wanted times" --data whole/z.nc whole/msl.nc
refuse "--gaps one.nc: there is no gap around --at -40,170 at any of the wanted times" \
    --gaps one.nc --data whole/z.nc whole/msl.nc --at -40,170
refuse "nowhere.nc" --gaps nowhere.nc --data whole/z.nc whole/msl.nc

exit $failures

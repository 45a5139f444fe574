# Other outputs than the tokens' own (--tau): a network that computes a known function of place and time
# gives it wherever, whenever and as coarsely as it is asked, poles and date line included; a model trained
# with tau knows times that its cubes do not have, and places between the points that its tokens have; wrong
# options are told. Arguments: the program, the
# source folder.
program=$1
source=$2
python=/usr/bin/python3
checks=$source/tests/cli/tiles_checks.py
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4
"$(dirname "$program")/make_waves" . || fail "make_waves"

# Times 12 hours apart of data that has every sixth; msl in coarser tokens of the same cube.
# train OUT OPTION…
train() {
    "$program" train "$source/tests/cli/waves.yaml" --threads 1 --quiet --set data.time_step_hours=12 --out "$@" \
        || fail "train $*"
}

# refuse TEXT COMMAND…: a wrong use with this text, and no file
refuse() {
    local text=$1
    shift
    "$program" "$@" --data z.nc msl.nc --start 2001-02-18 --end 2001-02-18 --out refused.nc >out 2>err
    [ $? -eq 2 ] && grep -qF -e "$text" err || fail "atmorep $*: $(cat err)"
    [ ! -e refused.nc ] || fail "atmorep $* wrote a file"
}

echo "== a known function of place and time"
train known --set training.steps=1 --set model.token_info.width=16 --set normalisation.period=monthly \
    --set fields.0.tokens='[2, 4, 4]' --set fields.1.tokens='[2, 2, 4]' \
    --set tau='{share: 0.5, hours: [-12, -6, 0, 6], rows: 3, columns: 40, strides: [1, 2]}'
for stride in 1 2; do
    $python "$checks" formula known/checkpoint-*1.safetensors formula-$stride.safetensors $stride || fail "formula"
done
$python "$checks" displaced "$program" formula-1.safetensors 1 time=-6h time=6h rows=2 rows=-3 columns=-40 \
    time=-12h,rows=-1,columns=2 || fail "displaced"
$python "$checks" displaced "$program" formula-2.safetensors 2 stride=2 stride=2,time=-6h \
    rows=1,columns=-1,stride=2 || fail "coarser"

echo "== times that cubes do not have"
train halfway --set tau='{share: 0.5, hours: [-6]}'
when="--data z.nc msl.nc --lead-hours 12 --every 12 --threads 1 --quiet"
"$program" forecast --model halfway $when --start 2001-02-11T06 --end 2001-02-27T06 --tau time=-6h --out middle.nc \
    || fail "forecast half-way"
"$program" forecast --model halfway $when --start 2001-02-11T12 --end 2001-02-27T12 --out end.nc || fail "forecast"
$python "$checks" halfway || fail "half-way"

echo "== places between the points of tokens"
between() {
    train "$@" --set data.token_stride=2 --set model.token_info.width=16 \
        --set normalisation.period=monthly
}
between coarse --set training.steps=1 --set tau='{share: 0.5, hours: [-6, 0], rows: 1, columns: 1, strides: [1, 2]}'
$python "$checks" formula coarse/checkpoint-*1.safetensors coarse.safetensors 2 || fail "formula"
$python "$checks" displaced "$program" coarse.safetensors 1 stride=1 stride=1,time=-6h stride=1,rows=-1,columns=1 \
    || fail "finer"
$python "$checks" displaced "$program" coarse.safetensors 2 stride=2 time=-6h rows=1,columns=-1 || fail "own"
between finer --set tau='{share: 0.75, strides: [1]}'
$python "$checks" between "$program" finer coarse.safetensors || fail "between"

echo "== what does not fit"
train plain --set training.steps=1
refuse "was not trained for other outputs than its tokens' own; should be a model with tau.share above 0" \
    forecast --model plain --lead-hours 12 --tau time=-6h
for words in time rows=x stride=3 stride=2.5 "time=-6h," "" columns=9999 north=3; do
    refuse "--tau $words: should be words such as time=-3h,rows=1,columns=-2,stride=2" \
        forecast --model known --lead-hours 12 --tau "$words"
done
refuse "--tau stride=4: msl has 2 x 4 tokens in latitude and longitude; should be multiples of the stride" \
    forecast --model known --lead-hours 12 --tau stride=4
refuse "its data.token_stride is 2; should be 1" forecast --model coarse --lead-hours 12 --steps 2
refuse "--tau stride=1 with --steps: other outputs cannot be fed back" \
    forecast --model coarse --lead-hours 12 --until 24h --tau stride=1
refuse "gaps need a model whose tokens have every point of the data, and its data.token_stride is 2; should be 1" \
    fill --model coarse
refuse "--lead-hours 12 --tau time=-18h: lies beyond the nearest known time; should be at least -12h" \
    forecast --model known --lead-hours 12 --tau time=-18h
refuse "--tau time=-6h with --steps: other outputs cannot be fed back" \
    forecast --model known --lead-hours 12 --steps 2 --tau time=-6h
"$program" hindcast --model known --next-hours 12 --data z.nc msl.nc --start 2001-02-18T03 --end 2001-02-18T03 \
    --tau time=3h --out untrained.nc >out 2>err || fail "hindcast: $(cat err)"
grep -qF -e "--tau time=3h: the model was not trained for this (tau)" err || fail "no warning: $(cat err)"

exit $failures

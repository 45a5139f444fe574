# A field with two token sizes, from training to forecast: a run that is resumed ends with the same
# bits, and a forecast of its checkpoint holds the field once.
# Arguments: the program, the source folder.
program=$1
source=$2
. "$2/tests/cli/work_folder.sh"

"$(dirname "$program")/make_waves" . || fail "make_waves"
sed -e 's/^    coupled: \[msl\]/    coupled: [msl, coarse]\n  - name: coarse\n    stream_of: geopotential\n'\
'    levels: [850, 500]\n    tokens: [1, 1, 2]\n    token_size: [2, 6, 6]\n    embedding: 32\n'\
'    coupled: [geopotential]/' "$source/tests/cli/waves.yaml" >stream.yaml
grep -q 'stream_of' stream.yaml || fail "stream.yaml has no stream"

train() {
    "$program" train stream.yaml --quiet --set training.batch=4 --set training.validation_samples=4 \
        --set training.checkpoint_every=5 --set training.steps=10 --threads 1 "$@" || fail "train $*"
}

train --out whole
train --out halves
rm halves/checkpoint-00000010.safetensors
train --out halves --resume
cmp whole/checkpoint-00000010.safetensors halves/checkpoint-00000010.safetensors ||
    fail "a resumed run ends with other bits"
"$program" info whole >out || fail "info"
grep -q 'stream of: geopotential' out || fail "info does not tell of the stream: $(cat out)"

"$program" forecast --model whole --data z.nc msl.nc --start 2001-02-18 --end 2001-02-18T06 --quiet \
    --out forecast.nc || fail "forecast"
"$program" info forecast.nc >out || fail "info forecast.nc"
[ "$(grep '^  [a-z_]*_members:$' out | tr -d '\n')" = "  z_members:  msl_members:" ] ||
    fail "not the two fields are forecast: $(grep members out)"

sed 's/stream_of: geopotential/stream_of: coarse/' stream.yaml >wrong.yaml
"$program" train wrong.yaml --out wrong --quiet 2>err
[ $? -eq 1 ] && grep -q "fields\[1\].stream_of is 'coarse'" err || fail "a stream of itself: $(cat err)"

exit $failures

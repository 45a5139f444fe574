# Tiles around the globe: a network that computes a known function of place and time gives it at every
# point, poles and date line included; where tokens are not told their place, turning the data turns the
# forecast; errors of a trained model jump no more at the edges of tiles than inside.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
checks=$source/tests/cli/tiles_checks.py
. "$2/tests/cli/work_folder.sh"

need_python xarray netCDF4
"$(dirname "$program")/make_waves" . || fail "make_waves"

# train OUT OPTION…
train() {
    "$program" train "$source/tests/cli/waves.yaml" --threads 1 --quiet --out "$@" || fail "train $*"
}

echo "== a known function of place and time"
train formula --set training.steps=1 --set model.token_info.width=16 --set normalisation.period=monthly
$python "$checks" formula formula/checkpoint-*1.safetensors formula.safetensors || fail "formula"
$python "$checks" known "$program" formula.safetensors || fail "what is known"

echo "== turned data"
train start --set training.steps=1
$python "$checks" blind start/checkpoint-*1.safetensors blind.safetensors || fail "blind"
train blind --from blind.safetensors --set 'training.freeze=["embeds_token_info.*"]'
$python "$checks" turned "$program" blind || fail "turned"

echo "== seams"
for overlap in 0.5 0; do
    "$program" forecast --quiet --model blind --data z.nc msl.nc --start 2001-02-11 --end 2001-02-28 --threads 1 \
        --overlap $overlap --out overlap-$overlap.nc || fail "forecast"
done
$python "$checks" seams overlap-0.5.nc overlap-0.nc || fail "seams"

exit $failures

# Models that start from trained ones, as a user makes them: single fields become one coupled model, a
# static field joins, one is dropped, parts are frozen; forecasts that should not change do not, to
# the bit; such runs go on to the same bits; what does not fit is told and nothing is begun.
# Arguments: the program, the source folder.
program=$1
python=/usr/bin/python3
. "$2/tests/cli/work_folder.sh"

# configure FILE FIELD…: z, msl or both of them, oro; "z>msl" is z coupled to msl
configure() {
    local file=$1 field coupled
    shift
    cat >"$file" <<YAML
seed: 3
data:
  paths: [z.nc, msl.nc, orography.nc]
  time_step_hours: 6
  training: {start: 2001-01-01, end: 2001-02-10}
normalisation: {period: overall, area: latitude}
masking: {strategy: forecast, forecast_tokens: 1}
model:
  encoder: {layers: 2, heads: 4}
  decoder: {layers: 1, heads: 4}
  tails: 3
  token_info: {kind: harmonic, width: 8}
  positions: factorised
training: {steps: 12, batch: 4, learning_rate: 3.0e-3, warm_up_steps: 2, losses: {kernel_crps: 1.0}}
fields:
YAML
    for field in "$@"; do
        coupled=${field#*>}
        [ "$coupled" != "$field" ] || coupled=
        case ${field%>*} in
        z) echo "  - {name: z, levels: [850, 500], tokens: [2, 2, 4], token_size: [1, 3, 3], embedding: 32," ;;
        msl) echo "  - {name: msl, tokens: [2, 1, 4], token_size: [1, 6, 3], embedding: 48," ;;
        oro) echo "  - {name: surface_geopotential, static: true, tokens: [1, 2, 4], token_size: [2, 3, 3], embedding: 24," ;;
        esac
        echo "     coupled: [$coupled]}"
    done >>"$file"
}

# run COMMAND…: quiet when all is well
run() {
    "$program" "$@" >out 2>err || {
        fail "atmorep $*: exit $?"
        cat out err
    }
}

# refuse TEXT COMMAND…: an error with this text, and no run folder
refuse() {
    local text=$1
    shift
    "$program" "$@" --out refused >out 2>err && fail "atmorep $*: no error"
    grep -qF -e "$text" err || fail "atmorep $*: $(cat err)"
    [ ! -e refused ] || fail "atmorep $* began a run"
    rm -rf refused
}

# One step that moves nothing: 1e-30 of a step is below the rounding of every number but zero.
still="--set training.steps=1 --set training.learning_rate=1e-30 --set training.decay=constant --set training.warm_up_steps=0"

# values RUN VARIABLE…: a forecast's numbers as text
values() {
    local model=$1
    shift
    "$program" forecast --quiet --model "$model" --data z.nc msl.nc orography.nc --start 2001-02-18 --end 2001-02-19 \
        --every 6 --lead-hours 6 --out "forecast-$model.nc" --threads 1 2>err || fail "forecast of $model: $(cat err)"
    for variable in "$@"; do
        ncdump -p 9,17 -v "${variable}_members" "forecast-$model.nc" | sed -n '/^data:/,$p' | sed '1d'
    done
}

# same_forecast RUN OTHER VARIABLE…
same_forecast() {
    local one=$1 other=$2
    shift 2
    command -v ncdump >/dev/null || return 0
    values "$one" "$@" >one.txt
    values "$other" "$@" >other.txt
    [ "$(wc -l <one.txt)" -gt 300 ] || fail "a forecast of $(wc -l <one.txt) lines"
    cmp one.txt other.txt || fail "$other forecasts another $* than $one"
}

"$(dirname "$program")/make_waves" . || fail "make_waves"
configure z.yaml z
configure msl.yaml msl
configure both.yaml 'msl>z' 'z>msl'
configure three.yaml oro 'z>surface_geopotential, msl' 'msl>z, surface_geopotential'

echo "== single fields become one model"
run train z.yaml --out z --threads 1
run train msl.yaml --out msl --threads 1
run train both.yaml --out joined --field z=z msl=msl --threads 1 $still
same_forecast z joined z
same_forecast msl joined msl
run info joined
grep -q 'msl/checkpoint-00000012.safetensors, step 12: msl' out &&
    grep -q 'new coupling: z to msl' out || fail "info does not tell the origin: $(cat out)"

echo "== it learns, and goes on to the same bits"
run train both.yaml --out both --field z=z msl=msl --threads 1
run train both.yaml --out whole --field z=z msl=msl --threads 1 --set training.checkpoint_every=5
cp -r whole part
rm part/checkpoint-00000012.safetensors part/checkpoint-00000010.safetensors
rm -rf z.gone && mv z z.gone
run train both.yaml --out part --field z=z msl=msl --threads 1 --set training.checkpoint_every=5 --resume
mv z.gone z
cmp whole/checkpoint-00000012.safetensors part/checkpoint-00000012.safetensors || fail "resumed with other bits"

echo "== a static field joins; more heads; from a run or a checkpoint"
run train three.yaml --out three --from both --threads 1 $still --set 'fields.msl.coupling_heads=[3, 2]'
same_forecast both three z msl
run info three
grep -q '  .*z/checkpoint-00000012.safetensors, step 12: z' out || fail "no earlier origin: $(cat out)"
run train three.yaml --out learnt --from both/checkpoint-00000012.safetensors --threads 1

echo "== a field less"
run train learnt/configuration.yaml --out fewer --from learnt --drop-field surface_geopotential --threads 1 $still
run train both.yaml --out fewer-too --from learnt --drop-field surface_geopotential --threads 1 $still
same_forecast fewer fewer-too z msl
configure apart.yaml z msl
run train apart.yaml --out apart --threads 1
run train apart.yaml --out left --from apart --drop-field msl --threads 1 $still
same_forecast apart left z

echo "== frozen bits stay"
freeze='training.freeze=["encoders.[01].mlps.*", "tails.*", "positions.1.time"]'
run train both.yaml --out frozen --from both --threads 1 --set "$freeze"
grep -q '41 parameters with .* numbers are frozen' err || fail "frozen: $(grep frozen err)"
run train both.yaml --out frozen-too --from both --threads 1 --set "$freeze" --set training.checkpoint_every=5
rm frozen-too/checkpoint-00000012.safetensors
run train both.yaml --out frozen-too --threads 1 --set "$freeze" --set training.checkpoint_every=5 --resume
if [ -x $python ]; then
    $python - <<'PYTHON' || fail "frozen bits"
import fnmatch, json, struct, sys

def tensors(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__")
    at = 8 + size
    return {name: data[at + t["data_offsets"][0]:at + t["data_offsets"][1]] for name, t in header.items()}

before = tensors("both/checkpoint-00000012.safetensors")
wrong = frozen = 0
after = tensors("frozen/checkpoint-00000012.safetensors")
again = tensors("frozen-too/checkpoint-00000012.safetensors")
for name in before:
    if name.startswith(("optimiser.", "normalisation.", "grid.", "training.")):
        continue
    is_frozen = any(fnmatch.fnmatch(name, p) for p in ("encoders.[01].mlps.*", "tails.*", "positions.1.time"))
    frozen += is_frozen
    if (before[name] == after[name]) != is_frozen:
        print(name, "moved" if is_frozen else "did not move")
        wrong += 1
    moments = after["optimiser.first_moment." + name] + after["optimiser.second_moment." + name]
    if is_frozen and any(moments):
        print(name, "has moments")
        wrong += 1
for name in after:
    if after[name] != again[name] and name != "training.loss_sums":
        print(name, "differs after a resume")
        wrong += 1
sys.exit(min(wrong, 99) if frozen == 41 else 1)
PYTHON
else
    echo "SKIPPED: no $python"
fi

echo "== what does not fit"
refuse "has a field msl, which z.yaml does not; --drop-field msl leaves it out" train z.yaml --from both
refuse "--drop-field: z.yaml has no field q; it has z" train z.yaml --from z --drop-field q
refuse "--field q=z: z.yaml has no field q; it has z" train z.yaml --field q=z
refuse "--field msl=z: z/checkpoint-00000012.safetensors has no field msl; it has z" train both.yaml --field msl=z
refuse "--field z: should be name=RUN" train z.yaml --field z
refuse "--field z=z: this field is there twice" train z.yaml --from z --field z=z --field z=z
refuse "nowhere" train z.yaml --from nowhere
refuse "x.mod: its configuration is not known; should be model_id<ID>.json" train z.yaml --from x.mod
refuse "--allow-missing tails.*: no model is read" train z.yaml --allow-missing 'tails.*'
refuse "does not fit z.yaml: 4 parameters are missing: tails.0.tail_nets.3" train z.yaml --from z --set model.tails=4
refuse "training.freeze[0] is 'encodrs.*', which matches no parameter" train z.yaml \
    --set 'training.freeze=["encodrs.*"]'
refuse "z.yaml: fields has 0 entries; should be 1 to 32" train z.yaml --drop-field z
run train z.yaml --out more-tails --from z --set model.tails=4 --allow-missing 'tails.*' --threads 1 $still

exit $failures

# `atmorep convert`: released checkpoints to safetensors and back, whole, in blocks and in the layout of
# 2023, bit for bit; what does not fit is refused, and nothing of a file is executed.
# Arguments: the program, the source folder.
program=$1
source=$2
python=/usr/bin/python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! "$python" -c 'import numpy' 2>/dev/null; then
    echo "skipped: $python with numpy is not there"
    exit 77
fi
cd "$work" || exit 1
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# convert ARGUMENT…: must succeed
convert() {
    "$program" convert "$@" --quiet || fail "convert $*"
}

# refused CODE PATTERN ARGUMENT…: with one line, and nothing is written
refused() {
    local code=$1 pattern=$2 got
    shift 2
    rm -f refused.*
    "$program" convert "$@" --quiet >out 2>err
    got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -- "$pattern" err || [ "$(wc -l <err)" -ne 1 ]; then
        fail "convert $*: exit $got, wanted $code and one line '$pattern', got:"
        cat err
    fi
    if ls refused.* >/dev/null 2>&1; then
        fail "convert $* leaves $(ls refused.*)"
    fi
}

# check CODE…: Python with the stand-ins for torch; every check is exact
check() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$source/tests/cli:$PYTHONPATH "$python" -c "from torch_files import *
$1" || fail "$2"
}

# Three coupled fields of two widths, one of them input only, with two coupling heads per field.
cat >model_idsmall.json <<'END'
{"fields": [["u", [1, 32, ["t", "z"], 0], [96, 137], [2, 1, 2], [1, 2, 3], [0.5, 0.9, 0.2, 0.05]],
            ["t", [1, 24, ["u"], 0], [137], [2, 2, 1], [1, 1, 6], [0.5, 0.9, 0.2, 0.05]],
            ["z", [1, 32, [], 0], [0], [2, 2, 2], [1, 1, 3], [0, 0, 0, 0]]],
 "fields_prediction": [["t", 0.75], ["u", 0.25]], "size_token_info": 8, "size_token_info_net": 16,
 "with_cls": false, "with_layernorm": true, "coupling_num_heads_per_field": 2, "with_qk_lnorm": true,
 "encoder_num_layers": 2, "encoder_num_heads": 4, "encoder_num_mlp_layers": 2,
 "encoder_att_type": "dense", "decoder_num_layers": 2, "decoder_num_heads": 8,
 "decoder_num_mlp_layers": 3, "decoder_cross_att_ratio": 0.5, "decoder_cross_att_rate": 1.0,
 "net_tail_num_nets": 2, "net_tail_num_layers": 0, "losses": ["mse_ensemble"], "batch_size": 1}
END
config="--config model_idsmall.json"

echo "== a model of starting values, from a file that has none"
check 'save("empty.mod", {})' "an empty state dict"
refused 1 'empty.mod: does not fit model_idsmall.json: [0-9]* parameters are missing: embeds' \
    empty.mod $config --out refused.safetensors
convert empty.mod $config --allow-missing '*' --out whole.safetensors
check 'assert len(read_safetensors("whole.safetensors")) > 100' "starting values"

echo "== to .mod and back"
convert whole.safetensors --out whole.mod
check 'assert_same(load("whole.mod"), read_safetensors("whole.safetensors"))' "reading what was written"
convert whole.mod $config --out again.safetensors
check 'assert_same(read_safetensors("again.safetensors"), read_safetensors("whole.safetensors"))' "round trip"
check 'make_zip64("whole.mod", "whole64.mod")' "zip64"
convert whole64.mod $config --out again.safetensors
check 'assert_same(read_safetensors("again.safetensors"), read_safetensors("whole.safetensors"))' "zip64"
if "$python" -c 'import torch' 2>/dev/null; then
    check 'import torch
found = torch.load("whole.mod", weights_only=True)
assert_same({n: v.numpy() for n, v in found.items()}, read_safetensors("whole.safetensors"))
torch.save(found, "torch.mod")' "torch.load and torch.save"
    convert torch.mod $config --out torch.safetensors
    check 'assert_same(read_safetensors("torch.safetensors"), read_safetensors("whole.safetensors"))' "torch.save"
else
    echo "skipped: torch is not there; Python's pickle and zipfile stand in for it"
fi

"$program" info whole.mod | grep -q '^  embeds.0.weight: F32 16 x 6$' || fail "info of a .mod"

echo "== views, shared storages, parameters, other types"
check '
state = read_safetensors("whole.safetensors")
right, saved = dict(state), {n: plain(v) for n, v in state.items()}
both = Storage("FloatStorage", np.concatenate([state["embeds.0.bias"], state["embeds.2.bias"]]))
saved["embeds.0.bias"] = Tensor(both, [16], [1])
saved["encoders.0.embed.bias"] = saved["embeds.0.bias"]
saved["embeds.2.bias"] = Tensor(both, [16], [1], 16, parameter=True)
saved["encoders.2.embed.bias"] = Tensor(both, [16], [1], 16)
turned = state["encoders.0.heads.0.proj_out.weight"]
saved["encoders.0.heads.0.proj_out.weight"] = Tensor(
    Storage("FloatStorage", turned.T.ravel()), turned.shape, [1, turned.shape[0]])
for name, kind, code in [("encoders.0.heads.1.proj_out.weight", "HalfStorage", "<f2"),
                         ("encoders.1.heads.1.proj_out.weight", "DoubleStorage", "<f8")]:
    values = state[name].astype(code)
    saved[name], right[name] = plain(values, kind), values.astype("<f4")
name = "encoders.1.heads.0.proj_out.weight"
bits = (state[name].view("<u4") >> 16).astype("<u2")
saved[name], right[name] = plain(bits, "BFloat16Storage"), (bits.astype("<u4") << 16).view("<f4")
save("views.mod", saved)
np.savez("right.npz", **right)' "a checkpoint of views"
convert views.mod $config --out views.safetensors
check 'assert_same(read_safetensors("views.safetensors"), dict(np.load("right.npz")))' "views"

echo "== files of blocks"
check '
import re
state = read_safetensors("whole.safetensors")
fields, predicted = ["u", "t", "z"], ["t", "u"]
for i, field in enumerate(fields):
    save(f"AtmoRep_encoder_{field}_idsmall.mod", {n[len(f"encoders.{i}."):]: plain(v)
         for n, v in state.items() if n.startswith(f"encoders.{i}.")})
for i, field in enumerate(predicted):
    for kind in ("decoder", "tail"):
        save(f"AtmoRep_{kind}_{field}_idsmall.mod", {n[len(f"{kind}s.{i}."):]: plain(v)
             for n, v in state.items() if n.startswith(f"{kind}s.{i}.")})
save("AtmoRep_embeds_token_info_idsmall.mod", {n[len("embeds_token_info."):]: plain(v)
     for n, v in state.items() if n.startswith("embeds_token_info.")})' "writing blocks"
convert AtmoRep_*_idsmall.mod $config --out blocks.safetensors
check 'assert_same(read_safetensors("blocks.safetensors"), read_safetensors("whole.safetensors"))' "blocks"
rm AtmoRep_tail_u_idsmall.mod
refused 1 'and 6 more: does not fit.*8 parameters are missing: tails.1.tail_nets.0.0.weight \[32\]' \
    AtmoRep_*_idsmall.mod $config --out refused.safetensors
convert AtmoRep_*_idsmall.mod $config --allow-missing 'tails.1.*' --out filled.safetensors
check 'assert_same(read_safetensors("filled.safetensors"), read_safetensors("whole.safetensors"))' \
    "starting values depend on seed and names only"
mv AtmoRep_encoder_z_idsmall.mod AtmoRep_encoder_zz_idsmall.mod
refused 1 'AtmoRep_encoder_zz_idsmall.mod: by its name.*not have; it has u, t, z' \
    AtmoRep_encoder_zz_idsmall.mod $config --out refused.safetensors

# Files of 2024 hold the unused embed_token_info of 2023 as well; it stands for nothing that is missing.
check '
state = read_safetensors("whole.safetensors")
del state["embeds_token_info.1.weight"]
state["embed_token_info.weight"] = np.ones((16, 8), "f4")
state["embed_token_info.bias"] = np.ones(16, "f4")
save("lacking.mod", {n: plain(v) for n, v in state.items()})' "a checkpoint that lacks a parameter"
refused 1 'embeds_token_info.1.weight' lacking.mod $config --out refused.safetensors

echo "== the layout of 2023"
check '
state = read_safetensors("whole.safetensors")
rng = np.random.default_rng(1)
state["embed_token_info.weight"] = rng.random((16, 8), "f4")
state["embed_token_info.bias"] = rng.random(16, "f4")
width = lambda name: {"e": [32, 24, 32], "d": [24, 32]}[name[0]][int(name.split(".")[1])]
size = lambda name: width(name) // (4 if name[0] == "e" else 8)
save("heads.mod", {n: plain(v) for n, v in take_apart(state, size, 2).items()})
for name in state:
    if ".ln_" in name:
        state[name] = np.full(state[name].shape, name.endswith("weight"), "f4")
    if name.startswith("embeds_token_info."):
        state[name] = state["embed_token_info." + name.split(".")[2]]
np.savez("right.npz", **state)
apart = take_apart(state, size, 2)
del apart["encoders.0.heads.1.heads_coupling.3.proj_vs.weight"]
save("headless.mod", {n: plain(v) for n, v in apart.items()})
apart = take_apart(state, size, 2)
apart["encoders.0.heads.0.heads_self.4.proj_qs.weight"] = apart["encoders.0.heads.0.heads_self.3.proj_qs.weight"]
save("hydra.mod", {n: plain(v) for n, v in apart.items()})
' "taking a model apart"
"$program" convert heads.mod $config --out heads.safetensors >out 2>&1 || fail "convert heads.mod"
grep -q -i 'warn' out && fail "converting heads.mod warns"
grep -a -q 'coupling_query_norm: true' heads.safetensors || fail "nothing tells that coupling queries are normalised"
check 'assert_same(read_safetensors("heads.safetensors"), dict(np.load("right.npz")))' "heads put together"
refused 1 '1 parameter is missing: 8 of 32 rows of encoders.0.heads.1.proj_heads_other.2.weight' \
    headless.mod $config --allow-missing '*' --out refused.safetensors
refused 1 'heads_self.4.proj_qs.weight is \[8, 32\].*too many heads' hydra.mod $config --out refused.safetensors
sed 's/"with_qk_lnorm": true/"with_qk_lnorm": false/' model_idsmall.json >model_idplain.json
convert heads.mod --config model_idplain.json --out plain.safetensors
grep -a -q 'qk_layer_norm: false}.*coupling_query_norm: false' plain.safetensors || fail "nothing tells that the decoder has no norms"
check 'right = {n: v for n, v in dict(np.load("right.npz")).items() if ".ln_" not in n}
assert_same(read_safetensors("plain.safetensors"), right)' "a decoder without norms"

echo "== what does not fit"
check '
state = read_safetensors("whole.safetensors")
def changed(path, **changes):
    save(path, {**{n: plain(v) for n, v in state.items()}, **changes})
changed("extra.mod", **{"masks.0": plain(np.zeros(3, "f4"))})
changed("shape.mod", **{"embeds.1.weight": plain(np.zeros((8, 5), "f4"))})
changed("other.mod", **{"encoders.0.embed.bias": plain(np.zeros(16, "f4"))})
' "checkpoints that do not fit"
refused 1 'extra.mod: does not fit.*1 tensor is not of this model: masks.0' extra.mod $config --out refused.safetensors
refused 1 'embeds.1.weight is \[8, 5\], should be \[8, 6\]' shape.mod $config --out refused.safetensors
refused 1 'encoders.0.embed.bias has other values than embeds.0.bias' other.mod $config --out refused.safetensors

echo "== what is no state dict, and what would be harmful"
check '
import os
class Harm:
    def __reduce__(self):
        return os.system, ("touch harmed",)
save("harm.mod", {"a": Harm()})
save("packed.mod", {"a": plain(np.zeros(999, "f4"))}, compression=zipfile.ZIP_DEFLATED)
save("nested.mod", {"epoch": 3, "model": {}})
open("text.mod", "w").write("no archive at all, but long enough to be one")
open("legacy.mod", "wb").write(pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2))
whole = bytearray(open("whole.mod", "rb").read())
open("cut.mod", "wb").write(whole[:-100])
whole[len(whole) // 2] ^= 1
open("flipped.mod", "wb").write(whole)' "harmful checkpoints"
refused 1 'harm.mod: data.pkl, byte [0-9]*: asks for posix.system.*Nothing was executed' harm.mod $config --out refused.safetensors
[ -e harmed ] && fail "a checkpoint was executed"
refused 1 'packed.mod: a member is compressed' packed.mod $config --out refused.safetensors
refused 1 'nested.mod: epoch is no tensor' nested.mod $config --out refused.safetensors
refused 1 'text.mod: has no zip directory' text.mod $config --out refused.safetensors
refused 1 'legacy.mod: was written by torch before 1.6.*torch.save' legacy.mod $config --out refused.safetensors
refused 1 'cut.mod: has no zip directory' cut.mod $config --out refused.safetensors
refused 1 'flipped.mod: the data of archive/data/.* checksum' flipped.mod $config --out refused.safetensors
refused 1 'absent.mod: cannot open' absent.mod $config --out refused.safetensors

echo "== wrong usage"
refused 2 '--config is missing: the model_id<ID>.json' whole.mod --out refused.safetensors
refused 2 'should end in .safetensors or .mod' whole.mod $config --out refused.bin
refused 2 'takes one .safetensors' whole.safetensors again.safetensors --out refused.mod
refused 2 'takes one .safetensors' whole.safetensors $config --out refused.mod
refused 1 'whole.mod: says that its header' whole.mod --out refused.mod

parity=$source/../shared/parity
if [ ! -d "$parity" ]; then
    echo "skipped: $parity is not there"
    exit $((failures > 0))
fi
for folder in "$parity"/*/; do
    echo "== the released model in $folder"
    json=$(ls "$folder"model_id*.json)
    mkdir -p through
    ln -sf "$folder"*.safetensors "$folder"*.json through/
    rm through/weights.safetensors
    # The file that the reference wrote, and ours of its weights.
    convert "$folder"AtmoRep_id*.mod --config "$json" --out theirs.safetensors
    convert "$folder"weights.safetensors --out ours.mod
    convert ours.mod --config "$json" --out through/weights.safetensors
    check "
right = read_safetensors('${folder}weights.safetensors')
assert_same(read_safetensors('theirs.safetensors'), right)
assert_same(load('ours.mod'), right)
assert_same(read_safetensors('through/weights.safetensors'), right)" "weights of $folder"
    OMP_NUM_THREADS=1 "$(dirname "$program")/parity" through >out || { fail "parity of $folder through .mod files"; cat out; }
    tail -n 1 out
    rm -rf through
done
exit $((failures > 0))

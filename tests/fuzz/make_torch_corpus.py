"""Seeds for fuzz_torch: make_torch_corpus.py FOLDER writes a few small torch checkpoints there."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))
from torch_files import *  # noqa: E402,F403


def main(folder):
    os.makedirs(folder, exist_ok=True)
    values = np.arange(6, dtype="f4")
    shared = Storage("FloatStorage", values)
    save(f"{folder}/plain.mod", {"a": plain(values.reshape(2, 3)), "b.c": plain(values[:0])}, root="m")
    save(f"{folder}/views.mod", {"a": Tensor(shared, [3, 2], [1, 3]), "b": Tensor(shared, [2], [1], 4),
                                 "c": Tensor(shared, [], [], 1, parameter=True)}, root="m")
    save(f"{folder}/types.mod", {kind: plain(values[:2].astype(code), kind)
                                 for kind, code in TYPES.items()}, root="m")
    with zipfile.ZipFile(f"{folder}/zip64.mod", "w") as archive:
        for name, data in (("m/data.pkl", b"\x80\x02}."), ("m/byteorder", b"little")):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    make_zip64(f"{folder}/plain.mod", f"{folder}/end64.mod")


main(sys.argv[1])

"""Torch checkpoints without torch: writes what torch.save(state_dict) writes and reads what torch.load
would, by Python's own pickle and zipfile, so that neither direction of `atmorep convert` is checked by
itself. Where torch is installed it is asked too."""
import collections
import io
import json
import pickle
import struct
import sys
import types
import zipfile

import numpy as np


# ---- stand-ins for what the pickle names ---------------------------------------------------------

def module(name, **content):
    made = types.ModuleType(name)
    for key, value in content.items():
        value.__module__, value.__qualname__ = name, key
        setattr(made, key, value)
    return made


def _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks):
    base, item = storage
    return np.lib.stride_tricks.as_strided(base[offset:], size, [s * base.itemsize for s in stride])


def _rebuild_parameter(data, requires_grad, hooks):
    return data


TYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "<u2",
         "LongStorage": "<i8", "IntStorage": "<i4", "ByteStorage": "|u1"}
STORAGES = {name: type(name, (), {}) for name in TYPES}


class Stand_ins:
    """torch and torch._utils as pickle looks them up by name, gone again afterwards."""

    def __enter__(self):
        self.kept = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
        sys.modules["torch"] = module("torch", **STORAGES)
        sys.modules["torch._utils"] = module("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2,
                                             _rebuild_parameter=_rebuild_parameter)

    def __exit__(self, *_):
        for name, value in self.kept.items():
            if value is None:
                del sys.modules[name]
            else:
                sys.modules[name] = value


# ---- writing -------------------------------------------------------------------------------------

class Storage:
    def __init__(self, kind, values):
        self.kind, self.values = kind, np.ascontiguousarray(values, TYPES[kind])


class Tensor:
    """A view of a storage, reduced as torch.Tensor is."""

    def __init__(self, storage, shape, stride, offset=0, parameter=False):
        self.storage, self.shape, self.stride, self.offset = storage, shape, stride, offset
        self.parameter = parameter

    def __reduce__(self):
        arguments = (self.storage, self.offset, tuple(self.shape), tuple(self.stride), False,
                     collections.OrderedDict())
        utils = sys.modules["torch._utils"]
        if self.parameter:
            whole = Tensor(self.storage, self.shape, self.stride, self.offset)
            return utils._rebuild_parameter, (whole, True, collections.OrderedDict())
        return utils._rebuild_tensor_v2, arguments


def plain(values, kind="FloatStorage"):
    strides = [s // values.itemsize for s in np.ascontiguousarray(values).strides]
    return Tensor(Storage(kind, values.ravel()), values.shape, strides)


class Pickler(pickle.Pickler):
    def __init__(self, file):
        super().__init__(file, protocol=2)
        self.storages = []

    def persistent_id(self, thing):
        if not isinstance(thing, Storage):
            return None
        if not any(thing is known for known in self.storages):
            self.storages.append(thing)
        key = next(i for i, known in enumerate(self.storages) if thing is known)
        return ("storage", STORAGES[thing.kind], str(key), "cpu", len(thing.values))


def save(path, state, root="model", compression=zipfile.ZIP_STORED):
    """As torch.save(model.state_dict(), path): an OrderedDict with its modules' versions."""
    ordered = collections.OrderedDict(state)
    ordered._metadata = collections.OrderedDict({"": {"version": 1}})
    text = io.BytesIO()
    with Stand_ins():
        pickler = Pickler(text)
        pickler.dump(ordered)
    members = [("data.pkl", text.getvalue()), ("version", b"3\n")]
    members += [(f"data/{i}", s.values.tobytes()) for i, s in enumerate(pickler.storages)]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            # a name alone would be given today's date
            archive.writestr(zipfile.ZipInfo(f"{root}/{name}"), data, compression)


def make_zip64(path, into):
    """The same archive with its directory's place in a zip64 record, and there alone."""
    with open(path, "rb") as file:
        whole = file.read()
    end = whole.rindex(b"PK\5\6")
    count, size, offset = struct.unpack("<HII", whole[end + 10:end + 20])
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    plain_end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
    with open(into, "wb") as file:
        file.write(whole[:end] + record + locator + plain_end)


# ---- reading -------------------------------------------------------------------------------------

def load(path):
    """As torch.load(path, weights_only=True), and as strict: names to arrays."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, "a checksum is wrong"
        root = next(n for n in archive.namelist() if n.endswith("/data.pkl"))[:-len("data.pkl")]
        assert archive.read(root + "version") == b"3\n"
        assert all(member.compress_type == zipfile.ZIP_STORED for member in archive.infolist())
        check_alignment(path, archive)

        class Unpickler(pickle.Unpickler):
            def find_class(self, where, name):
                if (where, name) == ("collections", "OrderedDict"):
                    return collections.OrderedDict
                if (where, name) == ("torch._utils", "_rebuild_tensor_v2"):
                    return _rebuild_tensor_v2
                if where == "torch" and name in TYPES:
                    return name
                raise pickle.UnpicklingError(f"asks for {where}.{name}")

            def persistent_load(self, key):
                kind, storage, number, place, count = key
                assert kind == "storage" and place == "cpu"
                values = np.frombuffer(archive.read(f"{root}data/{number}"), TYPES[storage])
                assert len(values) == count
                return values, storage

        return Unpickler(io.BytesIO(archive.read(root + "data.pkl"))).load()


def check_alignment(path, archive):
    """torch maps storages into memory: each begins at a multiple of 64 bytes."""
    with open(path, "rb") as file:
        for member in archive.infolist():
            file.seek(member.header_offset + 26)
            name, extra = struct.unpack("<HH", file.read(4))
            assert (member.header_offset + 30 + name + extra) % 64 == 0, member.filename


def read_safetensors(path, types=("F32",)):
    """Names to arrays; of a training checkpoint the types are F32 and F64."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    assert all(entry["dtype"] in types for entry in header.values())
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f" + str(int(entry["dtype"][1:]) // 8))
            .reshape(entry["shape"]) for name, entry in header.items()}


def assert_same(found, right):
    """To the bit, the names too."""
    assert found.keys() == right.keys(), sorted(found.keys() ^ right.keys())
    for name, values in right.items():
        assert found[name].shape == values.shape, (name, found[name].shape, values.shape)
        assert found[name].tobytes() == np.ascontiguousarray(values).tobytes(), name


# ---- the layout of 2023 --------------------------------------------------------------------------

def take_apart(state, head_size, coupling_heads):
    """Today's names to those of 2023: a projection for each head's q, k and v. head_size is a function of
    the name. The norms of the decoder had no weights, and all fields shared embed_token_info."""
    apart = {}
    for name, values in state.items():
        block = name.rsplit(".proj_heads", 1)[0]
        if ".ln_" in name or name.startswith("embeds_token_info."):
            continue
        if ".proj_heads" not in name:
            apart[name] = values
            continue
        rows = values.reshape(-1, head_size(name), values.shape[1])
        decoder = name.startswith("decoders.")
        if ".proj_heads_other." in name:
            slot = int(name.split(".proj_heads_other.")[1].split(".")[0])
            for i, part in enumerate(rows):
                if slot == 0:
                    apart[f"{block}.heads_coupling.{i}.proj_qs.weight"] = part
                else:
                    head = (slot - 1) * coupling_heads + i // 2
                    apart[f"{block}.heads_coupling.{head}.proj_{'kv'[i % 2]}s.weight"] = part
        elif ".proj_heads_o_q." in name:
            for i, part in enumerate(rows):
                apart[f"{block}.heads_other.{i}.proj_qs.weight"] = part
        elif ".proj_heads_o_kv." in name:
            for i, part in enumerate(rows):
                apart[f"{block}.heads_other.{i // 2}.proj_{'kv'[i % 2]}s.weight"] = part
        else:
            heads = "heads" if decoder else "heads_self"
            for i, part in enumerate(rows):
                apart[f"{block}.{heads}.{i // 3}.proj_{'qkv'[i % 3]}s.weight"] = part
    return apart

"""Zarr v3 written from its specification alone, with numpy and numcodecs: Debian 12's zarr writes
version 2 only. https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html"""

import gzip
import itertools
import json
import os
import struct

import numcodecs
import numpy as np

TYPES = {"b1": "bool", "i1": "int8", "u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32",
         "u4": "uint32", "i8": "int64", "u8": "uint64", "f2": "float16", "f4": "float32",
         "f8": "float64"}


def crc32c(data):
    """RFC 3720, bit by bit: slow, and nothing like the program's tables."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    return remainder ^ 0xFFFFFFFF


def codec(name, **configuration):
    return {"name": name, "configuration": configuration} if configuration else {"name": name}


def endian(dtype):
    return codec("bytes", endian="big" if np.dtype(dtype).str[0] == ">" else "little")


def encode(chunk, codecs):
    data = chunk
    for one in codecs:
        options = one.get("configuration", {})
        if one["name"] == "transpose":
            data = data.transpose(options["order"])
        elif one["name"] == "bytes":
            order = {"big": ">", "little": "<"}[options.get("endian", "little")]
            data = np.ascontiguousarray(data).astype(data.dtype.newbyteorder(order)).tobytes()
        elif one["name"] == "gzip":
            data = gzip.compress(data, options["level"])
        elif one["name"] == "zstd":
            data = numcodecs.Zstd(options["level"]).encode(data)
        elif one["name"] == "blosc":
            shuffle = ["noshuffle", "shuffle", "bitshuffle"].index(options["shuffle"])
            blosc = numcodecs.Blosc(options["cname"], options["clevel"], shuffle)
            data = blosc.encode(np.frombuffer(data, f"V{options['typesize']}"))
        elif one["name"] == "crc32c":
            data = bytes(data) + struct.pack("<I", crc32c(data))
        elif one["name"] == "sharding_indexed":
            data = encode_shard(data, options)
        else:
            raise ValueError(one["name"])
    return bytes(data)


def encode_shard(shard, options):
    """Missing are the chunks that hold nothing but 77; the others lie in reverse order, with a gap."""
    shape = options["chunk_shape"]
    along = [n // c for n, c in zip(shard.shape, shape)]
    at_start = options.get("index_location") == "start"
    checksum = len(options["index_codecs"]) > 1
    index = np.full(along + [2], 2**64 - 1, "<u8")
    used = index.nbytes + 4 * checksum if at_start else 0
    content = b""
    for place in reversed(list(np.ndindex(*along))):
        part = shard[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, shape))]
        if (part == 77).all():
            continue
        data = encode(part, options["codecs"])
        index[place] = used + len(content) + 3, len(data)
        content += b"gap" + data
    index = encode(index, options["index_codecs"])
    return index + content if at_start else content + index


def chunk_key(place, encoding):
    separator = encoding.get("configuration", {}).get(
        "separator", "/" if encoding["name"] == "default" else ".")
    if encoding["name"] == "default":
        return separator.join(["c", *map(str, place)])
    return separator.join(map(str, place)) or "0"


def write_json(store, path, value):
    os.makedirs(os.path.join(store, path), exist_ok=True)
    with open(os.path.join(store, path, "zarr.json"), "w") as file:
        json.dump(value, file)


def write_group(store, path="", attributes=None, **members):
    write_json(store, path, {"zarr_format": 3, "node_type": "group",
                             "attributes": attributes or {}, **members})


def write_array(store, name, values, codecs, chunk, fill=0, keys=codec("default"), dimensions=None,
                attributes=None, missing=(), **members):
    """Chunks of `missing` are not written."""
    values = np.asarray(values)
    metadata = {"zarr_format": 3, "node_type": "array", "shape": list(values.shape),
                "data_type": TYPES[values.dtype.str[1:]],
                "chunk_grid": codec("regular", chunk_shape=list(chunk)),
                "chunk_key_encoding": keys, "fill_value": fill, "codecs": codecs,
                "attributes": attributes or {}, **members}
    if dimensions is not None:
        metadata["dimension_names"] = dimensions
    write_json(store, name, metadata)
    grid = [range(-(-n // c)) for n, c in zip(values.shape, chunk)]
    for place in itertools.product(*grid):
        part = values[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunk))]
        padding = [(0, c - n) for c, n in zip(chunk, part.shape)]
        if place in missing:
            continue
        path = os.path.join(store, name, chunk_key(place, keys))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            padded = np.pad(part, padding, constant_values=77) if padding else part
            file.write(encode(padded, codecs))
    return metadata


def sharding(chunk, codecs, location=None, checksum=True, order="little"):
    index = [codec("bytes", endian=order)] + [codec("crc32c")] * checksum
    options = {"index_location": location} if location else {}
    return [codec("sharding_indexed", chunk_shape=list(chunk), codecs=codecs, index_codecs=index,
                  **options)]


def chains(dtype):
    """Lists of codecs by name, of arrays with two dimensions."""
    size = np.dtype(dtype).itemsize
    blosc = dict(clevel=5, typesize=size, blocksize=0)
    plain, zstd, crc = endian(dtype), codec("zstd", level=3, checksum=False), codec("crc32c")
    yield "none", [plain]
    yield "gzip", [plain, codec("gzip", level=2)]
    yield "zstd", [plain, zstd]
    yield "zstd-crc", [plain, zstd, crc]
    yield "crc-zstd", [plain, crc, zstd]
    yield "blosc", [plain, codec("blosc", cname="lz4", shuffle="shuffle", **blosc)]
    yield "blosc-bit-crc", [plain, codec("blosc", cname="zstd", shuffle="bitshuffle", **blosc), crc]
    yield "transposed", [codec("transpose", order=[1, 0]), plain, crc]


def decode(data, codecs, dtype, shape, fill):
    """A chunk of bytes, or a shard."""
    first = codecs[0].get("configuration", {})
    if codecs[0]["name"] == "sharding_indexed":
        return decode_shard(data, first, dtype, shape, fill)
    for one in reversed(codecs[1:]):
        if one["name"] == "crc32c":
            data, checksum = data[:-4], data[-4:]
            assert struct.pack("<I", crc32c(data)) == checksum
        else:
            data = {"zstd": numcodecs.Zstd, "blosc": numcodecs.Blosc}[one["name"]]().decode(data)
    order = {"big": ">", "little": "<"}[first["endian"]]
    return np.frombuffer(data, np.dtype(dtype).newbyteorder(order)).reshape(shape)


def decode_shard(data, options, dtype, shape, fill):
    chunk = options["chunk_shape"]
    along = [n // c for n, c in zip(shape, chunk)]
    assert [one["name"] for one in options["index_codecs"]] == ["bytes", "crc32c"]
    assert options["index_location"] == "end"
    size = 16 * int(np.prod(along))
    assert struct.pack("<I", crc32c(data[-size - 4:-4])) == data[-4:]
    index = np.frombuffer(data[-size - 4:-4], "<u8").reshape(along + [2])
    shard = np.full(shape, fill, dtype)
    for place in np.ndindex(*along):
        offset, length = (int(n) for n in index[place])
        if offset != 2**64 - 1:
            shard[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunk))] = decode(
                data[offset:offset + length], options["codecs"], dtype, chunk, fill)
    return shard


def read_array(store, name):
    """Values, metadata, and the names of the chunks' files; the consolidated metadata must agree."""
    with open(os.path.join(store, name, "zarr.json")) as file:
        metadata = json.load(file)
    with open(os.path.join(store, "zarr.json")) as file:
        assert repr(json.load(file)["consolidated_metadata"]["metadata"][name]) == repr(metadata)
    assert metadata["zarr_format"] == 3 and metadata["node_type"] == "array"
    dtype = np.dtype(metadata["data_type"])
    fill = dtype.type(metadata["fill_value"])
    shape, chunk = metadata["shape"], metadata["chunk_grid"]["configuration"]["chunk_shape"]
    values = np.full(shape, fill, dtype)
    files = []
    for place in itertools.product(*[range(-(-n // c)) for n, c in zip(shape, chunk)]):
        key = chunk_key(place, metadata["chunk_key_encoding"])
        path = os.path.join(store, name, key)
        if not os.path.exists(path):
            continue
        with open(path, "rb") as file:
            part = decode(file.read(), metadata["codecs"], dtype, chunk, fill)
        where = tuple(slice(p * c, min((p + 1) * c, n)) for p, c, n in zip(place, chunk, shape))
        values[where] = part[tuple(slice(0, s.stop - s.start) for s in where)]
        files.append(key)
    assert sorted(files) == sorted(set(os.listdir(os.path.join(store, name))) - {"zarr.json"})
    return values, metadata, files

"""Write files with the field's own Python libraries, and what these libraries read from them.

    make_fixtures.py zarr|zarr3|netcdf|real|safetensors FOLDER [DATA]

FOLDER/manifest.txt gets one line a variable: either
    value STORE VARIABLE DUMP TOLERANCE      float64 values in DUMP, absolute tolerance
    error STORE VARIABLE WORD…               reading fails and the message has all the words
Exits with 77 where a module is missing.
"""

import base64
import itertools
import json
import os
import shutil
import struct
import sys

sys.dont_write_bytecode = True
try:
    import numpy as np
    import numcodecs
    import xarray as xr
    import zarr
    import zarr_v3
    import netCDF4
except ImportError as missing:
    print(missing)
    sys.exit(77)

FOLDER = sys.argv[2]
MANIFEST = open(os.path.join(FOLDER, "manifest.txt"), "w")
COUNT = 0
RANDOM = np.random.default_rng(7)


def expect(store, variable, values, tolerance=0.0):
    global COUNT
    dump = os.path.join(FOLDER, f"dump{COUNT}.f8")
    COUNT += 1
    np.ascontiguousarray(values, dtype="<f8").tofile(dump)
    MANIFEST.write(f"value {store} {variable} {dump} {tolerance!r}\n")


def expect_error(store, variable, *words):
    MANIFEST.write(f"error {store} {variable} {' '.join(words)}\n")


def tolerance_of(variable):
    """xarray unpacks small integers without an offset in float32 (two roundings of 2^-24), everything
    else in float64 as we do (a fused multiply-add may round once less)."""
    if not {"scale_factor", "add_offset"} & set(variable.encoding):
        return 0.0
    largest = float(np.nanmax(np.abs(variable.values.astype("f8")), initial=0.0))
    largest += abs(variable.encoding.get("add_offset", 0.0))
    return largest * (2.0**-22 if variable.dtype == np.float32 else 2.0**-51)


def expect_dataset(store, dataset):
    for name, variable in dataset.variables.items():
        if variable.dtype.kind in "iufb":
            expect(store, name, variable.values, tolerance_of(variable))


def open_with_xarray(store):
    return xr.open_dataset(store, engine="zarr", decode_times=False, decode_coords=False,
                           consolidated=os.path.exists(os.path.join(store, ".zmetadata")))


def numbers(dtype, shape):
    kind = np.dtype(dtype).kind
    if kind == "b":
        return RANDOM.integers(0, 2, shape).astype(dtype)
    if kind == "f":
        values = RANDOM.normal(size=shape) * 100
        values.flat[::17] = np.nan
        values.flat[3] = np.inf
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    values = RANDOM.integers(limits.min, limits.max, shape, dtype=np.dtype(dtype).newbyteorder("="))
    values.flat[0], values.flat[1] = limits.min, limits.max
    return values.astype(dtype)


DTYPES = ["|b1", "|i1", "|u1"] + [o + t for o in "<>" for t in
                                  ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8")]


def compressors():
    yield "none", None
    for name in numcodecs.blosc.list_compressors():
        yield f"blosc-{name}", numcodecs.Blosc(cname=name, clevel=5, shuffle=1)
    yield "blosc-bit", numcodecs.Blosc(cname="lz4", clevel=5, shuffle=2)
    yield "blosc-plain", numcodecs.Blosc(cname="zstd", clevel=1, shuffle=0)
    yield "blosc-copy", numcodecs.Blosc(cname="lz4", clevel=0)
    yield "zlib", numcodecs.Zlib(level=3)
    yield "gzip", numcodecs.GZip(level=3)
    yield "zstd", numcodecs.Zstd(level=3)


def add(group, name, values, dimensions, **options):
    options.setdefault("fill_value", None)
    array = group.create_dataset(name, shape=values.shape, dtype=values.dtype, **options)
    if values.size:
        array[...] = values
    array.attrs["_ARRAY_DIMENSIONS"] = dimensions
    return array


def zarr_zoo(store, consolidated, separator):
    group = zarr.open_group(zarr.DirectoryStore(store, dimension_separator=separator), mode="w")
    group.attrs.update({"title": "every type and compressor", "version": 2.5, "nan": float("nan"),
                        "list": [1, 2, 3], "truth": True, "mixed": [1, "a"],
                        "quoted": "a \\ \"NaN\" -Infinity"})
    for name, compressor in compressors():
        for dtype in DTYPES:
            label = f"{name}-{dtype[1:]}{'le' if dtype[0] == '<' else 'be' if dtype[0] == '>' else ''}"
            size = np.dtype(dtype).itemsize
            filters = [None, [numcodecs.Shuffle(elementsize=size)]][len(group) % 2]
            add(group, label, numbers(dtype, (7, 11)), ["y", "x"], chunks=(3, 4),
                compressor=compressor, filters=filters)
    if consolidated:
        zarr.consolidate_metadata(store)
    expect_dataset(store, open_with_xarray(store))


def zarr_special(store):
    """Missing chunks, fill values, packing, ranks and lengths; checked against xarray, which knows
    no valid ranges: these are masked here."""
    group = zarr.open_group(store, mode="w")
    def field(dtype):
        return np.where(np.isfinite(v := numbers(dtype, (5, 6, 7))), v, 1) if dtype[1] == "f" else numbers(dtype, (5, 6, 7))
    for fill in (float("nan"), float("inf"), float("-inf"), -999.0, 1e20, 0.0):
        name = f"fill{fill}".replace("-", "m")
        array = add(group, name, field("<f4"), ["t", "y", "x"], chunks=(2, 3, 4), fill_value=fill)
        if np.isfinite(fill):
            array[0, 0, 0] = fill
        for chunk in ("0.0.0", "1.1.1", "2.0.1"):
            os.remove(os.path.join(store, name, chunk))
    for name, compressor in ("fortran", numcodecs.Zstd()), ("fortran_plain", None):
        add(group, name, field("<f4"), ["t", "y", "x"], chunks=(2, 3, 4), order="F",
            compressor=compressor, filters=[numcodecs.Shuffle(4)] if compressor else None)
    packed = RANDOM.integers(-2000, 2000, (5, 6, 7)).astype("<i2")
    packed.flat[::5] = -32767
    packed.flat[::7] = -32766
    array = add(group, "packed", packed, ["t", "y", "x"], chunks=(2, 3, 4), fill_value=-32767)
    array.attrs.update(scale_factor=0.1, add_offset=250.0, missing_value=-32766)
    os.remove(os.path.join(store, "packed", "1.0.0"))
    array = add(group, "packed_attribute", packed, ["t", "y", "x"], chunks=(5, 6, 7))
    array.attrs.update(scale_factor=0.01, _FillValue=-32767)
    array = add(group, "unsigned", numbers("|i1", (5, 6, 7)), ["t", "y", "x"], chunks=(5, 6, 7))
    array.attrs.update(_Unsigned="true", _FillValue=-1, scale_factor=0.5, add_offset=1.0)
    array = add(group, "double_missing", np.where(packed == -32767, 1e20, packed).astype(">f4"),
                ["t", "y", "x"], chunks=(5, 6, 7))
    array.attrs.update(missing_value=1e20)
    add(group, "scalar", np.array(3.25, ">f8"), [])
    add(group, "hour", np.arange(5, dtype="<i4"), ["hour"], fill_value=None)
    add(group, "empty", np.zeros((0, 7), "<f4"), ["none", "x"], chunks=(1, 7))
    expect_dataset(store, open_with_xarray(store))
    # fill_value 0 masks the first hour for xarray; a coordinate has no missing values (CF 2.5.1)
    add(group, "t", np.arange(5, dtype="<i4"), ["t"], fill_value=0)
    expect(store, "t", np.arange(5))
    add(group, "chunk0_is_null", np.arange(12, dtype="<i4"), ["n"], chunks=(6,))
    os.remove(os.path.join(store, "chunk0_is_null", "0"))
    expect(store, "chunk0_is_null", np.r_[np.full(6, np.nan), np.arange(6.0, 12)])
    array = add(group, "range_stored", packed, ["t", "y", "x"], chunks=(5, 6, 7))
    array.attrs.update(scale_factor=0.5, add_offset=10.0, valid_range=[-1000, 1000])
    expect(store, "range_stored", np.where(abs(packed.astype("f8")) <= 1000, packed * 0.5 + 10, np.nan))
    array = add(group, "range_unpacked", packed, ["t", "y", "x"], chunks=(5, 6, 7))
    array.attrs.update(scale_factor=0.5, add_offset=10.0, valid_min=-100.5, valid_max=100.5)
    values = packed * 0.5 + 10
    expect(store, "range_unpacked", np.where(abs(values) <= 100.5, values, np.nan))
    inner = group.create_group("inner")
    add(inner, "deep", np.arange(4.0), ["z"])
    expect(store, "inner/deep", np.arange(4.0))
    gzip = add(group, "members", np.arange(8.0), ["m"], compressor=numcodecs.GZip())
    first, second = np.arange(3.0).tobytes(), np.arange(3.0, 8).tobytes()
    with open(os.path.join(store, "members", "0"), "wb") as chunk:
        chunk.write(numcodecs.GZip().encode(first) + numcodecs.GZip().encode(second))
    expect(store, "members", np.arange(8.0))


def zarr_wrong(store):
    group = zarr.open_group(store, mode="w")
    def path(name):
        return os.path.join(store, name, "0")
    def wrong(name, dtype="<f4", count=50, **options):
        return add(group, name, numbers(dtype, (count,)), ["n"], chunks=(count,), **options)
    wrong("delta", dtype="<i4", filters=[numcodecs.Delta("<i4")])
    expect_error(store, "delta", "delta", "filter", "shuffle")
    wrong("lzma", compressor=numcodecs.LZMA())
    expect_error(store, "lzma", "compressor", "lzma", "blosc")
    add(group, "text", np.array(["a", "b"], "<U4"), ["n"])
    expect_error(store, "text", "<U4", "not", "number")
    add(group, "when", np.array(["2020-01-01"], "<M8[ns]"), ["n"])
    expect_error(store, "when", "<M8[ns]", "not", "number")
    wrong("text_scale").attrs["scale_factor"] = "a tenth"
    expect_error(store, "text_scale", "scale_factor", "tenth", "not", "number")
    for name, compressor in compressors():
        wrong(f"cut-{name}", compressor=compressor)
        size = os.path.getsize(path(f"cut-{name}"))
        os.truncate(path(f"cut-{name}"), size - 5)
        expect_error(store, f"cut-{name}", f"cut-{name}/0")
        wrong(f"short-{name}", compressor=compressor)
        wrong(f"other-{name}", compressor=compressor, count=60)
        shutil.copy(path(f"other-{name}"), path(f"short-{name}"))
        expect_error(store, f"short-{name}", f"short-{name}/0")
        wrong(f"nothing-{name}", compressor=compressor)
        open(path(f"nothing-{name}"), "wb").close()
        expect_error(store, f"nothing-{name}", f"nothing-{name}/0")
    os.makedirs(os.path.join(store, "folder"), exist_ok=True)
    wrong("folder_for_chunk")
    os.remove(path("folder_for_chunk"))
    os.mkdir(path("folder_for_chunk"))
    expect_error(store, "folder_for_chunk", "folder_for_chunk/0", "regular")
    wrong("blosc_header")
    with open(path("blosc_header"), "r+b") as chunk:
        chunk.seek(4)
        chunk.write(b"\xff\xff\xff\x7f")
    expect_error(store, "blosc_header", "blosc_header/0", "bytes")
    wrong("blosc_unknown")
    with open(path("blosc_unknown"), "r+b") as chunk:
        chunk.seek(2)
        chunk.write(b"\xc1")
    expect_error(store, "blosc_unknown", "inner", "codec")


def zarr3_zoo(store):
    """Every type and list of codecs, as single chunks and in shards; consolidated."""
    nodes = {}
    for dtype in DTYPES:
        for label, codecs in zarr_v3.chains(dtype):
            end = "be" if dtype[0] == ">" else ""
            layouts = {"chunks": ((3, 4), codecs),
                       "end": ((4, 6), zarr_v3.sharding((2, 3), codecs)),
                       "start": ((6, 4), zarr_v3.sharding((2, 2), codecs, "start", False, "big"))}
            for layout, (chunk, used) in layouts.items():
                name = f"{label}-{dtype[1:]}{end}-{layout}"
                values = numbers(dtype, (7, 11))
                fill = False if dtype == "|b1" else 0
                # the last row of shards has chunks of nothing but padding, which are missing
                nodes[name] = zarr_v3.write_array(store, name, values, used, chunk, fill,
                                                  dimensions=["y", "x"])
                expect(store, name, values)
    zarr_v3.write_group(store, attributes={"title": "version 3", "nan": float("nan")},
                        consolidated_metadata={"kind": "inline", "must_understand": False,
                                               "metadata": nodes})


def zarr3_special(store):
    """Fill values and what is missing, keys of chunks, groups, ranks, packing; not consolidated."""
    write, codec = zarr_v3.write_array, zarr_v3.codec
    zarr_v3.write_group(store)
    plain, zstd = codec("bytes", endian="little"), codec("zstd", level=1, checksum=True)
    values = numbers("<f4", (7, 11))
    def cut(name, values, right, **options):
        """With one chunk, one shard and one chunk of a shard missing."""
        missing = np.array(values)
        missing[:4, :6] = right
        write(store, name, values, [plain, zstd], (4, 6), missing=[(0, 0)], **options)
        expect(store, name, missing)
        write(store, name + "-shard", values, zarr_v3.sharding((2, 3), [plain, zstd]), (4, 6),
              missing=[(0, 0)], **options)
        expect(store, name + "-shard", missing)
        holes = np.array(values)
        holes[2:4, 6:9] = 77
        missing[2:4, 6:9] = right
        write(store, name + "-holes", holes, zarr_v3.sharding((2, 3), [plain, zstd]), (4, 6),
              missing=[(0, 0)], **options)
        expect(store, name + "-holes", missing)
    fills = [(0, 0), (2.5, 2.5), ("NaN", np.nan), ("Infinity", np.inf), ("-Infinity", -np.inf),
             ("0x7fc00000", np.nan), ("0x40490fdb", np.float32(np.pi)), ("0xFF800000", -np.inf)]
    for fill, right in fills:
        cut(f"fill{fill}", values, right, fill=fill)
    for bits, dtype, right in ("0x3c01", "<f2", 1 + 2**-10), ("0x3ff0000000000001", "<f8", 1 + 2**-52):
        cut(f"fill{bits}", numbers(dtype, (7, 11)), right, fill=bits)
    for dtype in DTYPES[1:3] + ["<i2", "<u2", "<i4", "<u4", "<i8", "<u8"]:
        limits = np.iinfo(dtype)
        cut(f"largest-{dtype[1:]}", numbers(dtype, (7, 11)), limits.max, fill=int(limits.max))
        cut(f"smallest-{dtype[1:]}", numbers(dtype, (7, 11)), limits.min, fill=int(limits.min))
    write(store, "truth", np.array([True, False, True]), [codec("bytes")], (2,), True, missing=[(0,)])
    expect(store, "truth", [1, 1, 1])
    for name, separator in ("default", "/"), ("default", "."), ("v2", "/"), ("v2", "."):
        for rank in range(4):
            keys = codec(name, separator=separator) if (name == "v2") != (separator == ".") or rank % 2 else codec(name)
            array = numbers("<i2", (3, 4, 5)[:rank]) if rank else np.array(-7, "<i2")
            label = f"keys-{name}-{'slash' if separator == '/' else 'dot'}-{rank}"
            write(store, label, array, [plain], (2, 2, 2)[:rank], keys=keys)
            expect(store, label, array)
    array = numbers("<f4", (3, 4, 5))
    for order in itertools.permutations(range(3)):
        label = "order" + "".join(map(str, order))
        turned = [codec("transpose", order=order), plain, zstd]
        write(store, label, array, turned, (2, 3, 2))
        expect(store, label, array)
        write(store, label + "-shard", array, zarr_v3.sharding((1, 3, 2), turned), (2, 3, 4))
        expect(store, label + "-shard", array)
    # a text is an extension without a configuration, and members may say that they can be left aside
    write(store, "short", np.arange(4, dtype="|u1"), [codec("bytes")], (2,),
          extra={"must_understand": False}, storage_transformers=[])
    with open(os.path.join(store, "short", "zarr.json"), "r+") as file:
        metadata = file.read().replace('{"name": "bytes"}', '"bytes"').replace('{"name": "default"}', '"default"')
        file.seek(0)
        file.truncate()
        file.write(metadata)
    expect(store, "short", np.arange(4))
    # the fill value is a value, only _FillValue marks what is missing; xarray writes it as base64
    write(store, "zero", np.array([0.0, 1, 2]), [plain], (3,), 0.0, attributes={"units": "m"})
    expect(store, "zero", [0, 1, 2])
    fill = base64.b64encode(struct.pack("<d", -999.5)).decode()
    write(store, "masked", np.array([0.0, -999.5, 2]), [plain], (3,), 0.0,
          attributes={"_FillValue": fill, "scale_factor": 2.0})
    expect(store, "masked", [0, np.nan, 4])
    write(store, "packed", np.array([1, -32767, 3], "<i2"), [plain], (2,), 7,
          attributes={"_FillValue": -32767, "scale_factor": 0.5, "add_offset": 1.0}, missing=[(1,)])
    expect(store, "packed", [1.5, np.nan, 4.5])
    write(store, "empty", np.zeros((0, 3), "<f4"), [plain], (1, 3))
    expect(store, "empty", [])
    zarr_v3.write_group(store, "inner")
    zarr_v3.write_group(store, "inner/most")
    write(store, "inner/most/deep", np.arange(4.0), [plain], (4,), dimensions=["z"])
    expect(store, "inner/most/deep", np.arange(4.0))


def zarr3_wrong(store):
    write, codec = zarr_v3.write_array, zarr_v3.codec
    zarr_v3.write_group(store)
    values = numbers("<f4", (8, 6))
    plain, zstd, crc = codec("bytes", endian="little"), codec("zstd", level=1), codec("crc32c")
    def change(name, key, function):
        with open(os.path.join(store, name, key), "r+b") as file:
            content = bytearray(file.read())
            changed = function(content)
            file.seek(0)
            file.truncate()
            file.write(content if changed is None else changed)
    def flip(at):
        return lambda content: content.__setitem__(at, content[at] ^ 1)
    def entry(offset, length, at=-36):
        return lambda content: content.__setitem__(slice(at, at + 16), struct.pack("<QQ", offset, length))
    def signed(content):
        content[-4:] = struct.pack("<I", zarr_v3.crc32c(content[-68:-4]))
    def edit(name, function):
        path = os.path.join(store, name, "zarr.json")
        with open(path) as file:
            metadata = json.load(file)
        function(metadata)
        with open(path, "w") as file:
            json.dump(metadata, file)
    def unknown(name, codecs, *words, **options):
        write(store, name, values, [plain], (4, 6), **options)
        edit(name, lambda metadata: metadata.__setitem__("codecs", codecs))
        expect_error(store, name, name, *words)
    unknown("lz4", [plain, codec("lz4")], "codec", '"lz4"', "zstd")
    unknown("delta", [codec("delta"), plain], "codec", '"delta"')
    unknown("inner", zarr_v3.sharding((2, 3), [plain, codec("lz4")]), "codec", '"lz4"')
    unknown("twice", [plain, zstd, codec("gzip", level=1)], "compressed", "twice")
    unknown("around", zarr_v3.sharding((2, 3), [plain]) + [crc], "crc32c", "around", "shards")
    unknown("nested", zarr_v3.sharding((2, 3), zarr_v3.sharding((1, 3), [plain])), "shards", "within")
    index = zarr_v3.sharding((2, 3), [plain])
    index[0]["configuration"]["index_codecs"].append(zstd)
    unknown("index", index, "index", "codecs", "crc32c")
    unknown("extension", [plain], "extension", "novel", novel={"name": "x"})
    unknown("transformer", [plain], "storage_transformers", storage_transformers=["x"])
    for dtype in "string", {"name": "numpy.datetime64", "configuration": {"unit": "s"}}, "complex64":
        label = f"type{len(str(dtype))}"
        write(store, label, values, [plain], (4, 6))
        edit(label, lambda metadata: metadata.__setitem__("data_type", dtype))
        expect_error(store, label, "not", "number")
    for chain in ([plain, crc], [plain, zstd, crc], [plain, crc, zstd]):
        label = "checksum" + str(len(chain)) + chain[-1]["name"]
        write(store, label, values, chain, (4, 6))
        if chain[-1] is crc:
            change(label, "c/1/0", flip(5))
            expect_error(store, label, label + "/c/1/0", "checksum", "CRC-32C")
        else:
            change(label, "c/1/0", lambda content: numcodecs.Zstd().encode(b"x" * 90))
            expect_error(store, label, label + "/c/1/0", "90", "100")
    def shard(name, function, *words, checked=False, codecs=(plain,)):
        """Change a shard of four chunks of 24 bytes; the index is the last 68 bytes."""
        write(store, name, values, zarr_v3.sharding((4, 3), list(codecs)), (8, 6))
        change(name, "c/0/0", function)
        if checked:
            change(name, "c/0/0", signed)
        expect_error(store, name, name + "/c/0/0", *words)
    shard("index-checksum", flip(-30), "index", "checksum")
    shard("cut", lambda content: content[:50], "has", "50", "68", "truncated")
    shard("nothing", lambda content: b"", "has", "0", "68")
    shard("shifted", lambda content: content + b"x", "index", "checksum")
    shard("outside", entry(10**6, 48), "chunk", "2", "1000000", "index", checked=True)
    shard("overflow", entry(2**64 - 8, 48), "chunk", "2", "index", checked=True)
    shard("half", entry(2**64 - 1, 48), "chunk", "2", "index", checked=True)
    shard("huge", entry(0, 2**40), "chunk", "2", "at", "most", checked=True)
    shard("end", entry(270, 48), "chunk", "2", "48", checked=True)
    shard("size", entry(3, 44), "chunk", "2", "44", "48", "right", checked=True)
    shard("zero", entry(3, 0), "chunk", "2", "0", "48", checked=True)
    shard("chunk-checksum", flip(12), "chunk", "3", "checksum", codecs=(plain, crc))
    os.makedirs(os.path.join(store, "folder", "c"))
    write(store, "folder", values, [plain], (4, 6), keys=codec("default", separator="."))
    os.remove(os.path.join(store, "folder", "c.0.0"))
    os.mkdir(os.path.join(store, "folder", "c.0.0"))
    expect_error(store, "folder", "folder/c.0.0", "regular")


def netcdf_files():
    formats = {"NETCDF3_CLASSIC": "i1 i2 i4 f4 f8", "NETCDF3_64BIT_OFFSET": "i2 f4",
               "NETCDF3_64BIT_DATA": "u1 u2 u4 i8 u8 f8", "NETCDF4_CLASSIC": "i2 f4 f8",
               "NETCDF4": "i1 u1 i2 u2 i4 u4 i8 u8 f4 f8"}
    for form, types in formats.items():
        path = os.path.join(FOLDER, f"{form}.nc")
        with netCDF4.Dataset(path, "w", format=form) as file:
            file.set_auto_mask(False)
            file.title, file.number = "a file", 2.5
            file.createDimension("time", None)
            file.createDimension("y", 6)
            file.createDimension("x", 7)
            for dtype in types.split():
                variable = file.createVariable(f"v_{dtype}", dtype, ("time", "y", "x"))
                variable[:] = numbers(dtype, (5, 6, 7))
            for order in ("little", "big") if form == "NETCDF4" else ():
                variable = file.createVariable(f"v_{order}", "f4", ("time", "y", "x"), endian=order,
                                               zlib=True, chunksizes=(2, 3, 4), fill_value=-9.0)
                variable[:] = numbers("f4", (5, 6, 7))
                variable[1, 2, 3] = -9.0
            packed = file.createVariable("packed", "i2", ("time", "y", "x"), fill_value=-32767)
            packed.set_auto_maskandscale(False)
            packed.setncatts({"scale_factor": 0.01, "add_offset": 273.15,
                              "missing_value": np.int16(-32766)})
            values = numbers("i2", (5, 6, 7))
            values[0, 0, :2] = -32767, -32766
            packed[:] = values
            fixed = file.createVariable("fixed", "f8", ("y",))
            fixed[:] = np.arange(6.0)
            file.createVariable("scalar", "f8", ())[...] = 4.5
            file.createVariable("letters", "S1", ("x",))[:] = np.array(list("abcdefg"), "S1")
            if form == "NETCDF4":
                file.createVariable("words", str, ("x",))[:] = np.array(list("abcdefg"), object)
                inner = file.createGroup("inner")
                inner.createVariable("deep", "i4", ("y",))[:] = np.arange(6)
                file.setncattr_string("text", "a string")
        dataset = xr.open_dataset(path, decode_times=False, engine="netcdf4")
        expect_dataset(path, dataset)
        expect_error(path, "letters", "|S1", "not", "number")
        if form == "NETCDF4":
            expect(path, "inner/deep", np.arange(6))
            expect_error(path, "words", "|O", "not", "number")
    path = os.path.join(FOLDER, "unwritten.nc")
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 5)
        file.createVariable("v", "f4", ("x",))[:2] = 1.0
    expect(path, "v", [1, 1, np.nan, np.nan, np.nan])


def real_data(data):
    stores = ["era5-2.5deg-djf/mean_sea_level_pressure.zarr", "ncep-air/air_temperature_testing.zarr",
              "era5-2.5deg-djf/vorticity_850hpa.zarr"]
    for store in stores:
        path = os.path.join(data, store)
        if os.path.exists(path):
            expect_dataset(path, open_with_xarray(path))
    for folder in ("formats/netcdf", "era5-model-levels"):
        path = os.path.join(data, folder)
        for name in sorted(os.listdir(path)) if os.path.exists(path) else ():
            file = os.path.join(path, name)
            expect_dataset(file, xr.open_dataset(file, decode_times=False, engine="netcdf4"))


def safetensors_dumps(data):
    """numpy's reading of safetensors files, by their specification alone."""
    import glob
    import json
    types = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U8": "|u1", "F16": "<f2"}
    for path in sorted(glob.glob(os.path.join(data, "*/*.safetensors"))):
        content = open(path, "rb").read()
        length = int.from_bytes(content[:8], "little")
        for name, tensor in json.loads(content[8:8 + length]).items():
            if name != "__metadata__":
                begin, end = (8 + length + o for o in tensor["data_offsets"])
                expect(path, name, np.frombuffer(content[begin:end], types[tensor["dtype"]]))


if sys.argv[1] == "zarr":
    zarr_zoo(os.path.join(FOLDER, "consolidated.zarr"), True, ".")
    zarr_zoo(os.path.join(FOLDER, "nested.zarr"), False, "/")
    zarr_special(os.path.join(FOLDER, "special.zarr"))
    zarr_wrong(os.path.join(FOLDER, "wrong.zarr"))
elif sys.argv[1] == "zarr3":
    zarr3_zoo(os.path.join(FOLDER, "zoo.zarr"))
    zarr3_special(os.path.join(FOLDER, "special.zarr"))
    zarr3_wrong(os.path.join(FOLDER, "wrong.zarr"))
elif sys.argv[1] == "netcdf":
    netcdf_files()
elif sys.argv[1] == "real":
    real_data(sys.argv[3])
elif sys.argv[1] == "safetensors":
    safetensors_dumps(sys.argv[3])
MANIFEST.close()

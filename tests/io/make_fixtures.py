"""Write files with the field's own Python libraries, and what these libraries read from them.

    make_fixtures.py zarr|netcdf|real|safetensors FOLDER [DATA]

FOLDER/manifest.txt gets one line a variable: either
    value STORE VARIABLE DUMP TOLERANCE      float64 values in DUMP, absolute tolerance
    error STORE VARIABLE WORD…               reading fails and the message has all the words
Exits with 77 where a module is missing.
"""

import os
import shutil
import sys

try:
    import numpy as np
    import numcodecs
    import xarray as xr
    import zarr
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
    array = add(group, "fortran", numbers("<f4", (4, 5)), ["y", "x"], order="F")
    expect_error(store, "fortran", "order", "F")
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
elif sys.argv[1] == "netcdf":
    netcdf_files()
elif sys.argv[1] == "real":
    real_data(sys.argv[3])
elif sys.argv[1] == "safetensors":
    safetensors_dumps(sys.argv[3])
MANIFEST.close()

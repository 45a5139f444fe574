"""Write netCDF files that hold one field in many ways. Every value tells where and when it is:
((step * 4 + level / 250) * 19 + (90 - latitude) / 10) * 36 + longitude / 10, step = 6-hours since 2020-01-01.

    make_files.py FOLDER

Exits with 77 where a module is missing.
"""

import sys

try:
    import netCDF4
    import numpy as np
except ImportError as missing:
    print(missing)
    sys.exit(77)

FOLDER = sys.argv[1]
SOUTH_NORTH = np.arange(-90, 91, 10.0)
NORTH_SOUTH = SOUTH_NORTH[::-1]
DATE_LINE = np.arange(-180, 180, 10.0)
GREENWICH = np.arange(0, 360, 10.0)
CYCLIC = np.arange(0, 361, 10.0)


def code(steps, levels, latitude, longitude):
    t, l, y, x = np.meshgrid(steps, levels, latitude, longitude, indexing="ij")
    return ((t * 4 + l / 250) * 19 + (90 - y) / 10) * 36 + np.mod(x, 360) / 10


def coordinate(file, name, values, **attributes):
    file.createDimension(name, len(values))
    variable = file.createVariable(name, "f8", (name,))
    variable[:] = values
    variable.setncatts(attributes)


def field(file, name, dimensions, values, **attributes):
    variable = file.createVariable(name, "f4", dimensions, fill_value=-1.0)
    variable.setncatts(attributes)
    variable[:] = values


def simple(name, steps, latitude=NORTH_SOUTH, longitude=GREENWICH, variables=(("t", {}),), calendar="standard",
           units="hours since 2020-01-01", length=6.0):
    """A surface file; variables are (name, attributes)."""
    with netCDF4.Dataset(f"{FOLDER}/{name}", "w") as file:
        coordinate(file, "time", np.asarray(steps) * length, units=units, calendar=calendar)
        coordinate(file, "lat", latitude)
        coordinate(file, "lon", longitude)
        values = code(steps, [0], latitude, longitude)[:, 0]
        for variable, attributes in variables:
            field(file, variable, ("time", "lat", "lon"), values, **attributes)


# pressure in Pa, south to north, from the date line, later half, times not sorted
with netCDF4.Dataset(f"{FOLDER}/levels_late.nc", "w") as file:
    steps = np.array([7, 5, 6, 4])
    coordinate(file, "time", steps * 6, units="hours since 2020-01-01 00:00:00", standard_name="time")
    coordinate(file, "plev", [75000, 50000, 25000], units="Pa", standard_name="air_pressure", positive="down")
    coordinate(file, "lat", SOUTH_NORTH, units="degrees_north")
    coordinate(file, "lon", DATE_LINE, units="degrees_east")
    field(file, "ta", ("time", "plev", "lat", "lon"), code(steps, [750, 500, 250], SOUTH_NORTH, DATE_LINE),
          standard_name="air_temperature", units="K")
# other names, other order of dimensions, repeated meridian, days, a missing value, a second variable of the name
with netCDF4.Dataset(f"{FOLDER}/levels_early.nc", "w") as file:
    steps = np.arange(4)
    coordinate(file, "y", NORTH_SOUTH, units="degrees_north")
    coordinate(file, "x", CYCLIC, units="degrees_east")
    coordinate(file, "isobaricInhPa", [250, 500, 750], units="hPa")
    coordinate(file, "valid_time", steps / 4, units="days since 2020-01-01T00:00:00Z", calendar="gregorian")
    file.createDimension("number", 1)
    values = code(steps, [250, 500, 750], NORTH_SOUTH, CYCLIC)
    values[2, 1, 3, 4] = -1  # 12:00, 500 hPa, 60 N, 40 E
    field(file, "temp", ("x", "number", "y", "isobaricInhPa", "valid_time"),
          values.transpose(3, 2, 1, 0)[:, None], standard_name="air_temperature", units="K")
    field(file, "t2m", ("valid_time", "y", "x"), values[:, 0], standard_name="air_temperature", units="K")
simple("wind.nc", range(4), variables=(("velocity_u", {}), ("wibble", {"GRIB_shortName": "v", "units": "m s-1"}),
                                      ("z", {"standard_name": "height"})))
simple("ambiguous.nc", range(4), variables=(("a", {"standard_name": "specific_humidity"}),
                                           ("b", {"standard_name": "specific_humidity"})))
simple("named.nc", range(4), variables=(("q", {"standard_name": "specific_humidity"}),
                                       ("b", {"standard_name": "specific_humidity"})))
simple("first.nc", range(0, 3))
simple("second.nc", range(3, 6))
simple("overlap.nc", range(2, 4))
simple("kelvin.nc", range(3, 6), variables=(("t", {"units": "degC"}),))
simple("noleap.nc", range(3, 6), calendar="noleap")
simple("region.nc", range(3, 6), longitude=GREENWICH[:20])
simple("gaussian.nc", range(3), latitude=np.degrees(np.arcsin(np.linspace(-0.9, 0.9, 9))))
simple("months.nc", range(3), units="months since 2020-01-01")
simple("nowhen.nc", range(3), units="K")
with netCDF4.Dataset(f"{FOLDER}/members.nc", "w") as file:
    coordinate(file, "time", [0], units="hours since 2020-01-01")
    coordinate(file, "lat", NORTH_SOUTH)
    coordinate(file, "lon", GREENWICH)
    file.createDimension("number", 2)
    field(file, "t", ("number", "time", "lat", "lon"), 0)
with netCDF4.Dataset(f"{FOLDER}/member_7.nc", "w") as file:
    coordinate(file, "time", [0], units="hours since 2020-01-01")
    coordinate(file, "number", [7])
    coordinate(file, "lat", NORTH_SOUTH)
    coordinate(file, "lon", GREENWICH)
    field(file, "t", ("number", "time", "lat", "lon"), 0)
with netCDF4.Dataset(f"{FOLDER}/twice.nc", "w") as file:
    coordinate(file, "time", [0], units="hours since 2020-01-01")
    coordinate(file, "level", [500, 500], units="hPa")
    coordinate(file, "lat", NORTH_SOUTH)
    coordinate(file, "lon", GREENWICH)
    field(file, "t", ("time", "level", "lat", "lon"), 0)
simple("seconds.nc", range(0, 3), variables=(("u", {"units": "m s**-1"}),))
simple("per_second.nc", range(3, 6), variables=(("u", {"units": "m s-1"}),))
# an ensemble whose member 7 is the right one, between others
with netCDF4.Dataset(f"{FOLDER}/ensemble.nc", "w") as file:
    coordinate(file, "time", np.arange(3) * 6.0, units="hours since 2020-01-01")
    coordinate(file, "run", [4, 7, 9], standard_name="realization")
    coordinate(file, "lat", NORTH_SOUTH)
    coordinate(file, "lon", GREENWICH)
    values = code(np.arange(3), [0], NORTH_SOUTH, GREENWICH)[:, 0]
    field(file, "t", ("time", "run", "lat", "lon"), np.stack([values + 1, values, values - 1], axis=1))
# cfgrib: no time dimension but a scalar valid_time, a scalar pressure, an analysis time that is not meant
with netCDF4.Dataset(f"{FOLDER}/scalar.nc", "w") as file:
    coordinate(file, "latitude", NORTH_SOUTH, units="degrees_north")
    coordinate(file, "longitude", GREENWICH, units="degrees_east")
    for name, value, attributes in (
            ("time", 0, {"standard_name": "forecast_reference_time", "units": "hours since 2020-01-01"}),
            ("valid_time", 18, {"standard_name": "time", "units": "hours since 2020-01-01"}),
            ("isobaricInhPa", 500, {"units": "hPa"})):
        file.createVariable(name, "f8", ())[...] = value
        file[name].setncatts(attributes)
    field(file, "vo", ("latitude", "longitude"), code([3], [500], NORTH_SOUTH, GREENWICH)[0, 0],
          coordinates="time valid_time isobaricInhPa", units="s**-1")
# ---- conventions of data centres -----------------------------------------------------------------


def packed(file, name, dimensions, values, **attributes):
    """16-bit integers, as the Climate Data Store packed them; every value is exact."""
    variable = file.createVariable(name, "i2", dimensions, fill_value=-32767)
    variable.setncatts({"scale_factor": 0.5, "add_offset": 10000.0, "missing_value": np.int16(-32767), **attributes})
    variable.set_auto_maskandscale(False)
    whole = np.ma.masked_invalid((values - 10000) / 0.5)
    variable[:] = whole.filled(-32767).astype("i2")


# The Climate Data Store until 2024: hours since 1900 as 32-bit integers, and expver where the last months are in it
with netCDF4.Dataset(f"{FOLDER}/cds_old.nc", "w", format="NETCDF3_CLASSIC") as file:
    steps = np.arange(4)
    coordinate(file, "longitude", GREENWICH, units="degrees_east", long_name="longitude")
    coordinate(file, "latitude", NORTH_SOUTH, units="degrees_north", long_name="latitude")
    coordinate(file, "expver", [1, 5], long_name="expver")
    file.createDimension("time", len(steps))
    file.createVariable("time", "i4", ("time",))[:] = 1051896 + 6 * steps
    file["time"].setncatts({"units": "hours since 1900-01-01 00:00:00.0", "long_name": "time", "calendar": "gregorian"})
    values = code(steps, [0], NORTH_SOUTH, GREENWICH)[:, 0]
    both = np.full((4, 2, *values.shape[1:]), np.nan)
    both[:3, 0], both[3:, 1] = values[:3], values[3:]
    packed(file, "msl", ("time", "expver", "latitude", "longitude"), both, units="Pa",
           long_name="Mean sea level pressure", standard_name="air_pressure_at_mean_sea_level")
# the same with the preliminary version first, and values in both
with netCDF4.Dataset(f"{FOLDER}/cds_turned.nc", "w") as file:
    steps = np.arange(4)
    coordinate(file, "time", steps * 6.0, units="hours since 2020-01-01")
    coordinate(file, "expver", [5, 1])
    coordinate(file, "latitude", NORTH_SOUTH, units="degrees_north")
    coordinate(file, "longitude", GREENWICH, units="degrees_east")
    values = code(steps, [0], NORTH_SOUTH, GREENWICH)[:, 0]
    field(file, "msl", ("time", "expver", "latitude", "longitude"), np.stack([values + 1, values], axis=1))
# since then: valid_time, a scalar number, expver as text along the time
with netCDF4.Dataset(f"{FOLDER}/cds_new.nc", "w") as file:
    steps = np.arange(4)
    file.createVariable("number", "i8", ())[...] = 0
    file["number"].setncatts({"long_name": "ensemble member numerical id", "units": "1", "standard_name": "realization"})
    file.createDimension("valid_time", len(steps))
    file.createVariable("valid_time", "i8", ("valid_time",))[:] = 1577836800 + 21600 * steps
    file["valid_time"].setncatts({"long_name": "time", "standard_name": "time", "units": "seconds since 1970-01-01",
                                  "calendar": "proleptic_gregorian"})
    coordinate(file, "pressure_level", [750, 500], long_name="pressure", units="hPa", positive="down",
               stored_direction="decreasing", standard_name="air_pressure")
    coordinate(file, "latitude", NORTH_SOUTH, units="degrees_north", standard_name="latitude",
               stored_direction="decreasing")
    coordinate(file, "longitude", GREENWICH, units="degrees_east", standard_name="longitude")
    file.createVariable("expver", str, ("valid_time",))[:] = np.array(["0001", "0001", "0005", "0005"], dtype=object)
    field(file, "t", ("valid_time", "pressure_level", "latitude", "longitude"),
          code(steps, [750, 500], NORTH_SOUTH, GREENWICH), units="K", standard_name="air_temperature", GRIB_paramId=130,
          GRIB_shortName="t", GRIB_cfName="air_temperature", coordinates="number expver")
# CMIP6: levels in Pa, bounds, calendars of models, a height that is told in words only
for calendar in ("noleap", "360_day"):
    with netCDF4.Dataset(f"{FOLDER}/cmip_{calendar}.nc", "w") as file:
        steps = np.arange(4)
        first = 170 * (360 if calendar == "360_day" else 365)  # days from 1850 to 2020
        coordinate(file, "time", first + steps / 4, units="days since 1850-01-01", calendar=calendar, axis="T",
                   bounds="time_bnds", standard_name="time")
        coordinate(file, "plev", [75000, 50000], units="Pa", axis="Z", positive="down", standard_name="air_pressure")
        coordinate(file, "lat", SOUTH_NORTH, units="degrees_north", axis="Y", bounds="lat_bnds",
                   standard_name="latitude")
        coordinate(file, "lon", GREENWICH, units="degrees_east", axis="X", standard_name="longitude")
        file.createDimension("bnds", 2)
        file.createVariable("time_bnds", "f8", ("time", "bnds"))[:] = 0
        file.createVariable("lat_bnds", "f8", ("lat", "bnds"))[:] = 0
        file.createVariable("height", "f8", ())[...] = 2
        file["height"].setncatts({"units": "m", "axis": "Z", "positive": "up", "standard_name": "height"})
        values = code(steps, [750, 500], SOUTH_NORTH, GREENWICH)
        field(file, "ta", ("time", "plev", "lat", "lon"), values, standard_name="air_temperature", units="K")
        field(file, "tas", ("time", "lat", "lon"), code(steps, [0], SOUTH_NORTH, GREENWICH)[:, 0],
              standard_name="air_temperature", units="K", coordinates="height")
# MERRA-2: names in capitals, its own standard names, missing values of 1e15, from the south pole and the date line
with netCDF4.Dataset(f"{FOLDER}/merra.nc4", "w") as file:
    steps = np.arange(4)
    file.createDimension("time", len(steps))
    file.createVariable("time", "i4", ("time",))[:] = 360 * steps
    file["time"].setncatts({"long_name": "time", "units": "minutes since 2020-01-01 00:00:00",
                            "time_increment": np.int32(60000), "begin_date": np.int32(20200101)})
    coordinate(file, "lev", [750, 500], long_name="vertical level", units="hPa", positive="down",
               coordinate="PLE", standard_name="PLE_level")
    coordinate(file, "lat", SOUTH_NORTH, long_name="latitude", units="degrees_north")
    coordinate(file, "lon", DATE_LINE, long_name="longitude", units="degrees_east")
    values = code(steps, [750, 500], SOUTH_NORTH, DATE_LINE)
    values[0, 1, 0, 0] = 1e15
    for name, standard in (("T", "air_temperature"), ("QV", "specific_humidity"), ("H", "edge_heights")):
        file.createVariable(name, "f4", ("time", "lev", "lat", "lon"), fill_value=np.float32(1e15))[:] = values
        file[name].setncatts({"standard_name": standard, "units": "K", "missing_value": np.float32(1e15),
                              "fmissing_value": np.float32(1e15), "vmax": np.float32(1e15), "vmin": np.float32(-1e15),
                              "valid_range": np.float32([-1e15, 1e15])})
    file.createVariable("SLP", "f4", ("time", "lat", "lon"))[:] = code(steps, [0], SOUTH_NORTH, DATE_LINE)[:, 0]
    file["SLP"].setncatts({"standard_name": "sea_level_pressure", "units": "Pa"})
# NCEP reanalysis: millibars, hours since 1800, packed, pressures of anything called pressure
with netCDF4.Dataset(f"{FOLDER}/ncep.nc", "w") as file:
    steps = np.arange(4)
    coordinate(file, "level", [750, 500], units="millibar", positive="down", long_name="Level", axis="Z",
               GRIB_name="hPa")
    coordinate(file, "lat", NORTH_SOUTH, units="degrees_north", standard_name="latitude", axis="Y")
    coordinate(file, "lon", GREENWICH, units="degrees_east", standard_name="longitude", axis="X")
    coordinate(file, "time", 1928472 + 6 * steps, units="hours since 1800-01-01 00:00:0.0", standard_name="time",
               axis="T", delta_t="0000-00-00 06:00:00", avg_period="0000-00-00 00:00:00")
    packed(file, "air", ("time", "level", "lat", "lon"), code(steps, [750, 500], NORTH_SOUTH, GREENWICH),
           standard_name="air_temperature", units="degK", valid_range=np.int16([-32765, 32765]),
           unpacked_valid_range=np.float32([-6000, 26000]), actual_range=np.float32([0, 20000]), precision=np.int16(2))
    packed(file, "slp", ("time", "lat", "lon"), code(steps, [0], NORTH_SOUTH, GREENWICH)[:, 0],
           standard_name="pressure", units="Pascals")
# ---- what fields are derived from: solid-body rotation and the divergent wind like it, U and V at the equator ------

TIMES, LEVELS = np.arange(3), np.array([850, 500])
U = (10 + TIMES[:, None] + LEVELS / 1000)[:, :, None, None]
V = (3 - TIMES[:, None] - LEVELS / 1000)[:, :, None, None]
SINE, COSINE = (f(np.radians(NORTH_SOUTH))[:, None] + 0 * GREENWICH for f in (np.sin, np.cos))
RADIUS = 6371229.0


def derived(name, fields, times=TIMES, longitude=GREENWICH):
    with netCDF4.Dataset(f"{FOLDER}/{name}", "w") as file:
        coordinate(file, "time", times * 6.0, units="hours since 2020-01-01")
        coordinate(file, "level", LEVELS, units="hPa")
        coordinate(file, "lat", NORTH_SOUTH, units="degrees_north")
        coordinate(file, "lon", longitude, units="degrees_east")
        for variable, units, values in fields:
            file.createVariable(variable, "f4", ("time", "level", "lat", "lon"))[:] = values[:len(times), :, :, :len(longitude)]
            file[variable].units = units


derived("winds.nc", (("u", "m s**-1", U * COSINE), ("v", "cm s-1", 100 * V * COSINE)))
derived("rotation.nc", (("vo", "s**-1", 2 * U * SINE / RADIUS), ("d", "s**-1", -2 * V * SINE / RADIUS)))
derived("region_winds.nc", (("u", "m s**-1", U * COSINE), ("v", "m s-1", V * COSINE)), longitude=GREENWICH[:12])
derived("late_v.nc", (("v", "m s**-1", V * COSINE),), times=TIMES[1:])
derived("only_u.nc", (("u", "m s**-1", U * COSINE),))
derived("warm.nc", (("u", "K", U * COSINE), ("v", "K", V * COSINE)))

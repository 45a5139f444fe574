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

"""Make a forecast whose attributes are full of markup, and check the page that `atmorep verify` makes of it.

usage: report_page_case.py make DIR
       report_page_case.py check DIR WITH_MAPS      (DIR/out/report.html; WITH_MAPS yes or no)
       report_page_case.py instrument DIR           (DIR/instrumented.html counts images by itself)

Only Python's own readers of HTML, XML and JSON are used.
"""

import base64
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

folder = Path(sys.argv[2])
NASTY = "<script>alert('x')</script>&\"<img src='http://example.com/x.png'>"
VOID = {"meta", "link", "img", "br", "hr", "input"}


def make():
    import numpy as np
    import xarray as xr

    random = np.random.default_rng(7)
    lat, lon = np.arange(90.0, -91, -10), np.arange(0.0, 360, 10)
    hours = np.arange(-10 * 24, 120, 6)
    wave = {h: np.cos(np.deg2rad(lat))[:, None] * np.cos(np.deg2rad(2 * lon) + h / 20)[None] for h in hours}
    place = {"latitude": ("latitude", lat, {"units": "degrees_north"}),
             "longitude": ("longitude", lon, {"units": "degrees_east"})}
    when = {"units": "hours since 2001-03-01", "calendar": "standard"}
    grid = ("latitude", "longitude")
    truth = np.stack([280 + 5 * wave[h] for h in hours]).astype("f4")
    xr.Dataset({"t": (("time", *grid), truth, {"units": "K"}), "t2": (("time", *grid), truth + 1, {"units": "K"})},
               {"time": ("time", hours.astype(float), when), **place}).to_netcdf(folder / "truth.nc")
    reference, lead = (a.ravel() for a in np.meshgrid([0, 24, 48], [6, 12, 24], indexing="ij"))
    members = np.stack([280 + 5 * wave[r + l] + 0.1 * l * random.standard_normal((4, lat.size, lon.size))
                        for r, l in zip(reference, lead)]).astype("f4")
    xr.Dataset(
        {"t": (("time", *grid), members.mean(1), {"units": "K", "standard_name": NASTY, "long_name": NASTY}),
         "t_members": (("time", "member", *grid), members),
         "t2": (("time", *grid), members.mean(1) + 1, {"units": "K"}),
         "lead_time": ("time", lead.astype(float), {"units": "hours"})},
        {"time": ("time", (reference + lead).astype(float), when),
         "forecast_reference_time": ("time", reference.astype(float), when), **place},
        {"training_start": "2001-02-19T00", "training_end": "2001-02-28T18"},
    ).to_netcdf(folder / "forecast.nc")


def make_model():
    """A run's configuration and metrics, and attention maps of one field, as docs/attention.md has them."""
    import netCDF4
    import numpy as np

    (folder / "run").mkdir()
    source = Path(__file__).parent.parent / "cli/waves.yaml"
    (folder / "run/configuration.yaml").write_text(source.read_text())
    with open(folder / "run/metrics.jsonl", "w") as metrics:
        for step in (10, 20, 30):
            for kind in ("training", "validation"):
                line = {"kind": kind, "step": step, "loss": 7.5 / step, "gradient_norm": 1, "learning_rate": 1e-3,
                        "samples_per_second": 50, "fields": {"msl": {"kernel_crps": 5 / step}}}
                metrics.write(json.dumps(line) + "\n")
    (folder / "attention").mkdir()
    with netCDF4.Dataset(folder / "attention/attention.nc", "w") as file:
        for axis, middles, extent in (("latitude_t", [50.0, 40.0, 30.0], 10), ("longitude_t", [0.0, 10, 20], 10)):
            file.createDimension(axis, len(middles))
            file.createVariable(axis, "f8", axis)[:] = middles
            file[axis].token_extent = float(extent)
        axes = ("layer", "head", "level", "time")
        for axis, size in zip(axes, (2, 2, 1, 1)):
            file.createDimension(axis, size)
        weights = file.createVariable("encoder_self_t", "f4", axes + ("latitude_t", "longitude_t"))
        weights[:] = np.full((2, 2, 1, 1, 3, 3), 1 / 9)
        weights.setncatts({"query_field": "t", "query_latitude": -40.0, "query_longitude": 10.0,
                           "long_name": NASTY[:40]})


class Page(HTMLParser):
    """Tags must nest; what they are, and what they refer to, is kept."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.references, self.text = [], [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.references += [v for k, v in attributes if k in ("src", "href", "srcset", "data")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        self.text += data


def check(with_maps):
    text = (folder / "out/report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, f"never closed: {page.open}"
    names = [tag for tag, _ in page.tags]
    assert "script" not in names, "the page has a script"
    assert NASTY in page.text, "the standard name is not on the page as it is in the file"
    for reference in page.references:
        assert reference.startswith(("data:", "#")), f"the page refers to {reference[:60]}"
    assert not re.search(r"url\((?!#)", text) and "@import" not in text
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    # Of both fields maps, and a film of three lead times; of the model its attention.
    assert len(images) == (5 if with_maps else 0), f"{len(images)} pictures"
    told = "encoder_self_t: " + NASTY[:40] + ", percentage that each place gets, layer by layer; star: the token that asks, at 40°S, 10°E"
    assert (told in [image["alt"] for image in images]) == with_maps, [image["alt"] for image in images]
    assert "Training of run" in page.text and "Validation: least loss 0.25 at step 30." in page.text
    for image in images:
        assert image["alt"]
        data = base64.b64decode(image["src"].split(",", 1)[1], validate=True)
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND"
        assert data.count(b"fcTL") == (3 if "animated" in image["alt"] else 0)
    charts = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all(chart["aria-label"] for chart in charts)
    files = sorted((folder / "out/figures").glob("*.svg"))
    assert len(files) == len(charts) >= 7, f"{len(files)} files, {len(charts)} charts"
    assert not list((folder / "out/figures").glob(".*")), "something is left behind"
    for file in files:
        ElementTree.parse(file)
    # The points of a chart tell their values: those of scores.json to the four digits that are shown.
    scores = json.loads((folder / "out/scores.json").read_text())["fields"]["t"]["surface"]
    chart = ElementTree.parse(folder / "out/figures/rmse_t_surface.svg")
    shown = [t.text.split(": ") for t in chart.iter("{http://www.w3.org/2000/svg}title")]
    wanted = [[lead, f"{scores[lead]['rmse']:.4g}"] for lead in scores]
    assert shown == wanted, f"{shown} should be {wanted}"
    chart = ElementTree.parse(folder / "out/figures/training_loss_msl.svg")
    shown = [t.text for t in chart.iter("{http://www.w3.org/2000/svg}title")]
    assert shown == ["10: 0.5", "20: 0.25", "30: 0.1667"], shown


def instrument():
    """A copy as wide as a telephone, 390 pixels, that writes into its title how many pictures there are, how
    many of them came, whether anything is wider than the page, and whether the first table shows two scores
    at first, and its fields when it is scrolled to its end. Its policy stays, but for this one script: what the page would load from
    elsewhere is refused, and told on the console."""
    text = (folder / "out/report.html").read_text(encoding="utf-8")
    script = ("<script>addEventListener('load', () => { const all = [...document.images], "
              "body = document.body;"
              "const frame = document.querySelector('.scroll'), box = frame.getBoundingClientRect(),"
              "at = n => frame.querySelector(`td:nth-child(${n})`).getBoundingClientRect(),"
              "scores = at(4).right <= box.right; frame.scrollLeft = 9999;"
              "const fields = frame.scrollLeft > 0 && at(1).left === box.left;"
              "document.title = `${all.filter(i => i.complete && i.naturalWidth > 0).length} of "
              "${all.length} pictures, ${body.scrollWidth > body.clientWidth ? 'too wide' : 'fits'}, ${scores && fields}`; })</script>")
    policy = "style-src 'unsafe-inline'"
    assert text.count("default-src 'none'; img-src data:; " + policy) == 1, "the page has no policy"
    text = text.replace(policy, policy + "; script-src 'unsafe-inline'")
    text = text.replace("</style>", "body{max-width:358px}</style>", 1)
    (folder / "instrumented.html").write_text(text.replace("</main>", script + "</main>"), encoding="utf-8")


if sys.argv[1] == "check":
    check(sys.argv[3] == "yes")
else:
    {"make": lambda: (make(), make_model()), "instrument": instrument}[sys.argv[1]]()

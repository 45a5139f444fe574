/* The ground under the nature run: idealised continents and mountains, roughly where the earth has
 * them and smooth enough for T21, and the temperature of the sea. Ours, not an observed map: each
 * continent is an ellipse of latitude and longitude with a soft coast, each range a Gaussian hill.
 * Latitudes and longitudes in radians; pure, thread-safe. */
#ifndef AR_NATURE_SURFACE_H
#define AR_NATURE_SURFACE_H

/* Share of land, 0 (sea) to 1. */
double ar_surface_land_share(double latitude, double longitude);

/* Altitude of the mountains in m above the sea. */
double ar_surface_altitude(double latitude, double longitude);

/* Temperature of the sea in K of an aquaplanet (Thatcher & Jablonowski 2016, Geosci. Model Dev. 9,
 * 1263: 300 K at the equator, 271 K at the poles), with its warmest latitude at `warmest`. */
double ar_surface_sea_temperature(double latitude, double warmest);

#endif

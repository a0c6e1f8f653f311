//! Coordinate reference systems: degrees in, metres on the project's plane out, and back.
//!
//! Projections are those of `proj4rs`; definitions come from the EPSG list in `crs-definitions`, with
//! better datum parameters where the list's cost metres. Grids (`NTv2`) are not used: RD New is right to 0.25 m.

use h3o::{CellIndex, LatLng, Resolution};
use proj4rs::proj::Proj;

use crate::error::{Error, Result};
use crate::unit::{Local, LonLat};

/// RD New with the seven parameters of EPSG transformation 15934, rotations in arc seconds. The common
/// list's older set is 0.3 m worse; rotations taken for microradians are 170 m off, and nothing warns.
const RD_NEW: &str = "+proj=sterea +lat_0=52.15616055555555 +lon_0=5.38763888888889 +k=0.9999079 \
    +x_0=155000 +y_0=463000 +ellps=bessel \
    +towgs84=565.4171,50.3319,465.5524,-0.398957388243134,0.343987817378283,-1.87740163998045,4.0725 \
    +units=m +no_defs";

const WGS84: &str = "+proj=longlat +datum=WGS84 +no_defs";

/// A coordinate reference system by its EPSG code, as sources are written in.
#[derive(Debug, Clone)]
pub struct Crs {
    epsg: u16,
    definition: Proj,
    wgs84: Proj,
}

impl Crs {
    /// The system with this EPSG code.
    ///
    /// # Errors
    /// When the code is unknown, or its projection is not supported.
    ///
    /// # Panics
    /// Never: the definition of WGS84 parses.
    pub fn from_epsg(epsg: u16) -> Result<Self> {
        let unknown = || Error::Crs { code: format!("EPSG:{epsg}") };
        let listed = crs_definitions::from_code(epsg).ok_or_else(unknown)?;
        let definition = if epsg == 28992 { RD_NEW } else { listed.proj4 };
        Ok(Self {
            epsg,
            definition: Proj::from_proj_string(definition).map_err(|_unsupported| unknown())?,
            wgs84: Proj::from_proj_string(WGS84).expect("a literal that is known to parse"),
        })
    }

    /// The system written as `EPSG:28992`, `epsg:28992`, `28992`, `CRS84` or an OGC URN that ends in one.
    ///
    /// # Errors
    /// When it is none of these, or [`Crs::from_epsg`] refuses the code.
    pub fn parse(text: &str) -> Result<Self> {
        let last = text.trim().rsplit([':', '/']).next().unwrap_or_default();
        if last.eq_ignore_ascii_case("CRS84") {
            return Self::from_epsg(4326);
        }
        let unknown = |_not_a_number| Error::Crs { code: text.to_owned() };
        Self::from_epsg(last.parse().map_err(unknown)?)
    }

    /// The EPSG code.
    pub fn epsg(&self) -> u16 {
        self.epsg
    }

    /// Whether its coordinates are degrees.
    pub fn is_degrees(&self) -> bool {
        self.definition.is_latlong()
    }

    /// Metres per unit of its coordinates (1 for degrees).
    pub fn unit_m(&self) -> f64 {
        if self.is_degrees() { 1.0 } else { self.definition.to_meter() }
    }

    /// Degrees of a coordinate pair of this system (easting or longitude first).
    /// `None` where the pair lies outside what the projection can carry.
    pub fn lon_lat(&self, x: f64, y: f64) -> Option<LonLat> {
        if self.epsg == 4326 {
            let at = LonLat::new(x, y);
            return at.is_on_earth().then_some(at);
        }
        let (x, y) = if self.is_degrees() { (x.to_radians(), y.to_radians()) } else { (x, y) };
        let (lon, lat) = proj4rs::adaptors::transform_xy(&self.definition, &self.wgs84, x, y).ok()?;
        let at = LonLat::new(lon.to_degrees(), lat.to_degrees());
        at.is_on_earth().then_some(at)
    }

    /// The coordinate pair of `at` in this system. `None` where the projection cannot carry it.
    pub fn pair(&self, at: LonLat) -> Option<(f64, f64)> {
        if !at.is_on_earth() {
            return None;
        }
        if self.epsg == 4326 {
            return Some((at.lon, at.lat));
        }
        let (lon, lat) = (at.lon.to_radians(), at.lat.to_radians());
        let (x, y) = proj4rs::adaptors::transform_xy(&self.wgs84, &self.definition, lon, lat).ok()?;
        let (x, y) = if self.is_degrees() { (x.to_degrees(), y.to_degrees()) } else { (x, y) };
        (x.is_finite() && y.is_finite()).then_some((x, y))
    }

    /// Well-known text of the system, for GeoPackage.
    pub fn wkt(&self) -> &'static str {
        crs_definitions::from_code(self.epsg).map_or("undefined", |listed| listed.wkt)
    }

    /// Its name in the EPSG list, as in `Amersfoort / RD New`.
    pub fn name(&self) -> &'static str {
        self.wkt().split('"').nth(1).unwrap_or("undefined")
    }
}

/// The project's working plane: a projected system in metres. All positions inside the program lie on it.
#[derive(Debug, Clone)]
pub struct Plane {
    crs: Crs,
}

impl Plane {
    /// The plane of a projected system.
    ///
    /// # Errors
    /// When the system is in degrees or feet: distances would be wrong without a warning.
    pub fn new(crs: Crs) -> Result<Self> {
        if crs.is_degrees() || (crs.unit_m() - 1.0).abs() > 1e-9 {
            return Err(Error::PlaneNotMetric { epsg: crs.epsg() });
        }
        Ok(Self { crs })
    }

    /// The plane of the UTM zone (WGS84) around `at`.
    ///
    /// # Panics
    /// When `at` is not on the globe.
    pub fn utm(at: LonLat) -> Self {
        assert!(at.is_on_earth(), "a UTM zone needs a position on the globe");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=59 by the clamp")]
        let zone = (((at.lon + 180.0) / 6.0).floor().clamp(0.0, 59.0) as u16) + 1;
        let epsg = if at.lat < 0.0 { 32_700 } else { 32_600 } + zone;
        Self { crs: Crs::from_epsg(epsg).expect("every UTM zone is in the list") }
    }

    /// The coordinate reference system of the plane.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// `at` on the plane. `None` where the projection cannot carry it.
    pub fn local(&self, at: LonLat) -> Option<Local> {
        self.crs.pair(at).map(|(x, y)| Local::new(x, y))
    }

    /// `at` in degrees.
    ///
    /// # Panics
    /// When `at` is [`Local::NOWHERE`] or was not made by this plane.
    pub fn lon_lat(&self, at: Local) -> LonLat {
        self.crs.lon_lat(at.x, at.y).expect("positions inside the program lie on the plane")
    }

    /// The position of a coordinate pair of `source` on this plane; exact where both are the same system.
    pub fn from_pair(&self, source: &Crs, x: f64, y: f64) -> Option<Local> {
        if source.epsg() == self.crs.epsg() {
            return (x.is_finite() && y.is_finite()).then_some(Local::new(x, y));
        }
        source.lon_lat(x, y).and_then(|at| self.local(at))
    }

    /// The H3 cell that holds `at`.
    ///
    /// # Panics
    /// When `at` is [`Local::NOWHERE`].
    pub fn cell(&self, at: Local, resolution: Resolution) -> CellIndex {
        let degrees = self.lon_lat(at);
        LatLng::new(degrees.lat, degrees.lon).expect("finite degrees").to_cell(resolution)
    }

    /// The centre of an H3 cell. `None` where the projection cannot carry it.
    pub fn centre(&self, cell: CellIndex) -> Option<Local> {
        let centre = LatLng::from(cell);
        self.local(LonLat::new(centre.lng(), centre.lat()))
    }

    /// The outline of an H3 cell, closed, counter-clockwise. `None` where the projection cannot carry it.
    pub fn outline(&self, cell: CellIndex) -> Option<geo::Polygon<f64>> {
        let corner = |corner: &LatLng| self.local(LonLat::new(corner.lng(), corner.lat())).map(Into::into);
        let ring: Option<Vec<geo::Coord<f64>>> = cell.boundary().iter().map(corner).collect();
        Some(geo::Polygon::new(geo::LineString::new(ring?), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden points: EPSG code, degrees, coordinates, tolerance in metres.
    /// RD New: the Onze Lieve Vrouwetoren in Amersfoort (RDNAPTRANS2018). LV95: the old observatory in Bern
    /// (swisstopo). The others: PROJ 9.
    #[test]
    fn golden_points_lie_where_the_authorities_put_them() {
        let golden = [
            (28992, LonLat::new(5.387_203_658, 52.155_172_897), (155_000.0, 463_000.0), 0.3),
            (2056, LonLat::new(7.438_632_495, 46.951_082_774), (2_600_000.0, 1_200_000.0), 1.0),
            (32635, LonLat::new(27.0, 60.0), (500_000.0, 6_651_411.19), 0.01),
        ];
        for (epsg, at, (x, y), tolerance_m) in golden {
            let crs = Crs::from_epsg(epsg).unwrap();
            let found = crs.pair(at).unwrap();
            let error_m = (found.0 - x).hypot(found.1 - y);
            assert!(error_m <= tolerance_m, "EPSG:{epsg}: {found:?}, {error_m} m off");
        }
    }

    #[test]
    fn every_plane_in_use_round_trips_to_two_millimetres() {
        let places = [
            (28992, LonLat::new(5.12, 52.09)),
            (2056, LonLat::new(8.54, 47.37)),
            (26985, LonLat::new(-77.03, 38.90)),
            (3067, LonLat::new(24.94, 60.17)),
            (26986, LonLat::new(-71.06, 42.36)),
            (32632, LonLat::new(9.18, 48.78)),
            (32721, LonLat::new(-56.16, -34.90)),
        ];
        for (epsg, at) in places {
            let plane = Plane::new(Crs::from_epsg(epsg).unwrap()).unwrap();
            let there = plane.local(at).unwrap();
            let back = plane.local(plane.lon_lat(there)).unwrap();
            assert!(there.distance_m(back) < 2e-3, "EPSG:{epsg}: {there:?} came back as {back:?}");
        }
    }

    #[test]
    fn a_plane_in_feet_or_degrees_is_refused() {
        assert!(Plane::new(Crs::from_epsg(2249).unwrap()).is_err(), "Massachusetts in US feet");
        assert!(Plane::new(Crs::from_epsg(4326).unwrap()).is_err(), "degrees");
    }

    #[test]
    fn crs_names_are_read_in_every_common_spelling() {
        for text in ["EPSG:28992", "epsg:28992", "28992", "urn:ogc:def:crs:EPSG::28992"] {
            assert_eq!(Crs::parse(text).unwrap().epsg(), 28992, "{text}");
        }
        assert_eq!(Crs::parse("urn:ogc:def:crs:OGC:1.3:CRS84").unwrap().epsg(), 4326);
        assert!(Crs::parse("RD").is_err());
    }

    #[test]
    fn the_utm_zone_is_that_of_the_place() {
        assert_eq!(Plane::utm(LonLat::new(24.94, 60.17)).crs().epsg(), 32635);
        assert_eq!(Plane::utm(LonLat::new(-56.16, -34.9)).crs().epsg(), 32721);
        assert_eq!(Plane::utm(LonLat::new(180.0, 0.0)).crs().epsg(), 32660);
    }
}

//! GeoPackage's geometry blobs (OGC 12-128r19, section 2.1.3): a header, then well-known binary.
//!
//! Read here rather than by `geozero`, which reserves memory for as many points as a blob claims to hold: five
//! damaged bytes could ask for 64 GB. Heights and measures are skipped; curves are not read.

/// The shape of a blob; `None` where it is empty, damaged or of a type that is not read.
pub(super) fn shape(blob: &[u8]) -> Option<geo::Geometry<f64>> {
    let (&[b'G', b'P', _version, flags], rest) = blob.split_first_chunk::<4>()? else { return None };
    let is_empty = flags & 0b1_0000 != 0;
    let envelope_bytes = match (flags >> 1) & 0b111 {
        0 => 0,
        1 => 32,
        2 | 3 => 48,
        4 => 64,
        _ => return None,
    };
    // The blob's own `srs_id` (4 bytes) has to equal the column's, so the column's is used.
    let body = rest.get(4 + envelope_bytes..)?;
    if is_empty { None } else { plain(body) }
}

/// The shape of well-known binary without GeoPackage's header.
pub(super) fn plain(bytes: &[u8]) -> Option<geo::Geometry<f64>> {
    super::usable(Reader { bytes }.geometry()?)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

/// How a geometry is written: its type (1 point to 6 multipolygon), byte order and numbers per position.
#[derive(Clone, Copy)]
struct Head {
    kind: u32,
    is_little: bool,
    dimensions: usize,
}

impl Reader<'_> {
    fn geometry(&mut self) -> Option<geo::Geometry<f64>> {
        let head = self.head()?;
        Some(match head.kind {
            1 => geo::Geometry::Point(geo::Point(self.position(head)?)),
            2 => geo::Geometry::LineString(self.line(head)?),
            3 => geo::Geometry::Polygon(self.polygon(head)?),
            4 => geo::Geometry::MultiPoint(geo::MultiPoint(
                self.parts(head, 1, |reader, part| reader.position(part).map(geo::Point))?,
            )),
            5 => geo::Geometry::MultiLineString(geo::MultiLineString(self.parts(head, 2, Self::line)?)),
            6 => geo::Geometry::MultiPolygon(geo::MultiPolygon(self.parts(head, 3, Self::polygon)?)),
            _ => return None,
        })
    }

    fn head(&mut self) -> Option<Head> {
        let is_little = self.take::<1>()?[0] == 1;
        let code = self.number(is_little)?;
        // ISO writes 1001 for a point with height; older writers set the highest bits instead.
        let (iso, flags) = (code & 0x0fff_ffff, code >> 28);
        let (has_z, has_m) = (flags & 0b1000 != 0, flags & 0b0100 != 0);
        let dimensions = match iso / 1000 {
            0 => 2 + usize::from(has_z) + usize::from(has_m),
            1 | 2 => 3,
            3 => 4,
            _ => return None,
        };
        Some(Head { kind: iso % 1000, is_little, dimensions })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*bytes)
    }

    fn number(&mut self, is_little: bool) -> Option<u32> {
        let bytes = self.take()?;
        Some(if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn ordinate(&mut self, is_little: bool) -> Option<f64> {
        let bytes = self.take()?;
        Some(if is_little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn position(&mut self, head: Head) -> Option<geo::Coord<f64>> {
        let at = geo::Coord { x: self.ordinate(head.is_little)?, y: self.ordinate(head.is_little)? };
        for _ in 2..head.dimensions {
            self.ordinate(head.is_little)?;
        }
        Some(at)
    }

    /// As many as are announced; memory grows only with what is really there.
    fn many<T>(&mut self, head: Head, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.number(head.is_little)?;
        let mut list = Vec::new();
        for _ in 0..count {
            list.push(one(self)?);
        }
        Some(list)
    }

    fn line(&mut self, head: Head) -> Option<geo::LineString<f64>> {
        self.many(head, |reader| reader.position(head)).map(geo::LineString::new)
    }

    fn polygon(&mut self, head: Head) -> Option<geo::Polygon<f64>> {
        let mut rings = self.many(head, |reader| reader.line(head))?.into_iter();
        Some(geo::Polygon::new(rings.next()?, rings.collect()))
    }

    /// The parts of a multi-geometry, each with a head of its own that has to be of type `kind`.
    fn parts<T>(&mut self, head: Head, kind: u32, one: fn(&mut Self, Head) -> Option<T>) -> Option<Vec<T>> {
        self.many(head, |reader| {
            let part = reader.head()?;
            (part.kind == kind).then(|| one(reader, part))?
        })
    }
}

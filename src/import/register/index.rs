//! A register saved as one small file that loads in a moment: [`Addresses`] in, bytes out, and back.
//!
//! After a line that says what it is come the version, the SHA-256 of the rest, and the columns, packed: numbers in
//! as few bytes as they need, columns that hardly change from row to row as differences. Positions are centimetres
//! on the plane of the save, and are projected anew only where the project has another one.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::model::NONE;
use crate::model::address::Addresses;
use crate::model::text::{Texts, Words};
use crate::place::{Crs, Plane};
use crate::unit::Local;

const TITLE: &[u8] = b"paaltje address index\n";
const VERSION: u8 = 1;
const DIGEST: usize = 32;

/// The columns as they are packed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Packed {
    epsg: u16,
    words: Packs,
    ids: Packs,
    /// Pairs of name and alias.
    aliases: Vec<(u32, u32)>,
    /// Differences to the row before.
    street: Vec<i64>,
    number: Vec<i64>,
    suffix: Vec<u32>,
    /// 0 for unknown, else the word plus 1.
    postcode: Vec<u32>,
    city: Vec<u32>,
    /// Centimetres, as differences to the row before.
    x: Vec<i64>,
    y: Vec<i64>,
}

/// Texts end to end, with the length of each.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Packs {
    lengths: Vec<u32>,
    buffer: String,
}

/// Why bytes are no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not begin like one.
    Foreign,
    /// Another version of the program wrote it.
    Version(u8),
    /// Bytes are missing or changed.
    Damaged,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(f, "it is no address index"),
            Self::Version(version) => write!(f, "it is an address index of version {version}, not {VERSION}"),
            Self::Damaged => write!(f, "it is damaged: its checksum does not fit its content"),
        }
    }
}

/// A register as bytes.
///
/// # Panics
/// Never: packing into memory cannot fail.
pub fn pack(addresses: &Addresses, plane: &Plane) -> Vec<u8> {
    let known = |column: &[u32]| column.iter().map(|&word| word.wrapping_add(1)).collect();
    let packed = Packed {
        epsg: plane.crs().epsg(),
        words: Packs::of(addresses.words.iter()),
        ids: Packs::of(addresses.id.iter()),
        aliases: addresses.aliases.clone(),
        street: differences(addresses.street.iter().map(|&word| i64::from(word))),
        number: differences(addresses.number.iter().map(|&number| i64::from(number))),
        suffix: addresses.suffix.clone(),
        postcode: known(&addresses.postcode),
        city: known(&addresses.city),
        x: differences(addresses.at.iter().map(|at| centimetres(at.x))),
        y: differences(addresses.at.iter().map(|at| centimetres(at.y))),
    };
    let content = postcard::to_stdvec(&packed).expect("columns of numbers and texts can be packed");
    let mut bytes = TITLE.to_vec();
    bytes.push(VERSION);
    bytes.extend(Sha256::digest(&content));
    bytes.extend(content);
    bytes
}

/// The register in these bytes, and the plane of its positions.
pub(super) fn unpack(bytes: &[u8]) -> Result<(Addresses, Plane), Fault> {
    let content = content(bytes)?;
    let packed: Packed = postcard::from_bytes(content).map_err(|_how| Fault::Damaged)?;
    let plane = plane_of(packed.epsg)?;
    let addresses = packed.into_addresses().ok_or(Fault::Damaged)?;
    Ok((addresses, plane))
}

/// The plane of an index, without unpacking the rest.
pub(super) fn plane(bytes: &[u8]) -> Result<Plane, Fault> {
    let (epsg, _) = postcard::take_from_bytes(content(bytes)?).map_err(|_how| Fault::Damaged)?;
    plane_of(epsg)
}

/// What follows the checksum, which it must fit.
fn content(bytes: &[u8]) -> Result<&[u8], Fault> {
    let rest = bytes.strip_prefix(TITLE).ok_or(Fault::Foreign)?;
    let (&version, rest) = rest.split_first().ok_or(Fault::Damaged)?;
    if version != VERSION {
        return Err(Fault::Version(version));
    }
    let (digest, content) = rest.split_at_checked(DIGEST).ok_or(Fault::Damaged)?;
    if Sha256::digest(content).as_slice() == digest { Ok(content) } else { Err(Fault::Damaged) }
}

fn plane_of(epsg: u16) -> Result<Plane, Fault> {
    Crs::from_epsg(epsg).and_then(Plane::new).map_err(|_how| Fault::Damaged)
}

impl Packs {
    fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut packs = Self::default();
        for text in texts {
            packs.lengths.push(u32::try_from(text.len()).expect("a name is shorter than 4 GiB"));
            packs.buffer.push_str(text);
        }
        packs
    }

    /// Each text; `None` where lengths and buffer do not fit.
    fn each(&self) -> impl Iterator<Item = Option<&str>> {
        let mut rest = self.buffer.as_str();
        self.lengths.iter().map(move |&length| {
            let (text, after) = rest.split_at_checked(length as usize)?;
            rest = after;
            Some(text)
        })
    }
}

impl Packed {
    /// `None` where the columns contradict each other.
    fn into_addresses(self) -> Option<Addresses> {
        let mut words = Words::new();
        for (number, word) in (0u32..).zip(self.words.each()) {
            if words.intern(word?) != number {
                return None;
            }
        }
        let mut id = Texts::new();
        for text in self.ids.each() {
            id.push(text?);
        }
        let columns =
            [self.street.len(), self.number.len(), self.suffix.len(), self.postcode.len(), self.city.len()];
        if columns.iter().chain([&self.x.len(), &self.y.len()]).any(|&length| length != id.len()) {
            return None;
        }
        let known =
            |column: Vec<u32>| -> Vec<u32> { column.into_iter().map(|word| word.wrapping_sub(1)).collect() };
        let (x, y) = (sums(&self.x), sums(&self.y));
        let addresses = Addresses {
            id,
            street: natural(&self.street)?,
            number: natural(&self.number)?,
            suffix: self.suffix,
            postcode: known(self.postcode),
            city: known(self.city),
            at: x.zip(y).map(|(x, y)| Local::new(metres(x), metres(y))).collect(),
            words,
            aliases: self.aliases,
        };
        let is_word = |&word: &u32| (word as usize) < addresses.words.len();
        let is_area = |&word: &u32| word == NONE || is_word(&word);
        let is_sound = addresses.street.iter().chain(&addresses.suffix).all(is_word)
            && addresses.postcode.iter().chain(&addresses.city).all(is_area)
            && addresses.aliases.iter().all(|(name, alias)| is_word(name) && is_word(alias));
        is_sound.then_some(addresses)
    }
}

fn differences(values: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut before = 0i64;
    values.map(|value| value.wrapping_sub(std::mem::replace(&mut before, value))).collect()
}

fn sums(differences: &[i64]) -> impl Iterator<Item = i64> + '_ {
    differences.iter().scan(0i64, |sum, &difference| {
        *sum = sum.wrapping_add(difference);
        Some(*sum)
    })
}

/// Sums that must be natural numbers.
fn natural(differences: &[i64]) -> Option<Vec<u32>> {
    sums(differences).map(|sum| u32::try_from(sum).ok()).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the Earth is 4e9 centimetres round; nowhere becomes the least"
)]
fn centimetres(metres: f64) -> i64 {
    if metres.is_finite() { (metres * 100.0).round() as i64 } else { i64::MIN }
}

fn metres(centimetres: i64) -> f64 {
    if centimetres == i64::MIN { f64::NAN } else { centimetres as f64 / 100.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn town() -> (Addresses, Plane) {
        let mut addresses = Addresses::default();
        for (number, street) in [(12, "Kerkstraat"), (14, "Kerkstraat"), (3, "Mühlhäuser Straße")] {
            addresses.id.push(&format!("node/{number}"));
            addresses.street.push(addresses.words.intern(street));
            addresses.number.push(number);
            addresses.suffix.push(addresses.words.intern(if number == 14 { "bis" } else { "" }));
            addresses.postcode.push(if number == 3 { NONE } else { addresses.words.intern("1234AB") });
            addresses.city.push(NONE);
            addresses.at.push(Local::new(f64::from(number) * 10.25, -7.13));
        }
        addresses.at[2] = Local::NOWHERE;
        let short = (addresses.words.intern("Kerkstraat"), addresses.words.intern("Kerkstr."));
        addresses.aliases.push(short);
        (addresses, Plane::new(Crs::from_epsg(28992).unwrap()).unwrap())
    }

    #[test]
    fn a_register_comes_back_as_it_was_saved() {
        let (addresses, plane) = town();
        let (back, there) = unpack(&pack(&addresses, &plane)).unwrap();
        assert_eq!(there.crs().epsg(), 28992);
        assert_eq!(
            (&back.street, &back.number, &back.suffix),
            (&addresses.street, &addresses.number, &addresses.suffix)
        );
        assert_eq!(
            (&back.postcode, &back.city, &back.aliases),
            (&addresses.postcode, &addresses.city, &addresses.aliases)
        );
        assert_eq!(back.at[..2], addresses.at[..2]);
        assert!(!back.at[2].is_somewhere());
        assert!(back.id.iter().eq(addresses.id.iter()) && back.words.iter().eq(addresses.words.iter()));
    }

    #[test]
    fn an_index_that_is_cut_short_changed_or_foreign_is_refused() {
        let (addresses, plane) = town();
        let bytes = pack(&addresses, &plane);
        for length in 0..bytes.len() {
            assert!(unpack(&bytes[..length]).is_err(), "{length}");
        }
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(unpack(&changed).is_err(), "{place}");
        }
        assert_eq!(unpack(b"street,number\n").unwrap_err(), Fault::Foreign);
        let mut newer = bytes;
        newer[TITLE.len()] = 9;
        assert_eq!(unpack(&newer).unwrap_err(), Fault::Version(9));
    }

    proptest! {
        #[test]
        fn any_content_gives_a_register_or_an_error(
            content in prop::collection::vec(any::<u8>(), 0..200),
            from in 0usize..300,
        ) {
            let (addresses, plane) = town();
            let genuine = pack(&addresses, &plane).split_off(TITLE.len() + 1 + DIGEST);
            let mut mixed = genuine[..from.min(genuine.len())].to_vec();
            mixed.extend(content);
            let mut bytes = TITLE.to_vec();
            bytes.push(VERSION);
            bytes.extend(Sha256::digest(&mixed));
            bytes.extend(mixed);
            if let Ok((addresses, _)) = unpack(&bytes) {
                for row in 0..addresses.len() {
                    addresses.label(row);
                }
            }
        }
    }
}

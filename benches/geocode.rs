//! How many addresses a second the geocoder places: as the register writes them, and each with a wrong letter; and
//! how long a saved register of a million addresses takes to load.
//!
//! `cargo bench --bench geocode`. A synthetic country of 20,000 streets with 50 numbers each; on all cores.

#![expect(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use paaltje::geocode::{Geocoder, Options};
use paaltje::import::Settings;
use paaltje::import::register::{self, RegisterSource, index};
use paaltje::issue::Issues;
use paaltje::model::NONE;
use paaltje::model::address::Addresses;
use paaltje::model::kind::Language;
use paaltje::model::street::Streets;
use paaltje::period::Clock;
use paaltje::place::{Crs, Plane};
use paaltje::unit::Local;
use rayon::prelude::*;

const STREETS: usize = 20_000;
const NUMBERS: u32 = 50;
const ASKED: usize = 20_000;

/// A name of two to four syllables; every number has its own.
fn name(number: usize) -> String {
    const SYLLABLES: [&str; 28] = [
        "ber", "kel", "mo", "len", "dor", "pel", "win", "ter", "groe", "nen", "ha", "ver", "lin", "den",
        "bos", "wal", "ree", "ken", "zuid", "noor", "heu", "vel", "poel", "gra", "ven", "stee", "rij", "kam",
    ];
    let mut rest = number + 28;
    let mut name = String::new();
    while rest > 0 {
        name.push_str(SYLLABLES[rest % 28]);
        rest /= 28;
    }
    name + "straat"
}

fn country() -> Addresses {
    let mut addresses = Addresses::default();
    let bare = addresses.words.intern("");
    for street in 0..STREETS {
        let word = addresses.words.intern(&name(street));
        for number in 1..=NUMBERS {
            addresses.id.push(&format!("{street:08}{number:08}"));
            addresses.street.push(word);
            addresses.number.push(number + u32::try_from(street % 97).unwrap());
            addresses.suffix.push(bare);
            addresses.postcode.push(NONE);
            addresses.city.push(NONE);
            let (x, y) = ((street % 150) as f64 * 1_000.0, (street / 150) as f64 * 1_000.0);
            addresses.at.push(Local::new(x + f64::from(number) * 8.0, 300_000.0 + y));
        }
    }
    addresses
}

fn geocode(c: &mut Criterion) {
    let (addresses, streets) = (country(), Streets::default());
    let geocoder = Geocoder::build(&addresses, &streets, &Options::default());
    let number =
        |street: usize| u32::try_from(street % 97).unwrap() + 1 + u32::try_from(street).unwrap() % NUMBERS;
    let exact: Vec<String> =
        (0..ASKED).map(|street| format!("{} {}", name(street), number(street))).collect();
    let typo = |street: usize| {
        let mut name = name(street);
        let at = 1 + street % 5;
        let letter = name.remove(at);
        name.insert(at + street % 2, if street.is_multiple_of(3) { 'x' } else { letter });
        format!("{name} {}", number(street))
    };
    let typos: Vec<String> = (0..ASKED).map(typo).collect();
    let mut group = c.benchmark_group("20,000 streets, 1,000,000 addresses");
    group.sample_size(10).throughput(Throughput::Elements(ASKED as u64));
    for (title, texts) in [("exact", &exact), ("one letter wrong", &typos)] {
        group.bench_function(title, |b| {
            b.iter(|| texts.par_iter().map(|text| geocoder.find(black_box(text)).score).sum::<f64>());
        });
    }
    group.finish();
}

fn load(c: &mut Criterion) {
    let addresses = country();
    let plane = Plane::new(Crs::from_epsg(28992).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("country.idx"), index::pack(&addresses, &plane)).unwrap();
    let clock = Clock::new("UTC").unwrap();
    let settings = Settings { base: folder.path(), clock: &clock, crs: None, period: None, kinds: &[] };
    let source = RegisterSource { path: "country.idx".to_owned(), ..RegisterSource::default() };
    let read = || {
        register::read(std::slice::from_ref(&source), &settings, &plane, &mut Issues::new(), &mut Vec::new())
            .unwrap()
    };
    let mut group = c.benchmark_group("1,000,000 addresses");
    group.sample_size(10);
    group.bench_function("load", |b| b.iter(read));
    group.bench_function("prepare", |b| {
        b.iter(|| {
            Geocoder::build(&addresses, &Streets::default(), &Options::default())
                .label(Local::NOWHERE, Language::En)
        });
    });
    group.finish();
}

criterion_group!(benches, geocode, load);
criterion_main!(benches);

//! Events in, the reports of citizens about them out: late, repeated, misplaced, or not at all.

use crate::model::asset::Asset;
use crate::model::kind::{Family, Kind};
use crate::model::street::{StreetClass, Streets};
use crate::period::{Day, NEVER, Period};
use crate::unit::Local;

use super::chance::Chance;
use super::{City, Given, Scene, Told, TruePlace, TrueReason, bins, phrases};

/// How many reports come in by the hour of the day.
const HOURS: [f64; 24] = [
    1.0, 0.5, 0.3, 0.3, 0.5, 1.0, 3.0, 6.0, 8.0, 8.0, 7.0, 7.0, 7.0, 6.0, 6.0, 6.0, 7.0, 7.0, 6.0, 5.0, 4.0,
    3.0, 2.5, 1.5,
];

/// Kinds that come in everywhere, and how often one against the other.
const BACKGROUND: [(Kind, f64); 12] = [
    (Kind::Litter, 5.0),
    (Kind::Dumping, 3.0),
    (Kind::UnsafeTraffic, 3.0),
    (Kind::Pothole, 3.0),
    (Kind::Pavement, 3.0),
    (Kind::Lighting, 3.0),
    (Kind::Graffiti, 3.0),
    (Kind::Parking, 3.0),
    (Kind::Sign, 2.0),
    (Kind::Green, 2.0),
    (Kind::Noise, 2.0),
    (Kind::Other, 2.0),
];

/// Kinds of the planted places in turn.
const PLANTED: [Kind; 4] = [Kind::UnsafeTraffic, Kind::Litter, Kind::Dumping, Kind::Graffiti];

/// Something that somebody reports at `opened`, and perhaps others after that.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) about: Local,
    /// When the first person reports it.
    pub(super) opened: i64,
    /// After this, nobody reports the same any more, or for another reason.
    pub(super) until: i64,
    /// When it is mended, where something else than the service team decides that.
    pub(super) ends: i64,
    pub(super) asset_id: String,
    pub(super) reason: Option<TrueReason>,
}

impl Event {
    /// Something about an asset.
    pub(super) fn about_asset(kind: Kind, asset: &Asset, opened: i64) -> Self {
        Self {
            kind,
            about: asset.at,
            opened,
            until: i64::MAX,
            ends: i64::MAX,
            asset_id: asset.id.clone(),
            reason: None,
        }
    }
}

/// A moment in a span of days, more often when people are about.
pub(super) fn moment(city: &City<'_>, from: Day, to: Day, chance: &mut Chance) -> i64 {
    let days = usize::try_from(to.0 - from.0 + 1).unwrap_or(1);
    let day = from.plus(i32::try_from(chance.below(days)).unwrap_or(0));
    let hour = chance.weighted(&HOURS);
    let second = chance.below(3600);
    city.clock.service_instant(day, i64::try_from(hour * 3600 + second).unwrap_or(0))
}

/// The day at this share of a period.
pub(super) fn day_at(period: Period, share: f64) -> Day {
    #[expect(clippy::cast_possible_truncation, reason = "a share of a number of days")]
    period.from.plus((f64::from(period.days()) * share) as i32)
}

/// Where narrow streets meet.
pub(super) fn corners(streets: &Streets) -> Vec<Local> {
    let mut ways_at = vec![0_u8; streets.nodes.len()];
    let is_narrow = |class| matches!(class, StreetClass::Residential | StreetClass::Service);
    for way in streets.ways.iter().filter(|way| is_narrow(way.class)) {
        for &node in &way.nodes {
            ways_at[node as usize] = ways_at[node as usize].saturating_add(1);
        }
    }
    (0..ways_at.len()).filter(|&node| ways_at[node] > 1).map(|node| streets.nodes[node]).collect()
}

/// Draws places along streets, each metre as often as any other.
pub(super) struct Along {
    segments: Vec<(Local, Local)>,
    /// Metres from the first segment to the end of each.
    ends_m: Vec<f64>,
}

impl Along {
    /// Along all of `streets`.
    pub(super) fn new(streets: &Streets) -> Self {
        let mut along = Self { segments: Vec::new(), ends_m: Vec::new() };
        let mut metres = 0.0;
        for way in &streets.ways {
            for ends in streets.line(way).windows(2) {
                metres += ends[0].distance_m(ends[1]);
                along.segments.push((ends[0], ends[1]));
                along.ends_m.push(metres);
            }
        }
        along
    }

    /// A place; `None` without streets.
    pub(super) fn place(&self, chance: &mut Chance) -> Option<Local> {
        let metres = chance.share() * self.ends_m.last()?;
        let index = self.ends_m.partition_point(|&end| end <= metres).min(self.segments.len() - 1);
        let (from, to) = self.segments[index];
        Some(from.toward(to, chance.share()))
    }
}

/// The planted places, and everything that comes in along the streets.
pub(super) fn background(scene: &Scene<'_>) -> (Vec<TruePlace>, Vec<Event>) {
    let Scene { city, options, .. } = *scene;
    let period = options.period();
    let along = Along::new(city.streets);
    let mut events = Vec::new();
    let event = |kind, about, opened| Event {
        kind,
        about,
        opened,
        until: i64::MAX,
        ends: i64::MAX,
        asset_id: String::new(),
        reason: None,
    };
    let weights = BACKGROUND.map(|(_, weight)| weight);
    for day in (period.from.0..=period.to.0).map(Day) {
        let mut chance = scene.chance("background", u64::from(day.0.unsigned_abs()));
        for _ in 0..chance.poisson(options.background_per_day) {
            let (kind, _) = BACKGROUND[chance.weighted(&weights)];
            let Some(at) = along.place(&mut chance) else { continue };
            events.push(event(kind, at, moment(city, day, day, &mut chance)));
        }
    }
    let mut places = planted(scene);
    for (number, place) in places.iter_mut().enumerate() {
        let mut chance = scene.chance("planted", number as u64);
        let days = f64::from(place.to.0 - place.from.0 + 1);
        for _ in 0..chance.poisson(options.planted_per_year * days / 365.25) {
            // Two thirds of a two-dimensional normal lie within 1.5 standard deviations.
            let sigma_m = place.radius_m / 1.5;
            let at =
                Local::new(place.at.x + sigma_m * chance.normal(), place.at.y + sigma_m * chance.normal());
            events.push(event(place.kind, at, moment(city, place.from, place.to, &mut chance)));
            place.n_events += 1;
        }
    }
    (places, events)
}

/// Corners apart from each other; the second place starts late in the season.
fn planted(scene: &Scene<'_>) -> Vec<TruePlace> {
    let Scene { city, options, .. } = *scene;
    let mut chance = scene.chance("places", 0);
    let mut corners: Vec<Local> = city.network.nodes().to_vec();
    corners.sort_by(Local::total_cmp);
    let period = options.period();
    let mut places: Vec<TruePlace> = Vec::new();
    while places.len() < options.planted_places && !corners.is_empty() {
        let at = corners.swap_remove(chance.below(corners.len()));
        if places.iter().any(|place| place.at.distance_m(at) < 300.0) {
            continue;
        }
        let from = if places.len() % 3 == 1 { day_at(period, 0.6) } else { period.from };
        let kind = PLANTED[places.len() % PLANTED.len()];
        let radius_m = chance.between(20.0, 35.0);
        places.push(TruePlace { kind, at, radius_m, from, to: period.to, n_events: 0 });
    }
    places
}

/// One person's part in an event.
struct Voice {
    opened: i64,
    event: usize,
    person: usize,
}

/// The reports about `events`, in the order of time.
pub(super) fn reports(scene: &Scene<'_>, events: &[Event]) -> Vec<Told> {
    let Scene { city, options, random, .. } = *scene;
    let season_ends = city.clock.midnight(options.period().to.plus(1));
    let mut voices = Vec::new();
    for (number, event) in events.iter().enumerate() {
        voices.push(Voice { opened: event.opened, event: number, person: 0 });
        let mut chance = scene.chance("voices", number as u64);
        for person in 1..=chance.poisson(options.duplicates) {
            // Others see it on the same day.
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a day")]
            let opened = event.opened + (chance.exponential(5.0).min(22.0) * 3600.0) as i64;
            if opened < event.until {
                voices.push(Voice { opened, event: number, person });
            }
        }
    }
    voices.retain(|voice| voice.opened < season_ends);
    voices.sort_by_key(|voice| (voice.opened, voice.event, voice.person));
    let mut first_of = vec![0; events.len()];
    let mut told = Vec::with_capacity(voices.len());
    for (number, voice) in voices.iter().enumerate() {
        let id = |number: usize| format!("syn-{}-{number:05}", random.seed());
        let duplicate_of = if voice.person == 0 { String::new() } else { id(first_of[voice.event]) };
        if voice.person == 0 {
            first_of[voice.event] = number;
        }
        let mut chance = scene.chance("report", (voice.event * 64 + voice.person) as u64);
        let mut report = tell(scene, &events[voice.event], voice.opened, &mut chance);
        report.closed = if report.closed < season_ends { report.closed } else { NEVER };
        told.push(Told { id: id(number), duplicate_of, ..report });
    }
    told
}

/// What one person tells at `opened`; the id comes later.
fn tell(scene: &Scene<'_>, event: &Event, opened: i64, chance: &mut Chance) -> Told {
    let Scene { city, options, .. } = *scene;
    // People stand a few metres from what they report, with a phone that errs by a few more.
    let at = Local::new(event.about.x + 6.0 * chance.normal(), event.about.y + 6.0 * chance.normal());
    let is_zero = chance.happens(options.zero_share);
    let is_without = chance.happens(options.address_only_share);
    let is_with_address = is_without || chance.happens(if is_zero { 0.6 } else { 0.3 });
    let address = if is_with_address { bins::nearest_address(city, event.about, 80.0) } else { None };
    let given = match (is_zero, is_without && address.is_some()) {
        (_, true) => Given::Nothing,
        (true, false) => Given::Zero,
        (false, false) => Given::At(at),
    };
    let is_described = chance.happens(options.described_share);
    Told {
        id: String::new(),
        kind: event.kind,
        category: phrases::category(event.kind, city.language, chance),
        opened,
        closed: closed(event, opened, chance),
        about: event.about,
        given,
        address: address.map(|index| city.addresses.label(index)).unwrap_or_default(),
        text: if is_described { phrases::text(event.kind, city.language, chance) } else { "" },
        asset_id: event.asset_id.clone(),
        reason: event.reason,
        duplicate_of: String::new(),
    }
}

/// When the service team closes a report.
fn closed(event: &Event, opened: i64, chance: &mut Chance) -> i64 {
    let days = match event.kind.family() {
        Family::Waste => 1.5,
        Family::Street => 9.0,
        Family::Traffic => 25.0,
        Family::Other => 14.0,
    };
    let wait_s = days * 86_400.0 * chance.log_normal(0.7);
    let paperwork_s = chance.between(1.0, 8.0) * 3600.0;
    let (start, after_s) =
        if event.ends == i64::MAX { (opened, wait_s) } else { (event.ends.max(opened), paperwork_s) };
    #[expect(clippy::cast_possible_truncation, reason = "seconds of some days")]
    start.saturating_add(after_s as i64)
}

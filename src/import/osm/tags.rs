//! What OpenStreetMap's tags mean to us. Tags in, our words out; no geometry.

use crate::model::asset::AssetKind;
use crate::model::street::{Direction, Ground, StreetClass};

/// The tags of one element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(Vec<(Box<str>, Box<str>)>);

impl Tags {
    /// Those of `pairs` that mean something to us.
    pub fn new<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.filter(|(key, _)| is_kept(key)).map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| &**name == key).map(|(_, value)| &**value)
    }

    /// Whether `key` has this value.
    pub fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of `keys` that has a value.
    fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.get(key))
    }
}

/// Keys that are read; an extract carries many more, and they would fill the memory.
fn is_kept(key: &str) -> bool {
    const KEPT: &[&str] = &[
        "access",
        "amenity",
        "area",
        "barrier",
        "bollard",
        "building",
        "capacity",
        "goods",
        "hgv",
        "highway",
        "junction",
        "landuse",
        "leisure",
        "local_ref",
        "maxheight",
        "maxspeed",
        "maxweight",
        "motor_vehicle",
        "motorcar",
        "natural",
        "oneway",
        "oneway:hgv",
        "oneway:motor_vehicle",
        "recycling_type",
        "ref",
        "service",
        "traffic_sign",
        "type",
        "vehicle",
        "waterway",
    ];
    KEPT.binary_search(&key).is_ok() || key.starts_with("addr:") || is_name(key) || is_other_name(key)
}

fn is_name(key: &str) -> bool {
    key == "name"
}

/// Names besides the main one: in another language, old, official, short.
fn is_other_name(key: &str) -> bool {
    const OTHER: &[&str] = &["alt_name", "loc_name", "official_name", "old_name", "short_name"];
    // `name:etymology:wikidata` and its like are not names of the street.
    let is_language = |code: &str| {
        let main = code.split(['-', '_']).next().unwrap_or_default();
        (2..=3).contains(&main.len()) && main.bytes().all(|letter| letter.is_ascii_lowercase())
    };
    match key.split_once(':') {
        Some(("name", code)) => is_language(code),
        Some((base, code)) => OTHER.contains(&base) && is_language(code),
        None => OTHER.contains(&key),
    }
}

/// The class of a `highway` value; `None` for what is no street (yet).
pub fn class(highway: &str) -> Option<StreetClass> {
    Some(match highway {
        "motorway" | "motorway_link" | "trunk" | "trunk_link" => StreetClass::Motorway,
        "primary" | "primary_link" => StreetClass::Primary,
        "secondary" | "secondary_link" => StreetClass::Secondary,
        "tertiary" | "tertiary_link" => StreetClass::Tertiary,
        "residential" | "unclassified" | "living_street" | "road" => StreetClass::Residential,
        "service" | "busway" => StreetClass::Service,
        "pedestrian" | "footway" | "cycleway" | "path" | "steps" | "track" | "bridleway" | "corridor" => {
            StreetClass::Foot
        }
        _ => return None,
    })
}

/// Which way a truck may drive.
pub fn direction(tags: &Tags) -> Direction {
    // The tag for trucks goes before that for motor vehicles, which goes before that for all.
    match tags.first(&["oneway:hgv", "oneway:motor_vehicle", "oneway"]) {
        Some("yes" | "true" | "1") => Direction::Forward,
        Some("-1" | "reverse") => Direction::Backward,
        None if is_implied_oneway(tags) => Direction::Forward,
        // `reversible` and `alternating` change by the hour: nothing to plan with.
        Some(_) | None => Direction::Both,
    }
}

fn is_implied_oneway(tags: &Tags) -> bool {
    matches!(tags.get("junction"), Some("roundabout" | "circular"))
        || matches!(tags.get("highway"), Some("motorway" | "motorway_link"))
}

/// Whether a collection truck may use a street of this class.
pub fn is_for_trucks(tags: &Tags, class: StreetClass) -> bool {
    if tags.is("area", "yes") || is_too_small(tags) {
        return false;
    }
    if matches!(tags.get("service"), Some("emergency_access" | "drive-through")) {
        return tags.first(&["hgv", "motor_vehicle"]).is_some_and(is_allowed);
    }
    // The most specific tag decides, as in OpenStreetMap's hierarchy of access. `motorcar` is about cars,
    // but who closes a street to them seldom means to leave it open to trucks.
    if let Some(access) = tags.first(&["hgv", "goods", "motor_vehicle"]) {
        return is_allowed(access);
    }
    if tags.get("motorcar").is_some_and(|access| !is_allowed(access)) {
        return false;
    }
    match tags.first(&["vehicle", "access"]) {
        // `access=yes` on a footway is about walking.
        Some(access) => is_allowed(access) && (class != StreetClass::Foot || tags.get("vehicle").is_some()),
        None => class != StreetClass::Foot && !tags.is("highway", "busway"),
    }
}

fn is_allowed(access: &str) -> bool {
    // Collection is a delivery the other way round; the city writes its own permits.
    matches!(
        access,
        "yes"
            | "designated"
            | "permissive"
            | "destination"
            | "delivery"
            | "official"
            | "permit"
            | "customers"
            | "unknown"
            | "discouraged"
    )
}

/// Whether the barrier at a node keeps trucks from driving on. Gates open; bollards that sink or can be taken
/// out are there to let collection through.
pub fn bars_trucks(tags: &Tags) -> bool {
    let is_fixed = match tags.get("barrier") {
        Some("bollard") => !matches!(tags.get("bollard"), Some("rising" | "removable" | "foldable")),
        Some(
            "block" | "cycle_barrier" | "debris" | "jersey_barrier" | "kissing_gate" | "log"
            | "motorcycle_barrier" | "planter" | "stile" | "turnstile",
        ) => true,
        _ => false,
    };
    is_fixed && !tags.first(&["hgv", "goods", "motor_vehicle", "vehicle"]).is_some_and(is_allowed)
}

/// Signed for less than the smallest collection truck: 7.5 t and 3 m.
fn is_too_small(tags: &Tags) -> bool {
    let below = |key: &str, least: f64| {
        let value = tags.get(key).map(|text| text.trim_end_matches(['t', 'm', ' ']));
        value.and_then(|text| text.parse::<f64>().ok()).is_some_and(|value| value < least)
    };
    below("maxweight", 7.5) || below("maxheight", 3.0)
}

/// The speed limit in km/h, where it is a number.
pub fn limit_kmh(maxspeed: &str) -> Option<f64> {
    const KMH_PER_MPH: f64 = 1.609_344;
    let (number, factor) = match maxspeed.strip_suffix("mph") {
        Some(number) => (number, KMH_PER_MPH),
        None => (maxspeed.strip_suffix("km/h").unwrap_or(maxspeed), 1.0),
    };
    let limit: f64 = number.trim().parse().ok()?;
    (limit.is_finite() && limit > 0.0).then_some(limit * factor)
}

/// The other names of a street, each once, in the order of their keys.
pub fn other_names(tags: &Tags) -> Vec<&str> {
    let mut keyed: Vec<_> = tags.0.iter().filter(|(key, _)| is_other_name(key)).collect();
    keyed.sort();
    let mut names = Vec::new();
    for name in keyed.iter().flat_map(|(_, value)| value.split(';')).map(str::trim) {
        if !name.is_empty() && !tags.is("name", name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What a thing in the street is.
pub fn asset_kind(tags: &Tags) -> Option<AssetKind> {
    let by_amenity = match tags.get("amenity") {
        Some("waste_basket") => Some(AssetKind::LitterBin),
        Some("waste_disposal") => Some(AssetKind::Container),
        // A recycling centre is a place one drives to, with a gate.
        Some("recycling") => (!tags.is("recycling_type", "centre")).then_some(AssetKind::Container),
        Some("bench" | "bicycle_parking" | "drinking_water" | "telephone" | "post_box") => {
            Some(AssetKind::Furniture)
        }
        _ => None,
    };
    let by_barrier = || match tags.get("barrier") {
        Some("bollard") => Some(AssetKind::Bollard),
        Some(
            "block" | "chain" | "cycle_barrier" | "gate" | "guard_rail" | "jersey_barrier" | "lift_gate"
            | "swing_gate",
        ) => Some(AssetKind::Barrier),
        _ => None,
    };
    let by_highway = || match tags.get("highway") {
        Some("street_lamp") => Some(AssetKind::Lamp),
        Some("traffic_signals") => Some(AssetKind::Signal),
        Some("traffic_sign") => Some(AssetKind::Sign),
        _ => None,
    };
    let by_sign = || {
        let sign =
            tags.get("traffic_sign").filter(|_| tags.get("highway").is_none_or(|way| class(way).is_none()));
        sign.map(|_| AssetKind::Sign)
    };
    let by_nature = || tags.is("natural", "tree").then_some(AssetKind::Tree);
    by_amenity.or_else(by_barrier).or_else(by_highway).or_else(by_sign).or_else(by_nature)
}

/// What an outline shows behind a map.
pub fn ground(tags: &Tags) -> Option<Ground> {
    if tags.is("natural", "water") || tags.is("waterway", "riverbank") {
        return Some(Ground::Water);
    }
    let is_green = matches!(tags.get("leisure"), Some("park" | "garden"))
        || matches!(tags.get("landuse"), Some("grass" | "forest" | "meadow" | "cemetery" | "village_green"))
        || matches!(tags.get("natural"), Some("wood" | "grassland" | "scrub"));
    if is_green {
        return Some(Ground::Green);
    }
    tags.get("building").filter(|&what| what != "no").map(|_| Ground::Building)
}

/// Places where many people pass or sit, and where bins are wanted.
pub fn place(tags: &Tags) -> Option<&'static str> {
    if tags.is("highway", "bus_stop") {
        return Some("bus_stop");
    }
    ["bench", "cafe", "fast_food", "restaurant"].into_iter().find(|&what| tags.is("amenity", what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Tags {
        Tags::new(text.split_whitespace().map(|pair| pair.split_once('=').unwrap()))
    }

    fn truck(text: &str) -> bool {
        let tags = tags(text);
        is_for_trucks(&tags, class(tags.get("highway").unwrap()).unwrap())
    }

    #[test]
    fn every_kept_key_is_found_by_the_search() {
        for key in [
            "access",
            "waterway",
            "maxspeed",
            "oneway",
            "oneway:hgv",
            "type",
            "name",
            "name:sv",
            "addr:street",
        ] {
            assert!(is_kept(key), "{key}");
        }
        for key in ["name:etymology:wikidata", "note", "phone", "website", "source:name"] {
            assert!(!is_kept(key), "{key}");
        }
    }

    #[test]
    fn one_ways_are_signed_turned_or_implied() {
        let expected = [
            ("highway=residential", Direction::Both),
            ("highway=residential oneway=yes", Direction::Forward),
            ("highway=residential oneway=-1", Direction::Backward),
            ("highway=residential junction=roundabout", Direction::Forward),
            ("highway=motorway", Direction::Forward),
            ("highway=motorway oneway=no", Direction::Both),
            ("highway=residential oneway=yes oneway:hgv=no", Direction::Both),
        ];
        for (text, direction_expected) in expected {
            assert_eq!(direction(&tags(text)), direction_expected, "{text}");
        }
    }

    #[test]
    fn the_most_specific_access_tag_decides_for_trucks() {
        assert!(truck("highway=residential"));
        assert!(!truck("highway=residential access=private"));
        assert!(truck("highway=residential access=private hgv=destination"));
        assert!(!truck("highway=residential hgv=no"));
        assert!(!truck("highway=service motorcar=no"));
        assert!(!truck("highway=footway"));
        assert!(!truck("highway=footway access=yes"));
        assert!(truck("highway=pedestrian motor_vehicle=delivery"));
        assert!(!truck("highway=service service=emergency_access"));
        assert!(!truck("highway=residential maxweight=3.5"));
        assert!(truck("highway=residential maxweight=12"));
        assert!(!truck("highway=service area=yes"));
    }

    #[test]
    fn fixed_bollards_bar_trucks_and_sinking_ones_do_not() {
        assert!(bars_trucks(&tags("barrier=bollard")));
        assert!(bars_trucks(&tags("barrier=bollard access=yes")));
        assert!(!bars_trucks(&tags("barrier=bollard bollard=rising")));
        assert!(!bars_trucks(&tags("barrier=bollard motor_vehicle=permit")));
        assert!(!bars_trucks(&tags("barrier=lift_gate")));
    }

    #[test]
    fn speed_limits_are_numbers_or_unknown() {
        assert_eq!(limit_kmh("50"), Some(50.0));
        assert_eq!(limit_kmh("30 mph").map(f64::round), Some(48.0));
        assert_eq!(limit_kmh("FI:urban"), None);
        assert_eq!(limit_kmh("NaN"), None);
    }

    #[test]
    fn other_names_come_once_and_without_the_main_name() {
        let tags = Tags::new(
            [
                ("name", "Aleksanterinkatu"),
                ("name:fi", "Aleksanterinkatu"),
                ("name:sv", "Alexandersgatan"),
                ("alt_name", "Aleksi;Alexandersgatan"),
                ("name:etymology:wikidata", "Q1"),
            ]
            .into_iter(),
        );
        assert_eq!(other_names(&tags), ["Aleksi", "Alexandersgatan"]);
    }

    #[test]
    fn a_recycling_centre_is_no_container_in_the_street() {
        assert_eq!(
            asset_kind(&tags("amenity=recycling recycling_type=container")),
            Some(AssetKind::Container)
        );
        assert_eq!(asset_kind(&tags("amenity=recycling recycling_type=centre")), None);
        assert_eq!(asset_kind(&tags("barrier=bollard")), Some(AssetKind::Bollard));
        assert_eq!(asset_kind(&tags("highway=residential traffic_sign=NL:C1")), None);
    }
}

use std::path::Path;

use rand::Rng;

use super::*;
use crate::dedupe::Incidents;
use crate::hotspots::{Methods, Scene, find};
use crate::import::Settings;
use crate::import::streets::{self, StreetSource};
use crate::index::ReportIndex;
use crate::issue::Issues;
use crate::model::NONE;
use crate::model::round::Rounds;
use crate::model::street::Streets;
use crate::network::Snap;
use crate::period::{Clock, Day, Period};
use crate::place::{Crs, Plane};
use crate::progress::Silent;
use crate::random::Stream;
use crate::unit::Local;

/// The centre of Helsinki, with incidents that a test puts on its streets.
struct Town {
    plane: Plane,
    clock: Clock,
    period: Period,
    streets: Streets,
}

impl Town {
    fn helsinki() -> Self {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/helsinki");
        let clock = Clock::new("Europe/Helsinki").unwrap();
        let plane = Plane::new(Crs::from_epsg(3067).unwrap()).unwrap();
        let settings = Settings { base: &base, clock: &clock, crs: None, period: None, kinds: &[] };
        let source = StreetSource { path: "helsinki-centre.osm.pbf".to_owned(), ..StreetSource::default() };
        let streets =
            streets::read(&[source], &settings, &plane, &mut Issues::new(), &mut Vec::new()).unwrap();
        let from = Day::from_date(jiff::civil::date(2025, 1, 1));
        Self { plane, clock, period: Period { from, to: from.plus(364) }, streets }
    }

    fn sites(&self) -> Sites {
        Sites::new(&self.streets, &Options::default())
    }

    fn find(&self, places: &[Local], settings: &str) -> Hotspots {
        let mut incidents = Incidents::default();
        for (number, &at) in (0u32..).zip(places) {
            incidents.of_report.push(number);
            incidents.first_report.push(number);
            incidents.kind.push(Kind::UnsafeTraffic);
            incidents.at.push(at);
            incidents.first_at.push(1_740_000_000);
            incidents.last_at.push(1_740_000_000);
            incidents.n_reports.push(1);
            incidents.asset.push(NONE);
            incidents.area.push(NONE);
            incidents.is_point.push(at.is_somewhere());
            incidents.accuracy_m.push(10.0);
        }
        let methods: Methods = toml::from_str(&format!("[[network_density]]\n{settings}")).unwrap();
        methods.check().unwrap();
        let index = ReportIndex::build(&incidents, &self.plane, &self.streets, &[]);
        let scene = Scene {
            plane: &self.plane,
            clock: &self.clock,
            period: self.period,
            areas: &[],
            streets: &self.streets,
            rounds: &Rounds::default(),
        };
        find(&index, &incidents, &[], &scene, &methods, &Random::new(5), &Silent)
    }
}

/// `n` places anywhere on the streets, metre for metre alike, and up to 8 m beside them.
fn anywhere(sites: &Sites, n: usize, stream: &mut Stream) -> Vec<Local> {
    let mut share = move || (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let mut ends_m = vec![0.0];
    for edge in sites.network.edges() {
        ends_m.push(ends_m[ends_m.len() - 1] + edge.length_m);
    }
    (0..n)
        .map(|_| {
            let at_m = share() * ends_m[ends_m.len() - 1];
            let edge = ends_m.partition_point(|&end| end <= at_m).clamp(1, ends_m.len() - 1) - 1;
            let at = sites.network.point_on(u32::try_from(edge).unwrap(), at_m - ends_m[edge]);
            Local::new(at.x + (share() - 0.5) * 10.0, at.y + (share() - 0.5) * 10.0)
        })
        .collect()
}

#[test]
fn every_metre_of_street_belongs_to_one_site() {
    let sites = Town::helsinki().sites();
    let of_sites: f64 = sites.list.iter().map(|site| site.length_m).sum();
    let of_streets: f64 = sites.network.edges().map(|edge| edge.length_m).sum();
    assert!((of_sites / of_streets - 1.0).abs() < 1e-9, "{of_sites} {of_streets}");
    let mut covered = vec![0.0; sites.network.edges().len()];
    for (site, parts) in sites.parts.iter().enumerate() {
        for part in parts {
            covered[part.edge as usize] += part.to_m - part.from_m;
            let middle_m = f64::midpoint(part.from_m, part.to_m);
            let snap = Snap {
                edge: part.edge,
                offset_m: middle_m,
                point: sites.network.point_on(part.edge, middle_m),
                distance_m: 0.0,
                is_left: false,
            };
            assert_eq!(sites.hit(&snap).unwrap().0 as usize, site);
        }
    }
    for (edge, covered) in sites.network.edges().zip(covered) {
        assert!((edge.length_m - covered).abs() < 1e-6, "{edge:?}: {covered}");
    }
}

#[test]
fn a_planted_stretch_is_found_where_it_is_and_nothing_else() {
    let town = Town::helsinki();
    let sites = town.sites();
    let stream = &mut Random::new(3).stream("planted", 0);
    let mut places = anywhere(&sites, 2_500, stream);
    // Three times the rate of its class on 100 m of a street, on top of what chance puts there.
    let long = (0..sites.list.len())
        .filter(|&site| sites.place[site] == Place::Segment && sites.list[site].length_m > 120.0)
        .max_by(|&a, &b| sites.list[b].class.cmp(&sites.list[a].class).then(b.cmp(&a)))
        .unwrap();
    let part = sites.window(long, 0, sites.list[long].window)[0];
    let per_m = 2_500.0 / sites.network.edges().map(|edge| edge.length_m).sum::<f64>();
    let extra = (per_m * (part.to_m - part.from_m) * 3.0).round();
    for hit in (0..).map(f64::from).take_while(|&hit| hit < extra) {
        let at_m = part.from_m + (hit + 0.5) / extra * (part.to_m - part.from_m);
        places.push(sites.network.point_on(part.edge, at_m));
    }
    let found = town.find(&places, "simulations = 199");
    let first = &found.segments[0];
    println!(
        "{:?} {}-{} n {} expected {:.1} q {}",
        first.street, first.from_m, first.to_m, first.n, first.expected, first.q_value
    );
    assert!(first.q_value <= 0.05 && f64::from(first.n) / first.expected > 3.0, "{first:?}");
    assert!(first.from_m < part.to_m && first.to_m > part.from_m && first.place == Place::Segment);
    assert!(first.excess() > 0.0 && first.excess_low > 0.0 && first.excess_low < first.excess_high);
    let hotspots: Vec<_> = found.hotspots.iter().collect();
    assert_eq!(hotspots.len(), 1);
    assert!(hotspots[0].method == METHOD && hotspots[0].incidents.len() == first.n as usize);
    assert!(hotspots[0].expected > 0.0 && !hotspots[0].shape.0.is_empty());
    let excess: Vec<f64> = found.segments.iter().map(Segment::excess).collect();
    assert!(excess.is_sorted_by(|a, b| a >= b));
}

#[test]
fn incidents_anywhere_on_real_streets_have_a_false_stretch_as_often_as_chance_says() {
    let town = Town::helsinki();
    let sites = town.sites();
    let random = Random::new(8);
    let false_ones = (0..12)
        .filter(|&run| {
            let places = anywhere(&sites, 300, &mut random.stream("chance", run));
            let found = town.find(&places, "simulations = 39");
            found.segments.iter().any(|row| row.q_value <= 0.05)
        })
        .count();
    // 0.6 are expected; more than 3 have a probability of 0.2 %.
    assert!(false_ones <= 3, "{false_ones} of 12");
}

#[test]
fn the_order_of_incidents_and_the_number_of_threads_change_nothing() {
    let town = Town::helsinki();
    let mut places = anywhere(&town.sites(), 400, &mut Random::new(4).stream("order", 0));
    let with = |threads: usize, places: &[Local]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        format!("{:?}", pool.install(|| town.find(places, "simulations = 39")).segments)
    };
    let (one, two) = (with(1, &places), with(2, &places));
    places.reverse();
    assert!(one == two && one == with(8, &places));
}

#[test]
fn too_few_data_is_an_answer() {
    let mut town = Town::helsinki();
    let places = anywhere(&town.sites(), 29, &mut Random::new(5).stream("few", 0));
    assert!(town.find(&[], "").notes[0].contains("too few data: 0 incidents"));
    assert!(town.find(&places, "").notes[0].contains("too few data: 29 incidents"));
    let far = vec![Local::new(390_000.0, 6_600_000.0); 40];
    let found = town.find(&far, "");
    assert!(found.notes[0].contains("40 incidents lie more than 25 m from a street"), "{:?}", found.notes);
    assert!(found.notes[1].contains("too few data: 0 incidents on streets") && found.segments.is_empty());
    // All at one place: a finding, and every number a number.
    let one = vec![places[0]; 40];
    let found = town.find(&one, "simulations = 19");
    for row in &found.segments {
        let numbers =
            [row.expected, row.eb_expected, row.excess_low, row.excess_high, row.p_value, row.density];
        assert!(numbers.iter().all(|number| number.is_finite()), "{row:?}");
    }
    town.streets = Streets::default();
    assert!(town.find(&one, "").notes[0].contains("there are no streets"));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |text: &str| {
        toml::from_str::<Methods>(&format!("[[network_density]]\n{text}"))
            .unwrap()
            .check()
            .unwrap_err()
            .to_string()
    };
    assert!(refused("snap_m = 0.0").contains("snap_m = 0"));
    assert!(refused("window_m = 5.0").contains("step_m"));
    assert!(refused("simulations = 3").contains("simulations = 3"));
    assert!(toml::from_str::<Methods>("[[network_density]]\nlixel = 3.0").is_err());
}

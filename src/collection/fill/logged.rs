//! Logged services in, when each stop was emptied and how full it was then out.
//!
//! How full is what crew or sensor say; else litres by the stop's capacity; else kilograms by what a full one weighs,
//! which is learnt: one load in twenty is taken to be that of a full one. Stops that hold as many litres weigh alike;
//! those whose capacity is not known are taken to be of one size.

use std::collections::BTreeMap;

use super::weighed::quantile;
use crate::model::round::{Rounds, Stop};
use crate::model::service::{Service, Services};

/// This share of the loads is lighter than that of a full container.
const FULL_QUANTILE: f64 = 0.95;
/// Fewer loads do not tell what a full one weighs.
const FEWEST_LOADS: usize = 20;

/// One emptying of a stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Emptied {
    /// When, seconds UTC.
    pub at: i64,
    /// How full it was, share of its capacity; NaN where nobody knows.
    pub filled: f64,
}

/// The emptyings of every stop, in the order of time; none where no service names the stop or its asset.
pub fn of_stops(rounds: &Rounds, services: &Services) -> Vec<Vec<Emptied>> {
    let of_stop: Vec<&[Service]> = rounds.stops.iter().map(|stop| at_stop(stop, services)).collect();
    let full_kg = full_loads(rounds, &of_stop);
    let emptied = |(stop, of_stop): (&Stop, &&[Service])| {
        let full_kg = full_kg.get(&size(stop)).copied().unwrap_or(f64::NAN);
        of_stop
            .iter()
            .map(|service| Emptied { at: service.ended, filled: filled(service, stop, full_kg) })
            .collect()
    };
    rounds.stops.iter().zip(&of_stop).map(emptied).collect()
}

/// The site of a stop: that of its id, or of its asset.
pub fn site_of(stop: &Stop, services: &Services) -> Option<usize> {
    services.site(&stop.id).or_else(|| services.site(stop.asset_id.as_deref()?))
}

fn at_stop<'a>(stop: &Stop, services: &'a Services) -> &'a [Service] {
    site_of(stop, services).map_or(&[], |site| &services.of_site[site])
}

/// The capacity of a stop as a key: litres, or nothing.
fn size(stop: &Stop) -> Option<u64> {
    stop.capacity_l.filter(|litres| *litres > 0.0).map(f64::to_bits)
}

/// Kilograms of a full load, by size.
fn full_loads(rounds: &Rounds, of_stop: &[&[Service]]) -> BTreeMap<Option<u64>, f64> {
    let mut loads: BTreeMap<Option<u64>, Vec<f64>> = BTreeMap::new();
    for (stop, services) in rounds.stops.iter().zip(of_stop) {
        let weighed = services.iter().map(|service| service.kg).filter(|&kg| kg > 0.0);
        loads.entry(size(stop)).or_default().extend(weighed);
    }
    loads.retain(|_, loads| loads.len() >= FEWEST_LOADS);
    loads.into_iter().map(|(size, mut loads)| (size, quantile(&mut loads, FULL_QUANTILE))).collect()
}

fn filled(service: &Service, stop: &Stop, full_kg: f64) -> f64 {
    let by_litres = service.litres / stop.capacity_l.unwrap_or(f64::NAN);
    let known = [service.full, by_litres, service.kg / full_kg];
    known.into_iter().find(|share| share.is_finite()).map_or(f64::NAN, |share| share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NONE;
    use crate::unit::Local;

    fn stop(id: &str, capacity_l: Option<f64>, asset_id: Option<&str>) -> Stop {
        Stop {
            id: id.to_owned(),
            name: String::new(),
            at: Local::new(0.0, 0.0),
            capacity_l,
            service_s: None,
            asset_id: asset_id.map(str::to_owned),
        }
    }

    fn service(begun: i64, kg: f64, litres: f64, full: f64) -> Service {
        Service { begun, ended: begun, lifts: 1, kg, litres, full, code: NONE }
    }

    #[test]
    fn what_crew_or_litres_say_goes_before_weight() {
        let stops =
            vec![stop("a", Some(100.0), None), stop("b", Some(100.0), Some("x")), stop("c", None, None)];
        let rounds = Rounds { stops, ..Rounds::default() };
        let loads = (1..=40).map(|load| service(load, load as f64, f64::NAN, f64::NAN)).collect();
        let services = Services {
            sites: vec!["a".into(), "x".into()],
            of_site: vec![loads, vec![service(5, 20.0, f64::NAN, 0.3), service(9, 20.0, 70.0, f64::NAN)]],
            ..Services::default()
        };
        let found = of_stops(&rounds, &services);
        assert_eq!(found[1], [Emptied { at: 5, filled: 0.3 }, Emptied { at: 9, filled: 0.7 }]);
        // The 95th of a hundred loads weighs as much as a full one: here about 38 kg.
        let share = found[0][18].filled;
        assert!((share - 19.0 / 38.0).abs() < 0.02 && (found[0][39].filled - 1.0).abs() < 1e-9, "{share}");
        assert!(found[2].is_empty());
    }

    #[test]
    fn few_loads_do_not_tell_what_a_full_one_weighs() {
        let rounds = Rounds { stops: vec![stop("a", None, None)], ..Rounds::default() };
        let of_site = vec![vec![service(1, 20.0, f64::NAN, f64::NAN)]];
        let found = of_stops(&rounds, &Services { sites: vec!["a".into()], of_site, ..Services::default() });
        assert!(found[0][0].filled.is_nan());
    }
}

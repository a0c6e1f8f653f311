//! The rounds of a yard planned anew.

use super::super::replan::districts;
use super::*;

/// The town with both rounds on the same days, each calling on the other's side.
fn crossed_town() -> Town {
    let mut town = town();
    town.rounds.trips =
        vec![trip("west", 0, &[0, 6, 1, 8, 3], [0, 2, 4]), trip("east", 1, &[2, 7, 4, 9, 5], [0, 2, 4])];
    town
}

#[test]
fn two_crossed_rounds_are_planned_anew_with_the_same_stops_and_less_driving() {
    let town = crossed_town();
    let found = districts(&town.situation(), &Options::default(), 500, 1);
    let [district] = &found[..] else { panic!("{found:?}") };
    assert_eq!(district.weekdays, [true, false, true, false, true, false, false]);
    assert_eq!((&district.trips[..], district.before.rounds), (&[0, 1][..], 2));
    let mut stops: Vec<u32> = district.rounds.iter().flatten().copied().collect();
    stops.sort_unstable();
    assert_eq!(stops, (0..10).collect::<Vec<u32>>());
    assert!(district.left_over.is_empty() && district.after.rounds <= 2);
    let depot = Local::new(-20.0, 0.0);
    let driven_s: f64 = district
        .rounds
        .iter()
        .map(|round| {
            let at = round.iter().map(|&stop| town.rounds.stops[stop as usize].at);
            let places: Vec<Local> = [depot].into_iter().chain(at).chain([depot]).collect();
            let snaps: Vec<_> = places.iter().map(|&at| town.network.snap(at, 500.0).unwrap()).collect();
            snaps.windows(2).map(|ends| town.network.path(ends[0], ends[1]).unwrap().seconds).sum::<f64>()
        })
        .sum();
    assert!((district.after.seconds - driven_s - 10.0 * 60.0).abs() < 1e-6, "driving and ten emptyings");
    assert!(district.after.seconds < district.before.seconds - 60.0, "{district:?}");
    assert_eq!(found, districts(&town.situation(), &Options::default(), 500, 1));
}

#[test]
fn trucks_hold_what_they_can_and_a_truck_that_drives_twice_is_left_alone() {
    let mut town = crossed_town();
    // Ten stops of at most 12 kg: one truck cannot take them all, two can take five each.
    for vehicle in &mut town.rounds.vehicles {
        vehicle.capacity_kg = Some(60.0);
    }
    let found = districts(&town.situation(), &Options::default(), 500, 1);
    assert!(found[0].left_over.is_empty());
    for vehicle in &mut town.rounds.vehicles {
        vehicle.shift_s = Some(200.0);
    }
    let found = districts(&town.situation(), &Options::default(), 100, 1);
    assert!(!found[0].left_over.is_empty(), "no crew gets that far");
    town.rounds.trips[1].vehicle = 0;
    assert!(districts(&town.situation(), &Options::default(), 100, 1).is_empty());
}

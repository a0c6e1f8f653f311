//! The plan on the small town, and the check that shares no code with it.

use super::*;

/// The town with a bin that is too small and the others half empty.
fn uneven_town() -> Town {
    let mut town = busy_town();
    for (index, stop) in town.collection.stops.iter_mut().enumerate() {
        stop.fill_per_day = if index == 2 { 0.6 } else { 0.05 };
    }
    town
}

fn planned(town: &Town, options: &Options) -> (Plan, Vec<Violation>) {
    let plan = plan(&town.situation(), options);
    let violations = check_plan(&plan, &town.situation(), options);
    (plan, violations)
}

#[test]
fn in_the_same_hours_less_overflows() {
    let (plan, violations) = planned(&uneven_town(), &Options::default());
    assert_eq!(violations, []);
    assert!(plan.planned.work_s <= plan.today.work_s, "{plan:#?}");
    assert!(plan.planned.overflow_h < 0.5 * plan.today.overflow_h, "{plan:#?}");
    assert!(plan.fewer_overflow_h.0 > 0.0 && plan.fewer_overflow_h.1 <= plan.today.overflow_h * 1.01);
    let first = &plan.stops[0];
    assert!(first.stop == 2 && first.planned.len() > first.today.len(), "{first:?}");
}

#[test]
fn time_comes_from_bins_that_are_emptied_when_nearly_empty() {
    // No better order may be found, so that calls must pay for calls.
    let options = Options { min_saving: 1.0, ..Options::default() };
    let (plan, violations) = planned(&uneven_town(), &options);
    assert_eq!(violations, []);
    assert!(plan.resequenced.is_empty());
    let fewer = plan.stops.iter().filter(|change| change.planned.len() < change.today.len());
    assert!(fewer.clone().count() > 0 && fewer.clone().all(|change| change.stop != 2), "{plan:#?}");
    assert!(plan.planned.work_s <= plan.today.work_s);
}

#[test]
fn a_stop_that_crews_leave_out_more_than_others_keeps_its_calls() {
    // No better order may be found, so that calls must pay for calls.
    let options = Options { min_saving: 1.0, ..Options::default() };
    let losing = |town: &Town| -> Vec<u32> {
        let (plan, violations) = planned(town, &options);
        assert_eq!(violations, []);
        let fewer = plan.stops.iter().filter(|change| change.planned.len() < change.today.len());
        fewer.map(|change| change.stop).collect()
    };
    let mut town = uneven_town();
    town.collection.stops.iter_mut().for_each(|stop| stop.q_value = 0.5);
    let before = losing(&town);
    assert!(!before.is_empty());
    for &stop in &before {
        town.collection.stops[stop as usize].q_value = 0.01;
    }
    let after = losing(&town);
    assert!(before.iter().all(|stop| !after.contains(stop)), "{before:?} and {after:?}");
}

#[test]
fn a_larger_budget_leaves_less_overflow() {
    let hours = |budget_min_per_week| {
        let options = Options { budget_min_per_week, min_saving: 1.0, ..Options::default() };
        let mut town = busy_town();
        town.collection.stops.iter_mut().for_each(|stop| stop.fill_per_day = stop.fill_per_day.max(0.35));
        let (plan, violations) = planned(&town, &options);
        assert_eq!(violations, []);
        assert!(plan.planned.work_s <= plan.today.work_s + 60.0 * budget_min_per_week);
        plan.planned.overflow_h
    };
    assert!(hours(30.0) < hours(5.0) && hours(5.0) <= hours(0.0));
}

#[test]
fn where_no_filling_is_known_only_the_order_changes() {
    let mut town = busy_town();
    town.collection.stops.iter_mut().for_each(|stop| stop.fill_per_day = f64::NAN);
    let (plan, violations) = planned(&town, &Options::default());
    assert_eq!(violations, []);
    assert!(plan.stops.is_empty() && plan.resequenced == [0], "{plan:#?}");
    let options = Options { min_saving: 1.0, ..Options::default() };
    let (plan, _) = planned(&town, &options);
    town.rounds.trips.reverse();
    assert!(plan.is_empty() && plan.rounds == town.rounds, "the same trips in the order of their ids");
}

#[test]
fn a_full_shift_gets_no_further_call() {
    let mut town = uneven_town();
    for vehicle in &mut town.rounds.vehicles {
        vehicle.shift_s = Some(60.0);
    }
    let options = Options { min_saving: 1.0, budget_min_per_week: 500.0, ..Options::default() };
    let (plan, violations) = planned(&town, &options);
    assert_eq!(violations, []);
    let per_day =
        |rounds: &Rounds| rounds.trips.iter().map(|trip| trip.calls.len() * trip.days.len()).sum::<usize>();
    assert!(per_day(&plan.rounds) <= per_day(&town.rounds));
}

#[test]
fn no_plan_of_a_random_town_violates_anything() {
    let mut stream = Random::new(8).stream("towns", 0);
    for _ in 0..40 {
        let mut town = busy_town();
        for stop in &mut town.collection.stops {
            stop.fill_per_day = stream.random_range(0.02..1.2);
            stop.skip_rate = stream.random_range(0.0..0.4);
        }
        for vehicle in &mut town.rounds.vehicles {
            vehicle.capacity_kg = Some(stream.random_range(30.0..200.0));
            vehicle.shift_s = Some(stream.random_range(600.0..4000.0));
        }
        let options = Options { budget_min_per_week: stream.random_range(-5.0..40.0), ..Options::default() };
        let (plan, violations) = planned(&town, &options);
        assert_eq!(violations, [], "{plan:#?}");
        assert!(plan.planned.overflow_h <= plan.today.overflow_h + 1.0 || options.budget_min_per_week < 0.0);
    }
}

#[test]
fn a_plan_that_was_tampered_with_does_not_pass() {
    let (town, options) = (uneven_town(), Options::default());
    let (plan, _) = planned(&town, &options);
    let faults = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        !check_plan(&plan, &town.situation(), &options).is_empty()
    };
    assert!(!faults(&|_| ()));
    assert!(faults(&|plan| plan.budget_s = -3600.0), "over budget");
    assert!(faults(&|plan| plan.planned.work_s -= 600.0), "hours that are not those of the rounds");
    assert!(faults(&|plan| plan.rounds.trips[0].calls.truncate(1)), "stops that nobody calls at");
    assert!(faults(&|plan| plan.rounds.trips[0].calls.swap(0, 2)), "times that go back");
    assert!(faults(&|plan| plan.rounds.trips[0].id = "new".to_owned()), "a trip from nowhere");
    assert!(faults(&|plan| drop(plan.stops.remove(0))), "a change that is not said");
    assert!(faults(&|plan| plan.rounds.stops[0].id = "other".to_owned()), "another stop");
    let sunday = Day::from_date(jiff::civil::date(2026, 1, 11));
    assert!(faults(&|plan| plan.rounds.trips[0].days.push(sunday)), "a day without a crew");
    assert!(
        faults(&|plan| {
            let trip = plan.rounds.trips[0].clone();
            plan.rounds.trips.push(trip);
        }),
        "twice"
    );
}

#[test]
fn the_plan_knows_which_proposals_it_holds() {
    let town = uneven_town();
    let (plan, _) = planned(&town, &Options::default());
    let proposals = town.propose();
    let held = proposals.iter().filter(|proposal| plan.holds(proposal)).count();
    assert!(held > 0 && proposals.iter().all(|it| !Plan::default().holds(it)), "{proposals:#?}");
}

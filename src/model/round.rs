//! Planned collection: stops, routes, trips and the days on which they run.

use crate::period::Day;
use crate::unit::Local;

/// A place where a round collects.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    /// Its id in the feed.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub at: Local,
    /// Litres that it holds, where the feed says so.
    pub capacity_l: Option<f64>,
    /// Seconds that one emptying takes, where the feed says so.
    pub service_s: Option<f64>,
    /// The id of the asset it empties, where the feed says so.
    pub asset_id: Option<String>,
}

/// A round that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its id in the feed.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// One call of a trip at a stop. Times count from noon minus twelve hours of the service day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Index into [`Rounds::stops`].
    pub stop: u32,
    /// Seconds into the service day at which the truck is planned to arrive.
    pub arrival_s: i64,
    /// Seconds into the service day at which it is planned to leave.
    pub departure_s: i64,
}

/// One run of a route: these stops, in this order, on these days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// Its id in the feed.
    pub id: String,
    /// Index into [`Rounds::routes`].
    pub route: u32,
    /// Index into [`Rounds::vehicles`]; [`NONE`](crate::model::NONE) where the feed names none.
    pub vehicle: u32,
    /// The calls in their order.
    pub calls: Vec<Call>,
    /// The days on which it runs, ascending, exceptions already applied.
    pub days: Vec<Day>,
    /// Days that the calendar took out (`calendar_dates.txt`, exception type 2), ascending.
    pub cancelled: Vec<Day>,
}

impl Trip {
    /// Share of the Mondays, Tuesdays, … between its first and last day on which it is planned; days that were
    /// cancelled count.
    pub fn weekday_shares(&self) -> [f64; 7] {
        let days = || self.days.iter().chain(&self.cancelled);
        let (Some(first), Some(last)) = (days().min(), days().max()) else { return [0.0; 7] };
        let (mut planned, mut possible) = ([0u32; 7], [0u32; 7]);
        for &day in days() {
            planned[day.weekday()] += 1;
        }
        for offset in 0..=(last.0 - first.0) {
            possible[first.plus(offset).weekday()] += 1;
        }
        std::array::from_fn(|weekday| {
            if possible[weekday] == 0 {
                0.0
            } else {
                f64::from(planned[weekday]) / f64::from(possible[weekday])
            }
        })
    }

    /// Its weekdays as a rule: those on which it runs every other week at least; without any, those on which it
    /// runs at all.
    pub fn weekdays(&self) -> [bool; 7] {
        let shares = self.weekday_shares();
        let least = if shares.iter().any(|&share| share >= 0.5) { 0.5 } else { f64::MIN_POSITIVE };
        shares.map(|share| share >= least)
    }
}

/// A truck.
#[derive(Debug, Clone, PartialEq)]
pub struct Vehicle {
    /// Its id: `block_id` of the trips and `vehicle_id` of the fixes.
    pub id: String,
    /// Kilograms that it carries, where known.
    pub capacity_kg: Option<f64>,
    /// Seconds that its crew works, where known.
    pub shift_s: Option<f64>,
    /// Where it starts and ends, where known.
    pub depot: Option<Local>,
}

/// An area in which everything at the kerb is collected on fixed days of the week: a round without stops.
#[derive(Debug, Clone, PartialEq)]
pub struct Kerbside {
    /// Index into [`Rounds::routes`].
    pub route: u32,
    /// Its outline on the plane.
    pub shape: geo::MultiPolygon<f64>,
    /// Whether it is collected on Monday, Tuesday and so on.
    pub weekdays: [bool; 7],
    /// Households and other customers, where the source says so.
    pub customers: Option<f64>,
    /// The source that it comes from: what is collected there is compared with the rest of that source alone.
    pub source: u32,
    /// Patterns of the report categories that are about it, with `*`; none for every missed collection.
    pub categories: Vec<String>,
}

impl Kerbside {
    /// The last day no later than `day` on which it is collected.
    pub fn last_planned(&self, day: Day) -> Option<Day> {
        (0..7).map(|back| day.plus(-back)).find(|day| self.weekdays[day.weekday()])
    }
}

/// All planned rounds, each list in the order of its ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rounds {
    /// The stops.
    pub stops: Vec<Stop>,
    /// The routes.
    pub routes: Vec<Route>,
    /// The trips.
    pub trips: Vec<Trip>,
    /// The vehicles.
    pub vehicles: Vec<Vehicle>,
    /// Areas with fixed days instead of stops, in the order of their routes.
    pub kerbsides: Vec<Kerbside>,
}

//! Diagnoses and the network in, proposals with cost and benefit out.
//!
//! Every proposal is priced on its own, against the rounds as they are planned: two that change the same trip
//! do not add up exactly. Service windows are not known to the feed, so none are held; a call that is added
//! makes the later ones of its trip later.

mod benefit;
mod check;
mod clean_up;
mod cost;
mod extra_stop;
mod frequency;
pub mod insertion;
mod move_stop;
pub mod order;
pub mod plan;
mod redesign;
mod relocate;
#[cfg(feature = "replan")]
pub mod replan;
mod resequence;

use serde::Deserialize;

use crate::collection::{Collection, Reason};
use crate::dedupe::Incidents;
use crate::hotspots::Hotspots;
use crate::link::Linked;
use crate::model::asset::Asset;
use crate::model::report::Reports;
use crate::model::round::Rounds;
use crate::network::Network;
use crate::period::{Clock, Period};
use crate::progress::Progress;
use crate::unit::Local;

pub use check::{Checker, Violation, check, check_plan};
pub use plan::{Plan, plan};

/// What is proposed, and at what prices.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether to propose anything at all; default true.
    pub enabled: bool,
    /// Metres within which a stop is taken to lie on a street; default 100. Legs from stops that lie farther
    /// away are estimated.
    pub snap_m: f64,
    /// Metres within which a depot is taken to lie on a street; default 500: yards are large.
    pub depot_snap_m: f64,
    /// Driven metres per straight metre where a leg cannot be routed; default 1.3.
    pub detour_factor: f64,
    /// Kilometres per hour where a leg cannot be routed; default 20.
    pub detour_kmh: f64,
    /// Seconds of one emptying where the feed does not say; default 45.
    pub service_s: f64,
    /// Kilograms per litre of what is in a full bin; default 0.1. Decides whether a truck can hold it all.
    pub kg_per_litre: f64,
    /// Litres of a stop where the feed does not say; default 120.
    pub capacity_l: f64,
    /// How full a bin is when it is emptied, where nothing is known of its filling: a share; default 0.5.
    pub usual_fill: f64,
    /// Spread of what is thrown in per day: standard deviation over mean. Default: what the reports and weighings
    /// show; without them 0.67, as measured on the weighings of 4,479 sites in Amsterdam in 2020 and 2021.
    pub fill_cv: Option<f64>,
    /// Reports "full before its next emptying" from which on an extra call is proposed; default 3.
    pub min_reports: u32,
    /// Chance of overflowing before the next emptying that is accepted; default 0.05. Calls are added until
    /// it is reached and taken away as long as it holds.
    pub alpha: f64,
    /// Chance of overflowing before the next emptying from which on one report is enough; default 0.5.
    pub overflow: f64,
    /// Calls per week that one proposal adds at most; default 3.
    pub max_extra_per_week: usize,
    /// Hours that lie at least between two emptyings of a stop; default 5.
    pub apart_h: f64,
    /// Share of driving that another order must save to be proposed; default 0.02.
    pub min_saving: f64,
    /// Share of the legs of a trip, 0 to 1, that another order leaves as they are: what crews know by heart;
    /// default 0.3. 0 lets everything change, 1 nothing.
    pub keep_order: f64,
    /// Ids of stops that stay in their trip, between the stops before and behind them; default none.
    pub frozen: Vec<String>,
    /// Seconds a week that moving a stop to another trip must save to be proposed; default 120.
    pub min_move_s: f64,
    /// Tries per stop of a trip in the search for another order; default 60. More tries take longer and find
    /// slightly shorter orders.
    pub tries_per_stop: usize,
    /// Share of the reports above what is usual for its kind that mending a place can avoid; default 0.5: an
    /// assumption, to be replaced by the effect of earlier measures.
    pub redesign_share: f64,
    /// Metres that people walk to a bin; default 100. Rubbish farther from every bin asks for one.
    pub walk_m: f64,
    /// Share of the rubbish around it that a bin avoids; default 0.5: an assumption, like
    /// [`redesign_share`](Self::redesign_share).
    pub relocate_share: f64,
    /// Seconds that it takes to clear away what lies beside a stop; default 300.
    pub clean_up_s: f64,
    /// Share of the reports of rubbish beside a stop that one clearing a week avoids; default 0.5: an assumption, like
    /// [`redesign_share`](Self::redesign_share).
    pub clean_up_share: f64,
    /// Proposals of one kind at most, the best ones; default 40.
    pub max_per_kind: usize,
    /// Confidence of the interval of reports avoided; default 0.9.
    pub confidence: f64,
    /// Minutes per week that the plan may cost more than the rounds of today; default 0: the same hours.
    pub budget_min_per_week: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            enabled: true,
            snap_m: 100.0,
            depot_snap_m: 500.0,
            detour_factor: 1.3,
            detour_kmh: 20.0,
            service_s: 45.0,
            kg_per_litre: 0.1,
            capacity_l: 120.0,
            usual_fill: 0.5,
            fill_cv: None,
            min_reports: 3,
            alpha: 0.05,
            overflow: 0.5,
            max_extra_per_week: 3,
            apart_h: 5.0,
            min_saving: 0.02,
            keep_order: 0.3,
            frozen: Vec::new(),
            min_move_s: 120.0,
            tries_per_stop: 60,
            redesign_share: 0.5,
            walk_m: 100.0,
            relocate_share: 0.5,
            clean_up_s: 300.0,
            clean_up_share: 0.5,
            max_per_kind: 40,
            confidence: 0.9,
            budget_min_per_week: 0.0,
        }
    }
}

/// Everything that proposals rest on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The planned rounds.
    pub rounds: &'a Rounds,
    /// What the collection did, and why reports came in.
    pub collection: &'a Collection,
    /// What stands out, with the assets that come back.
    pub hotspots: &'a Hotspots,
    /// The assets.
    pub assets: &'a [Asset],
    /// The reports.
    pub reports: &'a Reports,
    /// What each report belongs to.
    pub linked: &'a Linked,
    /// The events that the reports are about.
    pub incidents: &'a Incidents,
    /// The streets.
    pub network: &'a Network,
    /// The project's clock.
    pub clock: &'a Clock,
    /// The days that the reports span.
    pub period: Period,
}

/// What to change, best first, each with its price; all have passed [`check`] or say that they are not
/// feasible. First come changes that cost nothing: those that save time, most first, then those that only ask
/// for a look. Then changes that cost time, by reports avoided per minute. Then calls that can be left out,
/// by minutes saved per report risked. What is not feasible comes last.
pub fn propose(situation: &Situation, options: &Options, progress: &dyn Progress) -> Vec<Proposal> {
    if !options.enabled {
        return Vec::new();
    }
    let plan = cost::Plan::new(situation, options);
    let evidence = benefit::Evidence::new(situation, Reason::FullBeforeNextService);
    let dumped = benefit::Evidence::new(situation, Reason::DumpedBeside);
    let law = benefit::law(situation.collection, options);
    let overflow = benefit::Overflow::of_stops(situation.collection, &law);
    progress.begin("proposals", 7);
    let mut proposals = Vec::new();
    proposals.extend(best(resequence::proposals(&plan, options), options));
    progress.advance(1);
    proposals.extend(best(move_stop::proposals(&plan, options), options));
    progress.advance(1);
    proposals.extend(best(extra_stop::proposals(situation, &plan, &overflow, &evidence, options), options));
    progress.advance(1);
    proposals.extend(best(frequency::proposals(situation, &plan, &overflow, &evidence, options), options));
    progress.advance(1);
    proposals.extend(best(clean_up::proposals(situation, &plan, &dumped, options), options));
    progress.advance(1);
    proposals.extend(best(relocate::proposals(situation, &plan, options), options));
    progress.advance(1);
    proposals.extend(best(redesign::proposals(situation, options), options));
    progress.advance(1);

    let checker = Checker::new(situation, options);
    for proposal in &mut proposals {
        let violations = checker.check(proposal);
        if let Some(first) = violations.first() {
            proposal.is_feasible = false;
            proposal.rationale = format!("{} (not feasible: {first})", proposal.rationale);
        }
    }
    proposals.sort_by(compare);
    let width = proposals.len().to_string().len().max(2);
    for (proposal, number) in proposals.iter_mut().zip(1..) {
        proposal.id = format!("P{number:0width$}");
    }
    proposals
}

/// The best of one kind.
fn best(mut proposals: Vec<Proposal>, options: &Options) -> Vec<Proposal> {
    proposals.sort_by(compare);
    proposals.truncate(options.max_per_kind);
    proposals
}

/// What is worth doing first comes first; see [`propose`].
fn compare(a: &Proposal, b: &Proposal) -> std::cmp::Ordering {
    let class = |proposal: &Proposal| match (proposal.is_feasible, proposal.extra_s_week > 0.0) {
        (false, _) => 3,
        (true, true) => 1,
        (true, false) if proposal.fewer_reports_low < 0.0 => 2,
        (true, false) => 0,
    };
    let worth = |proposal: &Proposal| {
        let minutes = proposal.extra_s_week / 60.0;
        let reports = f64::midpoint(proposal.fewer_reports_low, proposal.fewer_reports_high);
        match class(proposal) {
            0 => (-minutes, reports),
            2 => (minutes / reports, -minutes),
            _ => (reports / minutes.max(1.0 / 60.0), reports),
        }
    };
    let (worth_a, worth_b) = (worth(a), worth(b));
    class(a)
        .cmp(&class(b))
        .then(worth_b.0.total_cmp(&worth_a.0))
        .then(worth_b.1.total_cmp(&worth_a.1))
        .then_with(|| a.change.key().cmp(&b.change.key()))
}

/// One thing to change, with what it costs and what it is expected to bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its id within the run, as in `P01`; proposals stand in the order in which they are worth doing.
    pub id: String,
    /// What to change.
    pub change: Change,
    /// Metres more per week on the network; negative when it saves.
    pub extra_m_week: f64,
    /// Seconds more per week; negative when it saves.
    pub extra_s_week: f64,
    /// Reports fewer per year: the low end of the interval.
    pub fewer_reports_low: f64,
    /// Reports fewer per year: the high end of the interval.
    pub fewer_reports_high: f64,
    /// What the cost rests on.
    pub cost_basis: CostBasis,
    /// Whether shift and capacity still hold.
    pub is_feasible: bool,
    /// One sentence: why, with the figures it rests on.
    pub rationale: String,
    /// The reports it rests on, as indices into the reports, ascending.
    pub reports: Vec<u32>,
    /// The driven line of the changed part today, for the map; empty where nothing is driven.
    pub before: Vec<Local>,
    /// The same after the change.
    pub after: Vec<Local>,
}

/// What a proposal changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Call once more at a stop, between two calls of a trip.
    ExtraStop {
        /// The stop.
        stop: u32,
        /// The trip that calls there.
        trip: u32,
        /// The call goes before this place in the trip.
        position: u32,
        /// Weekdays on which to do it, Monday first.
        weekdays: [bool; 7],
    },
    /// Call at a stop on more or fewer days of the week.
    Frequency {
        /// The stop.
        stop: u32,
        /// The trip that serves it.
        trip: u32,
        /// Services per week today.
        from_per_week: f64,
        /// Services per week proposed.
        to_per_week: f64,
    },
    /// Drive the same stops in another order.
    Resequence {
        /// The trip.
        trip: u32,
        /// The stops in their new order.
        order: Vec<u32>,
    },
    /// Take along what lies beside a stop, once a week.
    CleanUp {
        /// The stop.
        stop: u32,
        /// The trip that calls there.
        trip: u32,
        /// The weekday on which to do it, Monday is 0.
        weekday: usize,
    },
    /// Put up a bin where there is none.
    AddBin {
        /// Where.
        at: Local,
        /// The stop that it is emptied together with; [`NONE`](crate::model::NONE) where there are no rounds.
        beside: u32,
    },
    /// Move a bin to where it is needed more.
    Relocate {
        /// The bin.
        asset: u32,
        /// Its new place.
        to: Local,
        /// The stop that it is emptied together with.
        beside: u32,
    },
    /// Let another trip of the same days call at a stop.
    MoveStop {
        /// The stop.
        stop: u32,
        /// The trip that calls there today.
        from_trip: u32,
        /// The trip that shall.
        to_trip: u32,
        /// The call goes before this place in that trip.
        position: u32,
    },
    /// A bollard or other asset that is hit again and again: look at the place.
    Redesign {
        /// The asset.
        asset: u32,
    },
}

impl Change {
    /// As in the layers.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ExtraStop { .. } => "extra_stop",
            Self::Frequency { .. } => "frequency",
            Self::Resequence { .. } => "resequence",
            Self::CleanUp { .. } => "clean_up",
            Self::AddBin { .. } => "add_bin",
            Self::Relocate { .. } => "relocate",
            Self::MoveStop { .. } => "move_stop",
            Self::Redesign { .. } => "redesign",
        }
    }

    /// What tells two changes apart when they are worth the same.
    fn key(&self) -> (&'static str, u32, u32, [u64; 2]) {
        let place = |at: &Local| [at.x.to_bits(), at.y.to_bits()];
        let (first, second, place) = match self {
            Self::ExtraStop { stop, trip, .. }
            | Self::Frequency { stop, trip, .. }
            | Self::CleanUp { stop, trip, .. } => (*stop, *trip, [0; 2]),
            Self::Resequence { trip, .. } => (*trip, 0, [0; 2]),
            Self::MoveStop { stop, from_trip, .. } => (*stop, *from_trip, [0; 2]),
            Self::AddBin { at, beside } => (*beside, 0, place(at)),
            Self::Relocate { asset, to, .. } => (*asset, 0, place(to)),
            Self::Redesign { asset } => (*asset, 0, [0; 2]),
        };
        (self.name(), first, second, place)
    }
}

/// What a cost rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostBasis {
    /// Shortest paths on the street network.
    Routed,
    /// Straight lines times a detour factor: part of it could not be routed.
    Estimated,
}

impl CostBasis {
    /// As in the layers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Routed => "routed",
            Self::Estimated => "estimated",
        }
    }
}

#[cfg(test)]
mod tests;

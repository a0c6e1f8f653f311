//! Assets that are hit again and again in, places to look at out.
//!
//! Bins and containers are left to the rounds: what helps them is an emptying, not another place.

use super::benefit::{YEAR_DAYS, gamma_interval};
use super::{Change, CostBasis, Options, Proposal, Situation};
use crate::model::asset::AssetKind;

pub(super) fn proposals(situation: &Situation, options: &Options) -> Vec<Proposal> {
    let repeat =
        situation.hotspots.assets.iter().filter(|found| found.is_repeat && found.exposure_days > 0.0);
    let mut proposals = Vec::new();
    for found in repeat {
        let asset = &situation.assets[found.asset as usize];
        if matches!(asset.kind, AssetKind::LitterBin | AssetKind::Container) {
            continue;
        }
        let about = |report: &u32| {
            let kind = situation.reports.kind[*report as usize];
            situation.linked.asset[*report as usize] == found.asset && kind.assets().contains(&asset.kind)
        };
        let count = u32::try_from(situation.linked.asset.len()).expect("fewer than 2^32 reports");
        let years = found.exposure_days / YEAR_DAYS;
        // Poisson count with a gamma of shape ½ and no rate before it (Jeffreys).
        let (low, high) = gamma_interval(0.5 + f64::from(found.n_incidents), years, options.confidence);
        let usual = found.expected / years;
        let avoided = |per_year: f64| ((per_year - usual) * options.redesign_share).max(0.0);
        proposals.push(Proposal {
            id: String::new(),
            change: Change::Redesign { asset: found.asset },
            extra_m_week: 0.0,
            extra_s_week: 0.0,
            fewer_reports_low: avoided(low),
            fewer_reports_high: avoided(high),
            cost_basis: CostBasis::Routed,
            is_feasible: true,
            rationale: format!(
                "`{}` was reported {} times in {:.0} days where {:.1} would be usual for a {} ({}): look at the place; \
                 {:.0} % of what is above the usual is taken as avoidable",
                asset.id,
                found.n_incidents,
                found.exposure_days,
                found.expected,
                asset.kind.label(crate::model::kind::Language::En),
                crate::stats::correct::in_words(found.q_value),
                100.0 * options.redesign_share,
            ),
            reports: (0..count).filter(about).collect(),
            before: Vec::new(),
            after: Vec::new(),
        });
    }
    proposals
}

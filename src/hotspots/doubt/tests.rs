use super::*;
use crate::hotspots::Per;
use crate::model::NONE;
use crate::unit::Local;

/// A hotspot of these incidents of which nothing else is known.
pub(in crate::hotspots) fn bare(kind: Selection, incidents: Vec<u32>) -> Hotspot {
    Hotspot {
        id: "H001".to_owned(),
        method: "density",
        kind,
        at: Local::new(0.0, 0.0),
        shape: geo::MultiPolygon::new(Vec::new()),
        radius_m: 0.0,
        label: String::new(),
        incidents,
        expected: f64::NAN,
        relative_risk: f64::NAN,
        statistic: f64::NAN,
        p_value: f64::NAN,
        q_value: f64::NAN,
        first_at: 0,
        last_at: 0,
        trend: String::new(),
        window: None,
        recurrence_days: f64::NAN,
        asset: NONE,
        per: Per::Nothing,
        baseline: f64::NAN,
        excess: Excess { per_week: f64::NAN, low: f64::NAN, high: f64::NAN },
        stability: f64::NAN,
        place: NONE,
    }
}

#[test]
fn the_quick_bound_never_decides_otherwise_than_the_exact_tail() {
    for n in 0..60 {
        for mean in [0.0, 1e-9, 0.3, 1.0, 4.0, 17.5, 59.0] {
            for cut in [0.05, 1e-3, 1e-6, 1e-9] {
                let exact = f64::from(n) > mean && n > 0 && poisson::upper_tail(n, mean) <= cut;
                assert_eq!(stands_out(n, mean, cut), exact, "{n} for {mean} at {cut}");
            }
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::stats::reference;

fn settings(min_cluster_size: usize, min_samples: usize) -> Settings {
    Settings { min_cluster_size, min_samples, closest_m: 1e-6 }
}

/// The definition, threshold by threshold and pair by pair.
struct Slow {
    apart: Vec<Vec<f64>>,
    min_cluster_size: usize,
}

/// What one component becomes: its excess of mass, and the chosen clusters in it with their masses.
struct Fate {
    mass: f64,
    densest: f64,
    left: Vec<(usize, f64)>,
    children: Vec<Self>,
}

impl Slow {
    fn new(points: &[Local], settings: &Settings) -> Self {
        let squared = |a: Local, b: Local| (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
        let core = |at: &Local| {
            let mut others: Vec<f64> = points.iter().map(|other| squared(*at, *other)).collect();
            others.sort_by(f64::total_cmp);
            others[settings.min_samples.min(points.len() - 1)]
        };
        let cores: Vec<f64> = points.iter().map(core).collect();
        let reach = |a: usize, b: usize| {
            squared(points[a], points[b]).max(cores[a]).max(cores[b]).sqrt().max(settings.closest_m)
        };
        let row = |a| (0..points.len()).map(|b| reach(a, b)).collect();
        Self { apart: (0..points.len()).map(row).collect(), min_cluster_size: settings.min_cluster_size }
    }

    /// The parts of `members` that steps shorter than `distance` join.
    fn parts(&self, members: &[usize], distance: f64) -> Vec<Vec<usize>> {
        let mut rest = members.to_vec();
        let mut parts = Vec::new();
        while let Some(first) = rest.pop() {
            let mut part = vec![first];
            let mut next = 0;
            while let Some(&from) = part.get(next) {
                let (near, far) = rest.iter().partition(|&&other| self.apart[from][other] < distance);
                part.extend::<Vec<usize>>(near);
                rest = far;
                next += 1;
            }
            parts.push(part);
        }
        parts
    }

    fn follow(&self, members: Vec<usize>, born: f64) -> Fate {
        let mut fate = Fate { mass: 0.0, densest: born, left: Vec::new(), children: Vec::new() };
        let mut members = members;
        loop {
            // The longest step that is needed to join all.
            let mut lengths: Vec<f64> = members
                .iter()
                .flat_map(|&a| members.iter().map(move |&b| (a, b)))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| self.apart[a][b])
                .collect();
            lengths.sort_by(f64::total_cmp);
            let needed =
                *lengths.iter().rev().find(|&&length| self.parts(&members, length).len() > 1).unwrap();
            let density = 1.0 / needed;
            fate.densest = density;
            let (mut large, small): (Vec<_>, Vec<_>) = self
                .parts(&members, needed)
                .into_iter()
                .partition(|part| part.len() >= self.min_cluster_size);
            fate.left.extend(small.concat().into_iter().map(|point| (point, density)));
            fate.mass += small.concat().len() as f64 * (density - born);
            if large.len() == 1 {
                members = large.remove(0);
                continue;
            }
            for part in large {
                fate.mass += part.len() as f64 * (density - born);
                fate.children.push(self.follow(part, density));
            }
            return fate;
        }
    }
}

impl Fate {
    /// The chosen clusters: their points with their probabilities.
    fn choose(&self, is_whole: bool) -> (f64, Vec<Vec<(usize, f64)>>) {
        let below: Vec<_> = self.children.iter().map(|child| child.choose(false)).collect();
        let mass = below.iter().map(|child| child.0).sum();
        // Masses that are equal but for rounding would leave the choice to chance.
        if is_whole || mass > self.mass + 1e-9 {
            return (mass, below.into_iter().flat_map(|child| child.1).collect());
        }
        let probability = |(point, density): (usize, f64)| (point, (density / self.densest).min(1.0));
        (self.mass, vec![self.points().into_iter().map(probability).collect()])
    }

    fn points(&self) -> Vec<(usize, f64)> {
        self.left.iter().copied().chain(self.children.iter().flat_map(Self::points)).collect()
    }
}

fn slow(points: &[Local], settings: &Settings) -> Clusters {
    let mut found =
        Clusters { of_point: vec![NOISE; points.len()], probability: vec![0.0; points.len()], count: 0 };
    if points.len() < settings.min_cluster_size {
        return found;
    }
    let whole = Slow::new(points, settings).follow((0..points.len()).collect(), 0.0);
    let mut chosen = whole.choose(true).1;
    let first = |cluster: &Vec<(usize, f64)>| {
        cluster.iter().map(|&(point, _)| points[point]).min_by(Local::total_cmp).unwrap()
    };
    chosen.sort_by(|a, b| first(a).total_cmp(&first(b)));
    for cluster in chosen {
        for (point, probability) in cluster {
            found.of_point[point] = found.count;
            found.probability[point] = probability;
        }
        found.count += 1;
    }
    found
}

/// Labels numbered in the order in which they come up.
fn renumbered(labels: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut number = |label: i64| {
        if label < 0 {
            return -1;
        }
        let place = seen.iter().position(|&other| other == label).unwrap_or_else(|| {
            seen.push(label);
            seen.len() - 1
        });
        i64::try_from(place).unwrap()
    };
    labels.map(&mut number).collect()
}

fn signed(labels: &[u32]) -> impl Iterator<Item = i64> + '_ {
    labels.iter().map(|&label| if label == NOISE { -1 } else { i64::from(label) })
}

/// Points on a lattice, with many at one place and many equal distances, and some apart from it.
fn points() -> impl Strategy<Value = Vec<Local>> {
    let lattice = (0..7i32, 0..7i32).prop_map(|(x, y)| Local::new(f64::from(x * x), f64::from(y * y)));
    let anywhere = (0.0..40.0f64, 0.0..40.0f64).prop_map(|(x, y)| Local::new(x, y));
    prop::collection::vec(prop_oneof![lattice, anywhere], 0..36)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_tree_finds_what_trying_every_distance_finds(
        points in points(), min_cluster_size in 2..6usize, min_samples in 1..5usize, is_coarse in any::<bool>(),
    ) {
        let closest_m = if is_coarse { 2.5 } else { 1e-3 };
        let settings = Settings { min_cluster_size, min_samples, closest_m };
        let (fast, slow) = (clusters(&points, &settings), slow(&points, &settings));
        prop_assert_eq!(fast.of_point, slow.of_point);
        for (fast, slow) in fast.probability.iter().zip(&slow.probability) {
            prop_assert!((fast - slow).abs() < 1e-9);
        }
    }

    #[test]
    fn the_order_of_the_rows_changes_no_label(
        points in points(), min_cluster_size in 2..6usize, min_samples in 1..5usize, turn in 0..36usize,
    ) {
        let mut turned: Vec<(usize, Local)> = points.iter().copied().enumerate().collect();
        turned.reverse();
        turned.rotate_left(turn.min(points.len()));
        let settings = settings(min_cluster_size, min_samples);
        let places: Vec<Local> = turned.iter().map(|row| row.1).collect();
        let (straight, again) = (clusters(&points, &settings), clusters(&places, &settings));
        for (place, (row, _)) in turned.into_iter().enumerate() {
            prop_assert_eq!(straight.of_point[row], again.of_point[place]);
            prop_assert_eq!(straight.probability[row].to_bits(), again.probability[place].to_bits());
        }
    }
}

#[test]
fn clusters_are_those_of_the_hdbscan_package_where_no_rows_decide() {
    for (min_samples, columns) in
        [(1, ["x", "y", "one", "one_probability"]), (5, ["x", "y", "five", "five_probability"])]
    {
        let rows = reference::kept("hdbscan_labels.csv", &columns);
        let points: Vec<Local> = rows.iter().map(|row| Local::new(row[0], row[1])).collect();
        let found = clusters(&points, &settings(10, min_samples));
        #[expect(clippy::cast_possible_truncation, reason = "labels are small whole numbers")]
        let labels = renumbered(rows.iter().map(|row| row[2] as i64));
        assert_eq!(renumbered(signed(&found.of_point)), labels, "min_samples = {min_samples}");
        for (found, row) in found.probability.iter().zip(&rows) {
            assert!((found - row[3]).abs() < 1e-9, "{found} for {row:?}");
        }
    }
}

#[test]
fn shuffled_rows_and_threads_change_no_label_of_zurich() {
    let Some(rows) = reference::table("zh_waste2024_clusters.csv", &["e", "n", "hdbscan_mcs10_ms5"]) else {
        return;
    };
    let points: Vec<Local> = rows.iter().map(|row| Local::new(row[0], row[1])).collect();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| clusters(&points, &settings(10, 5)))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(8));
    let peer = rows.iter().filter(|row| row[2] < 0.0).count();
    let noise = one.of_point.iter().filter(|&&label| label == NOISE).count();
    println!("{} clusters, {noise} noise; the package has 139 or so, {peer}", one.count);

    // Rows in the order of a number that has nothing to do with their place.
    let mut shuffled: Vec<usize> = (0..points.len()).collect();
    shuffled.sort_by_key(|&row| (row * 7_919) % 4_567);
    let places: Vec<Local> = shuffled.iter().map(|&row| points[row]).collect();
    let again = clusters(&places, &settings(10, 5));
    for (place, row) in shuffled.into_iter().enumerate() {
        assert_eq!(one.of_point[row], again.of_point[place]);
    }
}

#[test]
fn many_at_one_place_are_one_cluster_of_finite_density() {
    let (here, there) = (Local::new(0.0, 0.0), Local::new(500.0, 0.0));
    let mut points = vec![here; 12];
    points.extend([there; 15]);
    let found = clusters(&points, &Settings { min_cluster_size: 5, min_samples: 4, closest_m: 1.0 });
    assert_eq!(found.count, 2);
    assert!(
        found.of_point[..12].iter().all(|&label| label == 0)
            && found.of_point[12..].iter().all(|&label| label == 1)
    );
    assert!(found.probability.iter().all(|&p| (p - 1.0).abs() < 1e-15), "{found:?}");
}

#[test]
fn too_few_points_nowhere_and_one_place_alone_are_no_clusters() {
    let spot = Local::new(1.0, 2.0);
    assert_eq!(clusters(&[], &settings(5, 5)), Clusters::default());
    for points in
        [vec![spot], vec![Local::NOWHERE; 9], vec![spot; 4], vec![spot; 40], vec![spot, Local::NOWHERE]]
    {
        let found = clusters(&points, &settings(5, 5));
        assert!(found.count == 0 && found.of_point.iter().all(|&label| label == NOISE), "{points:?}");
        assert!(found.probability.iter().all(|&p| p == 0.0));
    }
}

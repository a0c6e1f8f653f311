//! A project in, the cost of another order of each of its trips out, beside that of `PyVRP`.

#![expect(clippy::cast_possible_truncation, reason = "no leg is 2^53 thousandths long")]

use std::fmt::Write;
use std::path::Path;

use paaltje::adjust::order::{Costs, shorter};
use paaltje::import;
use paaltje::model::some;
use paaltje::network::{Matrix, Network, Shortest, Snap};
use paaltje::progress::Silent;
use paaltje::project::Project;
use paaltje::random::Random;

/// Writes the costs of each trip's places into `folder` and prints what its orders cost.
pub(crate) fn compare(project: &Path, folder: &Path, table: Option<&Path>) {
    let project = Project::load(project).expect("a project");
    let settings = &project.settings;
    let inputs = import::inputs(&settings.sources, &project.reading(), &Silent).expect("its sources");
    let network = Network::build(&inputs.streets, &settings.network);
    network.prepare();
    let table = table.map(|path| std::fs::read_to_string(path).expect("a table of PyVRP"));
    std::fs::create_dir_all(folder).expect("a folder to write to");
    let rounds = &inputs.rounds;
    let (mut sum, mut sum_peer) = (0, 0);
    println!("trip, stops, cost today, cost in another order, CPU-s, cost of PyVRP, gap %");
    for trip in &rounds.trips {
        let stop = |stop: u32| network.snap(rounds.stops[stop as usize].at, settings.adjust.snap_m);
        let depot = some(trip.vehicle).and_then(|vehicle| rounds.vehicles[vehicle].depot);
        let depot =
            depot.map(|at| network.snap(at, settings.adjust.depot_snap_m).expect("a yard at a street"));
        let stops = trip.calls.iter().map(|call| stop(call.stop).expect("stops at streets"));
        let places: Vec<Snap> = depot.into_iter().chain(stops).chain(depot).collect();
        let costs = costs(&network, &places);
        let today: Vec<usize> = (0..places.len()).collect();
        let start = super::cpu();
        let order = shorter(
            &costs,
            &today,
            settings.adjust.tries_per_stop,
            Random::new(1976).stream("resequence", 0),
        );
        let seconds = super::cpu() - start;
        write(&costs, places.len(), &folder.join(format!("{}.txt", trip.id)));
        let ours = costs.of(&order);
        let peer = table.as_deref().and_then(|table| peer(table, &trip.id));
        sum += peer.map_or(0, |_| ours);
        sum_peer += peer.unwrap_or(0);
        let peer = peer.map_or(String::new(), |peer| {
            format!(", {peer}, {:.2}", 100.0 * (ours as f64 / peer as f64 - 1.0))
        });
        println!("{}, {}, {}, {ours}, {seconds:.2}{peer}", trip.id, trip.calls.len(), costs.of(&today));
    }
    println!("all: {sum} to {sum_peer}, {:.2} %", 100.0 * (sum as f64 / sum_peer as f64 - 1.0));
}

/// In thousandths of what the network's shortest paths are shortest in.
fn costs(network: &Network, places: &[Snap]) -> Costs {
    let (n, matrix) = (places.len(), Matrix::new(network, places));
    let leg = |from, to| match network.options().shortest {
        Shortest::Time => matrix.seconds(from, to),
        Shortest::Length => matrix.length_m(from, to),
    };
    let whole =
        |pair: usize| (leg(pair / n, pair % n).expect("all places are connected") * 1000.0).round() as i64;
    Costs::new((0..n * n).map(whole).collect())
}

fn write(costs: &Costs, n: usize, path: &Path) {
    let mut text = String::new();
    for from in 0..n {
        let row: Vec<String> = (0..n).map(|to| costs.of(&[from, to]).to_string()).collect();
        writeln!(text, "{}", row.join(" ")).expect("a string takes everything");
    }
    std::fs::write(path, text).expect("a file in the folder");
}

/// What `PyVRP` found for a trip: the third field of its row.
fn peer(table: &str, trip: &str) -> Option<i64> {
    let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    rows.find(|row| row[0] == trip)?.get(2)?.parse().ok()
}

//! Points with owners in, parts out: what each owns, and the halo that it needs to see.

use h3o::CellIndex;
use rayon::prelude::*;

use crate::unit::Local;

/// One piece of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The H3 parent of the fine cells of what it owns.
    pub cell: CellIndex,
    /// Incidents that are this part's to decide about, ascending.
    pub owned: Vec<u32>,
    /// Incidents of other parts that lie near enough to matter, ascending.
    pub halo: Vec<u32>,
}

/// Cuts points into parts. `owners` (ascending), `at` and `order` are parallel.
///
/// The plane is laid out in squares as wide as the halo. Whatever lies within `halo_m` of a point lies in its
/// square or one of the eight around it, so a point belongs to the halo of every owner that is present there.
pub(super) fn cut(owners: &[CellIndex], at: &[Local], order: &[u32], halo_m: f64) -> Vec<Part> {
    assert!(halo_m > 0.0, "a halo has some width");
    let mut parts: Vec<Part> = Vec::new();
    let mut part_of: Vec<u32> = Vec::with_capacity(owners.len());
    for (place, &owner) in owners.iter().enumerate() {
        if parts.last().is_none_or(|part| part.cell != owner) {
            parts.push(Part { cell: owner, owned: Vec::new(), halo: Vec::new() });
        }
        parts.last_mut().expect("just pushed").owned.push(order[place]);
        part_of.push(u32::try_from(parts.len() - 1).expect("fewer parts than incidents"));
    }

    // 1. The points square by square; a hair wider, so that rounding cannot put two squares between neighbours.
    let width_m = halo_m * (1.0 + 1e-9);
    let square = |&place: &u32| square_of(at[place as usize], width_m);
    let mut places: Vec<u32> = (0u32..).take(order.len()).collect();
    places.par_sort_by_key(square);
    let squares: Vec<&[u32]> = places.chunk_by(|a, b| square(a) == square(b)).collect();

    // 2. The parts present in each square.
    let present: Vec<((i32, i32), Vec<u32>)> = squares
        .iter()
        .map(|places| {
            let mut present: Vec<u32> = places.iter().map(|&place| part_of[place as usize]).collect();
            present.sort_unstable();
            present.dedup();
            (square(&places[0]), present)
        })
        .collect();

    // 3. A square's points are in the halo of every other part present around it.
    for (places, ((column, row), _)) in squares.iter().zip(&present) {
        let mut around: Vec<u32> = Vec::new();
        for c in column - 1..=column + 1 {
            let from = present.partition_point(|(square, _)| *square < (c, row - 1));
            let near = present[from..].iter().take_while(|(square, _)| *square <= (c, row + 1));
            around.extend(near.flat_map(|(_, parts)| parts));
        }
        around.sort_unstable();
        around.dedup();
        if around.len() < 2 {
            continue;
        }
        for &place in *places {
            for &part in around.iter().filter(|&&part| part != part_of[place as usize]) {
                parts[part as usize].halo.push(order[place as usize]);
            }
        }
    }
    parts.par_iter_mut().for_each(|part| {
        part.owned.sort_unstable();
        part.halo.sort_unstable();
    });
    parts
}

#[expect(clippy::cast_possible_truncation, reason = "a plane of 2^31 squares is wider than the Earth")]
fn square_of(at: Local, width_m: f64) -> (i32, i32) {
    ((at.x / width_m).floor() as i32, (at.y / width_m).floor() as i32)
}

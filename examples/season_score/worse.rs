//! Tracks in, worse tracks out: the same on every run.

use paaltje::model::track::Track;
use paaltje::random::{Random, Stream};
use rand::Rng;

/// What is done to the tracks.
#[derive(Debug, Default)]
pub(crate) struct Worse {
    /// Every nth fix is kept.
    thin: usize,
    /// Share of the fixes that is lost, one by one.
    drop: f64,
    /// Places are moved by up to so many metres to each side, each by itself.
    shake_m: f64,
    is_without_speed: bool,
}

impl Worse {
    /// # Panics
    /// When a word is not understood.
    pub(crate) fn read(words: &[&str]) -> Self {
        let mut worse = Self { thin: 1, ..Self::default() };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            let mut number =
                || words.next().and_then(|text| text.parse::<f64>().ok()).expect("a number follows");
            match word {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
                "--thin" => worse.thin = (number() as usize).max(1),
                "--drop" => worse.drop = number(),
                "--shake" => worse.shake_m = number(),
                "--no-speed" => worse.is_without_speed = true,
                _ => panic!("`{word}` is none of --thin, --drop, --shake, --no-speed"),
            }
        }
        worse
    }

    pub(crate) fn change(&self, tracks: &mut [Track]) {
        for (number, track) in (0..).zip(tracks) {
            let mut stream = Random::new(1).stream("worse", number);
            let kept = |index: usize, share: f64| index.is_multiple_of(self.thin) && share >= self.drop;
            let kept: Vec<usize> =
                (0..track.len()).filter(|&index| kept(index, share(&mut stream))).collect();
            *track = Track {
                vehicle: track.vehicle.clone(),
                time: kept.iter().map(|&index| track.time[index]).collect(),
                at: kept.iter().map(|&index| track.at[index]).collect(),
                speed_ms: kept.iter().map(|&index| track.speed_ms[index]).collect(),
            };
            for at in &mut track.at {
                at.x += self.shake_m * (2.0 * share(&mut stream) - 1.0);
                at.y += self.shake_m * (2.0 * share(&mut stream) - 1.0);
            }
            if self.is_without_speed {
                track.speed_ms.fill(f32::NAN);
            }
        }
    }
}

/// Uniform in `0 <= x < 1`.
fn share(stream: &mut Stream) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

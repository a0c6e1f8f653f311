//! Randomness that starts from the project's seed: one independent stream per item, so that neither the
//! number of threads nor the order of the work can change a result.

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

/// A stream of random numbers.
pub type Stream = Pcg64Mcg;

/// The root of all randomness of a run.
#[derive(Debug, Clone, Copy)]
pub struct Random {
    seed: u64,
}

impl Random {
    /// The root that grows from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of one item of one purpose: the same for the same seed, name and key, whatever else runs.
    ///
    /// ```
    /// use paaltje::random::Random;
    /// use rand::Rng;
    ///
    /// let random = Random::new(7);
    /// assert_eq!(random.stream("gi_star", 12).next_u64(), random.stream("gi_star", 12).next_u64());
    /// assert_ne!(random.stream("gi_star", 12).next_u64(), random.stream("gi_star", 13).next_u64());
    /// ```
    pub fn stream(&self, purpose: &str, key: u64) -> Stream {
        let mut state = mix(self.seed);
        for byte in purpose.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        let low = mix(state ^ mix(key));
        let high = mix(low ^ 0x9e37_79b9_7f4a_7c15);
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&low.to_le_bytes());
        seed[8..].copy_from_slice(&high.to_le_bytes());
        Pcg64Mcg::from_seed(seed)
    }

    /// The seed it grows from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea & Flood 2014, figure 15): a bijection that scatters every bit.
const fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

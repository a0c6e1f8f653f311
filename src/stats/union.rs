//! Disjoint sets, each known by its smallest member.

/// Disjoint sets of the numbers from 0 on.
#[derive(Debug, Clone)]
pub(crate) struct Union {
    parent: Vec<u32>,
}

impl Union {
    /// Every member a set of its own.
    ///
    /// # Panics
    /// When there are 2³² members or more.
    pub(crate) fn new(n: usize) -> Self {
        Self { parent: (0..u32::try_from(n).expect("fewer than 2^32 members")).collect() }
    }

    /// The smallest member of the set of `member`.
    pub(crate) fn root(&mut self, member: usize) -> usize {
        let mut member = member;
        while self.parent[member] as usize != member {
            // Path halving (Tarjan & van Leeuwen 1984).
            self.parent[member] = self.parent[self.parent[member] as usize];
            member = self.parent[member] as usize;
        }
        member
    }

    /// Makes one set of two; `false` where they are one already.
    pub(crate) fn unite(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        self.parent[high] = u32::try_from(low).expect("a member");
        low != high
    }
}

//! What stands in public space and can be reported: bins, bollards, lamps.

use crate::unit::Local;

/// Declares [`AssetKind`] from one table.
macro_rules! asset_kinds {
    ($($variant:ident = $name:literal, $en:literal, $nl:literal;)+) => {
        /// The kind of an asset.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum AssetKind {
            $(#[doc = $en] $variant,)+
        }

        impl AssetKind {
            /// Every kind of asset.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in project files and layers.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What people call it.
            pub fn label(self, language: crate::model::kind::Language) -> &'static str {
                use crate::model::kind::Language;
                match (self, language) {
                    $((Self::$variant, Language::En) => $en, (Self::$variant, Language::Nl) => $nl,)+
                }
            }
        }
    };
}

asset_kinds! {
    LitterBin = "litter_bin", "litter bin", "afvalbak";
    Container = "container", "waste container", "container";
    Bollard = "bollard", "bollard", "paaltje";
    Lamp = "lamp", "street lamp", "lantaarnpaal";
    Sign = "sign", "traffic sign", "verkeersbord";
    Signal = "signal", "traffic signal", "verkeerslicht";
    Barrier = "barrier", "barrier", "hek";
    Furniture = "furniture", "street furniture", "straatmeubilair";
    Tree = "tree", "tree", "boom";
    Other = "other", "asset", "object";
}

impl AssetKind {
    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

impl<'de> serde::Deserialize<'de> for AssetKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            serde::de::Error::custom(format!("`{text}` is no kind of asset; use one of {}", known.join(", ")))
        })
    }
}

/// One bin, bollard or lamp. Assets stand in the order of kind, id and position.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// Its id, unique among all assets of the project.
    pub id: String,
    /// What it is.
    pub kind: AssetKind,
    /// Where it stands.
    pub at: Local,
    /// Litres that it holds, where known.
    pub capacity_l: Option<f64>,
    /// Whether it was made up by a simulation rather than surveyed.
    pub is_synthetic: bool,
}

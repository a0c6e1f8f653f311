//! What a report is about: our own kinds, with their families, in one table.

use crate::model::asset::AssetKind;

/// Declares [`Kind`] from one table: variant, name, family, English and Dutch label, assets concerned.
macro_rules! kinds {
    ($($variant:ident = $name:literal, $family:ident, $en:literal, $nl:literal, [$($asset:ident),*];)+) => {
        /// What a report is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $(#[doc = $en] $variant,)+
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in project files and layers.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The family it belongs to.
            pub fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)+ }
            }

            /// What people call it, in `language`.
            pub fn label(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$variant, Language::En) => $en, (Self::$variant, Language::Nl) => $nl,)+
                }
            }

            /// The kinds of asset that a report of this kind can be about.
            pub fn assets(self) -> &'static [AssetKind] {
                match self { $(Self::$variant => &[$(AssetKind::$asset),*],)+ }
            }
        }
    };
}

kinds! {
    ContainerFull = "container_full", Waste, "container full", "container vol", [LitterBin, Container];
    BesideContainer = "beside_container", Waste, "rubbish beside container", "afval naast container", [LitterBin, Container];
    MissedCollection = "missed_collection", Waste, "waste not collected", "afval niet opgehaald", [LitterBin, Container];
    Dumping = "dumping", Waste, "dumped rubbish", "gedumpt afval", [];
    ContainerDamaged = "container_damaged", Waste, "container damaged", "container kapot", [LitterBin, Container];
    Litter = "litter", Waste, "litter", "zwerfafval", [];
    Bollard = "bollard", Street, "bollard knocked over", "paaltje omver", [Bollard];
    Sign = "sign", Street, "traffic sign", "verkeersbord", [Sign];
    Signal = "signal", Street, "traffic signal", "verkeerslicht", [Signal];
    Lighting = "lighting", Street, "street lighting", "straatverlichting", [Lamp];
    Pothole = "pothole", Street, "pothole", "gat in de weg", [];
    Pavement = "pavement", Street, "pavement", "stoep", [];
    Barrier = "barrier", Street, "barrier", "hek", [Barrier];
    Furniture = "furniture", Street, "street furniture", "straatmeubilair", [Furniture];
    UnsafeTraffic = "unsafe_traffic", Traffic, "unsafe traffic", "onveilig verkeer", [];
    Green = "green", Other, "trees and green", "groen", [Tree];
    Animal = "animal", Other, "animals", "dieren", [];
    Graffiti = "graffiti", Other, "graffiti", "graffiti", [];
    Noise = "noise", Other, "noise", "geluid", [];
    Parking = "parking", Other, "parking", "parkeren", [];
    Other = "other", Other, "other", "overig", [];
}

impl Kind {
    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Kinds that a city treats alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Containers, bins and rubbish.
    Waste,
    /// What stands in or on the street.
    Street,
    /// Traffic safety.
    Traffic,
    /// Everything else.
    Other,
}

impl Family {
    /// Every family.
    pub const ALL: &[Self] = &[Self::Waste, Self::Street, Self::Traffic, Self::Other];

    /// The name in project files and layers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waste => "waste",
            Self::Street => "street",
            Self::Traffic => "traffic",
            Self::Other => "other",
        }
    }
}

/// A choice of kinds, as a project writes it: a kind, a family, or `*` for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Selection {
    /// Every kind.
    All,
    /// The kinds of a family.
    Family(Family),
    /// One kind.
    Kind(Kind),
}

impl Selection {
    /// Whether `kind` is chosen.
    pub fn holds(self, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::Family(family) => kind.family() == family,
            Self::Kind(one) => kind == one,
        }
    }

    /// As a project writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "*",
            Self::Family(family) => family.name(),
            Self::Kind(kind) => kind.name(),
        }
    }
}

impl std::str::FromStr for Selection {
    type Err = String;

    /// A kind's name goes before a family's (`other` is both: the kind).
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(kind) = Kind::parse(text) {
            return Ok(Self::Kind(kind));
        }
        let family = Family::ALL.iter().copied().find(|family| family.name() == text);
        family.map(Self::Family).ok_or_else(|| {
            let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            format!(
                "`{text}` is no kind of report; use `*`, waste, street, traffic or one of {}",
                kinds.join(", ")
            )
        })
    }
}

impl<'de> serde::Deserialize<'de> for Selection {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The language of labels, maps and pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Dutch.
    Nl,
}

//! Where a report is, and how sure that is.

/// What a report's position rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Placed {
    /// On nothing: the report lies nowhere.
    None,
    /// On the coordinate that came with it.
    Given,
    /// On its address.
    Address,
    /// On the number of an asset.
    Asset,
    /// On other reports that bear the same address, or addresses of the same street, and a coordinate.
    Learned,
}

impl Placed {
    /// As in the layers.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Given => "given",
            Self::Address => "address",
            Self::Asset => "asset",
            Self::Learned => "learned",
        }
    }
}

/// How fine a position is, finest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// A coordinate from the reporter or their phone.
    Point,
    /// The very address stands in the register.
    Rooftop,
    /// The house number without its letter or addition stands in the register.
    RooftopMainNumber,
    /// Where other reports with this very address lie.
    Reported,
    /// An asset that the text names by its number.
    Asset,
    /// Between two numbers of the same side of the same street.
    Interpolated,
    /// Across the street from an address.
    Opposite,
    /// Near an address.
    Near,
    /// The middle of a range or block of numbers.
    Range,
    /// The crossing of two streets.
    Crossing,
    /// The stretch of a street between two others.
    Between,
    /// The end of a street.
    End,
    /// Somewhere along a street.
    Street,
    /// A postcode.
    Postcode,
    /// A neighbourhood or other area.
    Area,
    /// Nowhere.
    None,
}

impl Level {
    /// As in the layers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Rooftop => "rooftop",
            Self::RooftopMainNumber => "rooftop_main_number",
            Self::Reported => "reported",
            Self::Asset => "asset",
            Self::Interpolated => "interpolated",
            Self::Opposite => "opposite",
            Self::Near => "near",
            Self::Range => "range",
            Self::Crossing => "crossing",
            Self::Between => "between",
            Self::End => "end",
            Self::Street => "street",
            Self::Postcode => "postcode",
            Self::Area => "area",
            Self::None => "none",
        }
    }

    /// Whether it is fine enough for statistics of points: streets and coarser places are not.
    pub fn is_point(self) -> bool {
        self <= Self::End
    }
}

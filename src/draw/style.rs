//! Colours, widths and sizes of maps and charts, in one place.
//!
//! Ramps are those of `ColorBrewer` (Harrower & Brewer 2003), single colours those of Okabe & Ito (2008): both hold for
//! colour-blind readers. Neighbouring steps of a ramp never differ by 3 : 1, so a class is also told by a
//! number, a hatch or a shape.

use crate::model::street::StreetClass;

/// A colour and how opaque it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ink {
    /// Red, green, blue.
    pub(crate) rgb: [u8; 3],
    /// 0 to 1.
    pub(crate) opacity: f64,
}

impl Ink {
    /// The opaque colour written as `0xRRGGBB`.
    pub(crate) const fn hex(code: u32) -> Self {
        let [_, red, green, blue] = code.to_be_bytes();
        Self { rgb: [red, green, blue], opacity: 1.0 }
    }

    /// The same colour, less opaque.
    pub(crate) const fn faint(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// As in CSS.
    pub(crate) fn css(self) -> String {
        let [red, green, blue] = self.rgb;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Whether white letters read better on it than black ones.
    pub(crate) fn is_dark(self) -> bool {
        let [red, green, blue] = self.rgb.map(f64::from);
        0.299 * red + 0.587 * green + 0.114 * blue < 140.0
    }
}

pub(crate) const PAPER: Ink = Ink::hex(0x00ff_ffff);
pub(crate) const TEXT: Ink = Ink::hex(0x0022_2a30);
pub(crate) const QUIET_TEXT: Ink = Ink::hex(0x0055_6068);
pub(crate) const RULE: Ink = Ink::hex(0x00c4_cace);
pub(crate) const FRAME: Ink = Ink::hex(0x008a_949b);

pub(crate) const LAND: Ink = Ink::hex(0x00f4_f2ee);
pub(crate) const WATER: Ink = Ink::hex(0x00d3_e3ea);
pub(crate) const GREEN: Ink = Ink::hex(0x00e1_ead6);
pub(crate) const BUILDING: Ink = Ink::hex(0x00e6_e2db);
pub(crate) const CASING: Ink = Ink::hex(0x00d2_cec6);
pub(crate) const ROAD: Ink = Ink::hex(0x00ff_ffff);
pub(crate) const PATH: Ink = Ink::hex(0x00dd_d8cf);
pub(crate) const STREET_NAME: Ink = Ink::hex(0x006b_6a66);

/// The planned round and everything that is about collection.
pub(crate) const ROUTE: Ink = Ink::hex(0x001f_4e79);
/// What was driven.
pub(crate) const DRIVEN: Ink = Ink::hex(0x00b4_d4ea);
/// What is driven today and may change.
pub(crate) const TODAY: Ink = Ink::hex(0x0086_a9c9);
/// What is proposed: the one accent.
pub(crate) const ACCENT: Ink = Ink::hex(0x00b0_1e68);
/// What is bad: skipped, hot, hit again and again.
pub(crate) const BAD: Ink = Ink::hex(0x00c7_4a00);
/// What is doubtful.
pub(crate) const DOUBTFUL: Ink = Ink::hex(0x00f0_a830);
/// Ground of the strip that says "synthetic data".
pub(crate) const SYNTHETIC: Ink = Ink::hex(0x00ff_d166);

/// `YlOrBr` of `ColorBrewer` with five steps.
pub(crate) const RAMP: [Ink; 5] = [
    Ink::hex(0x00ff_f3c4),
    Ink::hex(0x00fe_d98e),
    Ink::hex(0x00fe_9929),
    Ink::hex(0x00d9_5f0e),
    Ink::hex(0x0099_3404),
];

/// `RdBu` of `ColorBrewer`, the hot side: 90, 95 and 99 per cent.
pub(crate) const HOT: [Ink; 3] = [Ink::hex(0x00fd_dbc7), Ink::hex(0x00f4_a582), Ink::hex(0x00d6_604d)];
/// `RdBu` of `ColorBrewer`, the cold side: 90, 95 and 99 per cent.
pub(crate) const COLD: [Ink; 3] = [Ink::hex(0x00d1_e5f0), Ink::hex(0x0092_c5de), Ink::hex(0x0043_93c3)];

/// Okabe & Ito, for series of charts.
pub(crate) const SERIES: [Ink; 6] = [
    Ink::hex(0x001f_4e79),
    Ink::hex(0x00d5_5e00),
    Ink::hex(0x0000_9e73),
    Ink::hex(0x00cc_79a7),
    Ink::hex(0x00e6_9f00),
    Ink::hex(0x0056_b4e9),
];

/// Points of the title.
pub(crate) const TITLE_PT: f64 = 19.0;
/// Points of the line below the title and of headings.
pub(crate) const HEADING_PT: f64 = 10.5;
/// Points of everything else: nothing is smaller.
pub(crate) const BODY_PT: f64 = 9.0;

/// How wide a street of this class is: in metres on the ground, and the least and most in millimetres on paper.
pub(crate) fn street_width(class: StreetClass) -> (f64, f64, f64) {
    match class {
        StreetClass::Motorway => (18.0, 0.75, 9.0),
        StreetClass::Primary => (15.0, 0.7, 9.0),
        StreetClass::Secondary => (12.0, 0.6, 8.0),
        StreetClass::Tertiary => (10.0, 0.5, 7.0),
        StreetClass::Residential => (8.0, 0.35, 6.0),
        StreetClass::Service => (4.0, 0.2, 4.0),
        StreetClass::Foot => (2.0, 0.15, 1.2),
    }
}

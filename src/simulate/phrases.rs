//! A kind of report in, a city's category word and a citizen's sentence out. Harmless and made up.

use crate::model::kind::{Kind, Language};

use super::chance::Chance;

/// The words of one kind in one language.
struct Phrases {
    /// The city's categories; several where two forms have asked for the same over the years.
    categories: &'static [&'static str],
    /// What people write.
    texts: &'static [&'static str],
}

/// The city's word for `kind`.
pub(super) fn category(kind: Kind, language: Language, chance: &mut Chance) -> &'static str {
    let categories = phrases(kind, language).categories;
    categories[chance.below(categories.len())]
}

/// What somebody writes about it.
pub(super) fn text(kind: Kind, language: Language, chance: &mut Chance) -> &'static str {
    let texts = phrases(kind, language).texts;
    texts[chance.below(texts.len())]
}

fn phrases(kind: Kind, language: Language) -> Phrases {
    let (categories, texts) = match language {
        Language::En => english(kind),
        Language::Nl => dutch(kind),
    };
    Phrases { categories, texts }
}

type Words = (&'static [&'static str], &'static [&'static str]);

fn english(kind: Kind) -> Words {
    match kind {
        Kind::ContainerFull => (
            &["Bin full", "Litter bin overflowing"],
            &[
                "The bin is full, people leave cups on top of it.",
                "Overflowing since yesterday. The gulls are pulling things out.",
                "Nothing fits in any more.",
                "Bin by the stop is full again, could it be emptied more often?",
            ],
        ),
        Kind::MissedCollection => (
            &["Bin not emptied"],
            &[
                "The truck came by and did not empty this one.",
                "Was not emptied this week, the others in the street were.",
            ],
        ),
        Kind::BesideContainer => (
            &["Rubbish beside bin"],
            &[
                "Household bags next to the bin.",
                "Somebody left a chair and two boxes beside the bin.",
                "Bags on the ground, the bin itself is not full.",
            ],
        ),
        Kind::ContainerDamaged => {
            (&["Bin damaged"], &["The lid is off.", "The bin hangs loose on its post."])
        }
        Kind::Dumping => (
            &["Dumped rubbish"],
            &[
                "Mattress on the pavement.",
                "Builders' rubble left at the corner.",
                "Third time this month that furniture is dumped here.",
            ],
        ),
        Kind::Litter => (
            &["Litter"],
            &[
                "Broken glass on the cycle path.",
                "Wrappers and cans all over the square.",
                "A lot of cigarette ends by the entrance.",
            ],
        ),
        Kind::Bollard => (
            &["Bollard knocked over", "Bollard damaged"],
            &[
                "The bollard lies on the pavement.",
                "Hit by a van while turning, it leans over.",
                "This post is down once more. Perhaps it stands in the wrong place?",
                "Bollard is gone, the base sticks out.",
            ],
        ),
        Kind::Sign => {
            (&["Traffic sign"], &["The sign is twisted and cannot be read.", "Sign hidden by branches."])
        }
        Kind::Lighting => {
            (&["Street light out"], &["The lamp has been dark for a week.", "Light flickers all night."])
        }
        Kind::Pothole => {
            (&["Pothole"], &["Deep hole by the drain.", "Cobbles are loose, dangerous for bicycles."])
        }
        Kind::Pavement => {
            (&["Pavement damaged"], &["Loose slab, an older person tripped here.", "Kerb is broken."])
        }
        Kind::UnsafeTraffic => (
            &["Unsafe traffic"],
            &[
                "Cars do not stop at this crossing.",
                "Turning lorries cut the corner over the cycle path.",
                "People drive far too fast here in the evening.",
                "You cannot see the children behind the parked vans.",
            ],
        ),
        Kind::Green => {
            (&["Trees and green"], &["A branch hangs over the road.", "The hedge covers half the pavement."])
        }
        Kind::Graffiti => {
            (&["Graffiti"], &["Tags on the wall of the underpass.", "Sprayed electricity box."])
        }
        Kind::Noise => (&["Noise"], &["Loud music until late.", "Deliveries before six in the morning."]),
        Kind::Parking => {
            (&["Parking"], &["Van on the cycle path every morning.", "Scooters block the pavement."])
        }
        _ => (&["Other"], &["The bench has lost a board.", "A question about the works in our street."]),
    }
}

fn dutch(kind: Kind) -> Words {
    match kind {
        Kind::ContainerFull => (
            &["Afvalbak vol", "Prullenbak puilt uit"],
            &[
                "De bak zit vol, mensen zetten bekertjes erbovenop.",
                "Puilt al sinds gisteren uit. De meeuwen trekken alles eruit.",
                "Er past niets meer bij.",
                "Bak bij de halte is weer vol, kan die vaker geleegd worden?",
            ],
        ),
        Kind::MissedCollection => (
            &["Afvalbak niet geleegd"],
            &[
                "De wagen reed voorbij en heeft deze niet geleegd.",
                "Deze week niet geleegd, de andere in de straat wel.",
            ],
        ),
        Kind::BesideContainer => (
            &["Afval naast bak"],
            &[
                "Vuilniszakken naast de bak.",
                "Iemand heeft een stoel en twee dozen ernaast gezet.",
                "Zakken op de grond, de bak zelf is niet vol.",
            ],
        ),
        Kind::ContainerDamaged => {
            (&["Afvalbak kapot"], &["Het deksel is eraf.", "De bak hangt los aan de paal."])
        }
        Kind::Dumping => (
            &["Gedumpt afval"],
            &[
                "Matras op de stoep.",
                "Puin op de hoek achtergelaten.",
                "Voor de derde keer deze maand staan hier meubels.",
            ],
        ),
        Kind::Litter => (
            &["Zwerfafval"],
            &[
                "Glas op het fietspad.",
                "Blikjes en papier over het hele plein.",
                "Veel peuken bij de ingang.",
            ],
        ),
        Kind::Bollard => (
            &["Paaltje omver", "Paaltje beschadigd"],
            &[
                "Het paaltje ligt op de stoep.",
                "Aangereden door een bestelbus, het staat scheef.",
                "Dit paaltje ligt er alweer uit. Misschien staat het verkeerd?",
                "Paaltje is weg, de voet steekt uit.",
            ],
        ),
        Kind::Sign => {
            (&["Verkeersbord"], &["Het bord is verdraaid en niet te lezen.", "Bord achter takken."])
        }
        Kind::Lighting => {
            (&["Lantaarnpaal kapot"], &["De lamp is al een week uit.", "Het licht knippert de hele nacht."])
        }
        Kind::Pothole => {
            (&["Gat in de weg"], &["Diep gat bij de put.", "Klinkers los, gevaarlijk voor fietsers."])
        }
        Kind::Pavement => {
            (&["Stoep kapot"], &["Losse tegel, hier is iemand gestruikeld.", "De stoeprand is gebroken."])
        }
        Kind::UnsafeTraffic => (
            &["Onveilig verkeer"],
            &[
                "Auto's stoppen niet bij deze oversteek.",
                "Vrachtwagens snijden de bocht af over het fietspad.",
                "Er wordt hier 's avonds veel te hard gereden.",
                "Kinderen zijn achter de geparkeerde bussen niet te zien.",
            ],
        ),
        Kind::Green => {
            (&["Bomen en groen"], &["Er hangt een tak over de weg.", "De heg staat over de halve stoep."])
        }
        Kind::Graffiti => {
            (&["Graffiti"], &["Tags op de muur van de tunnel.", "Bespoten elektriciteitskast."])
        }
        Kind::Noise => (&["Geluid"], &["Harde muziek tot laat.", "Bevoorrading voor zes uur 's ochtends."]),
        Kind::Parking => {
            (&["Parkeren"], &["Elke ochtend een bus op het fietspad.", "Scooters blokkeren de stoep."])
        }
        _ => (&["Overig"], &["De bank mist een plank.", "Een vraag over de werkzaamheden in onze straat."]),
    }
}

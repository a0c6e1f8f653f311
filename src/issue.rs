//! What is wrong with single records: coded, counted, never fatal, never silent.
//!
//! Every record that is left out or altered gives one [`Issue`]; all of them are written to `issues.csv`.

use std::sync::Arc;

use serde::Serialize;

/// Declares [`Code`] with everything that is said about a code, in one table.
macro_rules! codes {
    ($($name:ident = $code:literal, $effect:ident, $message:literal, $explanation:literal;)+) => {
        /// What can be wrong with a record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $message] $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The short name in `issues.csv`, as in `R003`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it did to the record.
            pub fn effect(self) -> Effect {
                match self { $(Self::$name => Effect::$effect,)+ }
            }

            /// One line for `issues.csv`.
            pub fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }

            /// Why it matters and what to do, for `paaltje explain CODE`.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)+ }
            }
        }
    };
}

/// What an issue did to its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The record is not used at all.
    LeftOut,
    /// The record is used, with something changed or emptied.
    Altered,
    /// The record is used as it is; somebody should know.
    Noted,
}

impl Effect {
    /// As in `issues.csv`.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeftOut => "left_out",
            Self::Altered => "altered",
            Self::Noted => "noted",
        }
    }
}

codes! {
    // R: reports
    RowUnreadable = "R001", LeftOut, "the row cannot be read",
        "The row has a broken quote, too few fields or bytes of another encoding. Open the file at this row.";
    NoOpened = "R002", LeftOut, "no opening time",
        "A report without a time cannot be compared with rounds or counted in a period.";
    BadOpened = "R003", LeftOut, "the opening time is not a date",
        "Set `date_format` for the source if the whole column is like this; else mend the row.";
    BadClosed = "R004", Altered, "the closing time is not a date; taken as not closed",
        "Throughput times leave this report out.";
    ClosedBeforeOpened = "R005", Altered, "closed before it was opened; taken as not closed",
        "Often two clocks or two time zones in one export.";
    RepeatedId = "R006", LeftOut, "the same report id again",
        "The first row with this id is used. Exports that overlap in time repeat reports.";
    NoId = "R007", Altered, "no report id; numbered by content",
        "The report gets an id made from its own content, the same at every run.";
    UnknownCategory = "R008", Noted, "category without a kind; counted as `other`",
        "Add the category to [kinds] in the project file; `paaltje check` lists all of them with their counts.";
    OutsidePeriod = "R009", LeftOut, "outside the period of the project",
        "The project's [period] leaves it out.";
    Resighting = "R010", LeftOut, "the same open report seen again",
        "The source lists open reports again and again; one report is kept, with its first time.";
    BadCoordinate = "R011", Altered, "the coordinate is not a number or not on the globe; taken as not given",
        "The report is placed by its address if it has one.";
    NullCoordinate = "R012", Altered, "the coordinate is 0, 0; taken as not given",
        "0, 0 means that nothing was known, not the Gulf of Guinea.";
    SwappedCoordinate = "R013", Altered, "longitude and latitude were swapped; turned round",
        "The rest of the file is the other way round: only the swapped pair of this row lies near the data of the project.";
    FarCoordinate = "R014", Altered, "the coordinate lies far outside the project; taken as not given",
        "The report is placed by its address if it has one.";
    ExactDuplicate = "R015", LeftOut, "the same row again",
        "Every column equals that of an earlier row.";
    SharedId = "R016", Altered, "a report of another source has the same id; the number of the source was added",
        "Two systems that both count from 1 give the same ids to different reports.";
    SplitReport = "R017", LeftOut, "the report was split; its parts are counted",
        "A report about several containers is made one report for each by Signalen; counting the first one too would count it twice. Where the parts are missing, export them as well.";
    SwappedFile = "R018", Altered, "longitude and latitude are swapped in the whole file; turned round",
        "More coordinates of the file lie near the data of the project when turned round than as they are written; the value gives both numbers. Signalen's own CSV export is written like this.";
    KindFromText = "R019", Noted, "the category says too little; the kind is from words in the text",
        "The source's `text_decides` lists this category. The words stand in `text_words.tsv` of the source code.";

    // G: places
    DefaultPoint = "G001", Altered, "the coordinate is a default point; not used",
        "Many reports with different addresses share this coordinate: it is where the counter stands, not where the problem is. The address is used instead.";
    CoordinateFarFromAddress = "G002", Noted, "the coordinate lies far from the address",
        "One of the two is wrong. `placed` says which was used.";
    AddressNotFound = "G003", Noted, "the address was not found in the register",
        "Counted as unplaced if the report has no coordinate either.";
    AddressAmbiguous = "G004", Noted, "the address fits several places; none chosen",
        "Same-named streets need a town, a postcode or a coordinate near one of them to be told apart.";
    NoPlace = "G005", Noted, "neither a coordinate nor an address; not placed",
        "The report is counted but lies on no map.";

    // A: assets, areas, streets, addresses
    ShapeUnreadable = "A001", LeftOut, "the feature has no usable geometry",
        "Empty, not finite, or of another type than this source needs.";
    ShapeOutsidePlane = "A002", LeftOut, "the feature lies where the working plane cannot carry it",
        "Check the CRS of the source and the `crs` of the project.";
    RepeatedAssetId = "A003", Altered, "the same asset id again; a suffix was added",
        "Two features share an id; both are used.";
    AddressWithoutStreet = "A004", LeftOut, "an address without street or number",
        "Nothing to look a report's address up by.";
    DanglingReference = "A005", Altered, "a way refers to nodes that the extract does not hold",
        "Ways that cross the border of an extract lose the part outside.";

    // C: rounds and tracks
    StopWithoutPlace = "C001", LeftOut, "a stop without a position",
        "A stop that lies nowhere cannot be matched to a track or a report.";
    TripWithoutDays = "C002", LeftOut, "a trip whose service runs on no day",
        "calendar.txt and calendar_dates.txt give this service no day.";
    VehicleUnknown = "C003", Noted, "a vehicle that the rounds do not name",
        "Its fixes are kept but belong to no round.";
    FixUnreadable = "C004", LeftOut, "the fix cannot be read",
        "Time or position is missing or not a number.";
    FixRepeated = "C005", LeftOut, "the same fix again",
        "Loggers repeat the last position while they wait.";
    FixJump = "C006", LeftOut, "the fix lies farther than a truck can drive",
        "More than 35 m/s from the fixes before and after it.";
    StopUnreachable = "C007", Noted, "the stop cannot be reached on the street network",
        "Distances to it are straight-line estimates.";
    UnknownReference = "C008", LeftOut, "refers to a stop, trip or route that the feed does not hold",
        "What it refers to is missing, or was itself left out: look for that issue first.";
    TripWithoutCalls = "C009", LeftOut, "a trip without stops or times",
        "stop_times.txt gives this trip no stop that is used, or no time at any of them.";
    RepeatedRoundId = "C010", LeftOut, "the same stop, route, trip or vehicle again",
        "Ids are unique in each table of a feed; one of the rows is used.";

    // S: services
    ServiceUnreadable = "S001", LeftOut, "the service has no site or no time",
        "A weighing or lift that belongs to no site, or whose time is not a date, tells nothing about fill.";
    ServiceWeighsNothing = "S002", LeftOut, "the weighing is zero or less",
        "A scale that was reset, or a lift that brought nothing. It counts neither as weight nor as emptying.";
    ServiceRepeated = "S003", LeftOut, "the same weighing again",
        "Site, time and figures equal those of another row. Two lifts within minutes are no repetition: they are one service.";
    ServiceFarInTime = "S004", LeftOut, "the date lies more than a year from nearly all others",
        "The clock of the truck was wrong, or the date stands for none.";
    ServiceNotEmptied = "S005", Noted, "the crew's code says that it was not emptied",
        "The source's `not_emptied` lists this code: it is no emptying, but says why there was none.";
}

/// One record with something wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Issue {
    /// The file, as the project names it.
    pub file: Arc<str>,
    /// The row or feature in the file, counted from 1 without the header; 0 for the file as a whole.
    pub row: u64,
    /// The column or key, where one is to blame.
    pub column: Box<str>,
    /// What is wrong.
    pub code: Code,
    /// The value at fault, shortened to 80 characters. Never free text of a citizen.
    pub value: Box<str>,
}

/// All that was wrong, collected stage by stage.
#[derive(Debug, Clone, Default)]
pub struct Issues {
    list: Vec<Issue>,
}

impl Issues {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&mut self, file: &Arc<str>, row: u64, column: &str, code: Code, value: &str) {
        let value: String = value.chars().take(80).collect();
        self.list.push(Issue {
            file: Arc::clone(file),
            row,
            column: column.into(),
            code,
            value: value.into(),
        });
    }

    /// Adds those of another collection.
    pub fn extend(&mut self, other: Self) {
        self.list.extend(other.list);
    }

    /// Brings them into their order for output: by file, row, code and column.
    pub fn sort(&mut self) {
        self.list.sort_by(|a, b| {
            (&a.file, a.row, a.code, &a.column, &a.value).cmp(&(&b.file, b.row, b.code, &b.column, &b.value))
        });
    }

    /// All of them.
    pub fn list(&self) -> &[Issue] {
        &self.list
    }

    /// How many records with `code`.
    pub fn count(&self, code: Code) -> usize {
        self.list.iter().filter(|issue| issue.code == code).count()
    }

    /// The values of all issues with `code`.
    pub fn values(&self, code: Code) -> impl Iterator<Item = &str> {
        self.list.iter().filter(move |issue| issue.code == code).map(|issue| &*issue.value)
    }

    /// Counts per code, in the order of the table, codes without a case left out.
    pub fn tally(&self) -> Vec<(Code, usize)> {
        let mut counts = vec![0; Code::ALL.len()];
        for issue in &self.list {
            counts[issue.code as usize] += 1;
        }
        Code::ALL.iter().copied().zip(counts).filter(|&(_, count)| count > 0).collect()
    }
}

/// What became of the records of one source. `read == used + left_out` always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceCount {
    /// What it is, as in `reports` or `tracks`.
    pub what: &'static str,
    /// The file, as the project names it.
    pub file: String,
    /// Which format it was read as.
    pub format: String,
    /// What was found out about the file on the way in, as in `delimiter: ;, encoding: windows-1252`.
    pub noticed: String,
    /// Records in the file.
    pub read: u64,
    /// Records that the run uses.
    pub used: u64,
    /// Records that it does not use; each has its row in `issues.csv`.
    pub left_out: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_explained() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
        assert!(Code::ALL.iter().all(|code| code.explanation().len() > 20));
    }
}

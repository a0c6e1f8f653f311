//! What the tests of the readers share: small folders of files, a project's settings, the real data.

use std::path::{Path, PathBuf};

use crate::import::Settings;
use crate::import::open::{SourceFile, files};
use crate::issue::{Effect, Issues, SourceCount};
use crate::period::Clock;
use crate::place::{Crs, Plane};

/// A folder that holds `files` for as long as it is kept.
pub(super) fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// The one file called `name`.
pub(super) fn file(base: &Path, name: &str) -> SourceFile {
    files(base, name).unwrap().remove(0)
}

/// A clock in Amsterdam.
pub(super) fn clock() -> Clock {
    Clock::new("Europe/Amsterdam").unwrap()
}

/// The settings of a project in `base`.
pub(super) fn settings<'a>(base: &'a Path, clock: &'a Clock) -> Settings<'a> {
    Settings { base, clock, crs: None, period: None, kinds: &[] }
}

/// The plane of a system.
pub(super) fn plane(epsg: u16) -> Plane {
    Plane::new(Crs::from_epsg(epsg).unwrap()).unwrap()
}

/// The folder of the real data, if it lies beside the repository.
pub(super) fn real(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if folder.join(path).exists() {
        return Some(folder);
    }
    println!("skipped: the real data `{path}` are not there");
    None
}

/// Per file, read = used + left out, and each record left out has its issue.
pub(super) fn assert_balanced(issues: &Issues, counts: &[SourceCount]) {
    for count in counts {
        assert_eq!(count.read, count.used + count.left_out, "{count:?}");
        let of_file =
            counts.iter().filter(|other| other.file == count.file).map(|other| other.left_out).sum::<u64>();
        let listed = issues
            .list()
            .iter()
            .filter(|issue| *issue.file == *count.file && issue.code.effect() == Effect::LeftOut);
        assert_eq!(listed.count() as u64, of_file, "{count:?}");
    }
}

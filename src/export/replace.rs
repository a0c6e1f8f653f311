//! One folder takes the place of another in one step.
//!
//! Where the system can exchange two names (Linux, macOS), there is no moment without a whole output. Elsewhere
//! the former output is renamed first; should a run be stopped in that instant, the next one puts it back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result};

/// The file that every output folder has: what marks it as ours.
const MARK: &str = "summary.json";

/// Refuses a folder that holds something other than the output of a run: it would be deleted.
pub(super) fn refuse_foreign(dir: &Path) -> Result<()> {
    restore(dir)?;
    let Ok(mut entries) = fs::read_dir(dir) else { return Ok(()) };
    if entries.next().is_none() || dir.join(MARK).is_file() {
        return Ok(());
    }
    Err(Error::Setting {
        message: format!("`{}` holds files that are not the output of a run", dir.display()),
        hint: "choose another folder: the content of the output folder is replaced as a whole".to_owned(),
    })
}

/// A temporary folder beside `dir`; deleted again unless [`put`] is called.
pub(super) fn staging(dir: &Path) -> Result<TempDir> {
    let parent = parent(dir);
    let make = || {
        fs::create_dir_all(&parent)?;
        tempfile::Builder::new().prefix(&format!(".{}.", name(dir))).suffix(".tmp").tempdir_in(&parent)
    };
    let staging = make().map_err(|source| Error::writing(dir, source))?;
    open_to_readers(staging.path()).map_err(|source| Error::writing(dir, source))?;
    Ok(staging)
}

/// Temporary folders are private; an output folder is as open as any other new folder.
#[cfg(unix)]
fn open_to_readers(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_readers(_dir: &Path) -> io::Result<()> {
    Ok(())
}

/// Puts the finished folder in the place of `dir`.
pub(super) fn put(staging: TempDir, dir: &Path) -> Result<()> {
    let result = if dir.exists() { exchange(staging.path(), dir) } else { fs::rename(staging.path(), dir) };
    result.map_err(|source| Error::writing(dir, source))?;
    // After an exchange the temporary folder holds the former output. A file that somebody has open may keep
    // it from being deleted; the new output stands all the same.
    drop(staging);
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // Some file systems cannot exchange names.
        Err(_) => by_turns(new, old),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    by_turns(new, old)
}

fn by_turns(new: &Path, old: &Path) -> io::Result<()> {
    let aside = aside(old);
    fs::rename(old, &aside)?;
    fs::rename(new, old)?;
    fs::remove_dir_all(aside)
}

/// Puts back a former output that an interrupted exchange left aside.
fn restore(dir: &Path) -> Result<()> {
    let aside = aside(dir);
    if !aside.exists() {
        return Ok(());
    }
    let mend = if dir.exists() { fs::remove_dir_all(&aside) } else { fs::rename(&aside, dir) };
    mend.map_err(|source| Error::writing(dir, source))
}

fn aside(dir: &Path) -> PathBuf {
    parent(dir).join(format!(".{}.former", name(dir)))
}

fn parent(dir: &Path) -> PathBuf {
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn name(dir: &Path) -> String {
    dir.file_name().map_or_else(|| "out".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_output_takes_the_place_of_the_former_one() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("out");
        for text in ["first", "second"] {
            refuse_foreign(&dir).unwrap();
            let staging = staging(&dir).unwrap();
            fs::write(staging.path().join(MARK), text).unwrap();
            put(staging, &dir).unwrap();
            assert_eq!(fs::read_to_string(dir.join(MARK)).unwrap(), text);
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_folder_with_other_files_is_refused() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("thesis.odt"), "years of work").unwrap();
        assert!(refuse_foreign(home.path()).is_err());
    }

    #[test]
    fn a_former_output_left_aside_is_put_back() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("out");
        fs::create_dir(aside(&dir)).unwrap();
        fs::write(aside(&dir).join(MARK), "former").unwrap();
        refuse_foreign(&dir).unwrap();
        assert_eq!(fs::read_to_string(dir.join(MARK)).unwrap(), "former");
    }
}

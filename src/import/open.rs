//! Paths as a project writes them in, files and their bytes out.
//!
//! A path is relative to the project file and may hold `*`, `?` and `[..]`; `-` is standard input. Files that
//! begin with the magic bytes of gzip are unpacked, whatever they are called. Folders are passed on as they
//! are: some readers (feeds of planned rounds) take one. Nothing here knows a format.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// How a project writes standard input.
const STDIN: &str = "-";
/// The first bytes of every gzip file (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Bytes read ahead: large enough that a disk streams, small enough that ten open files do not matter.
const READ_AHEAD: usize = 256 * 1024;

/// A file that a project names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// As the project writes it: relative to the project file, with forward slashes.
    pub name: Arc<str>,
    /// Where it is.
    pub path: PathBuf,
}

/// The files that `pattern` names, relative to `base`, in the order of their names.
///
/// # Errors
/// When the pattern is not valid, or names no file.
pub fn files(base: &Path, pattern: &str) -> Result<Vec<SourceFile>> {
    if pattern == STDIN {
        return Ok(vec![SourceFile { name: STDIN.into(), path: STDIN.into() }]);
    }
    let path = base.join(pattern);
    // A name with brackets may stand for itself: `reports [old].csv`.
    if path.exists() {
        return Ok(vec![SourceFile { name: slashed(Path::new(pattern)), path }]);
    }
    if !pattern.contains(['*', '?', '[']) {
        return Err(Error::unreadable(&path, "there is no such file", missing_hint(&path)));
    }
    let escaped_base = glob::Pattern::escape(&base.to_string_lossy());
    let whole = Path::new(&escaped_base).join(pattern);
    let found = glob::glob(&whole.to_string_lossy()).map_err(|cause| Error::Setting {
        message: format!("`{pattern}` is not a valid pattern of file names: {}", cause.msg),
        hint: "use `*` for any letters, `?` for one, `**` for any folders".to_owned(),
    })?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|cause| {
            let path = cause.path().to_owned();
            Error::reading(&path, cause)
        })?;
        if path.is_file() {
            let name = slashed(path.strip_prefix(base).unwrap_or(&path));
            files.push(SourceFile { name, path });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if files.is_empty() {
        return Err(Error::unreadable(&path, "no file matches this pattern", missing_hint(&path)));
    }
    Ok(files)
}

fn slashed(path: &Path) -> Arc<str> {
    path.to_string_lossy().replace('\\', "/").into()
}

/// What to do about a file that is not there: name the file that was perhaps meant.
fn missing_hint(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = folder.read_dir() else {
        return format!("there is no folder `{}`; paths are relative to the project file", folder.display());
    };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    match crate::import::columns::nearest(&name, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`? paths are relative to the project file"),
        None => "paths are relative to the project file".to_owned(),
    }
}

impl SourceFile {
    /// A reader of its bytes, unpacked.
    ///
    /// # Errors
    /// When it cannot be opened, is a folder, or is empty.
    pub fn reader(&self) -> Result<Box<dyn BufRead + Send>> {
        let mut packed = self.packed()?;
        let head = packed.fill_buf().map_err(|cause| Error::reading(&self.path, cause))?;
        if head.is_empty() {
            return Err(self.empty());
        }
        if !head.starts_with(&GZIP) {
            return Ok(packed);
        }
        let mut unpacked = BufReader::with_capacity(READ_AHEAD, MultiGzDecoder::new(packed));
        let head = unpacked.fill_buf().map_err(|cause| Error::reading(&self.path, cause))?;
        if head.is_empty() { Err(self.empty()) } else { Ok(Box::new(unpacked)) }
    }

    /// All its bytes, unpacked.
    ///
    /// # Errors
    /// When it cannot be read to its end, is a folder, or is empty.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader()?.read_to_end(&mut bytes).map_err(|cause| Error::reading(&self.path, cause))?;
        Ok(bytes)
    }

    /// SHA-256 of the file as it lies on disk, in hexadecimal, as `sha256sum` prints it. A folder's is that
    /// of the names and digests of its files, in the order of their names.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub fn digest(&self) -> Result<String> {
        let mut hash = Sha256::new();
        if self.path.is_dir() {
            for file in self.inside()? {
                hash.update(format!("{}  {}\n", file.digest()?, file.name));
            }
            return Ok(hexadecimal(&hash.finalize()));
        }
        let mut packed = self.packed()?;
        loop {
            let block = packed.fill_buf().map_err(|cause| Error::reading(&self.path, cause))?;
            if block.is_empty() {
                return Ok(hexadecimal(&hash.finalize()));
            }
            hash.update(block);
            let length = block.len();
            packed.consume(length);
        }
    }

    /// The files directly inside a folder, by name.
    ///
    /// # Errors
    /// When it is no folder that can be read.
    pub(super) fn inside(&self) -> Result<Vec<Self>> {
        let failed = |cause| Error::reading(&self.path, cause);
        let mut files = Vec::new();
        for entry in self.path.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_file() {
                let name = slashed(path.strip_prefix(&self.path).unwrap_or(&path));
                files.push(Self { name, path });
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn packed(&self) -> Result<Box<dyn BufRead + Send>> {
        if &*self.name == STDIN {
            return Ok(Box::new(Cursor::new(standard_input()?)));
        }
        if self.path.is_dir() {
            return Err(Error::unreadable(
                &self.path,
                "it is a folder",
                format!("name the files in it, as in `{}/*.csv`", self.name.trim_end_matches('/')),
            ));
        }
        let file = File::open(&self.path).map_err(|cause| Error::reading(&self.path, cause))?;
        Ok(Box::new(BufReader::with_capacity(READ_AHEAD, file)))
    }

    fn empty(&self) -> Error {
        Error::unreadable(&self.path, "it is empty", "export it again, or take it out of the project file")
    }
}

/// Standard input can be read only once, but is needed for its digest and its records.
fn standard_input() -> Result<Arc<[u8]>> {
    static BYTES: OnceLock<Arc<[u8]>> = OnceLock::new();
    if let Some(bytes) = BYTES.get() {
        return Ok(Arc::clone(bytes));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|cause| Error::reading(Path::new(STDIN), cause))?;
    Ok(Arc::clone(BYTES.get_or_init(|| bytes.into())))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::import::testing::folder;

    #[test]
    fn a_pattern_names_its_files_in_order() {
        let folder = folder(&[("in/b.csv", b"b"), ("in/a.csv", b"a"), ("in/c.txt", b"c")]);
        let names: Vec<_> =
            files(folder.path(), "in/*.csv").unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["in/a.csv", "in/b.csv"]);
    }

    #[test]
    fn a_missing_file_is_an_error_that_names_the_one_that_was_meant() {
        let folder = folder(&[("reports.csv", b"id")]);
        let error = files(folder.path(), "report.csv").unwrap_err();
        assert!(error.hint().unwrap().contains("did you mean `reports.csv`"), "{:?}", error.hint());
        assert!(files(folder.path(), "*.parquet").is_err());
        assert!(files(folder.path(), "nowhere/x.csv").unwrap_err().hint().unwrap().contains("no folder"));
    }

    #[test]
    fn an_empty_file_and_a_folder_are_errors() {
        let folder = folder(&[("none.csv", b""), ("in/a.csv", b"a")]);
        for name in ["none.csv", "in"] {
            assert!(files(folder.path(), name).unwrap()[0].bytes().is_err(), "{name}");
        }
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"id,lon,lat\n").unwrap();
        let folder = folder(&[("reports.csv", &packed.finish().unwrap())]);
        assert_eq!(files(folder.path(), "reports.csv").unwrap()[0].bytes().unwrap(), b"id,lon,lat\n");
    }

    #[test]
    fn the_digest_is_that_of_sha256sum() {
        let folder = folder(&[("abc", b"abc")]);
        let digest = files(folder.path(), "abc").unwrap()[0].digest().unwrap();
        assert_eq!(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(files(folder.path(), ".").unwrap()[0].digest().unwrap().len(), 64);
    }
}

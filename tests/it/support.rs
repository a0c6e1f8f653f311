//! What the tests share: the program, the demo, and folders to work in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program, ready to be given arguments.
pub(crate) fn paaltje() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paaltje"));
    command.env_remove("RUST_LOG");
    command
}

/// Runs the project at `project` into `out` and gives what the program said.
pub(crate) fn run(project: &Path, out: &Path, more: &[&str]) -> Output {
    paaltje().arg("run").arg(project).arg("--out").arg(out).args(more).output().unwrap()
}

/// What a program said on stderr.
pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A copy of the demo in `dir`, so that a test can change it.
pub(crate) fn demo_in(dir: &Path) -> PathBuf {
    copy(&root().join("data/helsinki"), dir);
    dir.join("paaltje.toml")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            if path.file_name().unwrap() != "out" {
                copy(&path, &target);
            }
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// Every file below `dir` with its bytes, by its path.
pub(crate) fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    collect(dir, dir, &mut found);
    found.sort();
    found
}

fn collect(root: &Path, dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let inside = path.strip_prefix(root).unwrap().to_owned();
            found.push((inside, fs::read(&path).unwrap()));
        }
    }
}

/// A `summary.json` as a tree.
pub(crate) fn summary(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap()
}

//! A module uses what stands above it in `lib.rs`, never what stands below.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `lib.rs` in their order.
fn order(lib: &str) -> HashMap<String, usize> {
    let names = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.enumerate().map(|(rank, name)| (name.to_owned(), rank)).collect()
}

/// Every top-level module that `source` names through `crate::`, with its line number; tests at the end of a
/// file and comments may name what they like.
fn uses(source: &str) -> Vec<(usize, String)> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let line = line.split("//").next().unwrap_or_default();
        for after in line.split("crate::").skip(1) {
            let list = after.strip_prefix('{').map_or(after, |list| list);
            let parts: Vec<&str> = if after.starts_with('{') { depth_zero(list) } else { vec![list] };
            for part in parts {
                let name: String =
                    part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                found.push((number + 1, name));
            }
        }
    }
    found
}

/// The members of a `{…}` list that stand at its own level.
fn depth_zero(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut members) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&list[start..at]);
                return members;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    members.push(&list[start..]);
    members
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// What `source`, a file of the module `own`, uses although it stands below.
fn breaches(own: &str, source: &str, order: &HashMap<String, usize>) -> Vec<String> {
    let Some(&rank) = order.get(own) else { return Vec::new() };
    let below = |name: &String| order.get(name).is_some_and(|&other| other > rank);
    uses(source)
        .into_iter()
        .filter(|(_, name)| below(name))
        .map(|(line, name)| format!("{line}: `{own}` uses `{name}`"))
        .collect()
}

#[test]
fn no_module_uses_one_that_stands_below_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = order(&fs::read_to_string(src.join("lib.rs")).unwrap());
    assert!(order.len() > 15, "lib.rs lists the modules");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let own = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if inside.ends_with("tests.rs") {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        wrong.extend(
            breaches(&own, &source, &order)
                .into_iter()
                .map(|breach| format!("{}:{breach}", inside.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_planted_breach_is_found() {
    let order = order("pub mod model;\npub mod import;\npub mod pipeline;\n");
    for planted in [
        "use crate::pipeline::run;",
        "use crate::{import::inputs, pipeline::{run as _, Other}};",
        "fn f() { crate::pipeline::run() }",
    ] {
        let found = breaches("model", planted, &order);
        assert!(
            found.iter().any(|breach| breach.contains("`model` uses `pipeline`")),
            "{planted}: {found:?}"
        );
    }
    assert!(breaches("pipeline", "use crate::{model, import};", &order).is_empty());
    assert!(breaches("model", "// crate::pipeline is below", &order).is_empty());
}

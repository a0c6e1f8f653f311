//! The command line: the only part that prints or exits.
//!
//! stdout carries data, stderr carries words. Exit codes: 0 well; 1 done, but more records were left out than
//! `--strict` allows; 2 not done.

mod args;
mod bar;
mod check;
mod explain;
mod formats;
mod geocode;
mod init;
#[cfg(feature = "replan")]
mod replan;
mod run;
mod simulate;

use std::error::Error as _;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::error::{Error, Result};
use args::{Args, Command};

/// Done, but more records were left out than allowed.
const LEFT_OUT: u8 = 1;
/// Not done.
const NOT_DONE: u8 = 2;

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let args = Args::parse();
    log_to_stderr(args.verbose);
    if let Some(threads) = args.threads {
        // Fails only if the pool stands already, and nothing has used it yet.
        let _built = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    match command(&args) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::from(NOT_DONE)
        }
    }
}

fn command(args: &Args) -> Result<ExitCode> {
    match &args.command {
        Command::Run { project, out, strict } => run::run(args, project, out.as_deref(), *strict),
        Command::Check { project, strict } => check::check(args, project, *strict),
        Command::Init { dir, reports } => init::init(dir, reports).map(|()| ExitCode::SUCCESS),
        Command::Geocode(batch) => geocode::geocode(args, batch).map(|()| ExitCode::SUCCESS),
        Command::Explain { what, project } => {
            explain::explain(args, what, project.as_deref()).map(|()| ExitCode::SUCCESS)
        }
        Command::Simulate { project, seed, out, rounds } => {
            simulate::simulate(args, project, *seed, out, rounds.as_deref()).map(|()| ExitCode::SUCCESS)
        }
        #[cfg(feature = "replan")]
        Command::Replan { project, steps } => {
            replan::replan(args, project, *steps).map(|()| ExitCode::SUCCESS)
        }
        Command::Formats => {
            out(&formats::text());
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Args::command(), "paaltje", &mut io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut page).expect("a Vec takes everything");
            out(&String::from_utf8_lossy(&page));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints data. A reader that has gone away (`| head`) is no error.
fn out(text: &str) {
    let _gone = io::stdout().lock().write_all(text.as_bytes());
}

/// Prints words for people.
#[expect(clippy::print_stderr, reason = "the command line is the one that talks")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Tells what went wrong, why, and what to do about it.
fn complain(error: &Error) {
    say(&format!("error: {error}"));
    let mut cause = error.source();
    while let Some(inner) = cause {
        say(&format!("  caused by: {}", inner.to_string().trim_end().replace('\n', "\n    ")));
        cause = inner.source();
    }
    if let Some(hint) = error.hint() {
        say(&format!("hint: {hint}"));
    }
}

fn log_to_stderr(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let level = ["warn", "info", "debug"][usize::from(verbose.min(2))];
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time().init();
}

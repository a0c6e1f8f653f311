//! Tests of the program as a whole: one binary, so that it is linked once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod demo;
mod geocode;
mod kerbside;
mod layers;
mod privacy;
mod report_files;
mod support;

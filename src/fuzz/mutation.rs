//! Inputs made of the seeds by chance, for machines without the compiler that libFuzzer needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Fuzzed, TARGETS};

/// How many inputs of each target every run of the tests tries; the same ones each time.
const ROUNDS: usize = 60;

/// Longer inputs are cut.
const LONGEST: usize = 16 << 10;

/// What formats care about.
const TOKENS: &[&[u8]] = &[
    b"\n",
    b"\"",
    b"'",
    b"\\",
    b": ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"---\n",
    b"&a ",
    b"*a",
    b"#",
    b"=",
    b"@",
    b"%00",
    b"\0",
    b"\xff",
    b"\xe2\x80\xae",
    b"../",
    b"- ",
    b"|\n ",
    b"null",
    b"-1",
    b"18446744073709551616",
];

/// Numbers by chance, the same for the same start (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit.max(1)).unwrap();
        usize::try_from((self.0 >> 11) % limit).unwrap()
    }

    fn mutated(&mut self, seeds: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        let mut input = seeds[self.below(seeds.len())].1.clone();
        for _ in 0..=self.below(6) {
            let at = self.below(input.len() + 1);
            let end = at + self.below((input.len() - at).min(64) + 1);
            match self.below(6) {
                0 if at < input.len() => input[at] ^= 1 << self.below(8),
                1 => drop(input.drain(at..end)),
                2 => {
                    let again = input[at..end].to_vec();
                    input.splice(at..at, again);
                }
                3 => {
                    let other = &seeds[self.below(seeds.len())].1;
                    let from = self.below(other.len() + 1);
                    input.truncate(at);
                    input.extend_from_slice(&other[from..]);
                }
                4 => input.truncate(at),
                _ => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    input.splice(at..at, token.iter().copied());
                }
            }
        }
        input.truncate(LONGEST);
        input
    }
}

pub(super) fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(name);
    let mut seeds: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds
}

/// Runs a target; keeps the input that makes it fail.
fn holds(name: &str, target: fn(&[u8]), input: &[u8]) {
    if std::panic::catch_unwind(|| target(input)).is_err() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/artifacts")
            .join(name);
        let path = folder.join("mutated");
        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, input).unwrap();
        panic!("{name} fails with {}", path.display());
    }
}

fn run((name, target): Fuzzed, time: Option<Duration>) {
    let seeds = seeds(name);
    let start = Instant::now();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    if time.is_some() {
        chance.0 ^= u64::from(std::process::id()) << 20;
    }
    let mut count = 0;
    while time.map_or(count < ROUNDS, |time| start.elapsed() < time) {
        holds(name, target, &chance.mutated(&seeds));
        count += 1;
    }
}

#[test]
fn mutated_seeds_hold() {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let seconds =
        set("CONNECT_MIGRATE_FUZZ_SECONDS").map(|n| Duration::from_secs(n.parse().unwrap()));
    let only = set("CONNECT_MIGRATE_FUZZ_TARGET");
    for target in TARGETS {
        if only.as_deref().is_none_or(|only| only == target.0) {
            run(target, seconds);
        }
    }
}

//! Reading a long gcfg file, and adding it up: `cargo bench --bench gcfg`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;

use connect_migrate::gcfg::{Configuration, parse_text};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A file of 10,000 lines with what real ones have: comments, quotes, named and repeated sections.
fn long_file() -> String {
    let mut text = String::new();
    for section in 0..1000 {
        writeln!(
            text,
            "; Section {section}\n\
             [RPackageRepository \"repository-{section}\"]\n\
             URL = https://packages.example.com/cran/{section} ; the mirror\n\
             \n\
             [Server]\n\
             Address = https://connect-{section}.example.com/\n\
             SenderEmailDisplayName = \"Posit \\\"Connect\\\"; {section}\"\n\
             PublicWarning = one \\\n    two\n\
             Enabled-{section}"
        )
        .unwrap();
    }
    text
}

fn read(c: &mut Criterion) {
    let text = long_file();
    assert_eq!(text.lines().count(), 10_000);
    let mut group = c.benchmark_group("gcfg");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse 10,000 lines", |b| {
        b.iter(|| parse_text("bench", black_box(&text)).unwrap());
    });
    let document = parse_text("bench", &text).unwrap();
    group.bench_function("add up 10,000 lines", |b| {
        b.iter(|| {
            Configuration::of(&[black_box(&document)])
                .settings()
                .count()
        });
    });
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);

use proptest::prelude::*;

use super::*;
use crate::connect::{Content, ContentGuid, Languages};
use crate::rebuild::event::Item;
use crate::rebuild::runtime;

/// An item of so many runtimes, by the letters of its name: `r` and `p` are languages, with a digit
/// for the version; `-` has none.
fn item(name: &str) -> Work {
    let mut fields = String::new();
    for (letter, field) in [('r', "r_version"), ('p', "py_version")] {
        if let Some(at) = name.find(letter) {
            fields += &format!(r#", "{field}": "{}.0.0""#, &name[at + 1..=at + 1]);
        }
    }
    let content: Content = serde_json::from_str(&format!(
        r#"{{"guid": "{name}", "bundle_id": "1"{fields}}}"#
    ))
    .unwrap();
    Work {
        item: Item {
            guid: ContentGuid::from(name),
            title: name.to_owned(),
        },
        action: Action::Build(BuildReason::New),
        runtimes: runtime::of(content.managed(), &Languages::default()),
        required: false,
        attempts: 0,
        retries: 0,
    }
}

fn schedule(names: &[&str]) -> Schedule {
    Schedule {
        queue: names.iter().map(|name| item(name)).collect(),
        caches: HashMap::new(),
    }
}

/// What begins now, until nothing more does.
fn begin(schedule: &mut Schedule) -> Vec<Work> {
    std::iter::from_fn(|| match schedule.next() {
        Dispatch::Begin(work) => Some(*work),
        Dispatch::Wait | Dispatch::Empty => None,
    })
    .collect()
}

fn names(works: &[Work]) -> Vec<&str> {
    works.iter().map(|work| work.item.title.as_str()).collect()
}

#[test]
fn one_build_of_each_runtime_opens_the_way_and_what_needs_none_never_waits() {
    let mut schedule = schedule(&["r1a", "r1b", "r2a", "p1a", "-a", "r1p1", "r2b", "-b"]);
    let first = begin(&mut schedule);
    assert_eq!(names(&first), ["r1a", "r2a", "p1a", "-a", "-b"]);
    assert!(matches!(schedule.next(), Dispatch::Wait));
    schedule.learn(&first[0], RuntimeOutcome::Built);
    assert_eq!(
        names(&begin(&mut schedule)),
        ["r1b"],
        "two languages wait for both"
    );
    schedule.learn(&first[2], RuntimeOutcome::Built);
    assert_eq!(names(&begin(&mut schedule)), ["r1p1"]);
    schedule.learn(&first[1], RuntimeOutcome::Built);
    assert_eq!(names(&begin(&mut schedule)), ["r2b"]);
    assert!(matches!(schedule.next(), Dispatch::Empty));
}

#[test]
fn a_failure_hands_on_and_several_of_them_say_nothing_about_the_cache() {
    let mut schedule = schedule(&["r1a", "r1b", "r1c", "r1d", "r1e"]);
    for opener in ["r1a", "r1b", "r1c"] {
        let begun = begin(&mut schedule);
        assert_eq!(names(&begun), [opener]);
        schedule.learn(&begun[0], RuntimeOutcome::Failed);
    }
    assert_eq!(names(&begin(&mut schedule)), ["r1d", "r1e"]);
}

#[test]
fn what_was_left_out_is_no_failure() {
    let mut schedule = schedule(&["r1a", "r1b", "r1c", "r1d", "r1e", "r1f"]);
    for _ in 0..5 {
        let begun = begin(&mut schedule);
        assert_eq!(begun.len(), 1);
        schedule.learn(&begun[0], RuntimeOutcome::Nothing);
    }
}

proptest! {
    /// Whatever the runtimes and however builds end: everything has its turn once, and no two builds
    /// are under way together on a cache that nothing has filled.
    #[test]
    fn everything_has_its_turn_and_nobody_races(
        picks in prop::collection::vec((0..4usize, 0..4usize), 0..40),
        ends in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8), 200),
    ) {
        let names: Vec<String> = picks
            .iter()
            .enumerate()
            .map(|(number, (r, p))| {
                let part = |letter: char, version: &usize| match version {
                    0 => String::new(),
                    version => format!("{letter}{version}"),
                };
                format!("{}{}-{number}", part('r', r), part('p', p))
            })
            .collect();
        let mut schedule = schedule(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut running: Vec<Work> = Vec::new();
        let mut warm: HashMap<Runtime, (bool, u32)> = HashMap::new();
        let mut begun = 0;
        for (which, end) in ends {
            loop {
                match schedule.next() {
                    Dispatch::Begin(work) => {
                        for runtime in &work.runtimes {
                            let (warm, failures) = warm.get(runtime).copied().unwrap_or_default();
                            let shared = running.iter().any(|other| other.runtimes.contains(runtime));
                            prop_assert!(warm || failures >= FAILURES || !shared);
                        }
                        begun += 1;
                        running.push(*work);
                    }
                    Dispatch::Wait => { prop_assert!(!running.is_empty()); break }
                    Dispatch::Empty => break,
                }
            }
            if running.is_empty() { break }
            let work = running.swap_remove(which.index(running.len()));
            let lesson = [RuntimeOutcome::Built, RuntimeOutcome::Built, RuntimeOutcome::Failed, RuntimeOutcome::Nothing][usize::from(end)];
            for runtime in &work.runtimes {
                let known = warm.entry(runtime.clone()).or_default();
                match lesson {
                    RuntimeOutcome::Built => known.0 = true,
                    RuntimeOutcome::Failed => known.1 += 1,
                    RuntimeOutcome::Nothing => {}
                }
            }
            schedule.learn(&work, lesson);
        }
        prop_assert_eq!(begun, names.len());
    }
}

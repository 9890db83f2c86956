//! The first state: the same for the same configuration, whenever it starts.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::item::{Bundle, Item, Permission, Rendering};
use super::{Group, Job, JobState, Language, Role, Tag, Use, User, World, builds, runtimes};
use crate::connect_stand_in::config::{Config, ItemSpec, Mix, Outcome};
use crate::connect_stand_in::random::Random;

/// The kinds of made-up items: app mode, with R, with Python, with Quarto.
const KINDS: [(&str, bool, bool, bool); 10] = [
    ("shiny", true, false, false),
    ("rmd-static", true, false, false),
    ("python-dash", false, true, false),
    ("python-fastapi", false, true, false),
    ("quarto-static", false, true, true),
    ("api", true, false, false),
    ("python-streamlit", false, true, false),
    ("jupyter-static", false, true, false),
    ("rmd-shiny", true, true, false),
    ("quarto-static", true, false, true),
];
const R: [&str; 4] = ["4.2.1", "4.3.1", "4.3.3", "4.4.0"];
const PYTHON: [&str; 4] = ["3.10.4", "3.11.3", "3.11.7", "3.12.1"];
const SUBJECTS: [&str; 8] = [
    "sales",
    "churn",
    "claims",
    "inventory",
    "staffing",
    "pricing",
    "quality",
    "forecast",
];
const FORMS: [&str; 6] = [
    "report",
    "dashboard",
    "model",
    "explorer",
    "monitor",
    "summary",
];

/// 2026-06-01: what the made-up times count back from.
fn epoch() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_780_272_000)
}

/// The world at the start.
pub(super) fn world(config: Config) -> World {
    let seed = config.seed;
    let mut random = Random::for_purpose(seed, "people");
    let users = users(&mut random, &config.api_key);
    let groups = vec![Group {
        guid: random.guid(),
        name: "analysts".to_owned(),
        owner: users[0].guid.clone(),
        members: users.iter().skip(1).map(|user| user.guid.clone()).collect(),
    }];
    let tags = [
        (1, "Department", None),
        (2, "Finance", Some(1)),
        (3, "Research", Some(1)),
        (4, "Weekly", None),
    ]
    .into_iter()
    .map(|(id, name, parent)| Tag {
        id,
        name: name.to_owned(),
        parent,
    })
    .collect();
    let environments = runtimes::environments(
        config.execution,
        &mut Random::for_purpose(seed, "environments"),
    );
    let mut world = World {
        random: Random::for_purpose(seed, "keys"),
        users,
        groups,
        revoked: HashSet::new(),
        tags,
        items: HashMap::new(),
        environments,
        caches: Vec::new(),
        tasks: HashMap::new(),
        builds: builds::Builds::default(),
        usage: Vec::new(),
        next_id: 100,
        started: Instant::now(),
        config: config.clone(),
    };
    let made_up = |index| made_up(&config, index);
    let specs = config
        .content
        .iter()
        .cloned()
        .chain((0..config.items).map(made_up));
    for (index, spec) in specs.enumerate() {
        add(&mut world, spec, index);
    }
    world.usage.sort_by_key(|one| one.at);
    for (one, id) in world.usage.iter_mut().zip(1..) {
        one.id = id;
    }
    world
}

fn users(random: &mut Random, key: &str) -> Vec<User> {
    [
        ("admin", "Ada", "Lind", Role::Administrator, key),
        (
            "pat",
            "Pat",
            "Moreno",
            Role::Publisher,
            "standInPublisherKey0000000000001",
        ),
        (
            "quinn",
            "Quinn",
            "Ueda",
            Role::Publisher,
            "standInPublisherKey0000000000002",
        ),
        (
            "vera",
            "Vera",
            "Haas",
            Role::Viewer,
            "standInViewerKey0000000000000001",
        ),
    ]
    .into_iter()
    .map(|(username, first, last, role, key)| User {
        guid: random.guid(),
        username: username.to_owned(),
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        role,
        key: key.to_owned(),
        locked: false,
        dormant: username == "quinn",
        created: epoch() - SignedDuration::from_hours(24 * 900),
    })
    .collect()
}

/// What the configuration says about the made-up item of a number.
fn made_up(config: &Config, index: usize) -> ItemSpec {
    let mut random = Random::for_purpose(config.seed, &format!("item {index}"));
    let mut spec = ItemSpec::default();
    let (mode, r, python, _) = *random.pick(&KINDS);
    spec.app_mode = Some(mode.to_owned());
    spec.r_version = r.then(|| (*random.pick(&R)).to_owned());
    spec.py_version = python.then(|| (*random.pick(&PYTHON)).to_owned());
    spec.title = Some(format!(
        "{} {} {index}",
        random.pick(&SUBJECTS),
        random.pick(&FORMS)
    ));
    if random.chance(config.fail_rate) {
        spec.outcome = Outcome::Fail;
    }
    if config.mix == Mix::Realistic {
        match random.below(20) {
            0 | 1 => {
                spec.app_mode = Some("static".to_owned());
                (spec.r_version, spec.py_version) = (None, None);
            }
            2 => spec.undeployed = true,
            3 => spec.locked = true,
            4 | 5 => spec.newer_bundle = true,
            6 => spec.vanity = Some(format!("/made-up/{index}/")),
            _ => {}
        }
        if random.chance(0.3) {
            spec.tags
                .push((*random.pick(&["Finance", "Research", "Weekly"])).to_owned());
        }
        if random.chance(0.2) {
            spec.environment = vec!["DATABASE_URL".to_owned(), "API_TOKEN".to_owned()];
        }
    }
    spec
}

/// The jobs that built and rendered an item when it was deployed: with R, with Python, rendered.
fn jobs_of_old(world: &mut World, item: &mut Item, random: &mut Random, made: [bool; 3]) {
    let tags = ["packrat_restore", "python_restore", "build_report"];
    let Some(bundle) = item.active else { return };
    let mut at = item.last_deployed;
    for (tag, _) in tags.into_iter().zip(made).filter(|(_, made)| *made) {
        // Most builds are short, and a few are most of the work.
        let share = random.unit();
        let end = at + SignedDuration::from_secs(8 + (share.powi(6) * 900.0) as i64);
        item.jobs.push(Job {
            id: world.new_id(),
            key: random.key(16),
            tag,
            bundle,
            started: at,
            state: JobState::Ended {
                at: end,
                exit_code: Some(0),
            },
            image: None,
            stopped: None,
            log: Vec::new(),
        });
        at = end;
    }
}

/// Puts an item into the world, and makes up what its description leaves out.
fn add(world: &mut World, spec: ItemSpec, index: usize) {
    let mut random = Random::for_purpose(world.config.seed, &format!("details {index}"));
    let guid = random.guid();
    let guid = spec.guid.unwrap_or(guid);
    let mode = if spec.undeployed {
        "unknown".to_owned()
    } else {
        spec.app_mode.unwrap_or_else(|| "shiny".to_owned())
    };
    let mut r = spec.r_version;
    if r.is_none()
        && spec.py_version.is_none()
        && matches!(mode.as_str(), "shiny" | "api" | "rmd-static" | "rmd-shiny")
    {
        r = Some("4.3.1".to_owned());
    }
    let mut py = spec.py_version;
    if py.is_none() && (mode.starts_with("python") || mode.starts_with("jupyter")) {
        py = Some("3.11.3".to_owned());
    }
    let quarto = mode.starts_with("quarto").then(|| "1.4.550".to_owned());
    let minutes = |random: &mut Random, days: u64| {
        SignedDuration::from_mins(i64::try_from(random.below(days * 24 * 60)).unwrap_or(0))
    };
    let created = epoch() - SignedDuration::from_hours(24 * 200) - minutes(&mut random, 700);
    let deployed = epoch() - minutes(&mut random, 200);
    let owner = match &spec.owner {
        Some(name) => world.users.iter().find(|user| user.username == *name),
        None => world.users.get(1 + index % 2),
    }
    .unwrap_or(&world.users[0])
    .guid
    .clone();
    let id = world.new_id();
    let name = spec.name.unwrap_or_else(|| format!("item-{index}"));
    let mut item = Item::new(guid, id, name, owner.clone(), created);
    item.title = spec.title;
    item.access_type = (*random.pick(&["acl", "logged_in", "all"])).to_owned();
    item.locked = spec.locked;
    item.app_mode.clone_from(&mode);
    item.tags = world
        .tags
        .iter()
        .filter(|tag| spec.tags.contains(&tag.name))
        .map(|tag| tag.id)
        .collect();
    item.vanity = spec.vanity.map(|path| (path, created));
    item.environment = spec.environment;
    item.permissions.push(Permission {
        id: world.new_id(),
        principal: owner,
        is_group: false,
        role: "owner".to_owned(),
    });
    (item.outcome, item.build_time) = (spec.outcome, spec.build_time);
    if !spec.undeployed {
        item.last_deployed = deployed;
        item.cluster = Some("Local");
        item.r_version.clone_from(&r);
        item.py_version.clone_from(&py);
        item.quarto_version.clone_from(&quarto);
    }
    if !spec.undeployed {
        let count = 1 + random.below(3);
        for number in 0..count + u64::from(spec.newer_bundle) {
            let bundle = Bundle {
                id: world.new_id(),
                created: deployed + SignedDuration::from_hours(i64::try_from(number).unwrap_or(0))
                    - SignedDuration::from_hours(3),
                app_mode: mode.clone(),
                r_version: r.clone(),
                py_version: py.clone(),
                quarto_version: quarto.clone(),
                built: Some(("Local", None)),
                metadata: Value::Object(serde_json::Map::new()),
                archive: None,
                size: 1000 + random.below(2_000_000),
            };
            if number < count {
                item.active = Some(bundle.id);
            }
            item.bundles.push(bundle);
        }
        if item.is_rendered() {
            item.rendering = Some(Rendering {
                variant: world.new_id(),
                key: random.key(8),
                rendering: world.new_id(),
                rendered: deployed,
            });
        }
        if world.config.in_use {
            let rendered = item.rendering.is_some();
            item.schedules = u32::from(rendered && random.below(3) > 0);
            jobs_of_old(
                world,
                &mut item,
                &mut random,
                [r.is_some(), py.is_some(), rendered],
            );
        }
        for (language, version) in [(Language::R, &r), (Language::Python, &py)] {
            if let Some(version) = version {
                world.fill_cache(language, version, None);
            }
        }
        let in_use = world.config.in_use && spec.visits.is_none();
        let visits = spec.visits.unwrap_or_else(|| {
            let few = random.below(4);
            let most = random.below(30);
            u32::try_from(if in_use { most * most } else { few }).unwrap_or(0)
        });
        let latest = if in_use { Timestamp::now() } else { epoch() };
        for _ in 0..visits {
            let at = latest - minutes(&mut random, 60);
            let viewer = random
                .chance(0.7)
                .then(|| random.pick(&world.users).guid.clone());
            world.usage.push(Use {
                id: 0,
                content: item.guid.clone(),
                user: viewer,
                at,
                ended: item.is_shiny().then(|| at + SignedDuration::from_mins(5)),
                is_shiny: item.is_shiny(),
                path: if item.app_mode.contains("api") {
                    "/predict".to_owned()
                } else {
                    "/".to_owned()
                },
            });
        }
    }
    world.add_item(item);
}

//! TemporarySetting the overlay.

use crate::gcfg;
use crate::manifests::{Edited, Stream, set_text};
use crate::settings::Catalogue;

use super::find::{Selection, Target, Workload, hooks_only, pick, targets, workloads};
use super::gcfg_text::LayError;
use super::marks::{ANNOTATIONS, Before, LABELS, Mapping, POD_ANNOTATIONS};
use super::record::{
    ANNOTATIONS_LIMIT, AsWritten, CHECKSUM, LABEL, OVERLAY, Original, Record, WorkloadUndo, sha256,
};
use super::refusal::Refusal;
use super::report::{self, RunReport};
use super::settings::TemporarySetting;
use super::take_off::take_off_in;
use super::workspace::Workspace;
use super::{GCFG_KEY, gcfg_text, second_file, undo};

/// What to lay, and over what.
#[derive(Debug, Clone)]
pub struct Options {
    /// The settings; see [`super::temporary`].
    pub settings: Vec<TemporarySetting>,
    /// Which ConfigMaps, where there are several.
    pub selections: Vec<Selection>,
    /// Pass through what has no configuration, and lay what nothing mounts.
    pub allow_missing: bool,
}

/// A stream with the overlay on it.
#[derive(Debug)]
pub struct Applied<'a> {
    pub output: Edited<'a>,
    pub report: RunReport,
}

/// Lays the settings over a stream. An overlay that is on already is taken off first, so that doing
/// it twice is doing it once.
///
/// # Errors
/// Why the stream is refused. Nothing is handed out then.
pub fn lay<'a>(bytes: &'a [u8], options: &Options) -> Result<Applied<'a>, Refusal> {
    let mut base = Workspace::new(bytes);
    let documents = base.stream().with_content().count();
    let already_on = take_off_in(&mut base)?;
    let pass = |base: Workspace<'a>, why: &str| {
        let mut report = RunReport::new(report::Result::PassedThrough, documents);
        report.message = Some(why.to_owned());
        Ok(Applied {
            output: base.finish(),
            report,
        })
    };
    let targets = targets(&base)?;
    if targets.is_empty() && hooks_only(&base) {
        return pass(base, "these manifests are hooks only");
    }
    let targets = match pick(targets, &options.selections) {
        Err(refusal @ (Refusal::NoConfigMap | Refusal::NotPicked { .. }))
            if options.allow_missing =>
        {
            return pass(base, &refusal.to_string());
        }
        picked => picked?,
    };
    let mut plans = targets
        .into_iter()
        .map(|target| TargetEdits::new(&base, target, options))
        .collect::<Result<Vec<_>, _>>()?;
    let laid = write_checked(&base, &mut plans)?;
    let mut report = RunReport::new(report::Result::Applied, documents);
    report.config_maps = plans
        .iter()
        .map(|plan| plan.report(already_on.contains(&plan.target.name)))
        .collect();
    Ok(Applied {
        output: laid.finish(),
        report,
    })
}

/// What is done to one configuration.
struct TargetEdits {
    target: Target,
    workloads: Vec<Workload>,
    gcfg: String,
    record: Record,
}

impl TargetEdits {
    fn new(base: &Workspace<'_>, target: Target, options: &Options) -> Result<Self, Refusal> {
        let gcfg_error = |error| Refusal::Gcfg {
            name: target.name.clone(),
            error,
        };
        let old = gcfg::parse_text(GCFG_KEY, &target.gcfg).map_err(gcfg_error)?;
        let text =
            gcfg_text::lay(&target.gcfg, &options.settings).map_err(|error| match error {
                LayError::Invalid(error) => gcfg_error(error),
                _ => Refusal::SelfCheck("the settings"),
            })?;
        let new = gcfg::parse_text(GCFG_KEY, &text).map_err(gcfg_error)?;
        if !gcfg_text::only_differs_in(&old, &new, &options.settings) {
            return Err(Refusal::SelfCheck("the settings"));
        }
        let workloads = workloads(base, &target.name)?;
        if workloads.is_empty() && !options.allow_missing {
            return Err(Refusal::NoWorkload(target.name));
        }
        let second = second_file::of(base, &target.name, &workloads)?;
        let mut record = Record::new();
        for setting in &options.settings {
            let name = setting.name.to_string();
            if let Some(second) = &second
                && let Some(document) = &second.document
                && gcfg_text::effective(&[document], &setting.name) != Original::Absent
            {
                return Err(Refusal::Overruled {
                    setting: name,
                    kept_in: second.kept_in.clone(),
                });
            }
            let was = gcfg_text::effective(&[&old], &setting.name);
            if let Original::Value(text) = &was
                && Catalogue::builtin().exposure(&setting.name, text).is_some()
            {
                return Err(Refusal::Credential {
                    setting: name,
                    name: target.name,
                });
            }
            let was = serde_json::to_value(was).map_err(|_| Refusal::SelfCheck("the record"))?;
            record.originals.insert(name.clone(), was);
            record.settings.insert(name, setting.value.clone().into());
        }
        record.undo = undo::undo(&target.gcfg, &text);
        let mut plan = Self {
            target,
            workloads,
            gcfg: text,
            record,
        };
        plan.record_marks(base)?;
        Ok(plan)
    }

    /// Records how to take the marks off again.
    fn record_marks(&mut self, base: &Workspace<'_>) -> Result<(), Refusal> {
        let keys: Vec<&str> = self
            .record
            .annotations()
            .map_err(|_| Refusal::SelfCheck("the record"))?
            .iter()
            .map(|(key, _)| *key)
            .collect();
        let root = base.root(self.target.document, GCFG_KEY)?;
        if let Some(object) = self.target.path.find(&root) {
            for (chain, keys) in [(LABELS, &[LABEL] as &[&str]), (ANNOTATIONS, &keys)] {
                let undo = Before::of(object, chain).undo(chain, keys);
                self.record.undo.extend(undo);
            }
        }
        for workload in &self.workloads {
            let root = base.root(workload.document, &self.target.name.name)?;
            let before = workload.path.find(&root);
            let before = before.map_or(Before::Filled, |o| Before::of(o, POD_ANNOTATIONS));
            self.record.workloads.push(WorkloadUndo {
                kind: workload.kind.clone(),
                name: workload.name.name.clone(),
                undo: before.undo(POD_ANNOTATIONS, &[CHECKSUM]),
            });
        }
        Ok(())
    }

    fn write(&self, workspace: &mut Workspace<'_>) -> Result<(), Refusal> {
        let Target {
            document,
            path,
            name,
            ..
        } = &self.target;
        let body = workspace.text(*document, GCFG_KEY)?;
        let body = set_text(body, &self.target.gcfg_path(), &self.gcfg).map_err(|error| {
            Refusal::Edit {
                object: format!("the ConfigMap {name}"),
                error,
            }
        })?;
        let mapping = |chain| Mapping {
            object: path,
            chain,
            name,
        };
        // Annotations first, so that the label comes to stand above them.
        let annotations = self
            .record
            .annotations()
            .map_err(|_| Refusal::SelfCheck("the record"))?;
        let annotations: Vec<_> = annotations.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let body = mapping(ANNOTATIONS).put(&body, &annotations)?;
        let body = mapping(LABELS).put(&body, &[(LABEL, OVERLAY)])?;
        workspace.set(*document, body);
        let checksum = sha256(&self.gcfg);
        for workload in &self.workloads {
            let body = workspace.text(workload.document, &name.name)?;
            let mapping = Mapping {
                object: &workload.path,
                chain: POD_ANNOTATIONS,
                name: &workload.name,
            };
            let body = mapping.put(body, &[(CHECKSUM, &checksum)])?;
            workspace.set(workload.document, body);
        }
        self.check_size(workspace)
    }

    fn check_size(&self, workspace: &Workspace<'_>) -> Result<(), Refusal> {
        let root = workspace.root(self.target.document, GCFG_KEY)?;
        let object = self.target.path.find(&root);
        let annotations = object.and_then(|object| object.at(ANNOTATIONS));
        let length = |node: &crate::yaml::Node| node.as_str().map_or(0, str::len);
        let size: usize = annotations.map_or(0, |annotations| {
            let entries = annotations.entries().iter();
            entries.map(|e| length(&e.key) + length(&e.value)).sum()
        });
        if size > ANNOTATIONS_LIMIT {
            return Err(Refusal::TooLarge(self.target.name.clone()));
        }
        Ok(())
    }

    fn report(&self, already_on: bool) -> report::ConfigMap {
        let record = &self.record;
        report::ConfigMap {
            namespace: self.target.name.namespace.clone(),
            name: self.target.name.name.clone(),
            already_on,
            settings: record
                .settings
                .iter()
                .map(|(setting, now)| report::Setting {
                    setting: setting.clone(),
                    was: record.originals.get(setting).cloned().unwrap_or_default(),
                    now: now.as_str().unwrap_or_default().to_owned(),
                })
                .collect(),
            workloads: self
                .workloads
                .iter()
                .map(|workload| format!("{}/{}", workload.kind, workload.name.name))
                .collect(),
        }
    }
}

/// Writes the plans, and checks that the result leads back to the very bytes. Where undoing alone
/// does not, the plans learn what the bytes were.
fn write_checked<'a>(
    base: &Workspace<'a>,
    plans: &mut [TargetEdits],
) -> Result<Workspace<'a>, Refusal> {
    for attempt in 0..2 {
        let mut laid = base.clone();
        for plan in plans.iter() {
            plan.write(&mut laid)?;
        }
        for document in laid.changed() {
            let parts = Stream::split(laid.bytes(document)).len();
            if parts != 1 {
                return Err(Refusal::SelfCheck("the number of documents"));
            }
        }
        let mut back = laid.clone();
        take_off_in(&mut back)?;
        let differing = back.differing(base);
        if differing.is_empty() {
            return Ok(laid);
        }
        if let (0, Some(plan)) = (attempt, plans.first_mut()) {
            for document in differing {
                let (now, then) = (back.text(document, LABEL)?, base.text(document, LABEL)?);
                plan.record.as_written.push(difference(now, then));
            }
            // One more annotation to take off, where they are taken off one by one.
            plan.record.undo = undo::undo(&plan.target.gcfg, &plan.gcfg);
            plan.record.workloads.clear();
            plan.record_marks(base)?;
        }
    }
    Err(Refusal::SelfCheck("taking the settings off again"))
}

/// What turns one text into another, as one replacement.
fn difference(now: &str, then: &str) -> AsWritten {
    let same = |a: &mut dyn Iterator<Item = (char, char)>| -> usize {
        a.take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len_utf8())
            .sum()
    };
    let prefix = same(&mut now.chars().zip(then.chars()));
    let (now_rest, then_rest) = (&now[prefix..], &then[prefix..]);
    let suffix = same(&mut now_rest.chars().rev().zip(then_rest.chars().rev()));
    AsWritten {
        sha256: sha256(now),
        at: prefix,
        delete: now_rest.len() - suffix,
        insert: then_rest[..then_rest.len() - suffix].to_owned(),
    }
}

//! The Secret that the values refer to.

use super::said;
use crate::chart::SECOND_FILE;
use crate::convert::account::Task;
use crate::convert::options::{Options, Secrets};
use crate::convert::plan::Plan;
use crate::convert::reason;
use crate::output::shell_word;
use crate::yaml::Map;

pub(super) fn secrets(plan: &mut Plan, options: &Options, base: &Map) {
    let Secrets::Reference(name) = &options.secrets else {
        return;
    };
    if !plan.needs_secret() {
        return;
    }
    if !plan.secret_file.is_empty() {
        let mut what = "environment variables and mounted files do not follow a Secret that changes: after a change to its credentials restart the server's pods".to_owned();
        if said(base, &["pod", "volumes"]) || said(base, &["pod", "volumeMounts"]) {
            what.push_str("; pod.volumes and pod.volumeMounts repeat the entries of your own values (--base), since Helm replaces lists: keep them in step");
        }
        plan.tasks.push(Task {
            code: reason::SECRET_FILE.into(),
            what,
            command: None,
        });
    }
    if let Some(file) = &options.secret_manifest {
        let file = file.display();
        plan.tasks.push(Task {
            code: reason::SECRET.into(),
            what: format!(
                "create Secret {} in the release's namespace, then delete {file}",
                name.as_str()
            ),
            command: Some(format!(
                "kubectl apply -f {}",
                shell_word(&file.to_string())
            )),
        });
        return;
    }
    let mut keys: Vec<&str> = plan.secrets.iter().map(|s| s.variable.as_str()).collect();
    if !plan.secret_file.is_empty() {
        keys.push(SECOND_FILE);
        let names: Vec<String> = plan
            .secret_file
            .iter()
            .map(|s| s.name.to_string())
            .collect();
        plan.tasks.push(Task {
            code: reason::SECRET.into(),
            what: format!(
                "Secret {} must exist in the release's namespace with the keys {}; --secret-out FILE writes its manifest. {SECOND_FILE} is a configuration file that sets {}",
                name.as_str(),
                keys.join(", "),
                names.join(", ")
            ),
            command: None,
        });
        return;
    }
    plan.tasks.push(Task {
        code: reason::SECRET.into(),
        what: format!(
            "Secret {} must exist in the release's namespace with {} {}; --secret-out FILE writes its manifest, or make it by typing KEY=value lines, ended with Ctrl-D",
            name.as_str(),
            if keys.len() == 1 { "the key" } else { "the keys" },
            keys.join(", ")
        ),
        command: Some(format!(
            "kubectl create secret generic {} --from-env-file=/dev/stdin",
            name.as_str()
        )),
    });
}

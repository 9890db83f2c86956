//! Where a command leads, so that one that is printed can be run as it stands from anywhere.

use crate::output::shell_word;

/// Namespace, context and kubeconfig as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CommandPlace {
    pub namespace: Option<String>,
    /// `None`: the kubeconfig's own.
    pub context: Option<String>,
    /// `None`: the one in the home directory. As in the variable, it may be a list.
    pub kubeconfig: Option<String>,
}

impl CommandPlace {
    /// A command of Helm's or of one of its plugins; `command` begins behind `helm`.
    pub(crate) fn helm(&self, command: &str) -> String {
        self.command("helm", command, "--kube-context", true)
    }

    /// The same of what no namespace holds.
    pub(crate) fn helm_anywhere(&self, command: &str) -> String {
        self.command("helm", command, "--kube-context", false)
    }

    pub(crate) fn kubectl(&self, command: &str) -> String {
        self.command("kubectl", command, "--context", true)
    }

    pub(crate) fn kubectl_anywhere(&self, command: &str) -> String {
        self.command("kubectl", command, "--context", false)
    }

    fn command(&self, program: &str, command: &str, context: &str, in_namespace: bool) -> String {
        let mut text = String::new();
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let kubeconfig = given(&self.kubeconfig);
        // The flag takes one file.
        let is_list = |list: &String| std::env::split_paths(list).count() > 1;
        if let Some(list) = kubeconfig.as_ref().filter(|list| is_list(list)) {
            text.push_str(&format!("KUBECONFIG={} ", shell_word(list)));
        }
        text.push_str(&format!("{program} {command}"));
        let namespace = given(&self.namespace).filter(|_| in_namespace);
        for (flag, value) in [
            ("-n", namespace),
            (context, given(&self.context)),
            ("--kubeconfig", kubeconfig.filter(|list| !is_list(list))),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(" {flag} {}", shell_word(&value)));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_leads_to_where_the_last_one_did() {
        let mut place = CommandPlace {
            namespace: Some("ns".to_owned()),
            context: Some("prod eu".to_owned()),
            kubeconfig: Some("/k/config".to_owned()),
        };
        assert_eq!(
            place.helm("list"),
            "helm list -n ns --kube-context 'prod eu' --kubeconfig /k/config"
        );
        assert_eq!(
            place.kubectl_anywhere("get nodes"),
            "kubectl get nodes --context 'prod eu' --kubeconfig /k/config"
        );
        let list = std::env::join_paths(["/a", "/b"]).unwrap();
        place.kubeconfig = list.into_string().ok();
        place.context = Some(String::new());
        let list = shell_word(place.kubeconfig.as_deref().unwrap());
        assert_eq!(
            place.kubectl("get pods"),
            format!("KUBECONFIG={list} kubectl get pods -n ns")
        );
        assert_eq!(CommandPlace::default().helm("list"), "helm list");
    }
}

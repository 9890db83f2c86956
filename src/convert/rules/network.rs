//! Addresses that the server listens on or is known by.

use super::Context;
use crate::convert::account::{Action, Task};
use crate::convert::reason;
use crate::convert::verdict::{ChartValue, Effect, Verdict};

/// The chart's port for Connect.
const POD_PORT: u16 = 3939;

/// Decides about `HTTP.Listen`: the pod, the service and the probes must use its port.
pub(crate) fn listen(property: &str, value: &str) -> Option<Verdict> {
    if property != "Listen" {
        return None;
    }
    let Some((host, port)) = split(value) else {
        return Some(
            Verdict::new(
                Action::Review,
                reason::LISTEN_ADDRESS,
                format!("no host:port with a port number; the pod listens on :{POD_PORT} instead"),
            )
            .keeping(vec![format!(":{POD_PORT}")]),
        );
    };
    // A process without root's rights cannot open a port below 1024, and the image's user has none.
    let pod_port = if port < 1024 { POD_PORT } else { port };
    let everywhere = matches!(host, "" | "0.0.0.0" | "[::]" | "*");
    let listen = if everywhere && pod_port == port {
        value.to_owned()
    } else {
        format!(":{pod_port}")
    };
    let number = u32::from(pod_port);
    let mut verdict = match (everywhere, pod_port == port) {
        (true, true) => Verdict::new(
            Action::Chart,
            reason::LISTEN_ADDRESS,
            "the pod, the service and the probes use its port",
        ),
        (false, _) => Verdict::new(
            Action::Chart,
            reason::LISTEN_ADDRESS,
            format!("in a pod the server must listen on every address, not on {host} alone: :{pod_port}"),
        ),
        (true, false) => Verdict::new(
            Action::Chart,
            reason::LISTEN_ADDRESS,
            format!("the pod listens on :{pod_port}, since ports below 1024 need root; the service or the ingress offers port {port}"),
        ),
    }
    .keeping(vec![listen])
    .to("config.HTTP.Listen");
    if pod_port != POD_PORT {
        for path in [
            "pod.port",
            "service.targetPort",
            "livenessProbe.httpGet.port",
            "startupProbe.httpGet.port",
            "readinessProbe.httpGet.port",
        ] {
            verdict
                .effects
                .push(Effect::Value(path, ChartValue::Number(number)));
        }
        verdict.target = Some("pod.port".to_owned());
    }
    Some(verdict)
}

/// Decides about `Server.Address`, which users, links and identity providers know.
pub(crate) fn address(context: &Context<'_>, property: &str, value: &str) -> Option<Verdict> {
    if property != "Address" {
        return None;
    }
    Some(match &context.options.address {
        Some(address) if address == value => Verdict::new(
            Action::Keep,
            reason::PUBLIC_ADDRESS,
            "stays as --address says",
        )
        .keeping(vec![value.to_owned()]),
        Some(address) => Verdict::new(
            Action::Review,
            reason::PUBLIC_ADDRESS,
            format!("replaced by {address} (--address); register the new address with identity providers that call back to the old one"),
        )
        .keeping(vec![address.clone()]),
        None if value.is_empty() => Verdict::new(
            Action::Review,
            reason::PUBLIC_ADDRESS,
            "empty, which cannot work: say the server's public URL with --address",
        )
        .keeping(vec![String::new()]),
        None => Verdict::new(
            Action::Review,
            reason::PUBLIC_ADDRESS,
            "kept; the new server must answer under it (point its name at the ingress), or say the new one with --address, since links, SAML and OAuth callbacks depend on it",
        )
        .keeping(vec![value.to_owned()]),
    })
}

/// The task for an input without `Server.Address`.
pub(crate) fn address_missing() -> Task {
    Task {
        code: reason::PUBLIC_ADDRESS.into(),
        what: "Server.Address is not set, or empty: say the server's public URL with --address URL, since links in mails, SAML and OAuth callbacks depend on it".to_owned(),
        command: None,
    }
}

/// The port of `host:port`, where the host may be empty or an IPv6 address in brackets.
pub(crate) fn split(value: &str) -> Option<(&str, u16)> {
    let (host, port) = value.trim().rsplit_once(':')?;
    let port = port.parse().ok().filter(|&port| port > 0)?;
    (!host.contains(':') || host.starts_with('[') && host.ends_with(']')).then_some((host, port))
}

use std::collections::HashSet;

use super::*;
use crate::settings::{Fate, Secrecy};

fn plain(section: &str, property: &str) -> SettingName {
    SettingName::new(Section::plain(section), property)
}

fn named(section: &str, subsection: &str, property: &str) -> SettingName {
    SettingName::new(Section::named(section, subsection), property)
}

#[test]
fn the_catalogue_is_as_large_as_it_was() {
    let catalogue = Catalogue::builtin();
    assert!(catalogue.entries().len() >= 360);
    assert!(catalogue.sections().len() >= 44);
    let indexed: usize = catalogue.by_name.values().map(|i| i.entries.len()).sum();
    assert_eq!(indexed, catalogue.entries().len(), "names are unique");
}

#[test]
fn every_reason_reads_as_sentences() {
    for entry in Catalogue::builtin().entries() {
        let name = format!("{}.{}", entry.section, entry.property);
        let reason = &entry.reason;
        assert!(
            reason.len() >= 15 && reason.len() <= 260,
            "{name}: {reason}"
        );
        assert!(reason.ends_with('.'), "{name}: {reason}");
        assert!(!reason.contains("Unconfirmed"), "{name}: {reason}");
        assert!(!reason.contains("  "), "{name}: {reason}");
    }
}

#[test]
fn every_code_is_used() {
    // It belongs to settings that the catalogue cannot name.
    let mut used = HashSet::from(["unknown-setting"]);
    let catalogue = Catalogue::builtin();
    used.extend(catalogue.entries().iter().map(|e| e.code.as_str()));
    let explained: HashSet<&str> = catalogue.codes.keys().map(String::as_str).collect();
    assert_eq!(used, explained);
}

#[test]
fn fields_agree_with_each_other() {
    let catalogue = Catalogue::builtin();
    for entry in catalogue.entries() {
        let name = format!("{}.{}", entry.section, entry.property);
        if let Some(default) = &entry.default {
            assert!(entry.value_type.check(default).is_ok(), "{name}: {default}");
        }
        for value in &entry.keep_when {
            assert!(entry.value_type.check(value).is_ok(), "{name}: {value}");
        }
        assert!(
            entry.keep_when.is_empty() || entry.fate != Fate::Keep,
            "{name}"
        );
        if let Some(successor) = entry.successor(entry.named.then_some("x")) {
            let successor = catalogue.lookup(&successor);
            assert!(successor.is_some_and(|s| s.fate != Fate::Block), "{name}");
        }
        let old_name = entry.code == "renamed-setting";
        assert!(!old_name || entry.renamed_to.is_some(), "{name}");
        let credential = entry.secrecy == Secrecy::Value;
        let drops = entry.fate == Fate::Drop;
        assert!(
            !credential || drops || entry.code.starts_with("credential"),
            "{name}"
        );
    }
}

#[test]
fn names_are_found_in_any_case_and_come_back_canonical() {
    let catalogue = Catalogue::builtin();
    let entry = catalogue.lookup(&plain("hTtP", "LISTEN")).unwrap();
    assert_eq!(entry.canonical_name(None).to_string(), "HTTP.Listen");
    assert_eq!(entry.fate, Fate::Chart);

    let name = named("ldap", "Corp \"AD\"", "binddn");
    assert_eq!(
        catalogue.canonical_name(&name).to_string(),
        r#"LDAP "Corp \"AD\"".BindDN"#
    );
    assert_eq!(
        catalogue
            .canonical_name(&plain("server", "colour"))
            .to_string(),
        "Server.colour"
    );
    assert_eq!(
        catalogue.canonical_name(&plain("no", "x")).to_string(),
        "no.x"
    );
    assert!(catalogue.section("rpackagerepository").unwrap().named);
}

#[test]
fn named_and_plain_sections_are_not_confused() {
    let catalogue = Catalogue::builtin();
    assert!(catalogue.lookup(&plain("LDAP", "BindDN")).is_none());
    assert!(catalogue.lookup(&named("Server", "x", "Address")).is_none());
}

#[test]
fn environment_variables_follow_the_documented_pattern() {
    let catalogue = Catalogue::builtin();
    let variable = |name: SettingName| catalogue.environment_variable(&name);
    assert_eq!(
        variable(plain("postgres", "password")).as_deref(),
        Some("CONNECT_POSTGRES_PASSWORD")
    );
    assert_eq!(
        variable(plain("Server", "NotYetKnown")).as_deref(),
        Some("CONNECT_SERVER_NOTYETKNOWN")
    );
    assert_eq!(variable(named("LDAP", "x", "BindPassword")), None);
    assert_eq!(variable(plain("LDAP", "BindPassword")), None);
    assert_eq!(variable(plain("GitCredential", "Password")), None);
    assert_eq!(variable(plain("Server", "No-Shell-Name")), None);
}

#[test]
fn some_values_carry_over_whatever_the_setting() {
    let catalogue = Catalogue::builtin();
    let decide = |section, property, value| {
        let entry = catalogue.lookup(&plain(section, property)).unwrap();
        entry.decide(value).fate
    };
    assert_eq!(decide("Database", "Provider", Some("sqlite")), Fate::Block);
    assert_eq!(decide("Database", "Provider", Some("Postgres")), Fate::Keep);
    assert_eq!(decide("Server", "EmailProvider", Some("smtp")), Fate::Keep);
    assert_eq!(
        decide("Server", "EmailProvider", Some("sendmail")),
        Fate::Review
    );
    assert_eq!(
        decide("Applications", "RunAsCurrentUser", Some("off")),
        Fate::Keep
    );
    assert_eq!(
        decide("Applications", "RunAsCurrentUser", None),
        Fate::Review
    );
    assert_eq!(decide("HTTP", "ForceSecure", None), Fate::Keep);
}

#[test]
fn renamed_settings_know_their_successors() {
    let catalogue = Catalogue::builtin();
    let entry = catalogue
        .lookup(&named("LDAP", "a", "WhitelistedLoginGroups"))
        .unwrap();
    assert_eq!(
        entry.successor(Some("a")).unwrap().to_string(),
        "LDAP \"a\".PermittedLoginGroup"
    );
}

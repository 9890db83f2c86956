//! docs/diagnostics.md: each code comes out of the program, in brackets and with its place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use connect_migrate::diagnostic::Code;

use crate::support::connect_migrate;

const GOOD: &str = "[Server]\nAddress = https://c.example.com\n[Database]\nProvider = postgres\n";

/// What standard error says of a command that finds its input invalid, and writes nothing.
fn said(folder: &Path, args: &[&str]) -> String {
    let output = connect_migrate()
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("CONNECT_SERVER", "http://127.0.0.1:1")
        .env("CONNECT_API_KEY", "k")
        .args(args)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?}");
    said
}

/// The first example below each heading of the page.
fn examples() -> BTreeMap<String, String> {
    let page = fs::read_to_string("docs/diagnostics.md").unwrap();
    let mut examples = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let (code, text) = section.split_once('\n').unwrap();
        let lines = text.lines().skip_while(|line| !line.starts_with("    "));
        let example: String = lines
            .map_while(|line| match line {
                "" => Some("\n".to_owned()),
                line => line.strip_prefix("    ").map(|line| format!("{line}\n")),
            })
            .collect();
        examples.insert(code.to_owned(), example);
    }
    examples
}

#[test]
fn each_example_of_a_configuration_has_the_code_of_its_entry() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for (code, example) in examples() {
        let of_gcfg = code.starts_with("gcfg-")
            || ["word-below-credential", "setting-without-value"].contains(&&*code);
        if !of_gcfg || example.is_empty() {
            continue;
        }
        seen += 1;
        // Most examples are lines of some section.
        let header = match code.as_str() {
            "gcfg-expected-section-header" => "",
            _ => "[Section]\n",
        };
        fs::write(folder.path().join("c.gcfg"), format!("{header}{example}")).unwrap();
        let said = said(folder.path(), &["values", "--from", "c.gcfg"]);
        assert!(said.contains(&format!("error[{code}]: ")), "{code}: {said}");
        assert!(said.contains("c.gcfg:"), "{code}: {said}");
    }
    assert!(seen > 10, "{seen} examples");
}

/// The code, the file that is to blame with its text, the command, and the place that is named.
type Case = (
    &'static str,
    &'static str,
    &'static [u8],
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    (
        "gcfg-nul",
        "bad",
        b"[Server]\nAddress = \0\n",
        "values --from bad",
        "bad:2:11",
    ),
    (
        "gcfg-not-utf8",
        "bad",
        b"[Server]\n; caf\xe9\n",
        "values --from bad",
        "bad:2:6",
    ),
    (
        "not-utf8",
        "bad",
        b"a: \xe9\n",
        "diff --from good.gcfg -f bad",
        "bad:1:4",
    ),
    (
        "credential-in-header",
        "bad",
        b"[LDAP \"password=hunter22\"]\nX = 1\n",
        "values --from bad",
        "bad:1:",
    ),
    (
        "value-not-carried",
        "bad",
        b"[Server]\nAddress = a\xc2\x85b\n",
        "values --from bad",
        "bad:2:1",
    ),
    (
        "values-spelling",
        "bad",
        b"config:\n  server:\n    address: x\n",
        "values --from good.gcfg --base bad",
        "bad:3:5",
    ),
    (
        "trial-harms-production",
        "bad",
        b"config: {Server: {Address: 'https://c.example.com'}}\n",
        "values --from good.gcfg --trial --trial-database postgres://c@copy/c --base bad",
        "bad:1:19",
    ),
    (
        "values-not-yaml",
        "bad",
        b"a: 1\nb: [\n",
        "gcfg -f bad",
        "bad:3:1",
    ),
    (
        "values-wrapped",
        "bad",
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n",
        "gcfg -f bad",
        "bad:1:1",
    ),
    (
        "values-encrypted",
        "bad",
        b"config: {}\nsops: {mac: x, version: 3.9.0}\n",
        "gcfg -f bad",
        "bad:1:1",
    ),
    (
        "values-unreadable",
        "bad",
        b"sharedStorage: {create: true}\nconfig:\n  SMTP:\n    User: 'CORP\\svc'\n",
        "values --from good.gcfg --base bad",
        "bad:4:11",
    ),
    (
        "chart-refuses-values",
        "bad",
        b"launcher: {enabled: true}\n",
        "diff --from good.gcfg -f bad",
        "",
    ),
    (
        "manifest-unusable",
        "bad",
        b"kind: Service\n",
        "diff --from good.gcfg --manifest bad",
        "bad",
    ),
    (
        "content-guid-invalid",
        "bad",
        b"# sales\nno guid\n",
        "rebuild --guids-file bad",
        "bad:2:1",
    ),
    (
        "inventory-invalid",
        "bad",
        b"content:\n  - title: x\n",
        "validate --from bad",
        "bad:2:5",
    ),
    (
        "images-invalid",
        "bad",
        b"- name: a b\n",
        "values --from good.gcfg --inventory few.yaml --images bad",
        "bad:1:9",
    ),
    (
        "evidence-invalid",
        "bad",
        b"{\"checks\": [\n  {]}",
        "report --check bad",
        "bad:2:4",
    ),
    (
        "announcement-overridden",
        "rstudio-connect-migration.gcfg",
        b"[Server]\nPublicWarning = theirs\n",
        "announce --from rstudio-connect.gcfg --message x",
        "rstudio-connect-migration.gcfg:2:1",
    ),
    (
        "announcement-changed",
        "announced.gcfg",
        b"[Server]\nPublicWarning = theirs\n",
        "announce --from announced.gcfg --off",
        "announced.gcfg:2:1",
    ),
];

#[test]
fn every_other_code_comes_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    write("good.gcfg", GOOD.as_bytes());
    write("rstudio-connect.gcfg", GOOD.as_bytes());
    write(
        "few.yaml",
        b"content: [{guid: 11111111-1111-4111-8111-111111111111, r: 4.2.3}]\n",
    );
    write("announced.gcfg", GOOD.as_bytes());
    connect_migrate()
        .current_dir(folder.path())
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .args(["announce", "--from", "announced.gcfg", "--message", "x"])
        .assert()
        .success();
    let examples = examples();
    for code in Code::ALL {
        let code = code.as_str();
        let has_example = code.starts_with("gcfg-")
            || ["word-below-credential", "setting-without-value"].contains(&code);
        let cases: Vec<_> = CASES.iter().filter(|case| case.0 == code).collect();
        assert!(
            !cases.is_empty() || has_example && !examples[code].is_empty(),
            "{code} has no case"
        );
        for (_, name, text, args, place) in cases {
            write(name, text);
            let args: Vec<&str> = args.split(' ').collect();
            let said = said(folder.path(), &args);
            assert!(said.contains(&format!("error[{code}]: ")), "{code}: {said}");
            assert!(said.contains(place), "{code}: {place}: {said}");
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::diagnostic::InvalidInput;
use crate::effective::Comparison;
use crate::gcfg::{Item, parse_text, write};
use crate::yaml::{Block, Tree};

fn back(values: &str) -> VmConfiguration {
    try_back(&[values]).unwrap()
}

fn try_back(values: &[&str]) -> anyhow::Result<VmConfiguration> {
    let files: Vec<_> = values
        .iter()
        .map(|text| ValuesFile::of_text("values", text).unwrap())
        .collect();
    to_gcfg(Inputs {
        files: &files,
        chart: &Chart::built_in().unwrap(),
        release: &Release::new("rel", "ns"),
    })
}

/// The values with the chart's own configuration taken away.
const BARE: &str = "
prometheus: {enabled: false}
backends: {kubernetes: {enabled: false}}
config:
  HTTP: null
  Authentication: null
  'RPackageRepository \"CRAN\"': null
  'RPackageRepository \"RSPM\"': null
  Server: null
  Python: null
  Quarto: null
  TensorFlow: null
  Scheduler: null
  Logging: null
  Chronicle: null
";

#[test]
fn the_file_keeps_the_order_of_the_values_and_says_what_is_missing() {
    let local = back(&format!(
        "{BARE}
  Zed: {{Two: '2', One: ['1', \"say \\\"x\\\"\"]}}
  'LDAP \"corp\"': {{BindDN: a, TLSCACertificate: /etc/certs/ca.pem}}
  Launcher: {{Enabled: true}}
  Logging: {{ServiceLog: STDOUT, ServiceLogLevel: DEBUG}}
sharedStorage: {{mount: true, path: /data}}
pod:
  volumeMounts: [{{name: certs, mountPath: /etc/certs/}}]
  env:
    - {{name: CONNECT_POSTGRES_PASSWORD, valueFrom: {{secretKeyRef: {{name: s, key: pw}}}}}}
    - {{name: CONNECT_SERVER_ADDRESS, value: 'http://h/'}}
    - {{name: OTHER, value: x}}
"
    ));
    insta::assert_snapshot!(local.text, @r#"
    ; Written by helm connect-migrate gcfg: what the chart's values say, for a server that
    ; runs content on its own machine.

    [Logging]
    ; ServiceLog: a pod logs to its output; without the setting Connect logs to files
    ServiceLogLevel = DEBUG
    ServiceLogFormat = TEXT
    ; AccessLog: a pod logs to its output; without the setting Connect logs to files
    AccessLogFormat = COMMON

    [Zed]
    Two = 2
    One = 1
    One = say x

    [LDAP "corp"]
    BindDN = a
    ; TLSCACertificate: the path lies on the pod's volume certs; copy the file or name another
    TLSCACertificate = /etc/certs/ca.pem

    [Postgres]
    ; Password: put it back from Secret s key pw
    ; Password =

    [Server]
    Address = http://h/
    ; DataDir: from sharedStorage.path; config does not set it
    DataDir = /data

    ; Left out:
    ;   Launcher.Enabled: it is about content in pods; here content runs on the server's machine
    "#);
    insta::assert_snapshot!(table(&local.report), @r#"
    restore Postgres.Password: put it back from Secret s key pw
    review  LDAP "corp".TLSCACertificate: the path lies on the pod's volume certs; copy the file or name another
    review  Server.DataDir: from sharedStorage.path; config does not set it
    drop    Logging.ServiceLog: a pod logs to its output; without the setting Connect logs to files
    drop    Logging.AccessLog: a pod logs to its output; without the setting Connect logs to files
    drop    Launcher.Enabled: it is about content in pods; here content runs on the server's machine
    values  sharedStorage: bring the data of the volume into the data directory
    values  pod.env OTHER: it is no setting; set it for the server's service if it is needed
    7 kept, 2 to look at, 1 to put back, 3 left out
    "#);
}

#[test]
fn values_that_render_to_no_gcfg_are_refused_with_a_place() {
    let error = try_back(&["config: {A_B: {K: v}}"]).unwrap_err();
    let invalid: InvalidInput = error.downcast().unwrap();
    assert!(invalid.to_string().contains("A_B") || invalid.0[0].place.is_some());
}

/// Name, subsection, and settings with their values.
type SectionParts = (String, Option<String>, Vec<(String, Vec<String>)>);

/// Sections that the catalogue does not know: their repeated settings are lists.
fn settings() -> impl Strategy<Value = Vec<SectionParts>> {
    let value = prop_oneof![
        "[ -~]{0,16}",
        "[\\t\\n -~é日\u{1F600};#\"\\\\]{0,12}",
        Just("C:\\data".to_owned()),
        Just(String::new()),
    ];
    let section = (
        "[A-Z][a-z]{1,6}-x",
        prop::option::of("[ -~]{1,8}"),
        prop::collection::vec(
            ("[A-Z][a-z0-9-]{0,6}", prop::collection::vec(value, 1..3)),
            0..5,
        ),
    );
    prop::collection::vec(section, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn there_and_back_means_the_same(sections in settings()) {
        let mut file = String::new();
        let mut values = Block::new();
        for (name, subsection, settings) in &sections {
            let section = Section { name: name.clone(), subsection: subsection.clone() };
            file.push_str(&format!("[{section}]\n"));
            let block = values.block("config").block(&section.to_string());
            for (key, texts) in settings {
                for text in texts {
                    file.push_str(&format!("{key} = {}\n", write::value(text).unwrap()));
                }
                // A repeated key adds to its list, whatever its case; here the first stands.
                if block.entry(key).is_some() {
                    continue;
                }
                let texts: Vec<String> = texts
                    .iter()
                    .map(|text| write::value(text).unwrap().into_owned())
                    .collect();
                block.add(key.clone(), Tree::from(texts));
            }
        }
        let unique = sections.iter().all(|(_, _, settings)| {
            let mut names: Vec<_> = settings.iter().map(|(name, _)| name).collect();
            names.sort();
            names.windows(2).all(|pair| pair[0] != pair[1])
        });
        let mut names: Vec<_> = sections.iter().map(|(name, sub, _)| (name, sub)).collect();
        names.sort();
        prop_assume!(unique && names.windows(2).all(|pair| pair[0] != pair[1]));

        let local = try_back(&[BARE, &values.to_yaml()]).unwrap_or_else(|error| panic!("{error}\n{file}"));
        let before = parse_text("before", &file).unwrap();
        let after = parse_text("after", &local.text).unwrap();
        let comparison = Comparison::new(
            &Effective::of_documents([&before]),
            &Effective::of_documents([&after]),
        );
        prop_assert!(!comparison.differs(), "{file}\n{}\n{comparison:?}", local.text);
        // Sections count by being there.
        let headers = |document: &Document| -> HashSet<SectionKey> {
            document.items().iter().filter_map(|item| match item {
                Item::Header(header) => Some(header.section.key()),
                _ => None,
            }).collect()
        };
        prop_assert_eq!(headers(&before), headers(&after));
    }
}

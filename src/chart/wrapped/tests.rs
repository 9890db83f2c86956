use crate::chart::ValuesFile;
use crate::yaml::Value;

fn read(text: &str) -> Result<String, String> {
    ValuesFile::of_text("my.yaml", text)
        .map(|file| Value::Map(file.values).formatted())
        .map_err(|error| {
            let first = &error.0[0];
            format!("{}: {}", first.code, first.message)
        })
}

#[test]
fn values_are_taken_from_where_their_kind_has_them() {
    let want = Ok("map[config:map[A:map[B:1]]]".to_owned());
    for text in [
        "config: {A: {B: 1}}",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values: {config: {A: {B: 1}}}\n",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {config: {A: {B: 1}}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    helm:\n      values: |\n        config:\n          A: {B: 1}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  sources:\n    - {ref: x}\n    - helm: {valuesObject: {config: {A: {B: 1}}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {source: {helm: {valuesObject: {config: {A: {B: 1}}}}}}}}\n",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec:\n  valuesContent: |-\n    config: {A: {B: 1}}\n",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nspec:\n  valuesContent: 'config: {A: {B: 1}}'\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {parameters: [{name: config.A.B, value: '1'}]}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {values: 'config: {A: {B: 2}}', parameters: [{name: config.A.B, value: '1'}]}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {valuesObject: {config: {A: {B: 2}}}, parameters: [{name: config.A.B, value: '1'}]}}}\n",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: helm.toolkit.fluxcd.io/v2\n  kind: HelmRelease\n  spec: {values: {config: {A: {B: 1}}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationList\nitems:\n- apiVersion: argoproj.io/v1alpha1\n  kind: Application\n  spec: {source: {helm: {valuesObject: {config: {A: {B: 1}}}, values: null}}}\n",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace}\n- {apiVersion: v1, kind: List, items: [{apiVersion: helm.cattle.io/v1, kind: HelmChart, spec: {valuesContent: 'config: {A: {B: 1}}'}}]}\n",
        "global: {x: 1}\nconnect: {config: {A: {B: 1}}}\n",
    ] {
        assert_eq!(read(text), want, "{text}");
    }
}

#[test]
fn what_cannot_be_taken_is_refused() {
    for text in [
        "apiVersion: v1\nkind: ConfigMap\ndata: {values.yaml: 'config: {}'}\n",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {valuesFrom: [{kind: ConfigMap, name: x}], values: {}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {parameters: [{name: 'a[0].b', value: b}], values: 'config: {}'}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {valuesObject: {config: {}}, values: 'config: {A: {B: 1}}'}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {source: {helm: {valuesObject: {config: {A: {B: '{{ .url }}'}}}}}}}}\n",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {chart: {spec: {valuesFiles: [a.yaml]}}, values: {}}\n",
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec: {valuesSecrets: [{name: x}], valuesContent: ''}\n",
        "environments: {default: {}}\n---\nreleases: [{name: c}]\n",
        "config: {A: {B: 1}}\nrstudio-connect: {config: {A: {B: 2}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {valueFiles: [a.yaml]}}}\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec: {template: {spec: {source: {helm: {values: 'config: {Server: {Address: \"{{url}}\"}}'}}}}}\n",
        "releases:\n  - {name: connect, chart: rstudio/rstudio-connect}\n",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {values: {config: {A: {B: 1}}}}\n---\nconfig: {A: {B: 2}}\n",
        "a: {config: {}}\nb: {config: {}}\n",
        "apiVersion: v1\nkind: List\nitems: []\n",
        "apiVersion: v1\nkind: List\nitems: {config: {A: {B: 1}}}\n",
        "apiVersion: v1\nkind: List\nitems:\n- {config: {A: {B: 1}}}\n- {apiVersion: helm.cattle.io/v1, kind: HelmChart}\n",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: helm.cattle.io/v1, kind: HelmChart}\n- {apiVersion: helm.cattle.io/v1, kind: HelmChart}\n",
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with("values-wrapped: "), "{text}: {error}");
    }
    for text in [
        "config: {A: {B: 'ENC[AES256_GCM,data:x,iv:y]'}}\n",
        "config: {}\nsops: {mac: x, version: 3.9.0}\n",
    ] {
        assert!(read(text).unwrap_err().starts_with("values-encrypted: "));
    }
}

#[test]
fn parameters_are_read_as_on_the_command_line() {
    let read = |name: &str, value: &str, more: &str| {
        let text = format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {{source: {{helm: {{parameters: [{{name: '{name}', value: '{value}'{more}}}]}}}}}}\n"
        );
        let file = ValuesFile::of_text("a.yaml", &text).unwrap();
        Value::Map(file.values).to_json().to_string()
    };
    for (value, more, want) in [
        ("true", "", "true"),
        ("null", "", "null"),
        ("12", "", "12"),
        ("true", ", forceString: true", r#""true""#),
        ("1000000", "", r#""1000000""#),
        ("0755", "", r#""0755""#),
        ("1.5", "", r#""1.5""#),
        ("{a,b}", "", r#"["a","b"]"#),
    ] {
        assert_eq!(
            read("a.b", value, more),
            format!(r#"{{"a":{{"b":{want}}}}}"#)
        );
    }
    assert_eq!(read("a\\.b", "x", ""), r#"{"a.b":"x"}"#);
}

#[test]
fn a_part_without_configuration_is_found_too() {
    assert_eq!(
        read("connect: {sharedStorage: {create: true}}\ngrafana: {x: 1}\n"),
        Ok("map[sharedStorage:map[create:true]]".to_owned())
    );
}

#[test]
fn what_names_values_elsewhere_says_which() {
    let error = read("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {valuesFrom: [{kind: Secret, name: prod}], values: {}}\n").unwrap_err();
    assert!(error.contains("Secret prod"), "{error}");
    let error = read("apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {helm: {valueFiles: [a.yaml, $values/b.yaml]}}}\n").unwrap_err();
    assert!(error.contains("a.yaml, $values/b.yaml"), "{error}");
}

/// What is of another type than the object takes would count as none.
#[test]
fn what_has_another_shape_is_refused_with_its_place() {
    let flux = |spec: &str| {
        format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec: {spec}\n")
    };
    let argo = |helm: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {{source: {{helm: {helm}}}}}\n"
        )
    };
    let k3s =
        |spec: &str| format!("apiVersion: helm.cattle.io/v1\nkind: HelmChart\nspec: {spec}\n");
    for (text, key) in [
        (flux("foo"), "spec"),
        (flux("[]"), "spec"),
        (flux("{values: foo}"), "values"),
        (flux("{values: [a]}"), "values"),
        (flux("{values: {}, valuesFrom: foo}"), "valuesFrom"),
        (
            flux("{chart: {spec: {valuesFiles: a.yaml}}}"),
            "valuesFiles",
        ),
        (flux("{chart: foo}"), "chart"),
        (argo("foo"), "helm"),
        (argo("{parameters: foo}"), "parameters"),
        (argo("{parameters: {a: b}}"), "parameters"),
        (argo("{values: {config: {A: {B: 1}}}}"), "values"),
        (
            argo("{valuesObject: 'config: {A: {B: 1}}'}"),
            "valuesObject",
        ),
        (argo("{valueFiles: a.yaml}"), "valueFiles"),
        (argo("{fileParameters: a}"), "fileParameters"),
        (k3s("foo"), "spec"),
        (k3s("{valuesContent: {config: {}}}"), "valuesContent"),
        (k3s("{valuesSecrets: a}"), "valuesSecrets"),
    ] {
        let error = ValuesFile::of_text("my.yaml", &text).unwrap_err();
        let error = &error.0[0];
        assert_eq!(error.code.as_str(), "values-wrapped", "{text}");
        assert!(
            error.message.starts_with(&format!("{key} of the ")),
            "{text}: {}",
            error.message
        );
        assert_eq!(error.place.as_ref().unwrap().position().line, 3, "{text}");
        assert!(error.help.is_some());
    }
}

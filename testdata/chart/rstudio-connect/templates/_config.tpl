{{- /* One setting of [Kubernetes], or nothing when it is empty or not there. */}}
{{- define "connect.kubernetesSetting" -}}
{{- with dig "Kubernetes" .key "" .root.Values.config }}{{ . }}{{ end -}}
{{- end }}

{{- /* The configuration file: what the values ask for, then `config` over it. */}}
{{- define "connect.config" -}}
{{- $own := deepCopy .Values.config -}}
{{- $made := dict -}}
{{- $claim := "" -}}
{{- if and (include "connect.stored" .) .Values.sharedStorage.mountContent }}
  {{- $claim = include "connect.claim" . -}}
{{- end -}}
{{- with .Values.launcher }}
  {{- if .enabled }}
    {{- $launcher := dict "Enabled" "true" "Kubernetes" "true" -}}
    {{- $_ := set $launcher "KubernetesNamespace" (.namespace | default $.Release.Namespace) -}}
    {{- $_ := set $launcher "KubernetesProfilesConfig" "/etc/rstudio-connect/launcher/launcher.kubernetes.profiles.conf" -}}
    {{- $_ := set $launcher "KubernetesUseTemplates" (ternary "true" "false" (not (not .useTemplates))) -}}
    {{- if $claim }}{{ $_ := set $launcher "DataDirPVCName" $claim }}{{ end -}}
    {{- if .useTemplates }}
      {{- $scratch := $.Values.config.Launcher.KubernetesScratchPath | default "/var/lib/rstudio-connect-launcher" -}}
      {{- $_ := set $launcher "ScratchPath" $scratch -}}
    {{- end -}}
    {{- $_ := set $made "Launcher" $launcher -}}
  {{- end -}}
{{- end -}}
{{- with .Values.backends.kubernetes }}
  {{- if .enabled }}
    {{- $kubernetes := dict "Enabled" "true" "Namespace" (.namespace | default $.Release.Namespace) -}}
    {{- if $claim }}
      {{- $_ := set $kubernetes "DataDirPVCName" $claim -}}
      {{- with $.Values.sharedStorage.subPath }}{{ $_ := set $kubernetes "DataDirPVCSubPath" . }}{{ end -}}
    {{- end -}}
    {{- $job := include "connect.kubernetesSetting" (dict "root" $ "key" "DefaultResourceJobBase") -}}
    {{- $_ := set $kubernetes "DefaultResourceJobBase" ($job | default "/etc/rstudio-connect/job.yaml") -}}
    {{- if .defaultResourceServiceBase }}
      {{- $service := include "connect.kubernetesSetting" (dict "root" $ "key" "DefaultResourceServiceBase") -}}
      {{- $_ := set $kubernetes "DefaultResourceServiceBase" ($service | default "/etc/rstudio-connect/service.yaml") -}}
    {{- end -}}
    {{- if .defaultInitContainer.enabled }}
      {{- $_ := set $kubernetes "ConnectRuntimeDir" "/opt/rstudio-connect-runtime" -}}
    {{- end -}}
    {{- $_ := set $made "Kubernetes" $kubernetes -}}
  {{- end -}}
{{- end -}}
{{- if hasKey $own "Kubernetes" }}
  {{- range list "DefaultResourceJobBase" "DefaultResourceServiceBase" "ConnectRuntimeDir" }}
    {{- if not (dig "Kubernetes" . "" $own) }}{{ $_ := unset $own.Kubernetes . }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- if .Values.executionEnvironments }}
  {{- $_ := set $made "ExecutionEnvironments" (dict "ConfigFilePath" "/etc/rstudio-connect/execution-environments/environments.yaml") -}}
{{- end -}}
{{- if .Values.license.server }}{{ $_ := set $made "Licensing" (dict "LicenseType" "Remote") }}{{ end -}}
{{- if .Values.prometheus.enabled }}
  {{- $_ := set $made "Metrics" (dict "PrometheusListen" (print ":" .Values.prometheus.port)) -}}
{{- end -}}
{{- include "connect.gcfg" (mergeOverwrite $made $own) -}}
{{- end }}

{{- /* A mapping of mappings as `[Section]` and `Key = value`, without any quoting. */}}
{{- define "connect.gcfg" -}}
{{- range $section, $settings := . }}{{ printf "[%s]\n" $section }}
{{- range $key, $value := $settings }}
{{- if kindIs "slice" $value }}
{{- range $value }}{{ $key }} = {{ . }}{{ "\n" }}{{ end }}
{{- else }}{{ $key }} = {{ $value }}{{ "\n" }}{{ end }}
{{- end }}{{ "\n" }}
{{- end }}
{{- end }}

{{- define "connect.short" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "connect.full" -}}
{{- $short := .Values.nameOverride | default .Chart.Name -}}
{{- $full := printf "%s-%s" .Release.Name $short -}}
{{- if contains $short .Release.Name }}{{ $full = .Release.Name }}{{ end -}}
{{ .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "connect.claim" -}}
{{ .Values.sharedStorage.name | default (printf "%s-shared-storage" (include "connect.full" .)) }}
{{- end }}

{{- define "connect.selector" -}}
app.kubernetes.io/name: {{ include "connect.short" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "connect.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{ include "connect.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* Not empty when content runs in pods of its own. */}}
{{- define "connect.remote" -}}
{{- if .Values.launcher.enabled }}yes{{ else if .Values.backends.kubernetes.enabled }}yes{{ end -}}
{{- end }}

{{- /* Not empty when the server has a volume. */}}
{{- define "connect.stored" -}}
{{- if .Values.sharedStorage.create }}yes{{ else if .Values.sharedStorage.mount }}yes{{ end -}}
{{- end }}

{{- define "kaleyra-gateway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for "-headless" behind it, within the 63 characters of a name. */}}
{{- define "kaleyra-gateway.fullname" -}}
{{- $name := include "kaleyra-gateway.name" . -}}
{{- $whole := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $whole .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "kaleyra-gateway.serviceAccountName" -}}
{{- $made := include "kaleyra-gateway.fullname" . -}}
{{- default (ternary $made "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "kaleyra-gateway.claimName" -}}
{{- $made := printf "%s-ledger" (include "kaleyra-gateway.fullname" .) -}}
{{- default $made .Values.ledger.persistence.existingClaim -}}
{{- end -}}

{{- define "kaleyra-gateway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kaleyra-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end -}}

{{/* Not on what must stay the same over releases: it holds the version. */}}
{{- define "kaleyra-gateway.labels" -}}
app.kubernetes.io/name: {{ include "kaleyra-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kaleyra-gateway.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kaleyra-gateway.port" -}}
{{ .Values.settings.listen | splitList ":" | last }}
{{- end -}}

{{/* Empty while nobody listens for reports. */}}
{{- define "kaleyra-gateway.reportsPort" -}}
{{- with .Values.settings.receiver -}}
{{ .listen | splitList ":" | last }}
{{- end -}}
{{- end -}}

{{- define "kaleyra-gateway.testLabels" -}}
app.kubernetes.io/name: {{ include "kaleyra-gateway.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}

{{/* What the image sets and would win over the settings file, and what must not stand in it: it is a ConfigMap. */}}
{{- define "kaleyra-gateway.environment" -}}
{{- $config := dict "name" "GATEWAY_CONFIG" "value" "/etc/kaleyra-gateway/config/gateway.toml" -}}
{{- $env := list $config (dict "name" "GATEWAY_LISTEN" "value" .Values.settings.listen) -}}
{{- if eq .Values.ledger.type "postgresql" -}}
{{- with .Values.ledger.postgresql -}}
{{- if .existingSecret -}}
{{- $source := dict "secretKeyRef" (dict "name" .existingSecret "key" .existingSecretKey) -}}
{{- $env = append $env (dict "name" "GATEWAY_LEDGER_URL" "valueFrom" $source) -}}
{{- else if .passwordSecret.name -}}
{{- $source := dict "secretKeyRef" (dict "name" .passwordSecret.name "key" .passwordSecret.key) -}}
{{- $env = append $env (dict "name" "PGPASSWORD" "valueFrom" $source) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with concat $env .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* From the pod's removal from the services to SIGTERM, then to the last call's end, then to SIGKILL. */}}
{{- define "kaleyra-gateway.preStopSeconds" -}}
{{- if kindIs "invalid" .Values.preStopSeconds -}}
{{ ternary 0 10 (eq .Values.ledger.type "sqlite") }}
{{- else -}}
{{ .Values.preStopSeconds | int }}
{{- end -}}
{{- end -}}

{{- define "kaleyra-gateway.grace" -}}
{{ addf (include "kaleyra-gateway.preStopSeconds" .) .Values.settings.drain_grace 5 | ceil | int }}
{{- end -}}

{{- define "kaleyra-gateway.fewestReplicas" -}}
{{ ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled | int }}
{{- end -}}

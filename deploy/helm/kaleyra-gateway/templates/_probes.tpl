{{/*
A probe of a service by gRPC's health protocol: "" is the process, the other one whether calls can be placed.
The kubelet's own probe speaks no TLS before Kubernetes 1.37, and never shows a certificate: then the command asks.
*/}}
{{- define "kaleyra-gateway.probe" -}}
{{- if or .root.Values.tls.existingSecret .root.Values.probes.byCommand -}}
exec:
  command: {{ include "kaleyra-gateway.healthCommand" . }}
{{- else -}}
grpc:
  port: {{ include "kaleyra-gateway.port" .root }}
  {{- with .service }}
  service: {{ . }}
  {{- end }}
{{- end }}
{{ toYaml .timing }}
{{- end -}}

{{/* The command that asks, as a JSON array; it finds TLS in the settings file. */}}
{{- define "kaleyra-gateway.healthCommand" -}}
{{- $command := list "kaleyra-gateway" "health" "--service" .service -}}
{{- with .address -}}
{{- $command = concat $command (list "--address" .) -}}
{{- end -}}
{{- if .root.Values.tls.probeSecret -}}
{{- $folder := "/etc/kaleyra-gateway/probe/" -}}
{{- $command = concat $command (list "--certificate" (print $folder "tls.crt") "--key" (print $folder "tls.key")) -}}
{{- end -}}
{{- toJson $command -}}
{{- end -}}

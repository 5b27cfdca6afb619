{{/* Whole folders, never a subPath: what is mounted by subPath does not change when its Secret does. */}}
{{- define "kaleyra-gateway.mounts" -}}
- {name: config, mountPath: /etc/kaleyra-gateway/config, readOnly: true}
- {name: keys, mountPath: /etc/kaleyra-gateway/keys, readOnly: true}
{{- with .Values.tls }}
{{- if .existingSecret }}
- {name: tls, mountPath: /etc/kaleyra-gateway/tls, readOnly: true}
{{- end }}
{{- if .clientCaSecret }}
- {name: client-ca, mountPath: /etc/kaleyra-gateway/client-ca, readOnly: true}
{{- end }}
{{- if .probeSecret }}
- {name: probe, mountPath: /etc/kaleyra-gateway/probe, readOnly: true}
{{- end }}
{{- end }}
- {name: tmp, mountPath: /tmp}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kaleyra-gateway.volumes" -}}
{{- $name := include "kaleyra-gateway.fullname" . -}}
- name: config
  configMap:
    name: {{ $name }}
- name: keys
  projected:
    defaultMode: 0440
    sources:
      {{- range $account, $fields := .Values.accounts }}
      - secret:
          name: {{ default (printf "%s-keys" $name) $fields.existingSecret }}
          items:
            - key: {{ ternary (default "api-key" $fields.existingSecretKey) $account (not (empty $fields.existingSecret)) }}
              path: {{ $account }}
      {{- end }}
{{- with .Values.tls }}
{{- if .existingSecret }}
- {name: tls, secret: {secretName: {{ .existingSecret }}, defaultMode: 0440}}
{{- end }}
{{- if .clientCaSecret }}
- name: client-ca
  secret:
    secretName: {{ .clientCaSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .clientCaKey }}, path: ca.crt}
{{- end }}
{{- if .probeSecret }}
- {name: probe, secret: {secretName: {{ .probeSecret }}, defaultMode: 0440}}
{{- end }}
{{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

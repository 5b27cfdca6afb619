{{/* A table of TOML: its values first, then the tables in it. JSON's texts, numbers and lists are TOML's, too. */}}
{{- define "kaleyra-gateway.toml" -}}
{{- range $name, $value := .table -}}
{{- if not (or (kindIs "map" $value) (kindIs "invalid" $value)) }}
{{ include "kaleyra-gateway.tomlKey" $name }} = {{ toJson $value }}
{{- end -}}
{{- end -}}
{{- range $name, $value := .table -}}
{{- if and (kindIs "map" $value) $value -}}
{{- $path := append $.path (include "kaleyra-gateway.tomlKey" $name) }}

[{{ join "." $path }}]
{{- include "kaleyra-gateway.toml" (dict "path" $path "table" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "kaleyra-gateway.tomlKey" -}}
{{- if regexMatch "^[A-Za-z0-9_-]+$" . -}}{{ . }}{{- else -}}{{ toJson . }}{{- end -}}
{{- end -}}

{{/* The settings file, as the values have it; keys and passwords are never in it. */}}
{{- define "kaleyra-gateway.settings" -}}
{{- $file := deepCopy .Values.settings -}}
{{- $ledger := pick .Values.ledger "keep_days" "erase_days" "tombstone_days" -}}
{{- $_ := set $ledger "create" false -}}
{{- if eq .Values.ledger.type "sqlite" -}}
{{- $_ := set $ledger "url" "sqlite:////var/lib/kaleyra/ledger.db" -}}
{{- else if .Values.ledger.postgresql.url -}}
{{- $_ := set $ledger "url" .Values.ledger.postgresql.url -}}
{{- end -}}
{{- $_ := set $file "ledger" $ledger -}}
{{- with .Values.tls -}}
{{- if .existingSecret -}}
{{- $tls := dict "certificate_file" "/etc/kaleyra-gateway/tls/tls.crt" "key_file" "/etc/kaleyra-gateway/tls/tls.key" -}}
{{- if .clientCaSecret -}}
{{- $_ := set $tls "client_ca_file" "/etc/kaleyra-gateway/client-ca/ca.crt" -}}
{{- end -}}
{{- $_ := set $file "tls" $tls -}}
{{- end -}}
{{- end -}}
{{- $accounts := dict -}}
{{- range $name, $account := .Values.accounts -}}
{{- $table := pick $account "base_url" "sid" "bridge" "only_numbers" -}}
{{- $_ := set $table "api_key_file" (printf "/etc/kaleyra-gateway/keys/%s" $name) -}}
{{- $_ := set $accounts $name $table -}}
{{- end -}}
{{- $_ := set $file "accounts" $accounts -}}
# Made by Helm from the values of the release; docs/settings.md says what each means.
{{- include "kaleyra-gateway.toml" (dict "path" list "table" $file) }}
{{- end -}}

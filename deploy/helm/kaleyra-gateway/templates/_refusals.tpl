{{/*
Never with the value: it could be a password or a key. The schema's own messages have it, so it says no more of those
than that they are texts.

What the schema cannot say, because it compares values with each other: every mistake at once, by name, and the way out.
*/}}
{{- define "kaleyra-gateway.refuseMistakes" -}}
{{- $mistakes := concat
  (include "kaleyra-gateway.accountMistakes" . | fromJsonArray)
  (include "kaleyra-gateway.ledgerMistakes" . | fromJsonArray)
  (include "kaleyra-gateway.drainMistakes" . | fromJsonArray)
  (include "kaleyra-gateway.tlsMistakes" . | fromJsonArray)
  (include "kaleyra-gateway.receiverMistakes" . | fromJsonArray)
  (include "kaleyra-gateway.replicaMistakes" . | fromJsonArray)
  (include "kaleyra-gateway.environmentMistakes" . | fromJsonArray) -}}
{{- if $mistakes -}}
{{- printf "\n\nkaleyra-gateway: wrong values:\n  - %s\n" (join "\n  - " $mistakes) | fail -}}
{{- end -}}
{{- end -}}

{{- define "kaleyra-gateway.accountMistakes" -}}
{{- $mistakes := list -}}
{{- if not .Values.accounts -}}
{{- $mistakes = append $mistakes "accounts: none is given; set accounts.default with base_url, sid and existingSecret (or apiKey)" -}}
{{- end -}}
{{- range $name, $account := .Values.accounts -}}
{{- $inTheClear := regexMatch "^http://" $account.base_url -}}
{{- $loopback := regexMatch "^http://(localhost|127\\.[0-9.]+|\\[::1\\])(:|/|$)" $account.base_url -}}
{{- if and $inTheClear (not $loopback) (not $.Values.settings.provider.allow_http) -}}
{{- $mistakes = append $mistakes (printf "accounts.%s.base_url: plain http would show calls and key to the network; use https, or set settings.provider.allow_http" $name) -}}
{{- end -}}
{{- if and $account.apiKey (not (regexMatch "^[!-~]{1,512}$" $account.apiKey)) -}}
{{- $mistakes = append $mistakes (printf "accounts.%s.apiKey: must be printable ASCII without white space" $name) -}}
{{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{- define "kaleyra-gateway.ledgerMistakes" -}}
{{- $mistakes := list -}}
{{- with .Values.ledger -}}
{{- if and .create $.Release.IsUpgrade -}}
{{- $mistakes = append $mistakes "ledger.create: is for the first `helm install` alone: in an upgrade it could put an empty ledger, that has forgotten every call, in the place of a lost one; set it to false" -}}
{{- end -}}
{{- if and (eq .type "postgresql") (not .postgresql.url) (not .postgresql.existingSecret) -}}
{{- $mistakes = append $mistakes "ledger.postgresql: no database is given; set ledger.postgresql.url, or ledger.postgresql.existingSecret with the whole URL" -}}
{{- end -}}
{{- if and .postgresql.url (not (regexMatch "^postgres(ql)?://([^/?#:@]*@)?[^/?#@]*(/[^?#@]*)?([?][^#@]*)?$" .postgresql.url)) -}}
{{- $mistakes = append $mistakes "ledger.postgresql.url: must be postgresql://USER@HOST/DATABASE without a password, since it stands in a ConfigMap; give the password by ledger.postgresql.passwordSecret, or the whole URL by ledger.postgresql.existingSecret" -}}
{{- else if regexMatch "[?&]password=" .postgresql.url -}}
{{- $mistakes = append $mistakes "ledger.postgresql.url: has a password among its parameters and stands in a ConfigMap; give the password by ledger.postgresql.passwordSecret, or the whole URL by ledger.postgresql.existingSecret" -}}
{{- end -}}
{{- if gt .keep_days .tombstone_days -}}
{{- $mistakes = append $mistakes "ledger.tombstone_days: must not be less than ledger.keep_days: a tombstone is what is left of a record" -}}
{{- end -}}
{{- if and .erase_days (gt .erase_days .keep_days) -}}
{{- $mistakes = append $mistakes "ledger.erase_days: must not be more than ledger.keep_days: numbers and texts go with the record at the latest" -}}
{{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{- define "kaleyra-gateway.drainMistakes" -}}
{{- $mistakes := list -}}
{{- $longest := addf (mulf 2 .Values.settings.provider.connect_timeout) .Values.settings.provider.reply_timeout -}}
{{- if le (float64 .Values.settings.drain_grace) $longest -}}
{{- $mistakes = append $mistakes (printf "settings.drain_grace: must be above 2 x settings.provider.connect_timeout + settings.provider.reply_timeout, which is %v seconds, or a stop cuts calls off and their outcome is unknown" $longest) -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{- define "kaleyra-gateway.tlsMistakes" -}}
{{- $mistakes := list -}}
{{- with .Values.tls -}}
{{- if and .clientCaSecret (not .existingSecret) -}}
{{- $mistakes = append $mistakes "tls.clientCaSecret: callers' certificates need TLS; set tls.existingSecret" -}}
{{- end -}}
{{- if and .probeSecret (not .clientCaSecret) -}}
{{- $mistakes = append $mistakes "tls.probeSecret: is for tls.clientCaSecret; leave it out" -}}
{{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{- define "kaleyra-gateway.receiverMistakes" -}}
{{- $mistakes := list -}}
{{- $port := include "kaleyra-gateway.reportsPort" . -}}
{{- if eq $port (include "kaleyra-gateway.port" .) -}}
{{- $mistakes = append $mistakes "settings.receiver.listen: must have another port than settings.listen, where calls are placed" -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
{{- if and .enabled $port (not .ingress.reportsFrom) -}}
{{- $mistakes = append $mistakes "networkPolicy.ingress.reportsFrom: no report could arrive; name the ingress, or the provider's addresses" -}}
{{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{- define "kaleyra-gateway.replicaMistakes" -}}
{{- $mistakes := list -}}
{{- $fewest := include "kaleyra-gateway.fewestReplicas" . | int -}}
{{- with .Values.autoscaling -}}
{{- if and .enabled (gt .minReplicas .maxReplicas) -}}
{{- $mistakes = append $mistakes "autoscaling.maxReplicas: must not be less than autoscaling.minReplicas" -}}
{{- end -}}
{{- if and .enabled .targetCPUUtilizationPercentage (not (dig "requests" "cpu" "" $.Values.resources)) -}}
{{- $mistakes = append $mistakes "resources.requests.cpu: autoscaling counts per cent of it; set it, or set autoscaling.targetCPUUtilizationPercentage to null and give autoscaling.metrics" -}}
{{- end -}}
{{- if and .enabled (not .targetCPUUtilizationPercentage) (not .metrics) -}}
{{- $mistakes = append $mistakes "autoscaling.metrics: nothing to scale by; set autoscaling.targetCPUUtilizationPercentage or autoscaling.metrics" -}}
{{- end -}}
{{- end -}}
{{- with .Values.podDisruptionBudget -}}
{{- if and .enabled (regexMatch "^[0-9]+$" (toString .minAvailable)) (ge (int .minAvailable) $fewest) -}}
{{- $mistakes = append $mistakes (printf "podDisruptionBudget.minAvailable: with %d replica(s) no pod could ever be evicted, and no node be drained; set it below that, or use maxUnavailable" $fewest) -}}
{{- end -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
{{- if and .enabled (not .ingress.from) -}}
{{- $mistakes = append $mistakes "networkPolicy.ingress.from: nobody could call; name the callers" -}}
{{- end -}}
{{- if and .enabled (eq $.Values.ledger.type "postgresql") (not .egress.postgresql.to) -}}
{{- $mistakes = append $mistakes "networkPolicy.egress.postgresql.to: the database could not be reached, and nothing is dialed without it; say where it is" -}}
{{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{- define "kaleyra-gateway.environmentMistakes" -}}
{{- $mistakes := list -}}
{{- $instead := dict "GATEWAY_CONFIG" "settings" "GATEWAY_LEDGER_URL" "ledger" "GATEWAY_LISTEN" "settings.listen" "GATEWAY_LEDGER_CREATE" "ledger.create" "GATEWAY_RECEIVER_LISTEN" "settings.receiver" "GATEWAY_RECEIVER_PUBLIC_URL" "settings.receiver" "GATEWAY_RECEIVER_LISTEN" "settings.receiver.listen" "GATEWAY_RECEIVER_PUBLIC_URL" "settings.receiver.public_url" "KALEYRA_BASE_URL" "accounts.default.base_url" "KALEYRA_SID" "accounts.default.sid" "KALEYRA_API_KEY" "accounts.default.existingSecret" "KALEYRA_API_KEY_FILE" "accounts.default.existingSecret" -}}
{{- range .Values.extraEnv -}}
{{- if hasKey $instead .name -}}
{{- $mistakes = append $mistakes (printf "extraEnv: %s would win over the values that this chart checks; set %s instead" .name (get $instead .name)) -}}
{{- end -}}
{{- end -}}
{{- toJson $mistakes -}}
{{- end -}}

{{/* Values that render and would still be wrong are refused here, where the reader learns why. */}}
{{- define "strimzi-kafka.validate" -}}
{{- $kafka := .Values.kafka -}}
{{- if gt (int $kafka.replicationFactor) (int $kafka.replicas) }}
{{- fail (printf "kafka.replicationFactor is %d but there are %d brokers" (int $kafka.replicationFactor) (int $kafka.replicas)) }}
{{- end }}
{{- if ge (int $kafka.minInsyncReplicas) (int $kafka.replicationFactor) }}
{{- fail (printf "kafka.minInsyncReplicas is %d: with %d replicas one restarting broker would stop the producers" (int $kafka.minInsyncReplicas) (int $kafka.replicationFactor)) }}
{{- end }}
{{- if not (kindIs "string" $kafka.metadataVersion) }}
{{- fail "kafka.metadataVersion must be quoted text: without quotes YAML reads 4.2 as a number" }}
{{- end }}
{{- $own := include "strimzi-kafka.ownConfig" . | fromYaml -}}
{{- range $key, $_ := $kafka.config }}
{{- if hasKey $own $key }}
{{- fail (printf "kafka.config may not set %s: this chart sets it" $key) }}
{{- end }}
{{- end }}
{{- $brokers := $kafka.externalListener.brokers -}}
{{- if and $brokers (ne (len $brokers) (int $kafka.replicas)) }}
{{- fail (printf "kafka.externalListener.brokers lists %d of %d brokers: list all or none" (len $brokers) (int $kafka.replicas)) }}
{{- end }}
{{- range $brokers }}
{{- $id := int .broker -}}
{{- if or (lt $id (int $kafka.firstNodeId)) (ge $id (int (add (int $kafka.firstNodeId) (int $kafka.replicas)))) }}
{{- fail (printf "kafka.externalListener.brokers names broker %d, which is not an id of the pool kafka" $id) }}
{{- end }}
{{- end }}
{{- end }}

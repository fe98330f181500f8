{{/* The label that ties an object to the Kafka cluster. */}}
{{- define "strimzi-kafka.labels" -}}
strimzi.io/cluster: {{ .Values.cluster.name }}
{{- end }}

{{/* Node ids of a pool, as Strimzi wants them: [3-5]. */}}
{{- define "strimzi-kafka.nodeIds" -}}
{{- $first := int .firstNodeId -}}
{{- $last := sub (add $first (int .replicas)) 1 -}}
{{- if eq $first (int $last) }}[{{ $first }}]{{ else }}[{{ $first }}-{{ $last }}]{{ end }}
{{- end }}

{{/* The settings of Kafka that this chart answers for. */}}
{{- define "strimzi-kafka.ownConfig" -}}
{{- $replicas := int .Values.kafka.replicationFactor -}}
{{- $minimum := int .Values.kafka.minInsyncReplicas -}}
{{- dict
  "auto.create.topics.enable" false
  "default.replication.factor" $replicas
  "min.insync.replicas" $minimum
  "offsets.topic.replication.factor" $replicas
  "transaction.state.log.min.isr" $minimum
  "transaction.state.log.replication.factor" $replicas
  "unclean.leader.election.enable" false
  | toYaml -}}
{{- end }}

{{/* A volume, its claim's annotations and the place of a pool's pods: the same for both pools.
     Argo CD must neither miss nor prune the claims, which Strimzi makes and labels but does not own. */}}
{{- define "strimzi-kafka.pool" -}}
storage:
  type: jbod
  volumes:
    - id: 0
      type: persistent-claim
      size: {{ .pool.storage.size }}
      {{- with .pool.storage.storageClassName }}
      class: {{ . }}
      {{- end }}
      deleteClaim: false
      kraftMetadata: shared
{{- with .pool.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .pool.jvmOptions }}
jvmOptions:
  {{- toYaml . | nindent 2 }}
{{- end }}
template:
  persistentVolumeClaim:
    metadata:
      annotations:
        argocd.argoproj.io/compare-options: IgnoreExtraneous
        argocd.argoproj.io/sync-options: Prune=false
  pod:
    terminationGracePeriodSeconds: {{ int .kafka.terminationGracePeriodSeconds }}
    {{- with .kafka.affinity }}
    affinity:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- with .kafka.tolerations }}
    tolerations:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}

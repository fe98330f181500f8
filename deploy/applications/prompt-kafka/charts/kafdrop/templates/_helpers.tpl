{{- define "kafdrop.selector" -}}
app.kubernetes.io/name: kafdrop
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

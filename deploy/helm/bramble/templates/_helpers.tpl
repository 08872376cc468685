{{- define "bramble.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "bramble.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "bramble.name" .) .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name (include "bramble.name" .) | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- /* What never changes in a component's life: a Deployment's selector is immutable. Takes {root, name}. */ -}}
{{- define "bramble.selector" -}}
app.kubernetes.io/name: {{ include "bramble.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "bramble.labels" -}}
{{ include "bramble.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: bramble
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* Takes {root, image: service|gateway|worker}. */ -}}
{{- define "bramble.image" -}}
{{- $i := .root.Values.image -}}
{{- with $i.registry }}{{ . }}/{{ end }}{{ $i.repository }}/{{ .image }}:{{ default .root.Chart.AppVersion $i.tag }}
{{- end }}

{{- define "bramble.publicUrl" -}}
{{- if .Values.publicUrl -}}{{ .Values.publicUrl }}
{{- else if .Values.ingress.enabled -}}{{ ternary "https" "http" .Values.ingress.tls.enabled }}://{{ .Values.ingress.host }}
{{- else if .Values.gatewayApi.enabled -}}https://{{ .Values.gatewayApi.host }}
{{- end -}}
{{- end }}

{{- define "bramble.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ default 10001 .uid }}
runAsGroup: {{ default 10001 .uid }}
fsGroup: {{ default 10001 .uid }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "bramble.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "bramble.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Where pods go. Takes {root, name, values}. */ -}}
{{- define "bramble.placement" -}}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- $d := . }}
{{- with .root.Values.topologyKeys }}
topologySpreadConstraints:
{{- range . }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "bramble.selector" $d | fromYaml | toJson }}}
{{- end }}
{{- end }}
{{- end }}

{{- /* Names of the secrets, given or the chart's own. */ -}}
{{- define "bramble.internalSecret" -}}
{{ default (printf "%s-internal" (include "bramble.fullname" .)) .Values.internalSecret.existingSecret }}
{{- end }}
{{- define "bramble.databaseSecret" -}}
{{ ternary (printf "%s-postgres" (include "bramble.fullname" .)) .Values.database.existingSecret .Values.database.inCluster.enabled }}
{{- end }}
{{- define "bramble.blobSecret" -}}
{{ ternary (printf "%s-s3" (include "bramble.fullname" .)) .Values.blobs.existingSecret .Values.blobs.inCluster.enabled }}
{{- end }}

{{- define "bramble.busUrl" -}}
{{- $b := .Values.bus -}}
{{- if $b.inCluster.enabled -}}
kafka://{{ include "bramble.fullname" . }}-kafka:9092?replication=1&partitions={{ int $b.partitions }}
{{- else -}}
kafka://{{ $b.servers }}?security={{ $b.security }}&replication={{ int $b.replication }}&partitions={{ int $b.partitions }}
{{- if hasPrefix "SASL" $b.security }}&mechanism={{ $b.mechanism }}&username_file=/etc/bramble/bus/username&password_file=/etc/bramble/bus/password{{ end }}
{{- if $b.caKey }}&ca=/etc/bramble/bus/{{ $b.caKey }}{{ end }}
{{- end -}}
{{- end }}

{{- define "bramble.blobEndpoint" -}}
{{ ternary (printf "%s-s3:7070" (include "bramble.fullname" .)) .Values.blobs.endpoint .Values.blobs.inCluster.enabled }}
{{- end }}

{{- define "bramble.blobUrl" -}}
{{- $b := .Values.blobs -}}
s3://{{ include "bramble.blobEndpoint" . }}/{{ $b.bucket }}?secure={{ and $b.secure (not $b.inCluster.enabled) }}&region={{ $b.region }}&key_file=/etc/bramble/blobs/key&secret_file=/etc/bramble/blobs/secret
{{- if $b.caKey }}&ca=/etc/bramble/blobs/{{ $b.caKey }}{{ end }}
{{- end }}

{{- define "bramble.inferenceUrl" -}}
{{- if .Values.triton.enabled }}grpc://{{ include "bramble.fullname" . }}-triton:8001{{ else }}{{ .Values.triton.externalUrl }}{{ end -}}
{{- end }}

{{- /* Environment of every Bramble container. Takes {root, extra}. */ -}}
{{- define "bramble.env" -}}
- {name: BRAMBLE_DATABASE_URL, valueFrom: {secretKeyRef: {name: {{ include "bramble.databaseSecret" .root }}, key: {{ .root.Values.database.key }}}}}
{{- with .root.Values.database.passwordKey }}
- {name: PGPASSWORD, valueFrom: {secretKeyRef: {name: {{ include "bramble.databaseSecret" $.root }}, key: {{ . }}}}}
{{- end }}
{{- range $name, $value := .extra }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- /* Mounted secrets: nothing secret stands in a ConfigMap or on a command line. */ -}}
{{- define "bramble.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /data}
- {name: internal, mountPath: /etc/bramble/internal, readOnly: true}
- {name: blobs, mountPath: /etc/bramble/blobs, readOnly: true}
{{- if and .Values.bus.existingSecret (not .Values.bus.inCluster.enabled) }}
- {name: bus, mountPath: /etc/bramble/bus, readOnly: true}
{{- end }}
{{- if .Values.database.caKey }}
- {name: database-ca, mountPath: /etc/bramble/database, readOnly: true}
{{- end }}
{{- end }}

{{- /* Takes {root, scratch}. */ -}}
{{- define "bramble.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: {{ default "2Gi" .scratch }}}}
- {name: data, emptyDir: {sizeLimit: {{ default "1Gi" .scratch }}}}
- {name: internal, secret: {secretName: {{ include "bramble.internalSecret" .root }}, defaultMode: 0440}}
- {name: blobs, secret: {secretName: {{ include "bramble.blobSecret" .root }}, defaultMode: 0440}}
{{- if and .root.Values.bus.existingSecret (not .root.Values.bus.inCluster.enabled) }}
- {name: bus, secret: {secretName: {{ .root.Values.bus.existingSecret }}, defaultMode: 0440}}
{{- end }}
{{- with .root.Values.database.caKey }}
- {name: database-ca, secret: {secretName: {{ include "bramble.databaseSecret" $.root }}, defaultMode: 0440, items: [{key: {{ . }}, path: ca.pem}]}}
{{- end }}
{{- end }}

{{- /* A change of settings restarts the pods that read them. */ -}}
{{- define "bramble.checksums" -}}
checksum/config: {{ include (print .Template.BasePath "/config/configmap.yaml") . | sha256sum }}
{{- end }}

{{- /* Non-empty where a part that migrations need is in this release. */ -}}
{{- define "bramble.inCluster" -}}
{{- if or .Values.database.inCluster.enabled .Values.bus.inCluster.enabled }}yes{{ end -}}
{{- end }}

{{- /* Settings of every process: ConfigMap, and the hook job, which runs before the ConfigMap is there. */ -}}
{{- define "bramble.settings" -}}
BRAMBLE_BUS_URL: {{ include "bramble.busUrl" . | quote }}
BRAMBLE_BLOB_URL: {{ include "bramble.blobUrl" . | quote }}
BRAMBLE_INFERENCE_URL: {{ include "bramble.inferenceUrl" . | quote }}
{{ if not (hasKey (.Values.extraEnv | default dict) "BRAMBLE_FORWARDED_ALLOW_IPS") }}BRAMBLE_FORWARDED_ALLOW_IPS: "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"{{ end }}
BRAMBLE_INTERNAL_SECRET_FILE: /etc/bramble/internal/{{ .Values.internalSecret.key }}
{{- with .Values.internalSecret.pseudonymKey }}
BRAMBLE_PSEUDONYM_SECRET_FILE: /etc/bramble/internal/{{ . }}
{{- end }}
BRAMBLE_JOBS: external
BRAMBLE_LOG_LEVEL: {{ .Values.logLevel }}
BRAMBLE_OTLP_ENDPOINT: {{ .Values.otlpEndpoint | quote }}
BRAMBLE_PUBLIC_URL: {{ include "bramble.publicUrl" . | quote }}
BRAMBLE_SERVICES_URLS: {{ include "bramble.servicesUrls" . | quote }}
{{- with .Values.extraEnv }}
{{ range $name, $value := . }}{{ $name }}: {{ $value | quote }}
{{ end }}
{{- end }}
{{- end }}

{{- define "bramble.servicesUrls" -}}
{{- $urls := dict -}}
{{- range $name := list "gateway" "images" "annotations" "inference" "consensus" "synthesis" -}}
{{- $_ := set $urls $name (printf "http://%s-%s:8080" (include "bramble.fullname" $) $name) -}}
{{- end -}}
{{ toJson $urls }}
{{- end }}

{{- /* The pod of a worker, for the Deployment and for the ScaledJob. Takes {root, command (list), restart}. */ -}}
{{- define "bramble.worker.pod" -}}
{{- $v := .root.Values.worker -}}
{{- $resources := deepCopy $v.resources -}}
{{- if $v.gpus }}{{ $resources = mergeOverwrite $resources (dict "limits" (dict $v.gpuResource $v.gpus)) }}{{ end -}}
metadata:
  labels:
    {{- include "bramble.labels" (dict "root" .root "name" "worker") | nindent 4 }}
    {{- with .root.Values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    {{- include "bramble.checksums" .root | nindent 4 }}
    {{- with .root.Values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  serviceAccountName: {{ include "bramble.fullname" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: {{ .restart }}
  # Long enough to write a checkpoint and give the job back.
  terminationGracePeriodSeconds: 120
  {{- include "bramble.pullSecrets" .root | nindent 2 }}
  securityContext: {{- include "bramble.podSecurity" dict | nindent 4 }}
  {{- include "bramble.placement" (dict "root" .root "name" "worker" "values" $v) | nindent 2 }}
  containers:
    - name: worker
      image: {{ include "bramble.image" (dict "root" .root "image" "worker") }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: {{ toJson .command }}
      envFrom:
        - configMapRef: {name: {{ include "bramble.fullname" .root }}}
      env: {{- include "bramble.env" (dict "root" .root "extra" $v.extraEnv) | nindent 8 }}
      securityContext: {{- include "bramble.containerSecurity" . | nindent 8 }}
      resources: {{- toYaml $resources | nindent 8 }}
      volumeMounts: {{- include "bramble.mounts" .root | nindent 8 }}
  volumes: {{- include "bramble.volumes" (dict "root" .root "scratch" $v.scratch) | nindent 4 }}
{{- end }}

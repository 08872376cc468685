{{- /* The kinds that each of the six services has. All take {root, name}; name is also the key of its values. */ -}}

{{- define "bramble.service.deployment" -}}
{{- $v := index .root.Values .name -}}
{{- $full := printf "%s-%s" (include "bramble.fullname" .root) .name -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $full }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  {{- if not (or $v.hpa.enabled ($v.keda).enabled) }}
  replicas: {{ $v.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels: {{- include "bramble.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "bramble.labels" . | nindent 8 }}
        {{- with .root.Values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        {{- include "bramble.checksums" .root | nindent 8 }}
        {{- with .root.Values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      serviceAccountName: {{ include "bramble.fullname" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 40
      {{- include "bramble.pullSecrets" .root | nindent 6 }}
      securityContext: {{- include "bramble.podSecurity" dict | nindent 8 }}
      {{- include "bramble.placement" (dict "root" .root "name" .name "values" $v) | nindent 6 }}
      {{- if include "bramble.inCluster" .root }}
      initContainers:
        # Parts of this release are the database or the bus, so a hook before the installation would wait for them for ever.
        - name: migrate
          image: {{ include "bramble.image" (dict "root" .root "image" "service") }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [admin, migrate]
          envFrom:
            - configMapRef: {name: {{ include "bramble.fullname" .root }}}
          env: {{- include "bramble.env" (dict "root" .root "extra" dict) | nindent 12 }}
          securityContext: {{- include "bramble.containerSecurity" . | nindent 12 }}
          resources: {{- toYaml .root.Values.migrations.resources | nindent 12 }}
          volumeMounts: {{- include "bramble.mounts" .root | nindent 12 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ include "bramble.image" (dict "root" .root "image" (ternary "gateway" "service" (eq .name "gateway"))) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [serve, {{ .name }}]
          ports:
            - {name: http, containerPort: 8080, protocol: TCP}
          envFrom:
            - configMapRef: {name: {{ include "bramble.fullname" .root }}}
          env: {{- include "bramble.env" (dict "root" .root "extra" $v.extraEnv) | nindent 12 }}
          securityContext: {{- include "bramble.containerSecurity" . | nindent 12 }}
          resources: {{- toYaml $v.resources | nindent 12 }}
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            # Only whether the process answers: a database that is down must not restart every pod.
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 10
            timeoutSeconds: 8
            failureThreshold: 2
          lifecycle:
            # Endpoints forget a pod a moment after it is told to stop; without the pause some requests meet a closed door.
            preStop: {exec: {command: [sleep, "5"]}}
          volumeMounts: {{- include "bramble.mounts" .root | nindent 12 }}
      volumes: {{- include "bramble.volumes" (dict "root" .root) | nindent 8 }}
{{- end }}

{{- define "bramble.service.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "bramble.fullname" .root }}-{{ .name }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  type: ClusterIP
  selector: {{- include "bramble.selector" . | nindent 4 }}
  ports:
    - {name: http, port: 8080, targetPort: http, protocol: TCP}
{{- end }}

{{- define "bramble.service.pdb" -}}
{{- $v := index .root.Values .name -}}
{{- if $v.pdb.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "bramble.fullname" .root }}-{{ .name }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ $v.pdb.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "bramble.selector" . | nindent 6 }}
{{- end -}}
{{- end }}

{{- define "bramble.service.hpa" -}}
{{- $v := index .root.Values .name -}}
{{- if $v.hpa.enabled -}}
{{- if (($v.keda).enabled) }}{{ fail (printf "%s: hpa and keda would both scale the Deployment; switch one of them off" .name) }}{{ end -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "bramble.fullname" .root }}-{{ .name }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "bramble.fullname" .root }}-{{ .name }}}
  minReplicas: {{ $v.hpa.minReplicas }}
  maxReplicas: {{ $v.hpa.maxReplicas }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ $v.hpa.targetCpu }}}}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 300}
{{- end -}}
{{- end }}

{{- /* Scales on the lag of the group that carries the service's name. */ -}}
{{- define "bramble.service.scaledobject" -}}
{{- $v := index .root.Values .name -}}
{{- if $v.keda.enabled -}}
{{- $b := .root.Values.bus -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "bramble.fullname" .root }}-{{ .name }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {name: {{ include "bramble.fullname" .root }}-{{ .name }}}
  minReplicaCount: {{ $v.keda.minReplicas }}
  maxReplicaCount: {{ $v.keda.maxReplicas }}
  cooldownPeriod: 300
  triggers:
    - type: kafka
      metadata:
        bootstrapServers: {{ ternary (printf "%s-kafka.%s:9092" (include "bramble.fullname" .root) .root.Release.Namespace) $b.servers $b.inCluster.enabled | quote }}
        consumerGroup: {{ .name }}
        lagThreshold: {{ $v.keda.lagThreshold | quote }}
        activationLagThreshold: "1"
        offsetResetPolicy: earliest
      {{- if and (hasPrefix "SASL" $b.security) (not $b.inCluster.enabled) }}
      authenticationRef: {name: {{ include "bramble.fullname" .root }}-kafka}
      {{- end }}
{{- end -}}
{{- end }}

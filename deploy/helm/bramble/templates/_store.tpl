{{- /* A single in-cluster instance: a headless Service and a StatefulSet around one container.
       Takes {root, name, values, uid, port, mount, container (text), volumes (text)}. */ -}}
{{- define "bramble.store" -}}
{{- $full := printf "%s-%s" (include "bramble.fullname" .root) .name -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ $full }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  selector: {{- include "bramble.selector" . | nindent 4 }}
  ports:
    - {name: {{ .name }}, port: {{ .port }}, targetPort: {{ .port }}, protocol: TCP}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $full }}
  labels: {{- include "bramble.labels" . | nindent 4 }}
spec:
  serviceName: {{ $full }}
  replicas: 1
  selector:
    matchLabels: {{- include "bramble.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "bramble.labels" . | nindent 8 }}
    spec:
      serviceAccountName: {{ include "bramble.fullname" .root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 60
      {{- include "bramble.pullSecrets" .root | nindent 6 }}
      securityContext: {{- include "bramble.podSecurity" (dict "uid" .uid) | nindent 8 }}
      containers:
        - name: {{ .name }}
          image: {{ .values.image }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          ports:
            - {name: {{ .name }}, containerPort: {{ .port }}, protocol: TCP}
          securityContext: {{- include "bramble.containerSecurity" . | nindent 12 }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          {{- .container | nindent 10 }}
      volumes:
        - {name: tmp, emptyDir: {sizeLimit: 1Gi}}
        {{- with .volumes }}{{ . | nindent 8 }}{{ end }}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .values.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources: {requests: {storage: {{ .values.storage }}}}
{{- end }}

{{/* Names are fixed: one operator serves a cluster, and a second release is refused instead of fighting the first. */}}
{{- define "casava.name" -}}casava-operator{{- end -}}

{{/* The whole of every selector. It must never change, whatever the release is called. */}}
{{- define "casava.selector" -}}
app.kubernetes.io/name: {{ include "casava.name" . }}
{{- end -}}

{{- define "casava.labels" -}}
{{ include "casava.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: casava
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image by registry, repository and digest or tag: (list root image). A digest wins over a tag. */}}
{{- define "casava.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $name := $image.repository -}}
{{- with $root.Values.image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- if $image.digest -}}
{{ $name }}@{{ $image.digest }}
{{- else -}}
{{ $name }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* What the operator must know of this installation, as it reads it. */}}
{{- define "casava.site" -}}
images:
  sidecar: {{ include "casava.image" (list . .Values.image.sidecar) | quote }}
  runtimeCpu: {{ include "casava.image" (list . .Values.image.runtimeCpu) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
imagePullSecrets: {{ toJson .Values.models.imagePullSecrets }}
operatorNamespace: {{ .Release.Namespace | quote }}
operatorLabels:
  {{- include "casava.selector" . | nindent 2 }}
prometheus: {{ toJson .Values.metrics.peers }}
networkPolicies: {{ .Values.models.networkPolicies }}
upgrade:
  maxConcurrent: {{ .Values.upgrade.maxConcurrent }}
autoscaling:
  stabilizationSeconds: {{ .Values.autoscaling.stabilizationSeconds }}
{{- end -}}

{{/* What the operator may do where models are, and nothing else. Each line is used by it; none is a wildcard. */}}
{{- define "casava.rules" -}}
- apiGroups: [casava.dev]
  resources: [casavamodels, outputcontracts]
  verbs: [list, watch]
- apiGroups: [casava.dev]
  resources: [casavamodels/status, outputcontracts/status]
  verbs: [patch]
# A model's children. Server-side apply is the verb patch, and also create for an object that is not there yet.
- apiGroups: [""]
  resources: [configmaps, serviceaccounts, services]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions, deployments]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch, create, patch, delete]
# Read to say why a model does not run. Never written.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

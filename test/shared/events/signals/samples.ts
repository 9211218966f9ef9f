/** Bodies as their senders write them, cut to what is typical. */

/** Cloud Monitoring, Pub/Sub channel, version 1.2; `ended_at` is null while open, numbers may be text. */
export const incident = {
  version: "1.2",
  incident: {
    incident_id: "0.opqiw61fsv7p",
    scoping_project_id: "demo",
    scoping_project_number: 12345,
    url: "https://console.cloud.google.com/monitoring/alerting/incidents/0.opqiw61fsv7p?project=demo",
    started_at: 1763460000,
    ended_at: null as number | string | null,
    state: "open",
    summary: "replicas is below the threshold of 1 with a value of 0.",
    observed_value: "0",
    threshold_value: "1",
    resource: {
      type: "aiplatform.googleapis.com/Endpoint",
      labels: { resource_container: "12345", location: "us-central1", endpoint_id: "1001" },
    },
    metric: {
      type: "aiplatform.googleapis.com/prediction/online/replicas",
      displayName: "Replica count",
      labels: { deployed_model_id: "4242", spot: "True" },
    },
    policy_name: "Spot replicas gone",
    policy_user_labels: { target: "chat" },
    condition: { name: "projects/demo/alertPolicies/1/conditions/2", conditionAbsent: {} },
    documentation: { content: "", mime_type: "text/markdown" },
  },
};

/** A preempted instance of one's own, through a log sink. */
export const preemptedLogEntry = {
  insertId: "-abc1",
  logName: "projects/demo/logs/cloudaudit.googleapis.com%2Fsystem_event",
  timestamp: "2026-11-18T10:00:00.123456Z",
  receiveTimestamp: "2026-11-18T10:00:01Z",
  severity: "INFO",
  resource: { type: "gce_instance", labels: { instance_id: "77", project_id: "demo", zone: "us-central1-c" } },
  operation: { id: "systemevent-1", producer: "compute.instances.preempted", first: true, last: true },
  protoPayload: {
    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
    serviceName: "compute.googleapis.com",
    methodName: "compute.instances.preempted",
    resourceName: "projects/demo/zones/us-central1-c/instances/vm-1",
    status: { message: "Instance was preempted." },
    authenticationInfo: { principalEmail: "system@google.com" },
    request: { "@type": "type.googleapis.com/compute.instances.preempted" },
  },
};

/** Somebody undeployed a model in the console. */
export const undeployLogEntry = {
  insertId: "xyz",
  logName: "projects/demo/logs/cloudaudit.googleapis.com%2Factivity",
  timestamp: "2026-11-18T10:00:00Z",
  operation: { id: "projects/1/locations/us-central1/operations/5", first: true },
  protoPayload: {
    serviceName: "aiplatform.googleapis.com",
    methodName: "google.cloud.aiplatform.ui.EndpointService.UndeployModel",
    resourceName: "projects/demo/locations/us-central1/endpoints/1001",
    request: { deployedModelId: "4242", endpoint: "projects/demo/locations/us-central1/endpoints/1001" },
  },
};

/** A real compute#operation (project and user replaced): times carry a numeric offset. */
export const preemptedOperation = {
  endTime: "2019-03-25T13:09:53.235-07:00",
  id: "9124290691163523966",
  insertTime: "2019-03-25T13:09:53.235-07:00",
  kind: "compute#operation",
  name: "systemevent-1553544593235-584f0c99f5e89-f67cff7e-c0e27d8d",
  operationType: "compute.instances.preempted",
  progress: 100,
  selfLink:
    "https://www.googleapis.com/compute/v1/projects/example-project/zones/us-central1-c/operations/systemevent-1553544593235-584f0c99f5e89-f67cff7e-c0e27d8d",
  startTime: "2019-03-25T13:09:53.235-07:00",
  status: "DONE",
  statusMessage: "Instance was preempted.",
  targetId: "7592324531544691860",
  targetLink: "https://www.googleapis.com/compute/v1/projects/example-project/zones/us-central1-c/instances/tjnepf1",
  user: "system",
  zone: "https://www.googleapis.com/compute/v1/projects/example-project/zones/us-central1-c",
};

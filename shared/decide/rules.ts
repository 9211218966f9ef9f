/** The closed set of words for which rule decided: metrics, logs and `explain` count on them. */

/** Each rule with what it means, for `explain` and the documentation. */
export const rules = {
  hold: "somebody asked that nothing be changed for a while",
  wake: "somebody asked that it be on",
  job: "a job was sent to it",
  reboot: "somebody asked for a reboot",
  exception: "a dated exception of the schedule",
  window: "a weekly window of the schedule",
  "always-on": "no schedule: it may be on at any time",
  "off-hours": "outside the windows of the schedule",
  "early-restore": "rebuilt ahead of its window, by the measured start-up time",
  idle: "idle for longer than its threshold",
  "scale-request": "somebody asked for a size",
  size: "the size that the window or the spec asks for",
  busy: "jobs still run after the window's end",
  drift: "changed by someone else: reported, not fought",
  repair: "in state ERROR",
  capacity: "no capacity, or an error that needs time: waiting for the next try",
  parked: "trying has stopped until something changes or a person says so",
  unknown: "what Vertex shows is not known well enough to act on",
  transition: "Vertex is changing it: waiting",
  absent: "it does not exist, and nothing says that it should",
  "cycles-per-day": "deleted as often as the fleet allows within 24 hours",
  "not-rebuildable": "it holds something that a create request would not reproduce",
  permission: "we may not create it again, so it is not deleted",
  "clean-look": "a delete needs two clean looks, 60 s apart",
  healthy: "it serves as it should",
  preempted: "capacity of a Spot model was lost",
  "return-to-spot": "Spot is obtainable and worth the switch again",
} as const satisfies Record<string, string>;

/** A rule's short name. */
export type Rule = keyof typeof rules;

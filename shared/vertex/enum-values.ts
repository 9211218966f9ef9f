/**
 * The enum values that our client can send. One that it does not know it would leave out without a word, and a pool would
 * come back without its GPU. Deciders do not load the client, so they are written down here as its protos have them.
 */

/** `google.cloud.aiplatform.v1.AcceleratorType`. */
export const acceleratorTypes = [
  "ACCELERATOR_TYPE_UNSPECIFIED",
  "NVIDIA_TESLA_K80",
  "NVIDIA_TESLA_P100",
  "NVIDIA_TESLA_V100",
  "NVIDIA_TESLA_P4",
  "NVIDIA_TESLA_T4",
  "NVIDIA_TESLA_A100",
  "NVIDIA_A100_80GB",
  "NVIDIA_L4",
  "NVIDIA_H100_80GB",
  "NVIDIA_H100_MEGA_80GB",
  "NVIDIA_H200_141GB",
  "NVIDIA_B200",
  "NVIDIA_GB200",
  "NVIDIA_RTX_PRO_6000",
  "TPU_V2",
  "TPU_V3",
  "TPU_V4_POD",
  "TPU_V5_LITEPOD",
] as const;

/** `google.cloud.aiplatform.v1.ReservationAffinity.Type`. */
export const reservationAffinityTypes: readonly string[] = [
  "TYPE_UNSPECIFIED",
  "NO_RESERVATION",
  "ANY_RESERVATION",
  "SPECIFIC_RESERVATION",
];

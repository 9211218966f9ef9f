import { defineConfig } from "vitest/config";

/** Generous, for machines with two busy cores: a test waits for its condition and is over when that holds. */
const patience = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // By default a core is left free, which on two cores means one file at a time.
    maxWorkers: "100%",
    projects: [
      { test: { name: "parts", include: ["test/**/*.test.ts"], exclude: ["test/system/**"], ...patience } },
      {
        test: {
          name: "system",
          include: ["test/system/**/*.test.ts"],
          exclude: ["test/system/kill/kill.test.ts"],
          // Each starts a whole home of processes: one after the other, and after everything else.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          ...patience,
        },
      },
      // Minutes of real time each: claims of the killed lapse by the wire's clock. Run by `npm run test:kill`.
      { test: { name: "kill", include: ["test/system/kill/kill.test.ts"], fileParallelism: false, ...patience } },
    ],
  },
});

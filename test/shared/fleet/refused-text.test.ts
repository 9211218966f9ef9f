import { describe, expect, test } from "vitest";
import { errorsOf, yaml } from "./told.ts";

describe("A text that is no fleet file is refused with its first cause", () => {
  test.each([
    {
      name: "not YAML",
      file: `
        version: 1
        project: [demo
      `,
      told: [
        "3:1 this is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (mind indentation, colons and quotes; an editor with the YAML schema shows the place)",
      ],
    },
    {
      name: "tabs as indentation",
      file: `
        version: 1
        limits:
        \tcyclesPerDay: 4
      `,
      told: ["3:1 this is not YAML: Tabs are not allowed as indentation (indent with spaces)"],
    },
    {
      name: "a key twice",
      file: `
        version: 1
        project: demo
        location: us-central1
        project: other
      `,
      told: ["4:1 this key stands here twice (keep one of the two)"],
    },
    {
      name: "several documents",
      file: `
        version: 1
        project: demo
        location: us-central1
        ---
        version: 1
      `,
      told: ["4:1 the file holds several documents (keep one fleet a file, without `---`)"],
    },
    {
      name: "an empty file",
      file: `
        # nothing yet
      `,
      told: ["1:1 the file is empty (start from fleet.example.yaml)"],
    },
    {
      name: "a list in place of a fleet",
      file: `
        - version: 1
      `,
      told: ["1:1 must be a group of keys, not a list (write a group of keys)"],
    },
    {
      name: "an alias without its anchor",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits: *defaults
      `,
      told: ["4:9 the alias *defaults stands for nothing (define &defaults further up)"],
    },
    {
      name: "a tag",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits: !secret { cyclesPerDay: 4 }
      `,
      told: ["4:9 Unresolved tag: !secret (write plain text, numbers, lists and keys only)"],
    },
    {
      name: "a key that reaches into prototypes",
      file: `
        version: 1
        project: demo
        location: us-central1
        limits:
          __proto__: { cyclesPerDay: 9 }
      `,
      told: ['5:3 the key "__proto__" is not allowed anywhere (remove it)'],
    },
  ])("$name", ({ file, told }) => {
    expect(errorsOf(yaml(file))).toEqual(told);
  });
});

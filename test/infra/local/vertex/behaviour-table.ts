/** Writes the documented behaviour: one row a case, so that the table cannot say what no test shows. */
import type { Case } from "./cases/case.ts";

const head = `# What the local Vertex AI does

Written from the conformance suite's own cases (\`test/infra/local/vertex/cases\`); each is asked in-process and through the
real Node clients over gRPC and REST, with identical answers. *Undocumented* marks what Google does not say: there the
double makes a choice, and where it matters a switch (\`POST /behaviour\`) makes the other one.
`;

/** The table as Markdown. */
export function behaviourTable(chapters: Readonly<Record<string, readonly Case[]>>): string {
  const parts = Object.entries(chapters).map(([chapter, cases]) => {
    const rows = cases.map(({ title, does, source }) => `| ${cell(title)} | ${cell(does)} | ${cell(source)} |`);
    return [
      `\n## ${chapter}\n`,
      "| case (test name) | what the service does | source |",
      "| --- | --- | --- |",
      ...rows,
      "",
    ].join("\n");
  });
  return head + parts.join("");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

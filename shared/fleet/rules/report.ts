/** How rules tell what they found. */
import type { Finding, Path } from "../issues.ts";

/** Collects what is wrong and what is only odd. */
export interface Report {
  error(path: Path, message: string, hint: string, part?: Finding["part"]): void;
  warning(path: Path, message: string, hint: string, part?: Finding["part"]): void;
}

/** A report with what was told to it. */
export function openReport(): Report & { readonly errors: readonly Finding[]; readonly warnings: readonly Finding[] } {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  const into =
    (list: Finding[]) =>
    (path: Path, message: string, hint: string, part: Finding["part"] = "value"): void => {
      list.push({ path, part, message, hint });
    };
  return { errors, warnings, error: into(errors), warning: into(warnings) };
}

/** A process of its own that counts up one document: `node increment.ts FILE TIMES`. */
import { openSqlite } from "../../../shared/state/sqlite.ts";
import { head } from "./samples.ts";

const [file = "", times = ""] = process.argv.slice(2);
const store = openSqlite(file);
for (let done = 0; done < Number(times); done++) {
  await store.transaction(async (tx) => {
    const found = await tx.get("fleet", "head");
    tx.put("fleet", "head", head((found?.value.version ?? 0) + 1));
  });
}
await store.close();

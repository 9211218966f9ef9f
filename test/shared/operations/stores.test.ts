import { describe } from "vitest";
import { openStore } from "../../../shared/state/open.ts";
import { openSqlite } from "../../../shared/state/sqlite.ts";
import { missingEmulator } from "../../emulators/emulator.ts";
import { useFirestore } from "../../emulators/use-firestore.ts";
import { describeClaims } from "./claims.ts";

describeClaims("SQLite", async () => openSqlite(":memory:"));

describe.skipIf(missingEmulator("firestore"))("on Google's Firestore emulator", () => {
  useFirestore();
  describeClaims("Firestore", () => openStore("firestore:claims"));
});

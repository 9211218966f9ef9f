/**
 * fast-check as every test uses it: from one seed, so that no green run is luck and none turns red by it. Other cases are
 * tried with `TIDEKEEPER_TEST_SEED=$RANDOM npm test`; a failure names its seed and its smallest case.
 */
import fc from "fast-check";

const chosen = process.env["TIDEKEEPER_TEST_SEED"];
const seed = Number(chosen ?? 1);
if (!Number.isInteger(seed)) throw new Error(`TIDEKEEPER_TEST_SEED must be a whole number, not ${chosen}`);
fc.configureGlobal({ seed });

export { fc };

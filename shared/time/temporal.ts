/**
 * The one import of Temporal: Node 24 declares its types but has no global, so a forgotten import would type-check and
 * fail at run time.
 */
export { Temporal } from "temporal-polyfill";

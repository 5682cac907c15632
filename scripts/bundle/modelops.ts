/** The entry of the bundle: what is run has one name wherever it lies. @module */
import { main } from "../../src/cli/main.ts";

await main();

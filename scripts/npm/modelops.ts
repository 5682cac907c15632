#!/usr/bin/env node
/** The commands, on Node. @module */
import { main } from "../../src/cli/main.ts";

await main();

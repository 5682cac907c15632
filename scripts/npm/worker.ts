/** The worker, on Node. @module */
import "../../src/platform/node/worker_scope.ts";
import "../../src/work/worker.ts";

/** The worker of the bundle, which lies beside its entry. @module */
import "../../src/work/worker.ts";

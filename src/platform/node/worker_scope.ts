/**
 * The scope of a worker in a thread of Node: its `self`.
 * @module
 */
import { parentPort } from "node:worker_threads";

type Receive = (event: { readonly data: unknown }) => void;

Object.defineProperty(globalThis, "self", {
  value: {
    set onmessage(receive: Receive) {
      parentPort?.on("message", (data) => receive({ data }));
    },
    postMessage: (message: unknown) => parentPort?.postMessage(message),
  },
});

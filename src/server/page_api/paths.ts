/**
 * What is known of the content of a registry, as JSON under `/_/`: what the page at `/` shows.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import type { Catalog } from "../../oci/store.ts";
import { jsonResponse } from "../documents.ts";
import { openRepository } from "../exchange.ts";
import type { FixedPath, FixedPaths } from "../paths.ts";
import type { Descriptions } from "./descriptions.ts";
import { Parameters } from "./parameters.ts";
import { findRepositories } from "./repositories.ts";

/** What the API needs of its server. */
export interface PageApiOptions extends Pick<OperationOptions, "signal" | "log"> {
  /** Loads what describes artifacts, when it is asked for the first time. */
  readonly describe: () => Promise<Descriptions>;
}

/** Names on a page where nobody says how many, and the most. */
const PAGE = { usual: 100, most: 1000 };

/** The paths of the API. */
export function pageApiPaths(
  catalog: Catalog,
  { describe, ...operation }: PageApiOptions,
): FixedPaths {
  return {
    "/_/repositories": {
      async answer(_request, query) {
        const parameters = new Parameters(query, ["search", "n", "last"]);
        return jsonResponse(
          await findRepositories(catalog, {
            search: parameters.text("search"),
            limit: parameters.count("n", PAGE),
            last: parameters.text("last"),
          }, operation),
        );
      },
    },
    "/_/tags": {
      async answer(_request, query) {
        const parameters = new Parameters(query, ["repository", "n"]);
        const store = openRepository(catalog, parameters.repository());
        const limit = parameters.count("n", PAGE);
        return jsonResponse(await (await describe()).tags(store, { ...operation, limit }));
      },
    },
    "/_/model": described("model"),
    "/_/tensors": described("tensors"),
    "/_/readme": described("readme"),
  };

  function described(what: "model" | "tensors" | "readme"): FixedPath {
    return {
      async answer(_request, query) {
        const parameters = new Parameters(query, ["repository", "reference"]);
        const store = openRepository(catalog, parameters.repository());
        const target = parameters.reference();
        return jsonResponse(await (await describe())[what](store, target, operation));
      },
    };
  }
}

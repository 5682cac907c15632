/**
 * What is known of the content of a registry, as JSON under `/_/`: what the page at `/` shows.
 * @module
 */
import { digestBytes, isDigest } from "../../core/digest.ts";
import { NotFoundError, UnsupportedError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { Catalog, ContentStore } from "../../oci/store.ts";
import { textResponse } from "../documents.ts";
import { openRepository } from "../exchange.ts";
import { entityTag, notModified } from "../preconditions.ts";
import { type ErrorCode, faultOf, RegistryFault } from "../fault.ts";
import { exists } from "../listings.ts";
import type { FixedPath, FixedPaths } from "../paths.ts";
import type { Descriptions } from "./descriptions.ts";
import { Line } from "./line.ts";
import { Parameters } from "./parameters.ts";
import { findRepositories } from "./repositories.ts";
import { shownStore, toldFault } from "./shown_store.ts";

/** What the API needs of its server. */
export interface PageApiOptions extends Pick<OperationOptions, "signal" | "log"> {
  /** Loads what describes artifacts, when it is asked for the first time. */
  readonly describe: () => Promise<Descriptions>;
  /** Whether nobody can push to the registry, which the list of repositories tells. */
  readonly readOnly?: boolean;
}

/** Names on a page where nobody says how many, and the most. */
const PAGE = { usual: 100, most: 1000 };

/** A document, and how long it is right. */
interface Answer {
  readonly document: object;
  /** Whether it will always be the same. */
  readonly isLasting?: boolean;
}

/** The paths of the API. */
export function pageApiPaths(
  catalog: Catalog,
  { describe, readOnly, signal, log }: PageApiOptions,
): FixedPaths {
  const operation = { signal, log };
  // Descriptions take memory and time; a README may have been written to take seconds elsewhere.
  const descriptions = new Line(2);
  const documents = new Line(1);
  const shown = { repositories: () => catalog.repositories(operation), open };
  return {
    "/_/repositories": row(["search", "n", "last"], "NAME_UNKNOWN", async (parameters) => ({
      document: {
        ...await findRepositories(shown, {
          search: parameters.text("search"),
          limit: parameters.count("n", PAGE),
          last: parameters.text("last"),
        }, operation),
        ...readOnly ? { readOnly } : {},
      },
    })),
    "/_/tags": row(["repository", "n"], "NAME_UNKNOWN", async (parameters) => {
      const name = parameters.repository();
      const limit = parameters.count("n", PAGE);
      const store = open(name);
      try {
        const { tags } = await describe();
        const document = await descriptions.wait(() => tags(store, { ...operation, limit }));
        return { document };
      } catch (error) {
        const isMissing = error instanceof NotFoundError && toldFault(error) === error;
        if (!isMissing || !await exists({ catalog, name, operation })) throw error;
        return { document: { repository: name, tags: [], total: 0, warnings: [] } };
      }
    }),
    "/_/model": artifact(async (store, target) => {
      const { model } = await describe();
      return { document: await descriptions.wait(() => model(store, target, operation)) };
    }),
    "/_/tensors": artifact(async (store, target) => {
      const { tensors } = await describe();
      const document = await descriptions.wait(() => tensors(store, target, operation));
      return { document, isLasting: isDigest(target) && document.unread?.length === 0 };
    }),
    "/_/readme": artifact(async (store, target) => {
      const { readme } = await describe();
      const document = await documents.wait(() => readme(store, target, operation));
      if (document !== undefined) return { document, isLasting: isDigest(target) };
      throw new RegistryFault("BLOB_UNKNOWN", { message: "The model has no README" });
    }),
  };

  function open(name: string): ContentStore {
    return shownStore(openRepository(catalog, name), signal);
  }

  /** A path that is asked about one artifact. */
  function artifact(answer: (store: ContentStore, target: string) => Promise<Answer>): FixedPath {
    return row(["repository", "reference"], "MANIFEST_UNKNOWN", async (parameters) => {
      const store = open(parameters.repository());
      return await answer(store, parameters.reference());
    });
  }
}

/** A path with these parameters; `unknown` is the code for what is not there. */
function row(
  known: readonly string[],
  unknown: ErrorCode,
  answer: (parameters: Parameters) => Promise<Answer>,
): FixedPath {
  return {
    async answer(request, query) {
      try {
        return documentResponse(request, await answer(new Parameters(query, known)));
      } catch (error) {
        if (error instanceof UnsupportedError) throw noModel(error);
        throw faultOf(toldFault(error), { unknown });
      }
    },
  };
}

/** Characters of the largest document: what is longer was made to be. */
const LARGEST = 1024 * 1024;

/** Whoever asks again with the tag of an answer need not be sent the same. */
function documentResponse(request: Request, { document, isLasting }: Answer): Response {
  const text = JSON.stringify(document);
  if (text.length > LARGEST) {
    const message = `The description has more than ${LARGEST} characters`;
    throw new RegistryFault("UNSUPPORTED", { status: 400, message });
  }
  const digest = digestBytes(new TextEncoder().encode(text));
  const headers = {
    etag: entityTag(digest),
    "cache-control": isLasting ? "private, max-age=86400, immutable" : "private, no-cache",
  };
  const type = { "content-type": "application/json" };
  return notModified(request, digest, headers) ??
    textResponse(text, { headers: { ...headers, ...type } });
}

function noModel(cause: UnsupportedError): RegistryFault {
  return new RegistryFault("UNSUPPORTED", {
    status: 404,
    message: "The artifact is no model that can be described",
    cause,
  });
}

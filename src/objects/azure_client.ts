/**
 * The SDK of Azure Blob Storage over this program's own network, loaded when the first object is
 * touched.
 *
 * The SDK makes, signs and reads the requests. It sends each once: trying again is done by who
 * knows how far an operation got.
 * @module
 */
import { type AnswerHints, STREAMED, type Transport } from "../http/transport_options.ts";
import { Readable } from "node:stream";
import { pieceSize } from "../core/content/piece_size.ts";
import { type PieceReader, pieceReader } from "../core/streams.ts";
import { azureIdentity } from "../deps/azure-identity.ts";
import { azureStorageBlob } from "../deps/azure-storage-blob.ts";
import type {
  BlockBlobClient,
  HttpOperationResponse,
  WebResource,
} from "../deps/azure-storage-blob.ts";
import { InvalidInputError, TransferError } from "../core/errors.ts";
import { inMemory } from "../http/bodies.ts";
import type { AzureAccess } from "./azure_access.ts";
import { unusable } from "./azure_unusable.ts";
import { type ContainerUri, formatObjectUri, quoteUri } from "./object_uri.ts";

/** Finds an object of the account. */
export type BlobFinder = (uri: ContainerUri) => BlockBlobClient;

/** Gives tokens of Microsoft Entra ID: what every login of `@azure/identity` is. */
export interface AzureTokenSource {
  /** A token for the scopes, with the time it expires at in milliseconds since the epoch. */
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** How to reach an account. */
export interface AzureClientOptions {
  /** Carries the requests. */
  readonly transport: Transport;
  /** Told that what was read at a URL was wrong: `true` when it comes from another place now. */
  readonly distrust?: (url: URL, failure: unknown) => boolean;
  /** Makes the login of Microsoft Entra ID; the SDK's default chain when absent. */
  readonly login?: () => Promise<AzureTokenSource>;
}

/** Makes the client of an account. Nothing is sent yet. */
export async function azureClient(
  access: AzureAccess,
  options: AzureClientOptions,
): Promise<BlobFinder> {
  const { AnonymousCredential, BlobServiceClient, StorageSharedKeyCredential } =
    await azureStorageBlob();
  const { credential } = access;
  const signer = credential.kind === "key"
    ? new StorageSharedKeyCredential(credential.account, credential.key)
    : credential.kind === "sas"
    ? new AnonymousCredential()
    : await (options.login ?? defaultLogin)();
  const url = credential.kind === "sas" ? `${access.url}?${credential.sas}` : access.url;
  const service = understood(() =>
    new BlobServiceClient(url, signer, {
      httpClient: {
        async sendRequest(resource) {
          const request = await requestOf(resource);
          return await answerOf(resource, await options.transport(request, hintsOf(resource)));
        },
      },
      retryOptions: { maxTries: 1 },
    })
  );
  return (uri) => {
    checkContainer(uri);
    return understood(() => service.getContainerClient(uri.container).getBlockBlobClient(uri.key));
  };
}

/** Makes a client; the SDK says in words of its own, and with the address, what it cannot read. */
function understood<Client>(make: () => Client): Client {
  try {
    return make();
  } catch {
    throw unusable("the endpoint has no form that the service has", "azureEndpoint");
  }
}

async function defaultLogin(): Promise<AzureTokenSource> {
  const { DefaultAzureCredential } = await azureIdentity();
  return new DefaultAzureCredential();
}

/** Names of containers that the service allows; `$root` and `$web` are its own. */
const CONTAINER_NAME = /^(?:\$root|\$web|(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*)$/;

/**
 * Checks the name of a container by the rules of the service.
 * @throws {InvalidInputError} when it is none.
 */
export function checkContainer(uri: ContainerUri): void {
  if (CONTAINER_NAME.test(uri.container)) return;
  throw new InvalidInputError(
    `Cannot use ${quoteUri(formatObjectUri(uri))} as an object: an Azure container has 3 to 63 ` +
      "lower-case letters, digits and single hyphens between them",
  );
}

/** A body that is opened when it is sent, so that it is in memory at no time. */
type Opened = () => Promise<ReadableStream<Uint8Array>>;

/** A body in the type that the SDK hands on: it knows streams of Node alone. */
export function streamed(open: Opened): () => NodeJS.ReadableStream {
  return open as unknown as () => NodeJS.ReadableStream;
}

async function requestOf(
  { url, method, headers, body, abortSignal }: WebResource,
): Promise<Request> {
  const plain = new Headers(headers.toJson());
  // The SDK's own tells the machine's operating system and version to the service.
  plain.set("User-Agent", "modelops");
  // Bytes have to come as they are stored, whatever their Content-Encoding says.
  plain.set("Accept-Encoding", "identity");
  return new Request(url, {
    method,
    headers: plain,
    body: typeof body === "function" ? await (body as unknown as Opened)() : bytesOf(body),
    signal: (abortSignal ?? null) as AbortSignal | null,
    redirect: "error",
    ...STREAMED,
  });
}

/**
 * What is known of an answer: a range of an object goes into a file, and the way for many bytes
 * takes little chunks together. In chunks of a byte, each took as long as a kilobyte does.
 */
function hintsOf({ headers, streamResponseStatusCodes }: WebResource): AnswerHints {
  if (!streamResponseStatusCodes?.size) return {};
  const asked = headers.get("x-ms-range") ?? headers.get("range") ?? "";
  const [, first = 1, last = 0] = /^bytes=(\d+)-(\d+)$/.exec(asked) ?? [];
  return { bytesToFile: Number(last) + 1 - Number(first) };
}

function bytesOf(body: unknown): BodyInit | null {
  return (body ?? null) as BodyInit | null;
}

/** Most bytes of an answer that is no object, where the request says nothing else. */
const TEXT_LIMIT = 64 * 1024;

const textLimits = new WeakMap<object, number>();

/** Bounds the answers to requests that are sent with a signal, in bytes; gives the signal. */
export function withTextLimit(signal: AbortSignal, limit: number): AbortSignal {
  textLimits.set(signal, limit);
  return signal;
}

/** The text of an answer that is no object; one that is too long is none. */
async function textOf({ url, abortSignal }: WebResource, response: Response): Promise<string> {
  const limit = textLimits.get(abortSignal ?? {}) ?? TEXT_LIMIT;
  try {
    return await (await inMemory(response, { url }, limit)).response.text();
  } catch (error) {
    if (error instanceof TransferError) return "";
    throw error;
  }
}

async function answerOf(request: WebResource, response: Response): Promise<HttpOperationResponse> {
  const headers = request.headers.clone();
  for (const name of headers.headerNames()) headers.remove(name);
  for (const [name, value] of response.headers) headers.set(name, value);
  // Who passes an answer on in chunks leaves its length out, without which the SDK reads nothing.
  const [, first, last] = /^bytes (\d+)-(\d+)\//.exec(headers.get("content-range") ?? "") ?? [];
  if (last !== undefined && !headers.contains("content-length")) {
    headers.set("content-length", `${Number(last) + 1 - Number(first)}`);
  }
  const answer = { request, status: response.status, headers };
  const wantsStream = request.streamResponseStatusCodes?.has(response.status);
  if (!wantsStream) return { ...answer, bodyAsText: await textOf(request, response) };
  const stream = readableOf(response);
  // The SDK stops listening before the stream has ended; a failure then would end the process.
  stream.on("error", () => {});
  return { ...answer, readableStreamBody: stream };
}

/** The body of an answer as the stream of Node that the SDK hands on. */
function readableOf({ body, headers }: Response): Readable {
  if (body === null) return Readable.from([]);
  const reader = pieceReader(body, pieceSize(headers));
  return new Readable({
    read() {
      nextOf(reader).then((bytes) => this.push(bytes), (error) => this.destroy(error));
    },
    destroy(error, done) {
      // A body that broke already needs no cancelling.
      reader.cancel(error).catch(() => {}).then(() => done(error));
    },
  });
}

/** The next bytes of a body; `null` at its end. */
async function nextOf(reader: PieceReader): Promise<Uint8Array | null> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return null;
    // Whoever has a piece may keep it, while the reader fills the same memory again.
    if (value !== undefined && value.byteLength > 0) return value.slice();
  }
}

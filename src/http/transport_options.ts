/**
 * How servers are reached: the shape of everything that speaks HTTP (network, authentication,
 * retry, and the fakes of tests), and what a way to the network is made from.
 * @module
 */
import type { ProxySettings } from "./proxies.ts";
import type { RateLimit } from "../core/rate_limit.ts";

/** What is known of a request, and of its answer before it comes. */
export interface AnswerHints {
  /** Whether it is sent once: who made it knows better than to send the same again. */
  readonly once?: boolean;
  /** Bytes that will go from its body into a file: another thread may receive many of them. */
  readonly bytesToFile?: number;
  /**
   * Host of the server on the internet that named the URL. The request must not reach a private
   * address then, whatever its name leads to.
   */
  readonly namedBy?: string;
  /**
   * Whether the server may name private addresses because its own name leads to one: the request
   * must not reach another address then, whatever the name leads to by now.
   */
  readonly insideOnly?: boolean;
  /**
   * Most bytes of its body, where all of it is wanted in memory: it is read with the answer, so
   * that a line cut in it is tried again like one cut before.
   */
  readonly bodyLimit?: number;
  /** Told of each URL that it is redirected to, before it is sent there. */
  readonly onRedirect?: (target: Readonly<URL>) => void;
}

/**
 * Sends a request and gives the answer as it came. A transport around another one passes the hints
 * on.
 */
export type Transport = (request: Request, hints?: AnswerHints) => Promise<Response>;

/** What the Fetch standard wants said of a request whose body may be a stream. */
export const STREAMED = { duplex: "half" } as const;

/** Where a machine keeps authorities of its own, besides where its system keeps them. */
export interface AuthorityPlaces {
  /** A PEM file with any count of certificates: `SSL_CERT_FILE`. */
  readonly file?: string;
  /** Folders of PEM files: `SSL_CERT_DIR`. What is no certificate in them is passed over. */
  readonly folders?: readonly string[];
}

/** How to reach servers. All certificates and keys are PEM text. */
export interface TransportOptions {
  /** Authorities to trust beside the built-in ones and the system's. */
  readonly caCerts?: readonly string[];
  /** Where more authorities are; read with the first server that the others do not vouch for. */
  readonly authorities?: AuthorityPlaces;
  /** Certificate that shows servers who this is; together with `key`. */
  readonly cert?: string;
  /** Private key of `cert`. */
  readonly key?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** URL of the proxy for every request, or the proxies of the process. */
  readonly proxy?: string | ProxySettings;
  /**
   * Milliseconds in which a server has to take some of a body that is sent; as in a retry policy.
   */
  readonly stallTime?: number;
  /** What to call this program. */
  readonly userAgent?: string;
  /** How fast bytes may move in all. */
  readonly maxRate?: RateLimit;
}

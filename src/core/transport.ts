/**
 * The shape of everything that speaks HTTP: network, authentication, retry, and the fakes of tests.
 * @module
 */

/** Sends a request and gives the answer as it came. */
export type Transport = (request: Request) => Promise<Response>;

/**
 * One repository's corner of a registry: requests below `/v2/<path>/`.
 * @module
 */
import type { ModelOpsError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import type { RegistrySession, RequestParts } from "./session.ts";

/** Sends requests that concern one repository. */
export class Channel {
  /** The registry's session. */
  readonly session: RegistrySession;
  /** Path of the repository: `models/demo`. */
  readonly path: string;
  /** Host and path: `localhost:5000/models/demo`. */
  readonly name: string;

  /** Opens a channel; nothing is sent. */
  constructor(session: RegistrySession, path: string) {
    this.session = session;
    this.path = path;
    this.name = `${session.registry}/${path}`;
  }

  /** Sends a request to a path below the repository (`manifests/v1`), or to a URL the registry named. */
  async send(method: string, target: string | URL, parts?: RequestParts): Promise<Response> {
    const where = target instanceof URL ? target : `/v2/${this.path}/${target}`;
    return await this.session.send(method, where, parts);
  }

  /** The error for an answer to something that was tried with `what` of this repository. */
  async error(response: Response, verb: string, what: string): Promise<ModelOpsError> {
    const joint = what.includes(":") ? "@" : ":";
    return await this.session.error(
      response,
      `${verb} ${quote(this.name + joint + what)}`,
    );
  }
}

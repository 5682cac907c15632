/**
 * The choice of a role, and with it of layers.
 * @module
 */
import { RoleMismatchError } from "../../core/errors.ts";
import { nearest } from "../../core/suggest.ts";
import { compareText, listed, quote } from "../../core/text.ts";
import type { Bundle } from "./bundle.ts";
import { DEFAULT_ROLE } from "./names.ts";
import { bundleLabel } from "../resolve/reference.ts";

/** A role and its layers, in the order of the role. */
type SelectedRole = Required<LayerChoice>;

/**
 * Chooses the role that is asked for, else the one of the reference, else `default`. An empty name
 * asks for nothing.
 * @throws {RoleMismatchError} listing the roles there are, or the layers that the role names and
 * the bundle does not have.
 */
export function selectRole(bundle: Bundle, role?: string): SelectedRole {
  const asked = role || bundle.ref.role || undefined;
  const name = asked ?? DEFAULT_ROLE;
  if (!Object.hasOwn(bundle.roles, name)) throw noSuchRole(bundle, asked);
  const layers = [...new Set(bundle.roles[name])];
  checkLayers(bundle, layers, `role ${quote(name)}`);
  return { role: name, layers };
}

/** What of a bundle is asked for. */
export interface LayerChoice {
  /** The role; that of the reference, else `default`, when absent. */
  readonly role?: string;
  /** Only these layers, whatever the role says. */
  readonly layers?: readonly string[];
}

/**
 * Chooses layers: those that are given, else those of the role.
 * @throws {RoleMismatchError} when the bundle does not have the role or the layers.
 */
export function selectLayers(bundle: Bundle, { role, layers }: LayerChoice): SelectedRole {
  if (layers === undefined) return selectRole(bundle, role);
  checkLayers(bundle, layers, "--layers");
  return { role: role ?? DEFAULT_ROLE, layers: [...new Set(layers)] };
}

/**
 * Checks that a bundle has layers.
 *
 * @param asker What names the layers, for the message.
 * @throws {RoleMismatchError} listing those it does not have.
 */
function checkLayers(bundle: Bundle, layers: readonly string[], asker: string): void {
  const known = new Set(bundle.layers);
  const missing = layers.filter((layer) => !known.has(layer)).sort(compareText);
  if (missing.length === 0) return;
  const [first] = missing;
  throw new RoleMismatchError(
    `Cannot use ${asker} of ${quote(bundleLabel(bundle))}: ` +
      `the bundle has no layer ${list(missing)}; its layers are ${list(bundle.layers) || "none"}`,
    { actual: missing.join(", "), suggestions: nearest(first ?? "", bundle.layers) },
  );
}

function noSuchRole(bundle: Bundle, asked: string | undefined): RoleMismatchError {
  const roles = Object.keys(bundle.roles).sort(compareText);
  const label = quote(bundleLabel(bundle));
  const found = roles.length === 0 ? "it has no roles" : `its roles are ${list(roles)}`;
  if (asked === undefined) {
    return new RoleMismatchError(
      `Cannot choose a role of ${label}: it has none named "${DEFAULT_ROLE}", and ${found}`,
      roles[0] === undefined ? {} : { remedy: `choose one, such as --role ${roles[0]}` },
    );
  }
  return new RoleMismatchError(
    `Cannot use role ${quote(asked)} of ${label}: ${found}`,
    { actual: asked, suggestions: nearest(asked, roles) },
  );
}

/** Most names that a message lists. */
const SHOWN_NAMES = 20;

function list(names: readonly string[]): string {
  return listed(names.map((name) => quote(name, 100)), SHOWN_NAMES);
}

/**
 * What a request needs permission for, read off its method and URL.
 * See https://distribution.github.io/distribution/spec/auth/scope/
 * @module
 */

const REPOSITORY = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)(?:\/|$)/;

const ACTIONS: Readonly<Record<string, string>> = { GET: "pull", HEAD: "pull", DELETE: "delete" };

/** The path of the repository that a URL of the API belongs to. */
export function repositoryOf(url: URL): string | undefined {
  return REPOSITORY.exec(url.pathname)?.[1];
}

/**
 * The scopes of a request: for a mount also the reading of the repository it comes from. A request
 * that belongs to no repository and is not the catalog's needs none.
 */
export function scopesOf(request: { readonly method: string; readonly url: string }): string[] {
  const url = new URL(request.url);
  if (url.pathname === "/v2/_catalog") return ["registry:catalog:*"];
  const repository = repositoryOf(url);
  if (repository === undefined) return [];
  // A session of an upload is cancelled and asked about with the permission that made it.
  const upload = url.pathname.includes("/blobs/uploads/");
  const actions = upload ? "pull,push" : ACTIONS[request.method] ?? "pull,push";
  const from = url.searchParams.has("mount") ? url.searchParams.get("from") : null;
  return [
    `repository:${repository}:${actions}`,
    ...(from ? [`repository:${from}:pull`] : []),
  ];
}

/** Several scopes as one list, with the actions on the same thing joined. */
export function mergeScopes(scopes: readonly string[]): string[] {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const colon = scope.lastIndexOf(":");
    const thing = scope.slice(0, Math.max(colon, 0));
    const known = actions.get(thing) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) known.add(action);
    actions.set(thing, known);
  }
  return Array.from(actions, ([thing, set]) => {
    const list = [...set].join(",");
    return thing === "" ? list : `${thing}:${list}`;
  });
}

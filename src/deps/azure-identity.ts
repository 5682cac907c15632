/** Logins of Microsoft Entra ID; fetched and loaded when they are first used. @module */

/** The package. The choice keeps the runtime from fetching it before that: see CONTRIBUTING.md. */
export async function azureIdentity(): Promise<typeof import("npm:@azure/identity@4.14.1")> {
  return await import(
    import.meta.url ? "npm:@azure/identity@4.14.1" : "npm:@azure/identity@4.14.1"
  );
}

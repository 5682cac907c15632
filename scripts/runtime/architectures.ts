/** The machines that the Linux forms of the program are made for. @module */

/** The version of Deno that is shipped. */
export const DENO_VERSION = "2.9.6";

/** What a machine is called, and the runtime that runs on it. */
export interface Architecture {
  /** Its name, as OCI images and Debian have it. */
  readonly name: string;
  /** The package of npm that holds the runtime. */
  readonly npmPackage: string;
  /** What that package is in version {@linkcode DENO_VERSION}: SHA-512 of the archive, base64. */
  readonly integrity: string;
}

/** Every architecture by its name. */
export const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  amd64: {
    name: "amd64",
    npmPackage: "@deno/linux-x64-glibc",
    integrity:
      "3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
  },
  arm64: {
    name: "arm64",
    npmPackage: "@deno/linux-arm64-glibc",
    integrity:
      "poqhoH9B3nYloigEMPT5t8HY+wBeiuea1An5Q7fqgJzP0SYmWsoS/oUnWO/pEiA4ofzIBy1Elt/in58xKtxEoQ==",
  },
};

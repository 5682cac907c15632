/** `login`: tries a login at a registry and keeps it. @module */
import type { Command } from "../../deps/commander.ts";
import { type GivenLogin, obtainLogin } from "../settings/credentials.ts";
import { addAccess } from "../options.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  addAccess(
    command
      .argument("<registry>", "host of the registry, with port where it has one")
      .option("-u, --username <name>", "user (default: $MODCTL_REGISTRY_USER)")
      .option("-p, --password <password>", "password (default: $MODCTL_REGISTRY_PASS)")
      .option("--password-stdin", "read the password from standard input")
      .option("--authfile <file>", "take the login from this Docker configuration file"),
  )
    .action(async (registry, { plainHttp, insecure, proxy, ...given }) => {
      const logins = await session.logins();
      const login = await obtainLogin(registry, given satisfies GivenLogin, { session, logins });
      session.output.note("Logging In...");
      const access = { plainHttp, insecure, proxy };
      const options = { ...session.quiet(), ...access, ...login };
      const result = await logins.login(registry, options);
      session.output.result(result, "Login Succeeded.");
    });
}

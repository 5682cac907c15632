/** `serve`: the local store as a registry. @module */
import type { Command } from "../../deps/commander.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { duration } from "../arguments.ts";
import { serviceManager, serviceSettings } from "../service_manager.ts";
import type { Session } from "../session.ts";

export function configure(command: Command, session: Session): void {
  command
    .option("--address <host:port>", "where to listen; port 0 takes a free one", "127.0.0.1:5000")
    .option("--read-only", "refuse everything that writes")
    .option(
      "--upstream <url>",
      "be a cache in front of this registry: fetch and keep what is asked",
    )
    .option("--sparse", "take manifests and indexes whose content is not all here")
    .option("--htpasswd <file>", "ask for the users and passwords of this file (bcrypt)")
    .addOption(
      command.createOption("--anonymous <what>", "what needs no password all the same").choices([
        "pull",
      ]),
    )
    .option("--allow-anonymous", "serve a public address without passwords")
    .option("--tls-cert <file>", "certificate to serve HTTPS with (PEM)")
    .option("--tls-key <file>", "key of that certificate (PEM)")
    .addOption(
      command.createOption(
        "--drain-timeout <time>",
        "how long requests may go on when the server is stopped",
      )
        .argParser(duration("--drain-timeout")).default(30_000, "30s"),
    )
    .addOption(
      command.createOption("--upload-age <time>", "when an upload nobody goes on with is removed")
        .argParser(duration("--upload-age")).default(24 * 60 * 60 * 1000, "24h"),
    )
    .addOption(
      command.createOption("--log-format <form>", "form of the log on standard error")
        .choices(["text", "json"]).default("text"),
    )
    .action(async ({ logFormat, ...flags }) => {
      const { settings, output, context } = session;
      if (flags.upstream === undefined) refuseClientCertificate(settings);
      const { serveStore } = await import("../../library/serve.ts");
      const log = session.serverLog(logFormat);
      const { signal } = context;
      await using manager = serviceManager(serviceSettings(context.env), log);
      const server = await serveStore(settings, { ...flags, log, signal });
      signal.addEventListener("abort", () => manager.stopping());
      output.note(`Serving ${settings.storageDir} on ${server.url}`);
      output.result({ address: server.address }, `ready ${server.address}`);
      manager.ready(`Serving ${server.url}`);
      await server.finished;
    });
}

/** They are for registries that this program is a client of: a server would go on without TLS. */
function refuseClientCertificate({ certFile, keyFile }: Session["settings"]): void {
  if (certFile === undefined && keyFile === undefined) return;
  throw new InvalidInputError(
    "Cannot serve with --cert-file or --key-file: they are what a client shows to a registry",
    { remedy: "give the certificate of the server with --tls-cert FILE --tls-key FILE" },
  );
}

/** HTTP through a proxy, for `node:http`. @module */
export { HttpProxyAgent } from "npm:http-proxy-agent@9.1.0";

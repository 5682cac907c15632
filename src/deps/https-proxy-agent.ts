/** HTTPS through a proxy, for `node:https`. @module */
export { HttpsProxyAgent } from "npm:https-proxy-agent@9.1.0";

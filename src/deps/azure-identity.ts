/** Logins of Microsoft Entra ID; slow to load, so import it only where it is used. @module */
export { DefaultAzureCredential } from "npm:@azure/identity@4.14.1";

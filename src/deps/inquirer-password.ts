/** The prompt for a secret. @module */
export { default as password } from "npm:@inquirer/password@5.3.0";

/** Validation of documents from outside. @module */
export { z } from "npm:zod@4.6.7";

/**
 * What the commands work with, each part loaded when it is first used.
 * @module
 */
import type { Services } from "./context.ts";
export const services: Services = {} as Services;

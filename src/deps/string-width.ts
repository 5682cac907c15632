/** How many columns of a terminal a text takes. @module */
export { default as stringWidth } from "npm:string-width@8.1.0";

/** HTML from Markdown. @module */
// @ts-types="npm:@types/markdown-it@14.2.0"
export { default as MarkdownIt } from "npm:markdown-it@14.3.3";

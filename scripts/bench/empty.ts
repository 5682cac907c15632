/** Does nothing: what starting any program under Deno costs. @module */
export {};

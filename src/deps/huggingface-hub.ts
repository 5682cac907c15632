/** The HTTP API of the Hugging Face hub. Large: import it where a hub is asked, not before. @module */
export { listFiles, modelInfo } from "npm:@huggingface/hub@2.17.5";

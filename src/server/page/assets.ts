/**
 * The files of the page, which are part of the program in all of its forms.
 * @module
 */
import html from "./client/index.html" with { type: "text" };
import icon from "./client/icon.svg" with { type: "text" };
import lists from "./client/lists.css" with { type: "text" };
import model from "./client/model.css" with { type: "text" };
import frame from "./client/page.css" with { type: "text" };
import print from "./client/print.css" with { type: "text" };
import page from "./client/page.js" with { type: "text" };
import theme from "./client/theme.js" with { type: "text" };
import api from "./client/parts/api.js" with { type: "text" };
import codeLine from "./client/parts/code_line.js" with { type: "text" };
import copy from "./client/parts/copy.js" with { type: "text" };
import dom from "./client/parts/dom.js" with { type: "text" };
import readme from "./client/parts/readme.js" with { type: "text" };
import states from "./client/parts/states.js" with { type: "text" };
import tabs from "./client/parts/tabs.js" with { type: "text" };
import windowList from "./client/parts/window_list.js" with { type: "text" };
import answerShape from "./client/values/answer_shape.js" with { type: "text" };
import commands from "./client/values/commands.js" with { type: "text" };
import format from "./client/values/format.js" with { type: "text" };
import kinds from "./client/values/kinds.js" with { type: "text" };
import layers from "./client/values/layers.js" with { type: "text" };
import place from "./client/values/place.js" with { type: "text" };
import tensorRows from "./client/values/tensor_rows.js" with { type: "text" };
import treemap from "./client/values/treemap.js" with { type: "text" };
import visible from "./client/values/visible.js" with { type: "text" };
import files from "./client/views/files.js" with { type: "text" };
import header from "./client/views/header.js" with { type: "text" };
import modelPage from "./client/views/model_page.js" with { type: "text" };
import overview from "./client/views/overview.js" with { type: "text" };
import repositories from "./client/views/repositories.js" with { type: "text" };
import start from "./client/views/start.js" with { type: "text" };
import tags from "./client/views/tags.js" with { type: "text" };
import tensors from "./client/views/tensors.js" with { type: "text" };

/** The document at `/`. */
export const DOCUMENT: string = html;

/** Texts by their path below `/_/`, which is the one below `client`. */
export const ASSETS: Readonly<Record<string, string>> = {
  "icon.svg": icon,
  "lists.css": lists,
  "model.css": model,
  "page.css": frame,
  "page.js": page,
  "print.css": print,
  "theme.js": theme,
  "parts/api.js": api,
  "parts/code_line.js": codeLine,
  "parts/copy.js": copy,
  "parts/dom.js": dom,
  "parts/readme.js": readme,
  "parts/states.js": states,
  "parts/tabs.js": tabs,
  "parts/window_list.js": windowList,
  "values/answer_shape.js": answerShape,
  "values/commands.js": commands,
  "values/format.js": format,
  "values/kinds.js": kinds,
  "values/layers.js": layers,
  "values/place.js": place,
  "values/tensor_rows.js": tensorRows,
  "values/treemap.js": treemap,
  "values/visible.js": visible,
  "views/files.js": files,
  "views/header.js": header,
  "views/model_page.js": modelPage,
  "views/overview.js": overview,
  "views/repositories.js": repositories,
  "views/start.js": start,
  "views/tags.js": tags,
  "views/tensors.js": tensors,
};

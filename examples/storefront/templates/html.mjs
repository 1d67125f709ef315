/** Markup that is already safe to write into a page. */
class Markup {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escape = (text) => String(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign]);

const render = (value) => {
  if (value === null || value === undefined || value === false) return "";
  if (Array.isArray(value)) return value.map(render).join("");
  return value instanceof Markup ? value.text : escape(value);
};

/** Template tag: everything put in is escaped, unless it is itself markup. */
export const html = (parts, ...values) =>
  new Markup(parts.reduce((text, part, at) => text + render(values[at - 1]) + part));

/** Data for the page's own scripts. A "<" could close the element, so none is left. */
export const json = (id, value) =>
  new Markup(
    `<script type="application/json" id="${escape(id)}">${JSON.stringify(value).replaceAll("<", "\\u003c")}</script>`,
  );

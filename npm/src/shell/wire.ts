import type { PathElement } from "../loader/host.js";

/**
 * Text as the engine reads it: fields between unit separators, lists of lists with record separators
 * between them. The page's own texts cannot contain either, because `field` takes them out.
 */
const FIELD = "\x1f";
const RECORD = "\x1e";

export const field = (text: unknown): string => String(text ?? "").replace(/[\x1e\x1f]/g, "");

export const fields = (...texts: unknown[]): string => texts.map(field).join(FIELD);

/** Puts parts together that are fields or lists already. */
export const joined = (...parts: string[]): string => parts.join(FIELD);

export const records = (lists: string[]): string => lists.map((list) => list + RECORD).join("");

export const split = (text: string): string[] => (text ? text.split(FIELD) : []);

/** Properties as records of name, type and value; a list's lines stand between `[` and `]`. */
export const properties = (object: Record<string, unknown>): string =>
  Object.entries(object)
    .map(([name, value]) => {
      if (Array.isArray(value)) {
        return value.map((line) => records([fields(name, "[")]) + properties(line) + records([fields("", "]")])).join("");
      }
      const type = typeof value;
      return records([
        type == "boolean" ? fields(name, "b", value ? 1 : "") : fields(name, type == "number" ? "n" : "t", value),
      ]);
    })
    .join("");

/** An element as fields: tag, id, class, then names and values of attributes. */
export const elementText = ({ tag, id, class: classes, attr }: PathElement): string =>
  fields(tag, id, classes, ...Object.entries(attr).flat());

import { clip as cut } from "../loader/facts.js";
import type { PathElement } from "../loader/host.js";

/**
 * Text as the engine reads it: fields between unit separators, lists of lists with record separators
 * between them. The page's own texts cannot contain either, because `field` takes them out.
 */
export const FIELD = "\x1f";
export const RECORD = "\x1e";

/** Cuts and mends a text; a short one of plain letters needs neither. */
export const clip = (text: unknown, bytes?: number): string =>
  /^[ -~]{0,64}$/.test(text as string) ? (text as string) : cut(text, bytes);

export const field = (text: unknown): string => String(text ?? "").replace(/[\x1e\x1f]/g, "");

export const fields = (...texts: unknown[]): string => texts.map(field).join(FIELD);

/** Puts parts together that are fields or lists already. */
export const joined = (...parts: string[]): string => parts.join(FIELD);

export const records = (lists: string[]): string => lists.map((list) => list + RECORD).join("");

/** The fields of a list in which each follows a separator. */
export const split = (text: string): string[] => text.split(FIELD).slice(1);

/**
 * Properties as records of name, type and value; a list's lines stand between `[` and `]`. Kept are
 * texts, finite numbers, yes and no, and lists of objects, one level deep.
 */
export const properties = (object: unknown, flat?: boolean): string =>
  Object.entries(Object(object) as object)
    .slice(0, 32)
    .map(([key, value]: [string, unknown]) => {
      const name = clip(key, 64);
      if (Array.isArray(value)) {
        return flat
          ? ""
          : value
              .filter((line) => Object(line) == line)
              .slice(0, 50)
              .map((line) => records([fields(name, "["), properties(line, true) + fields("", "]")]))
              .join("");
      }
      const type = typeof value;
      if (type == "boolean") return records([fields(name, "b", value ? 1 : "")]);
      if (Number.isFinite(value)) return records([fields(name, "n", value)]);
      return /ri|big/.test(type) ? records([fields(name, "t", clip(value))]) : ""; // string, bigint
    })
    .join("");

/** An element as fields: tag, id, class, then names and values of attributes. A `data:` link can have megabytes. */
export const elementText = ({ tag, id = "", class: classes = "", attr }: PathElement): string =>
  fields(...[tag, id, classes, ...Object.entries(attr).flat()].map((text) => clip(text)));

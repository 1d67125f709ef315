// Makes a file of `wrangler d1 export` one that an empty database takes.
//
// The export writes tables with their rows, then indexes, triggers and views in the order of these
// words. A trigger that stands for an insertion into a view cannot be made before that view. And it writes
// a row as one statement, however long its texts are, where a statement may have 100,000 bytes.

import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { finished } from "node:stream/promises";

const TRIGGER = /^\s*CREATE\s+TRIGGER\b/i;
const VIEW = /^\s*CREATE\s+VIEW\b/i;

/** What ends what has begun, by how it begins. */
const CLOSED_BY = { "'": "'", '"': '"', "`": "`", "--": "\n", "/*": "*/" };

/** Where the statement ends that begins at 0: after its semicolon; -1 if that has not come yet. */
function endOf(text, state) {
  let { at, closedBy } = state;
  while (at < text.length) {
    if (closedBy) {
      const end = text.indexOf(closedBy, at);
      // The second half of what closes may be in the next part.
      if (end < 0) at = Math.max(at, text.length - closedBy.length + 1);
      if (end < 0) break;
      at = end + closedBy.length;
      closedBy = undefined;
      continue;
    }
    const one = text[at];
    if (one === ";") return at + 1;
    const two = text.slice(at, at + 2);
    if (two.length < 2 && (one === "-" || one === "/")) break;
    closedBy = CLOSED_BY[one] ?? CLOSED_BY[two];
    at += CLOSED_BY[one] ? 1 : closedBy ? 2 : 1;
  }
  Object.assign(state, { at, closedBy });
  return -1;
}

/** Each statement before the first trigger, and then all the rest as one text. */
async function* parts(stream) {
  let rest = "";
  let state = { at: 0 };
  let inTriggers = false;
  for await (const chunk of stream) {
    rest += chunk;
    for (let end; !inTriggers && (end = endOf(rest, state)) > 0; ) {
      state = { at: 0 };
      inTriggers = TRIGGER.test(rest.slice(0, end));
      if (inTriggers) break;
      yield rest.slice(0, end);
      rest = rest.slice(end);
    }
  }
  yield rest;
}

const LONGEST_STATEMENT = 100_000;
const LONGEST_TEXT = 30_000;

/** A quoted text in pieces, none of which ends within a character or between two quotation marks of one. */
function pieces(quoted) {
  return quoted.match(new RegExp(`(?:''|[^'][\\x80-\\xbf]*){1,${LONGEST_TEXT / 4}}`, "gs"));
}

/** The insertion of a row, its long texts told in pieces before, by the place that each has in it. */
function shortened(insertion) {
  if (insertion.length < LONGEST_STATEMENT) return insertion;
  const told = ["\nCREATE TABLE restored_texts (place INTEGER, piece INTEGER, text TEXT);"];
  const row = insertion.replace(/(?<!x)'((?:[^']|'')*)'/gi, (literal, quoted, place) => {
    if (literal.length < LONGEST_TEXT) return literal;
    pieces(quoted).forEach((piece, at) => told.push(`\nINSERT INTO restored_texts VALUES (${place}, ${at}, '${piece}');`));
    return `(SELECT group_concat(text, '' ORDER BY piece) FROM restored_texts WHERE place = ${place})`;
  });
  return `${told.join("")}${row}\nDROP TABLE restored_texts;`;
}

/**
 * Writes the file anew with views before triggers. It is read as bytes, a statement at a time, so it
 * may be as long as a database is.
 *
 * @param {(sql: string) => string[]} split wrangler's own way to cut triggers from each other
 */
export async function restorable(from, to, split) {
  const out = createWriteStream(to, { encoding: "latin1" });
  const write = async (text) => out.write(text) || once(out, "drain");
  let last = "";
  for await (const part of parts(createReadStream(from, { encoding: "latin1", highWaterMark: 1 << 20 }))) {
    await write(shortened(last));
    last = part;
  }
  const statements = split(last).map((one) => `\n${one.trim().replace(/;$/, "")};`);
  const isView = (one) => VIEW.test(one);
  await write([...statements.filter(isView), ...statements.filter((one) => !isView(one))].join("") + "\n");
  out.end();
  await finished(out);
  return statements.length;
}

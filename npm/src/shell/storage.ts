import { FIELD } from "./wire.js";

/** What this browser keeps between pages. Where it refuses to, nothing is kept and nothing fails. */

const DATABASE = "gp";
const OUTBOX = "outbox";
const RECORD = "gp";

let database: Promise<IDBDatabase> | undefined;
/** How often all of ours was removed: what was read before that must not be kept after it. */
let purges = 0;

const open = (): Promise<IDBDatabase> =>
  (database ??= new Promise((done, fail) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(OUTBOX);
    request.onsuccess = () => {
      // Another tab may want to remove the database; it must not wait for this one.
      request.result.onversionchange = () => {
        request.result.close();
        database = undefined;
      };
      done(request.result);
    };
    request.onerror = request.onblocked = fail;
  }));

const write = async (durability: IDBTransactionDurability, change: (outbox: IDBObjectStore) => unknown): Promise<void> => {
  const db = await open();
  await new Promise((done, fail) => {
    const transaction = db.transaction(OUTBOX, "readwrite", { durability });
    change(transaction.objectStore(OUTBOX));
    // Without it, the commit would wait for this page once more, which may be ending.
    transaction.commit?.();
    transaction.oncomplete = done;
    transaction.onerror = transaction.onabort = fail;
  });
};

const nothing = () => {};

/** Items that were to be kept, by id, while no transaction has said that they are. */
const unsure = new Map<string, string>();
/** How the keys in localStorage begin under which such items stand while no page is there to ask. */
const LEFT = "gp-";
/** The keys of those that this page has left, or found. */
let left: string[] = [];

const isKept = (ids: string[]): void => {
  for (const id of ids) unsure.delete(id);
  if (!unsure.size) for (const key of left.splice(0)) localStorage.removeItem(key);
};

/** What waits for the database to be ready, so that many items in a row are one transaction. */
let batch: string[] | undefined;

/** Adds items, given as id, text, id, text, …; settles once they are as safe as was asked. */
export const keep = async (items: string[], strict: boolean): Promise<void> => {
  for (let at = 0; at < items.length; at += 2) unsure.set(items[at]!, items[at + 1]!);
  if (batch && !strict) {
    batch.push(...items);
    return;
  }
  const own = (batch = items);
  try {
    await write(strict ? "strict" : "relaxed", (outbox) => {
      batch = undefined;
      for (let at = 0; at < own.length; at += 2) outbox.put(own[at + 1], own[at]);
    });
    isKept(own);
  } catch {
    batch = undefined;
  }
};

/**
 * Keeps what is not kept for certain yet, at once: a tab that closes ends its transactions, and what
 * it wrote to localStorage stays. The key is that of the last item, so that who has found what stands
 * under it, and kept that, may remove whatever stands there by then.
 */
export const leave = (): void => {
  if (!unsure.size) return;
  const key = LEFT + [...unsure.keys()].pop();
  try {
    localStorage.setItem(key, [...unsure].flat().join(FIELD));
    left.push(key);
  } catch {}
};

const leftKeys = (): string[] => {
  try {
    // A shop's own keys may begin like that.
    return Object.keys(localStorage).filter((key) => /^gp-[\da-f-]{32,}$/.test(key));
  } catch {
    return [];
  }
};

export const forget = (ids: string[]): Promise<void> => {
  isKept(ids);
  return write("relaxed", (outbox) => ids.forEach((id) => outbox.delete(id))).catch(nothing);
};

/** What the database has, as id, text, id, text, … */
const kept = async (): Promise<string[]> => {
  const db = await open();
  const outbox = db.transaction(OUTBOX).objectStore(OUTBOX);
  const [ids, texts] = await Promise.all(
    [outbox.getAllKeys(), outbox.getAll()].map(
      (request) =>
        new Promise<string[]>((done, fail) => {
          request.onsuccess = () => done(request.result as string[]);
          request.onerror = fail;
        }),
    ),
  );
  return ids!.flatMap((id, at) => [id, texts![at]!]);
};

/** What earlier page loads left, as id, text, id, text, … */
export const load = async (): Promise<string[]> => {
  const found = leftKeys();
  const items = found.flatMap((key) => localStorage[key].split(FIELD) as string[]);
  const before = purges;
  const known = await kept().catch((): string[] => []);
  if (before != purges) return [];
  // An item's text never changes, so that it tells items apart as well as the id does.
  const missing = items.filter((_, at) => !known.includes(items[at - (at % 2)]!));
  left.push(...found);
  // There may be a purchase among them.
  if (missing[0]) keep(missing, true);
  else isKept([]);
  return [...known, ...missing];
};

/** Stands where a visitor was whom the edge must still forget. */
const FORGOTTEN = "-";

/** Removes all of ours; says whether there was a visitor, or still is one that the edge knows. */
export const purge = (): boolean => {
  database?.then((db) => db.close(), nothing);
  database = undefined;
  purges++;
  const had = !!record();
  if (had) storeRecord(FORGOTTEN);
  unsure.clear();
  left.push(...leftKeys());
  isKept([]);
  try {
    indexedDB.deleteDatabase(DATABASE);
  } catch {}
  return had;
};

/** The edge has forgotten the visitor, too. */
export const forgotten = (): void => {
  if (record() == FORGOTTEN) localStorage.removeItem(RECORD);
};

/** Calls `work` when another tab has removed all of ours, or another page while this one was left. */
export const whenPurged = (work: () => void): void => {
  let had = "";
  addEventListener("storage", ({ key, newValue }) => {
    if (key == RECORD && newValue == FORGOTTEN) work();
  });
  addEventListener("pagehide", () => (had = record()), true);
  addEventListener("pageshow", ({ persisted }) => persisted && had[1] && !record()[1] && work(), true);
};

/** The record that the tabs share; nothing where there is none or storage is refused. */
export const record = (): string => {
  try {
    return localStorage.getItem(RECORD) ?? "";
  } catch {
    return "";
  }
};

export const storeRecord = (text: string): void => {
  try {
    localStorage.setItem(RECORD, text);
  } catch {}
};

/** How long a browser under load may take to tell its other processes what this one has stored. */
const SPREAD_MS = 250;

/** Runs `work` while no other tab of the site does the same; at once where there is no lock. */
export const locked = (work: () => void): void => {
  let done: boolean | undefined;
  const once = () => {
    if (!done) {
      done = true;
      work();
    }
    return new Promise((spread) => setTimeout(spread, SPREAD_MS));
  };
  if (navigator.locks) navigator.locks.request(RECORD, once).catch(once);
  else once();
};

import { newId } from "./facts.js";

/** How long a session may pause where no plan says otherwise. */
const SESSION_MS = 1_800_000;
/** Page loads count in steps of this, what happens on one of them in steps of one. */
const STEP = 65_536;

/** Where all tabs of the browser find it. */
const KEY = "gp";

/** Stands where a visitor was whom the edge must still forget. */
const FORGOTTEN = "-";

/** What the tabs share, written as the SDK does: four words. */
interface Shared {
  visitor: string;
  session: string;
  /** The visitor's last activity: Unix milliseconds. */
  last: number;
  pageLoads: number;
}

/** Who the visitor is and which session goes on; only asked once consent is granted. */
export class Presence {
  /** What this page knows, where storage is refused too. */
  private shared: Shared | undefined;
  /** This browser keeps what it is told to. */
  private isKept = false;
  private pageLoad: number | undefined;

  get visitor(): string | undefined {
    return this.shared?.visitor;
  }

  /** Gives an item, once, its session and its place in the visitor's order. */
  stamp(item: { seq: number; session?: string }, time: number): void {
    // Beside a cookie that the edge was to take away, the new visitor has to count as the older.
    const since = word() === FORGOTTEN ? 0 : time;
    const before = read() ?? this.shared ?? { visitor: newId(since), session: "", last: 0, pageLoads: 0 };
    const first = this.pageLoad === undefined;
    const pageLoads = (before.pageLoads + (first ? 1 : 0)) % STEP;
    this.pageLoad ??= pageLoads;
    const session = time - before.last < SESSION_MS ? before.session : newId(time);
    item.seq += this.pageLoad * STEP;
    item.session = session;
    this.write({
      visitor: before.visitor,
      session,
      last: Math.max(before.last, time),
      pageLoads,
    });
  }

  /** The edge knows better who it is: its cookie outlives this storage. */
  recognise(visitor: string): void {
    if (this.shared) this.write({ ...(read() ?? this.shared), visitor });
  }

  /** Says whether there was somebody whom the edge must forget too. */
  forget(): boolean {
    this.shared = this.pageLoad = undefined;
    this.isKept = false;
    try {
      if (!word()) return false;
      localStorage.setItem(KEY, FORGOTTEN);
      return true;
    } catch {
      // Where storage is refused, nothing is in it.
      return false;
    }
  }

  forgotten(): void {
    if (word() === FORGOTTEN) localStorage.removeItem(KEY);
  }

  /** Calls `work` when another tab has had the visitor forgotten, or another page while this one was left. */
  whenForgotten(work: () => void): void {
    addEventListener("storage", ({ key, newValue }) => {
      if (key === KEY && newValue === FORGOTTEN) work();
    });
    addEventListener("pageshow", ({ persisted }) => persisted && this.isKept && !read() && work(), true);
  }

  private write(shared: Shared): void {
    this.shared = shared;
    try {
      const { visitor, session, last, pageLoads } = shared;
      localStorage.setItem(KEY, [visitor, session, last, pageLoads].join(" "));
      this.isKept = true;
    } catch {
      // Then this page alone knows it.
    }
  }
}

const word = (): string => {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
};

const read = (): Shared | undefined => {
  const words = word().split(" ");
  const [visitor, session, last, pageLoads] = words;
  if (words.length !== 4 || !visitor || !session) return undefined;
  return { visitor, session, last: Number(last), pageLoads: Number(pageLoads) };
};
